//! Where measurements and console lines are collected.

use control_plane::hardware::Component;

use crate::eventlog::{Event, EventType};
use crate::pcr::{Digests, PcrBanks, PcrIndex};

/// A measurement and the component that it tells about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Recorded {
    pub(super) event: Event,
    pub(super) subject: Component,
    /// Whether the event differs between machines that boot the same image.
    pub(super) machine_specific: bool,
}

/// The measurements of one boot: each is extended and logged in one step.
#[derive(Debug, Default)]
pub(super) struct Recorder {
    pub(super) events: Vec<Recorded>,
    pub(super) pcrs: PcrBanks,
    pub(super) console: Vec<String>,
}

impl Recorder {
    /// Measures `data` itself.
    pub(super) fn measure(&mut self, subject: Component, pcr: u8, event_type: EventType, data: impl Into<Vec<u8>>) {
        let data = data.into();
        let digests = Digests::of(&data);
        self.measure_digest(subject, pcr, event_type, digests, data);
    }

    /// Measures something of which the log shows only a description.
    pub(super) fn measure_digest(
        &mut self,
        subject: Component,
        pcr: u8,
        event_type: EventType,
        digests: Digests,
        data: Vec<u8>,
    ) {
        let pcr = PcrIndex::new(pcr);
        self.pcrs.extend(pcr, &digests);
        let event = Event { pcr, event_type, digests, data };
        self.events.push(Recorded { event, subject, machine_specific: false });
    }

    /// Marks the last event as one that no other machine has.
    pub(super) fn mark_machine_specific(&mut self) {
        if let Some(last) = self.events.last_mut() {
            last.machine_specific = true;
        }
    }

    /// Whether an event of this type with this data was measured.
    pub(super) fn has(&self, event_type: EventType, data: &[u8]) -> bool {
        self.events.iter().any(|recorded| recorded.event.event_type == event_type && recorded.event.data == data)
    }

    /// Prints a line on the serial console.
    pub(super) fn print(&mut self, line: impl Into<String>) {
        self.console.push(line.into());
    }
}
