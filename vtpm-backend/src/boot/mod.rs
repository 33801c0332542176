//! The boot chain: firmware, shim, GRUB, kernel.
//!
//! Each stage takes the bytes of the next one, verifies them when Secure Boot is on, measures them and goes on with
//! them. Verification, measurement and log come from the same value in memory, so they cannot disagree; whether a
//! component is refused is found by checking its signature, never by asking what was done to the disk.
//!
//! The order of events is that of Azure's Gen2 firmware (microsoft/mu_msvm; a real log in the test data of public
//! attestation tools) followed by that of shim 15.8 and GRUB 2.06. No real log of exactly this chain on a trusted-launch
//! machine is public: the GRUB part follows real boots of the same software under OVMF, and is inferred for Azure.

pub mod engine;
mod firmware;
mod grub;
mod kernel;
mod recorder;
mod reference;
mod shim;

use std::sync::Arc;

use control_plane::hardware::{BootOutcome, Component, Fault};
use uuid::Uuid;

use crate::eventlog::{Event, EventLog};
use crate::image::{ImageError, KeyDatabases, NodeImage, PlatformKeys};
use crate::pcr::PcrBanks;

pub use reference::{Reference, ReferenceEvent, reference};

use recorder::Recorder;

/// A machine that is about to boot.
#[derive(Clone, Debug)]
pub struct Machine<'a> {
    /// The BIOS GUID: the machine's identity, which the firmware measures into PCR 6.
    pub bios_uuid: Uuid,
    /// Whether the firmware enforces Secure Boot.
    pub secure_boot: bool,
    /// What is on the OS disk, untouched.
    pub image: Arc<NodeImage>,
    /// What was done to the OS disk since.
    pub faults: &'a [Fault],
    /// Whose keys are in the Secure Boot variables.
    pub keys: &'a PlatformKeys,
}

/// What one boot did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BootRun {
    /// The measurements in order; each is to be extended into the TPM and written to the log.
    pub events: Vec<Event>,
    /// The registers after them.
    pub pcrs: PcrBanks,
    /// Whether the operating system runs.
    pub outcome: BootOutcome,
    /// What the serial console shows.
    pub console: Vec<String>,
}

impl BootRun {
    /// The event log of this boot.
    pub fn log(&self) -> EventLog {
        EventLog { events: self.events.clone() }
    }
}

/// A component that was not started, and why, in the words of whoever refused it.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Refusal {
    component: Component,
    reason: String,
}

/// What all stages see of the machine.
struct Platform<'a> {
    bios_uuid: Uuid,
    secure_boot: bool,
    image: &'a NodeImage,
    databases: &'a KeyDatabases,
}

/// Boots a machine: runs every stage until the kernel runs or something is refused.
///
/// # Errors
/// [`ImageError`] when the faults cannot be applied to the image. A refused component is not an error but an outcome.
pub fn boot(machine: &Machine<'_>) -> Result<BootRun, ImageError> {
    let image = machine.image.with_faults(machine.faults)?;
    let (recorder, result) = run(&Platform {
        bios_uuid: machine.bios_uuid,
        secure_boot: machine.secure_boot,
        image: &image,
        databases: machine.keys.databases(),
    });
    Ok(BootRun {
        outcome: match result {
            Ok(()) => BootOutcome::Booted,
            Err(Refusal { component, reason }) => BootOutcome::Refused { component, reason },
        },
        pcrs: recorder.pcrs,
        console: recorder.console,
        events: recorder.events.into_iter().map(|recorded| recorded.event).collect(),
    })
}

fn run(platform: &Platform<'_>) -> (Recorder, Result<(), Refusal>) {
    let mut recorder = Recorder::default();
    let result = firmware::run(platform, &mut recorder);
    (recorder, result)
}

#[cfg(test)]
mod tests;
