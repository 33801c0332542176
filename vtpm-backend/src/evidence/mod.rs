//! Evidence that a machine gives about itself: quotes with everything that is needed to judge them.
//!
//! Quotes are taken the way software in the guest takes them: through a guest endpoint, with tpm2-tss. What the host
//! knows about a machine without asking its TPM (event log, console) comes from [`crate::fleet`].

mod agent;
mod files;
mod selection;

#[cfg(test)]
mod tests;

pub(crate) use agent::take_quote;
pub use files::{QUOTE_FILES, tpm2_tools_pcrs};
pub use selection::{Selection, SelectionError};

use control_plane::hardware::Component;

use crate::pcr::{Bank, PcrIndex};

/// The longest qualifying data that a TPM with SHA-512 accepts; one with SHA-256 at most alone would accept 32.
pub const NONCE_BYTES_MAX: usize = 64;

/// A quote of a node's attestation key, with all that a verifier needs beside the event log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Quote {
    /// What was signed (`TPMS_ATTEST`).
    pub attest: Vec<u8>,
    /// The signature (`TPMT_SIGNATURE`, RSASSA with SHA-256).
    pub signature: Vec<u8>,
    /// The bank of the quoted registers.
    pub bank: Bank,
    /// The quoted registers in ascending order, with the values whose digest is in `attest`.
    pub pcrs: Vec<(PcrIndex, Vec<u8>)>,
    /// The qualifying data.
    pub nonce: Vec<u8>,
    /// The attestation key (`TPM2B_PUBLIC`).
    pub ak_public: Vec<u8>,
    /// The attestation key as a PEM SubjectPublicKeyInfo.
    pub ak_public_pem: String,
    /// The attestation key's certificate from NV index 0x01C101D0, without the padding.
    pub ak_certificate_der: Vec<u8>,
}

/// Why a node gives no evidence.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EvidenceError {
    /// The machine does not exist, or was never powered on.
    #[error("the machine does not exist or was never powered on")]
    NotFound,
    /// The pool has vTPM off.
    #[error(
        "the node has no vTPM: its pool has vTPM off, so its guest sees no TPM. \
         Switch it on with 'az aks nodepool update --enable-vtpm' and wait for the reimage"
    )]
    NoVtpm,
    /// The machine is off, or lost power.
    #[error("the machine does not run: {0}")]
    NotRunning(&'static str),
    /// Secure Boot stopped the machine, so no operating system is there to be asked.
    #[error("the machine did not boot: {component} was refused ({reason}), so no operating system can be asked")]
    Refused {
        /// What was refused.
        component: Component,
        /// By whom and why.
        reason: String,
    },
    /// The request makes no sense.
    #[error("{0}")]
    BadRequest(String),
    /// The guest has changed its TPM in a way that keeps it from giving evidence.
    #[error("the guest's TPM refused: {0}")]
    Guest(String),
    /// Something broke on the host.
    #[error("the host failed: {0}")]
    Host(String),
}
