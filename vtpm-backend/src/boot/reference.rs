//! What an untampered machine measures: the reference for verifiers.

use control_plane::hardware::Component;
use uuid::Uuid;

use crate::eventlog::{Event, EventLog};
use crate::image::{NodeImage, PlatformKeys};
use crate::pcr::PcrBanks;

use super::Platform;

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
            true => super::firmware::uuid_event(bios_uuid),
            false => expected.event.clone(),
        });
        EventLog { events: events.collect() }.replay()
    }
}

/// The reference for an image, made by booting it untouched.
pub fn reference(image: &NodeImage, secure_boot: bool, keys: &PlatformKeys) -> Reference {
    let (recorder, _) =
        super::run(&Platform { bios_uuid: Uuid::nil(), secure_boot, image, databases: keys.databases() });
    let events = recorder.events.into_iter().map(|recorded| ReferenceEvent {
        event: recorded.event,
        subject: recorded.subject,
        machine_specific: recorded.machine_specific,
    });
    Reference { events: events.collect() }
}
