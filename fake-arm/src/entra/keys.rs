//! The signing key: made on first need, kept in the data directory, readable by its owner only.

use std::fs;
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::Path;

use aws_lc_rs::encoding::{AsDer, Pkcs8V1Der};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::{KeyPair, KeySize};
use aws_lc_rs::signature::{KeyPair as _, RSA_PKCS1_SHA256, RsaKeyPair};
use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use jsonwebtoken::{Algorithm, DecodingKey, Header};
use serde::Serialize;
use sha2::{Digest, Sha256};

/// An RSA-2048 key that signs tokens, with what is needed to check and publish it.
pub(super) struct SigningKey {
    pair: RsaKeyPair,
    /// What tokens are checked with.
    pub(super) verify: DecodingKey,
    /// The key's name in JWKS and in token headers.
    pub(super) id: String,
    /// The modulus, base64url.
    pub(super) modulus: String,
    /// The public exponent, base64url.
    pub(super) exponent: String,
}

impl SigningKey {
    /// Loads the key, or makes and stores one. Takes about 100 ms of CPU when it has to be made.
    pub(super) fn load_or_make(path: &Path) -> io::Result<Self> {
        match fs::read(path) {
            Ok(der) => Self::from_pkcs8(&der).ok_or_else(|| {
                let text = format!("{} is not an RSA key in PKCS #8; remove it and a new one is made", path.display());
                io::Error::new(io::ErrorKind::InvalidData, text)
            }),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Self::make(path),
            Err(error) => Err(error),
        }
    }

    fn make(path: &Path) -> io::Result<Self> {
        let failed = || io::Error::other("the RSA key could not be made");
        let pair = KeyPair::generate(KeySize::Rsa2048).map_err(|_| failed())?;
        let der: Pkcs8V1Der<'_> = pair.as_der().map_err(|_| failed())?;
        write_private(path, der.as_ref())?;
        Self::from_pkcs8(der.as_ref()).ok_or_else(failed)
    }

    fn from_pkcs8(der: &[u8]) -> Option<Self> {
        let pair = RsaKeyPair::from_pkcs8(der).ok()?;
        let public = pair.public_key();
        let modulus = public.modulus().big_endian_without_leading_zero();
        let exponent = public.exponent().big_endian_without_leading_zero();
        let encode = |bytes: &[u8]| BASE64_URL_SAFE_NO_PAD.encode(bytes);
        let thumbprint = Sha256::digest(modulus);
        Some(SigningKey {
            verify: DecodingKey::from_rsa_raw_components(modulus, exponent),
            id: encode(&thumbprint[..20]),
            modulus: encode(modulus),
            exponent: encode(exponent),
            pair,
        })
    }

    /// A signed token in compact form.
    pub(super) fn sign(&self, claims: &impl Serialize) -> Option<String> {
        let header = Header { kid: Some(self.id.clone()), ..Header::new(Algorithm::RS256) };
        let part = |json: Vec<u8>| BASE64_URL_SAFE_NO_PAD.encode(json);
        let mut token = part(serde_json::to_vec(&header).ok()?);
        token.push('.');
        token.push_str(&part(serde_json::to_vec(claims).ok()?));
        let mut signature = vec![0; self.pair.public_modulus_len()];
        self.pair.sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), token.as_bytes(), &mut signature).ok()?;
        token.push('.');
        token.push_str(&BASE64_URL_SAFE_NO_PAD.encode(signature));
        Some(token)
    }
}

/// Writes a file that only its owner can read, in one step: readers see the old file or the whole new one.
pub(super) fn write_private(path: &Path, content: &[u8]) -> io::Result<()> {
    if let Some(parent) = path.parent() {
        fs::DirBuilder::new().recursive(true).mode(0o700).create(parent)?;
    }
    let draft = path.with_extension("new");
    match fs::remove_file(&draft) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let mut file = fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(&draft)?;
    file.write_all(content)?;
    file.sync_all()?;
    fs::rename(&draft, path)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt;

    #[test]
    fn the_key_survives_and_is_private() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("entra/signing-key.der");
        let made = SigningKey::load_or_make(&path).unwrap();
        let loaded = SigningKey::load_or_make(&path).unwrap();
        assert_eq!(made.id, loaded.id);
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        fs::write(&path, b"rubbish").unwrap();
        assert!(SigningKey::load_or_make(&path).is_err());
    }
}
