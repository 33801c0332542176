//! The fleet's machines: a node image in memory, the platform's keys, Azure's firmware.

use std::sync::Arc;

use control_plane::hardware::{BootOutcome, Fault};
use uuid::Uuid;

use crate::faults;
use crate::image::{ImageError, NodeImage, PlatformKeys};
use crate::uefi::var_store::Variables;

use super::BootRun;
use super::engine::{Firmware, FirmwareProfile, Inputs, PredictError, Prediction, predict};

/// A machine that is about to boot.
#[derive(Clone, Debug)]
pub struct Machine<'a> {
    /// The BIOS GUID: the machine's identity, which the firmware measures into PCR 6.
    pub bios_uuid: Uuid,
    /// Whether the firmware is to enforce Secure Boot.
    pub secure_boot: bool,
    /// What is on the OS disk, untouched.
    pub image: Arc<NodeImage>,
    /// What was done to it since.
    pub faults: &'a [Fault],
    /// Whose keys are in the Secure Boot variables.
    pub keys: &'a PlatformKeys,
    /// Its firmware.
    pub firmware: &'static FirmwareProfile,
}

/// A machine as its firmware finds it: everything that was done to it is in these values.
#[derive(Clone, Debug)]
pub struct Platform {
    /// The BIOS GUID.
    pub bios_uuid: Uuid,
    /// Whether Secure Boot is to be enforced. Without a platform key it cannot be: the firmware is in setup mode then.
    pub secure_boot: bool,
    /// What is on the OS disk.
    pub image: Arc<NodeImage>,
    /// The UEFI variables.
    pub variables: Variables,
    /// Its firmware.
    pub firmware: &'static FirmwareProfile,
    /// Whether the firmware's debugger is on, which the firmware tells in PCR 7.
    pub debugger: bool,
}

/// Why a machine cannot even try to boot.
#[derive(Debug, thiserror::Error)]
pub enum BootError {
    /// The faults cannot be applied to the image.
    #[error(transparent)]
    Image(#[from] ImageError),
    /// The disk holds nothing to boot.
    #[error(transparent)]
    Chain(#[from] PredictError),
    /// What the machine measures depends on something that is not followed. Never happens to node images as they are.
    #[error("PCR {pcr} cannot be told: {reason}")]
    Unpredicted {
        /// The first such register.
        pcr: u8,
        /// Why.
        reason: String,
    },
}

/// Boots a machine: runs every stage until the kernel runs or something is refused.
///
/// # Errors
/// [`BootError`] when the faults cannot be applied or the disk holds nothing to boot. A refused component is not an
/// error but an outcome.
pub fn boot(machine: &Machine<'_>) -> Result<BootRun, BootError> {
    let platform = machine.platform()?;
    let messages = faults::messages_at_start(&platform, machine.faults, machine.keys)?;
    let mut run = platform.boot()?;
    if run.outcome == BootOutcome::Booted {
        run.console.extend(messages);
    }
    Ok(run)
}

impl Machine<'_> {
    /// The machine with its faults applied.
    ///
    /// # Errors
    /// [`ImageError`] when a fault does not fit the image.
    pub fn platform(&self) -> Result<Platform, ImageError> {
        let mut variables = self.keys.variables().clone();
        faults::in_variables(&mut variables, self.faults, &self.image, self.keys)?;
        Ok(Platform {
            bios_uuid: self.bios_uuid,
            secure_boot: self.secure_boot,
            image: faults::on_disk(&self.image, self.faults, self.keys)?,
            variables,
            firmware: self.firmware,
            debugger: faults::debugger(self.faults),
        })
    }
}

impl Platform {
    /// Boots the machine.
    ///
    /// # Errors
    /// [`BootError`] when the disk holds nothing to boot or something that is not followed.
    pub fn boot(self) -> Result<BootRun, BootError> {
        let prediction = self.predict()?;
        Ok(BootRun {
            events: prediction.events,
            pcrs: prediction.pcrs,
            at_refusal: prediction.at_refusal.map(|at| at.pcrs),
            outcome: prediction.outcome,
            console: prediction.console,
        })
    }

    /// Boots the machine and tells what each event is about.
    pub(super) fn predict(mut self) -> Result<Prediction, BootError> {
        let disk = self.image.disk();
        for variable in self.image.boot_variables() {
            self.variables.set(variable);
        }
        let prediction = predict(Inputs {
            profile: self.firmware,
            firmware: Firmware::Simulated,
            secure_boot: self.secure_boot && self.variables.has_platform_key(),
            variables: self.variables,
            disk: &disk,
            bios_uuid: Some(self.bios_uuid),
            boot_path: None,
            shim_version: None,
            grub_version: None,
            debugger: self.debugger,
        })?;
        match prediction.unpredicted.first_key_value() {
            None => Ok(prediction),
            Some((pcr, reason)) => Err(BootError::Unpredicted { pcr: *pcr, reason: reason.clone() }),
        }
    }
}
