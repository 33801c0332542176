//! What can go wrong with a swtpm process.

use std::path::PathBuf;

use crate::tpm::{TpmError, TransportError};

/// A swtpm could not be started, controlled or used.
#[derive(Clone, Debug, thiserror::Error)]
pub enum SwtpmError {
    /// The program is not there.
    #[error("'{}' was not found or cannot be executed; install it (Debian/Ubuntu: apt-get install swtpm)", .0.display())]
    NotInstalled(PathBuf),
    /// A file or socket operation of the host failed.
    #[error("{what}: {reason}")]
    Io {
        /// What was tried.
        what: String,
        /// The system's reason.
        reason: String,
    },
    /// The process ended although nobody asked it to.
    #[error("swtpm ended unexpectedly; its last words: {0}")]
    Died(String),
    /// swtpm answered a control command with a failure.
    #[error("swtpm refused {command} with code 0x{code:x}; its last words: {log}")]
    Refused {
        /// The control command.
        command: &'static str,
        /// swtpm's result (a TPM 1.2 return code, or 0x800 and up for its own).
        code: u32,
        /// The end of its log.
        log: String,
    },
    /// State that was written before Slipway encrypted it.
    #[error(
        "{} was written without encryption by an older Slipway and is not used any more; reimage the node, which gives it \
         a new TPM (az vmss reimage -g NODE_RESOURCE_GROUP -n SCALE_SET --instance-ids N), or delete it",
        .0.display()
    )]
    Unencrypted(PathBuf),
    /// State that another key encrypted.
    #[error(
        "the TPM's state cannot be decrypted: the key {} is not the one that encrypted it; put that key back, or reimage \
         the node (az vmss reimage -g NODE_RESOURCE_GROUP -n SCALE_SET --instance-ids N)",
        .0.display()
    )]
    WrongKey(PathBuf),
    /// swtpm did not answer in time.
    #[error("swtpm did not answer {0} in time")]
    TimedOut(&'static str),
    /// The TPM inside refused a command.
    #[error(transparent)]
    Tpm(#[from] TpmError),
    /// The machine is powered off.
    #[error("the machine is powered off")]
    PoweredOff,
}

impl SwtpmError {
    pub(crate) fn io(what: impl Into<String>) -> impl FnOnce(std::io::Error) -> SwtpmError {
        let what = what.into();
        move |error| SwtpmError::Io { what, reason: error.to_string() }
    }

    /// As seen by someone who only wanted to send a command.
    pub(crate) fn into_transport(self) -> TransportError {
        match self {
            SwtpmError::PoweredOff => TransportError::PoweredOff,
            SwtpmError::Tpm(TpmError::Transport { source, .. }) => source,
            other => TransportError::NotStarted(other.to_string()),
        }
    }
}
