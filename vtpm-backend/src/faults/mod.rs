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

use crate::boot::Platform;
use crate::image::{ImageError, PlatformKeys};
use crate::modules;

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

/// What the started system says on its console because of the faults.
///
/// # Errors
/// [`ImageError`] when the node's modules cannot be made.
pub fn messages_at_start(
    platform: &Platform,
    faults: &[Fault],
    keys: &PlatformKeys,
) -> Result<Vec<String>, ImageError> {
    // The modules that an image ships are signed by a key that every kernel of its distribution has: nothing is said.
    if !faults.contains(&Fault::UnsignedModule) {
        return Ok(Vec::new());
    }
    let on_disk = modules::on_disk(&platform.image, faults, keys)?;
    let trusted = modules::trusted_keys(&platform.image, &platform.variables, keys)?;
    let enforced = platform.secure_boot && platform.variables.has_platform_key();
    Ok(modules::load_at_start(&on_disk, &trusted, enforced))
}
