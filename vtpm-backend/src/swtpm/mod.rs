//! swtpm processes: one for each machine whose TPM is awake, started, put to sleep, watched and ended.
//!
//! A TPM's two channels are socket pairs that its process inherits. They have no path, so nobody else can reach the
//! TPM; and when the simulator dies, however it dies, the kernel closes its ends and swtpm exits by itself. State on disk
//! is encrypted, and a seccomp filter kills a swtpm that tries what no TPM needs.
//!
//! **Architecture Invariant:** nothing outside this module holds an end of a swtpm's sockets.

mod actor;
mod control;
mod error;
mod gauge;
mod handle;
mod power;
mod process;
mod program;
mod state_key;

#[cfg(test)]
mod tests;

pub use error::SwtpmError;
pub use gauge::AwakeGauge;
pub use handle::{Origin, TpmConfig, TpmHandle, TpmState};
pub use process::SNAPSHOT_FILE;
pub use program::find_program;
pub use state_key::StateKey;
