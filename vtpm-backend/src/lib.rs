//! A real TPM 2.0 and a real measured boot for every simulated node.
//!
//! Two halves, and one value between them. The pure half makes the boot chain: real PE files with real signatures,
//! verified, measured and logged from the same bytes ([`boot::BootRun`]). The other half owns the swtpm processes that
//! the measurements are extended into, and the evidence that is drawn from them.
#![forbid(unsafe_code)]

// The pure half: no process, no socket, no clock.
pub mod boot;
pub mod disk;
pub mod eventlog;
pub mod faults;
pub mod image;
pub mod modules;
pub mod pcr;
pub mod sbinfo;
pub mod uefi;
pub mod x509;

// The TPM half.
pub mod evidence;
pub mod fleet;
pub mod guest;
pub mod swtpm;
pub mod tpm;
pub mod vtpm_ca;
