//! The certificate authority that vouches for attestation keys, in the shape of Azure's: root, "Global Virtual TPM CA",
//! leaf. Nobody can take it for Microsoft's: every name carries `O=Slipway` or `Slipway` itself.
//!
//! Shapes are those of real certificates in public guest-attestation samples (mithril-security/fluorite,
//! Azure/confidential-computing-cvm-guest-attestation): key sizes, signature algorithms, extensions and their order.

mod authority;
mod files;
mod leaf;

#[cfg(test)]
mod tests;

pub use leaf::AK_CERTIFICATE_DAYS;
pub(crate) use leaf::{placeholder_certificate, subject_public_key_info};

use std::path::Path;

use crate::x509::{SigningKey, X509Error, to_pem};

/// The authority is broken or could not be stored.
#[derive(Clone, Debug, thiserror::Error)]
pub enum VtpmCaError {
    /// Keys or certificates could not be made or read.
    #[error("vTPM CA: {0}")]
    X509(#[from] X509Error),
    /// Its files could not be read or written.
    #[error("vTPM CA: {path}: {reason}")]
    Io {
        /// The file.
        path: String,
        /// The system's reason.
        reason: String,
    },
}

/// The authority: its chain, and the key of its intermediate. The root's key is thrown away once it has signed the
/// intermediate, as nothing else will ever be signed with it.
#[derive(Debug)]
pub struct VtpmCa {
    root_der: Vec<u8>,
    intermediate_der: Vec<u8>,
    intermediate_key: SigningKey,
}

impl VtpmCa {
    /// Reads the authority from `dir`, or makes a new one there. Making one takes seconds (an RSA-4096 key) and blocks.
    ///
    /// # Errors
    /// When files cannot be read or written, or hold something else.
    pub fn open_or_create(dir: &Path, now_unix: u64) -> Result<VtpmCa, VtpmCaError> {
        if let Some(ca) = files::load(dir)? {
            return Ok(ca);
        }
        let ca = authority::create(now_unix)?;
        files::store(dir, &ca)?;
        Ok(ca)
    }

    /// The root certificate: what a verifier has to trust. DER.
    pub fn root_der(&self) -> &[u8] {
        &self.root_der
    }

    /// The intermediate certificate, which guests do not carry (real leaves of this hierarchy have no AIA). DER.
    pub fn intermediate_der(&self) -> &[u8] {
        &self.intermediate_der
    }

    /// Intermediate and root, one after the other. PEM.
    pub fn chain_pem(&self) -> String {
        [&self.intermediate_der, &self.root_der].map(|der| to_pem("CERTIFICATE", der)).concat()
    }

    /// Certifies an attestation key: its RSA modulus, and the twelve hexadecimal digits that name its machine.
    ///
    /// # Errors
    /// When the modulus is no RSA modulus or signing fails.
    pub fn issue_ak_certificate(&self, machine: &str, modulus: &[u8], now_unix: u64) -> Result<Vec<u8>, VtpmCaError> {
        Ok(leaf::issue(&self.intermediate_key, machine, modulus, now_unix)?)
    }
}
