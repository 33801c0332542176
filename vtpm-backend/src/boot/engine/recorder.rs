//! Where measurements and console lines are collected.

use control_plane::hardware::Component;

use crate::eventlog::{Event, EventType};
use crate::pcr::{Digests, PcrBanks, PcrIndex};

use super::Subject;

/// The measurements of one boot: each is extended and logged in one step.
#[derive(Debug, Default)]
pub(super) struct Recorder {
    pub(super) events: Vec<Event>,
    pub(super) subjects: Vec<Subject>,
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
        self.events.push(Event { pcr, event_type, digests, data });
        self.subjects.push(Subject { component: subject, machine_specific: false });
    }

    /// Marks the last event as one that no other machine has.
    pub(super) fn mark_machine_specific(&mut self) {
        if let Some(last) = self.subjects.last_mut() {
            last.machine_specific = true;
        }
    }

    /// Prints a line on the serial console.
    pub(super) fn print(&mut self, line: impl Into<String>) {
        self.console.push(line.into());
    }
}
