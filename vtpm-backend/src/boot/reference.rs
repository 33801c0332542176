//! What an untampered machine measures: the reference for verifiers.

use std::sync::Arc;

use control_plane::hardware::Component;
use uuid::Uuid;

use crate::eventlog::{Event, EventLog};
use crate::image::{NodeImage, PlatformKeys};
use crate::pcr::PcrBanks;

use super::engine::{FirmwareProfile, uuid_event};
use super::{BootError, Machine};

/// One expected event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReferenceEvent {
    /// The event. When it is machine-specific, that of a machine whose BIOS GUID is all zeros.
    pub event: Event,
    /// The component whose bytes, or whose signature, the event tells about. Names the culprit when it differs.
    pub subject: Component,
    /// Whether the event differs between machines of one image (the BIOS GUID in PCR 6).
    pub machine_specific: bool,
}

/// The events that a machine with this image and these keys measures when nothing was tampered with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reference {
    /// The events in order.
    pub events: Vec<ReferenceEvent>,
}

impl Reference {
    /// The expected registers of the machine with this BIOS GUID.
    pub fn pcrs(&self, bios_uuid: Uuid) -> PcrBanks {
        let events = self.events.iter().map(|expected| match expected.machine_specific {
            true => uuid_event(bios_uuid),
            false => expected.event.clone(),
        });
        EventLog { events: events.collect() }.replay()
    }
}

/// The reference for an image, made by booting it untouched.
///
/// # Errors
/// [`BootError`] when the image holds nothing to boot.
pub fn reference(
    image: &Arc<NodeImage>,
    secure_boot: bool,
    keys: &PlatformKeys,
    firmware: &'static FirmwareProfile,
) -> Result<Reference, BootError> {
    let machine = Machine { bios_uuid: Uuid::nil(), secure_boot, image: image.clone(), faults: &[], keys, firmware };
    let prediction = machine.platform()?.predict()?;
    let events = prediction.events.into_iter().zip(prediction.subjects).map(|(event, about)| ReferenceEvent {
        event,
        subject: about.component,
        machine_specific: about.machine_specific,
    });
    Ok(Reference { events: events.collect() })
}
