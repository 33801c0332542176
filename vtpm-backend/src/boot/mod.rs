//! The boot chain: firmware, shim, GRUB or a unified kernel image, kernel.
//!
//! Each stage takes the bytes of the next one, verifies them when Secure Boot is on, measures them and goes on with
//! them. Verification, measurement and log come from the same value in memory, so they cannot disagree; whether a
//! component is refused is found by checking its signature, never by asking what was done to the disk.
//!
//! One [`engine`] boots everything: the machines of the fleet, from a disk in memory ([`Machine`]), and what users bring
//! ([`engine::predict`]). No real log of a GRUB chain on a trusted-launch machine is public: that part follows real boots
//! of the same software under OVMF, and is inferred for Azure.

pub mod engine;
mod machine;
mod reference;

use control_plane::hardware::{BootOutcome, Component};

use crate::eventlog::{Event, EventLog};
use crate::pcr::PcrBanks;

pub use machine::{BootError, Machine, Platform, boot};
pub use reference::{Reference, ReferenceEvent, reference};

/// What one boot did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BootRun {
    /// The measurements in order; each is to be extended into the TPM and written to the log.
    pub events: Vec<Event>,
    /// The registers after them.
    pub pcrs: PcrBanks,
    /// The registers at the moment at which a component was refused, when one was. Firmware may go on measuring.
    pub at_refusal: Option<PcrBanks>,
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

#[cfg(test)]
mod tests;
