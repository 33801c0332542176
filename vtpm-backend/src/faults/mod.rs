//! Making faults real: what each fault of the failure library changes, as pure functions over files, variables and
//! evidence.
//!
//! Nothing here says how a boot ends. [`on_disk`] changes bytes of boot files and signatures, [`in_variables`] changes
//! UEFI variables, [`log_shown`] changes what the guest hands out; the boot chain then verifies and measures what it
//! finds.

mod evidence;
mod files;
mod foreign;
mod variables;

#[cfg(test)]
mod tests;

use control_plane::faults::Fault;

pub use evidence::log_shown;
pub use files::on_disk;
pub use foreign::ForeignKeys;
pub use variables::in_variables;

/// Whether the firmware's debugger is on.
pub fn debugger(faults: &[Fault]) -> bool {
    faults.contains(&Fault::FirmwareDebugMode)
}

/// Whether the attestation key is to have a placeholder for a certificate.
pub fn ak_certificate_unprovisioned(faults: &[Fault]) -> bool {
    faults.contains(&Fault::AkCertificateUnprovisioned)
}
