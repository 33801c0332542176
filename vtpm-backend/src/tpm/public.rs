//! RSA public areas, as far as certificates and files need them.

use super::wire::{Malformed, Reader, Writer};

/// The modulus of an RSA-2048 signing key's public area (`TPMT_PUBLIC`), big-endian.
///
/// # Errors
/// When the area is not that of an RSA signing key with the default exponent.
pub fn rsa_modulus(public: &[u8]) -> Result<Vec<u8>, Malformed> {
    let mut reader = Reader::new(public);
    if reader.u16()? != 0x0001 {
        return Err(Malformed("the key is not an RSA key"));
    }
    let _name_alg = reader.u16()?;
    let _attributes = reader.u32()?;
    let _policy = reader.sized()?;
    if reader.u16()? != 0x0010 {
        return Err(Malformed("the key is not a signing key"));
    }
    if reader.u16()? != 0x0010 {
        let _hash = reader.u16()?;
    }
    let _bits = reader.u16()?;
    if reader.u32()? != 0 {
        return Err(Malformed("the key does not have the default exponent"));
    }
    let modulus = reader.sized()?.to_vec();
    reader.end()?;
    Ok(modulus)
}

/// `TPM2B_PUBLIC` of a `TPMT_PUBLIC`.
pub fn sized_public(public: &[u8]) -> Vec<u8> {
    let mut sized = Writer::default();
    sized.sized(public);
    sized.finish()
}
