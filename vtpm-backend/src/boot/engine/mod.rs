//! Booting real files: what a machine with this firmware, these variables and this disk would measure.
//!
//! Every stage is read from its own bytes: shim's certificates and revocation level, GRUB's embedded configuration and
//! modules, the scripts on the disk. Whatever cannot be followed is named in [`Prediction::notes`], and registers whose
//! inputs are not at hand in [`Prediction::unpredicted`]; nothing is guessed silently.

mod after_refusal;
mod firmware;
mod grub;
mod kernel;
mod loader;
mod profile;
mod recorder;
mod secure_boot;
mod session;
mod shim;
mod simulated;
mod systemd_boot;
mod systemd_stub;

use std::collections::BTreeMap;

use control_plane::hardware::{BootOutcome, Component};
use uuid::Uuid;

use crate::disk::{Disk, DiskError};
use crate::eventlog::{Event, EventLog};
use crate::pcr::PcrBanks;
use crate::uefi::firmware_image::FirmwareImage;
use crate::uefi::var_store::Variables;

pub(super) use firmware::uuid_event;
pub use profile::{FirmwareProfile, Version};

pub(crate) use shim::{Build as ShimBuild, sbat};

use session::Session;

/// What a boot is predicted from.
#[derive(Debug)]
pub struct Inputs<'a> {
    /// The firmware.
    pub profile: &'a FirmwareProfile,
    /// Its variables.
    pub variables: Variables,
    /// Its own bytes, which it measures.
    pub firmware: Firmware,
    /// Whether it enforces Secure Boot.
    pub secure_boot: bool,
    /// The boot disk.
    pub disk: &'a Disk,
    /// The machine's BIOS GUID, which Azure's firmware measures into PCR 6.
    pub bios_uuid: Option<Uuid>,
    /// The file to boot, with backslashes; when absent, what BootOrder or the fallback path leads to.
    pub boot_path: Option<String>,
    /// shim's version, when its file does not tell.
    pub shim_version: Option<Version>,
    /// GRUB's version, when its file does not tell.
    pub grub_version: Option<Version>,
    /// Whether the firmware's debugger is on.
    pub debugger: bool,
}

/// The bytes of the firmware, as far as they are known.
#[derive(Clone, Debug)]
pub enum Firmware {
    /// They are not at hand: registers that depend on them cannot be told.
    Unknown,
    /// They are in this image.
    Image(FirmwareImage),
    /// Those of Slipway's own machines, which stand in for Azure's.
    Simulated,
}

/// Why no boot can be predicted.
#[derive(Debug, thiserror::Error)]
pub enum PredictError {
    /// The disk cannot be read.
    #[error(transparent)]
    Disk(#[from] DiskError),
    /// There is nothing to boot.
    #[error("nothing to boot: {0}")]
    NothingToBoot(String),
    /// Secure Boot cannot be on without a platform key.
    #[error("Secure Boot cannot be on: the variables hold no platform key (PK); enrol keys or use '--secure-boot off'")]
    NoPlatformKey,
}

/// What a boot does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Prediction {
    /// The measurements in order.
    pub events: Vec<Event>,
    /// What each of the events is about, in the same order.
    pub subjects: Vec<Subject>,
    /// The registers after them.
    pub pcrs: PcrBanks,
    /// When a component was refused: what was known at that moment. Firmware may go on measuring afterwards.
    pub at_refusal: Option<AtRefusal>,
    /// Whether the operating system runs.
    pub outcome: BootOutcome,
    /// What the serial console shows.
    pub console: Vec<String>,
    /// Registers that cannot be told from what was given, and why. What [`Prediction::pcrs`] holds for them is not what
    /// the machine will have.
    pub unpredicted: BTreeMap<u8, String>,
    /// What was assumed, and what was not followed.
    pub notes: Vec<String>,
}

/// What an event is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Subject {
    /// The component whose bytes, or whose signature, it tells about.
    pub component: Component,
    /// Whether it differs between machines that boot the same files.
    pub machine_specific: bool,
}

/// The registers at the moment of a refusal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AtRefusal {
    /// Their values.
    pub pcrs: PcrBanks,
    /// Those that cannot be told, and why.
    pub unpredicted: BTreeMap<u8, String>,
}

impl Prediction {
    /// The event log of this boot.
    pub fn log(&self) -> EventLog {
        EventLog { events: self.events.clone() }
    }
}

/// Predicts a boot.
///
/// # Errors
/// [`PredictError`] when the disk cannot be read or there is nothing to boot. A refused component is not an error but an
/// outcome.
pub fn predict(inputs: Inputs<'_>) -> Result<Prediction, PredictError> {
    if inputs.secure_boot && !inputs.variables.has_platform_key() {
        return Err(PredictError::NoPlatformKey);
    }
    let mut session = Session::new(inputs);
    let result = firmware::run(&mut session)?;
    Ok(session.finish(result))
}

#[cfg(test)]
mod tests;
