//! Private keys with which Slipway signs.

use std::fmt;

use aws_lc_rs::encoding::AsDer;
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::{KeyPair as RsaKeyPair, KeySize};
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, KeyPair as _, RSA_PKCS1_SHA256, RSA_PKCS1_SHA384,
};

use super::X509Error;

/// The hash that is signed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum HashAlg {
    /// SHA-256.
    Sha256,
    /// SHA-384; RSA keys only.
    Sha384,
}

/// Sizes of RSA keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum RsaBits {
    /// 2048 bits: leaf and intermediate keys.
    Bits2048,
    /// 4096 bits: root keys.
    Bits4096,
}

enum Kind {
    Rsa(RsaKeyPair),
    P256(EcdsaKeyPair),
}

/// A private key with which Slipway signs: RSA or ECDSA P-256. Its PKCS #8 form is kept beside it, for storing.
pub struct SigningKey {
    kind: Kind,
    pkcs8: Vec<u8>,
    spki: Vec<u8>,
}

impl fmt::Debug for SigningKey {
    /// Names the kind of key; never prints key material.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SigningKey({})", self.kind_name())
    }
}

impl SigningKey {
    /// Makes a new RSA key. Takes 50 to 150 ms for 2048 bits and up to seconds for 4096.
    ///
    /// # Errors
    /// [`X509Error::Key`] when the cryptographic library fails (out of memory, no randomness).
    pub fn generate_rsa(bits: RsaBits) -> Result<SigningKey, X509Error> {
        let size = match bits {
            RsaBits::Bits2048 => KeySize::Rsa2048,
            RsaBits::Bits4096 => KeySize::Rsa4096,
        };
        let pair = RsaKeyPair::generate(size).map_err(failed("generating an RSA key failed"))?;
        let pkcs8 = pair.as_der().map_err(failed("encoding an RSA key failed"))?.as_ref().to_vec();
        SigningKey::from_rsa(pair, pkcs8)
    }

    /// Makes a new ECDSA key on the curve P-256.
    ///
    /// # Errors
    /// [`X509Error::Key`] when the cryptographic library fails.
    pub fn generate_p256() -> Result<SigningKey, X509Error> {
        let pair =
            EcdsaKeyPair::generate(&ECDSA_P256_SHA256_ASN1_SIGNING).map_err(failed("generating a P-256 key failed"))?;
        let pkcs8 = pair.to_pkcs8v1().map_err(failed("encoding a P-256 key failed"))?.as_ref().to_vec();
        SigningKey::from_p256(pair, pkcs8)
    }

    /// Reads an unencrypted PKCS #8 private key (DER), RSA or ECDSA P-256.
    ///
    /// # Errors
    /// [`X509Error::Key`] when the bytes are neither.
    pub fn from_pkcs8(pkcs8: &[u8]) -> Result<SigningKey, X509Error> {
        if let Ok(pair) = RsaKeyPair::from_pkcs8(pkcs8) {
            return SigningKey::from_rsa(pair, pkcs8.to_vec());
        }
        let pair = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_ASN1_SIGNING, pkcs8)
            .map_err(|e| X509Error::Key(format!("not an RSA or P-256 key in PKCS #8 form ({e})")))?;
        SigningKey::from_p256(pair, pkcs8.to_vec())
    }

    fn from_rsa(pair: RsaKeyPair, pkcs8: Vec<u8>) -> Result<SigningKey, X509Error> {
        let spki = pair.public_key().as_der().map_err(failed("encoding an RSA public key failed"))?;
        Ok(SigningKey { spki: spki.as_ref().to_vec(), kind: Kind::Rsa(pair), pkcs8 })
    }

    fn from_p256(pair: EcdsaKeyPair, pkcs8: Vec<u8>) -> Result<SigningKey, X509Error> {
        let spki = pair.public_key().as_der().map_err(failed("encoding a P-256 public key failed"))?;
        Ok(SigningKey { spki: spki.as_ref().to_vec(), kind: Kind::P256(pair), pkcs8 })
    }

    /// The private key as PKCS #8 DER. A secret: write it to files of mode 0600 only.
    pub fn to_pkcs8(&self) -> &[u8] {
        &self.pkcs8
    }

    /// The public key as a DER SubjectPublicKeyInfo.
    pub fn spki_der(&self) -> Vec<u8> {
        self.spki.clone()
    }

    /// Signs `message`: RSASSA-PKCS1-v1_5 with the given hash, or ECDSA P-256 with SHA-256 in ASN.1 form.
    ///
    /// # Errors
    /// [`X509Error::WrongAlgorithm`] for a P-256 key and SHA-384; [`X509Error::Key`] when the library fails.
    pub fn sign(&self, hash: HashAlg, message: &[u8]) -> Result<Vec<u8>, X509Error> {
        let random = SystemRandom::new();
        match (&self.kind, hash) {
            (Kind::Rsa(pair), _) => {
                let padding = match hash {
                    HashAlg::Sha256 => &RSA_PKCS1_SHA256,
                    HashAlg::Sha384 => &RSA_PKCS1_SHA384,
                };
                let mut signature = vec![0; pair.public_modulus_len()];
                pair.sign(padding, &random, message, &mut signature).map_err(failed("signing failed"))?;
                Ok(signature)
            }
            (Kind::P256(pair), HashAlg::Sha256) => {
                Ok(pair.sign(&random, message).map_err(failed("signing failed"))?.as_ref().to_vec())
            }
            (Kind::P256(_), HashAlg::Sha384) => {
                Err(X509Error::WrongAlgorithm { key: self.kind_name(), wanted: "ECDSA with SHA-384" })
            }
        }
    }

    /// Whether this is an RSA key.
    pub fn is_rsa(&self) -> bool {
        matches!(self.kind, Kind::Rsa(_))
    }

    pub(super) fn kind_name(&self) -> &'static str {
        match self.kind {
            Kind::Rsa(_) => "RSA",
            Kind::P256(_) => "ECDSA P-256",
        }
    }
}

fn failed(what: &'static str) -> impl Fn(aws_lc_rs::error::Unspecified) -> X509Error {
    move |_| X509Error::Key(what.to_owned())
}
