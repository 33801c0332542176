//! PEM, the text form of DER.

use super::X509Error;

/// DER bytes as PEM text with the given label, e.g. `CERTIFICATE` or `PRIVATE KEY`. Ends with a line feed.
pub fn to_pem(label: &'static str, der: &[u8]) -> String {
    der::pem::encode_string(label, der::pem::LineEnding::LF, der)
        .expect("an upper-case label and a buffer in memory always encode")
}

/// The first PEM block of `text`: its label and its DER bytes.
///
/// # Errors
/// [`X509Error::Malformed`] when the text is not one PEM block.
pub fn from_pem(text: &str) -> Result<(String, Vec<u8>), X509Error> {
    let (label, der) = der::pem::decode_vec(text.as_bytes())
        .map_err(|e| X509Error::Malformed { what: "PEM text", detail: e.to_string() })?;
    Ok((label.to_owned(), der))
}
