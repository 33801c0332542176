//! What can go wrong with keys and certificates.

/// A key or certificate operation that failed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum X509Error {
    /// Bytes that should be DER are not, or a value has no DER encoding.
    #[error("malformed ASN.1 in {what}: {detail}")]
    Malformed {
        /// The structure that was read or written.
        what: &'static str,
        /// The decoder's own words.
        detail: String,
    },
    /// A private key could not be read, made or used.
    #[error("private key cannot be used: {0}")]
    Key(String),
    /// The template asks for a signature that the issuer's key cannot make.
    #[error("a {key} key cannot make a {wanted} signature; choose the signature algorithm of the issuer's key")]
    WrongAlgorithm {
        /// The issuer's kind of key.
        key: &'static str,
        /// The signature algorithm asked for.
        wanted: &'static str,
    },
    /// The signature algorithm of a certificate is none that is supported.
    #[error("signature algorithm {0} is not supported")]
    UnsupportedAlgorithm(String),
    /// The signature does not fit the signed bytes and the signer's key.
    #[error("the signature of '{subject}' was not made by the key of '{issuer}'")]
    BadSignature {
        /// Who is vouched for.
        subject: String,
        /// Who should have signed.
        issuer: String,
    },
    /// No trusted certificate can be reached.
    #[error("no chain leads from '{subject}' to a trusted certificate: {detail}")]
    NoChain {
        /// The leaf.
        subject: String,
        /// The reason for which the most promising path ended.
        detail: String,
    },
}

impl X509Error {
    /// Wraps a decoder's or encoder's complaint.
    pub(crate) fn malformed(what: &'static str) -> impl Fn(der::Error) -> X509Error {
        move |e| X509Error::Malformed { what, detail: e.to_string() }
    }
}
