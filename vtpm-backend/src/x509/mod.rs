//! X.509 certificates and the keys that sign them.
//!
//! One small certificate factory serves everybody in Slipway who needs a CA: Secure Boot, the vTPM CA hierarchy and the
//! TLS endpoint. Structures come from `x509-cert`, signatures from `aws-lc-rs`.

mod error;
pub mod extensions;
mod key;
mod pem;
mod template;
mod verify;

pub use error::X509Error;
pub use key::{HashAlg, RsaBits, SigningKey};
pub use pem::{from_pem, to_pem};
pub use template::{CertificateTemplate, SignatureAlg, issue, serial_from};
pub use verify::{subject_of, verify_chain, verify_chain_ignoring_time, verify_signature, verify_signed_by};

#[cfg(test)]
mod tests;
