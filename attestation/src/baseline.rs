//! What a good boot measures.

use serde::{Deserialize, Serialize};
use vtpm_backend::boot::Reference;
use vtpm_backend::eventlog::{Event, EventLog, EventType};
use vtpm_backend::pcr::{Digests, PcrIndex};

use crate::compare::Part;

/// Names the file format.
const FORMAT: &str = "slipway-reference-1";
/// The largest file that is read.
const FILE_BYTES_MAX: usize = 8 << 20;

/// An event that a good boot measures.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Expected {
    /// The event.
    pub event: Event,
    /// What it tells about.
    pub part: Part,
    /// Whether it differs between machines that boot the same image.
    pub machine_specific: bool,
}

/// The events that a good boot measures, in order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Baseline {
    /// The events.
    pub events: Vec<Expected>,
}

/// Bytes that are no reference.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("neither a reference file nor the event log of a good boot: {0}")]
pub struct BaselineError(String);

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    format: String,
    events: Vec<WrittenEvent>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenEvent {
    pcr: PcrIndex,
    event_type: EventType,
    part: Part,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    machine_specific: bool,
    digests: Digests,
    #[serde(with = "hex::serde")]
    data: Vec<u8>,
}

impl Baseline {
    /// From the boot of an untouched machine.
    pub fn from_reference(reference: &Reference) -> Baseline {
        let events = reference.events.iter().map(|expected| Expected {
            event: expected.event.clone(),
            part: Part::of(&expected.event).refined(expected.subject),
            machine_specific: expected.machine_specific,
        });
        Baseline { events: events.collect() }
    }

    /// From the event log of a machine that is known to be good. What each event tells about is deduced from its
    /// register and data.
    pub fn from_log(log: &EventLog) -> Baseline {
        let events = log.events.iter().filter(|event| event.is_extended()).map(|event| Expected {
            part: Part::of(event),
            machine_specific: event.event_type == EventType::COMPACT_HASH,
            event: event.clone(),
        });
        Baseline { events: events.collect() }
    }

    /// Reads a reference file: what [`Baseline::to_json`] writes, or an event log.
    ///
    /// # Errors
    /// [`BaselineError`] when it is neither.
    pub fn parse(bytes: &[u8]) -> Result<Baseline, BaselineError> {
        if bytes.len() > FILE_BYTES_MAX {
            return Err(BaselineError(format!("it is larger than {FILE_BYTES_MAX} bytes")));
        }
        if bytes.first() != Some(&b'{') {
            let log = EventLog::parse(bytes).map_err(|error| BaselineError(error.to_string()))?;
            return Ok(Baseline::from_log(&log));
        }
        let written: Written = serde_json::from_slice(bytes).map_err(|error| BaselineError(error.to_string()))?;
        if written.format != FORMAT {
            return Err(BaselineError(format!("its format is '{}', not '{FORMAT}'", written.format)));
        }
        let events = written.events.into_iter().map(|event| Expected {
            event: Event { pcr: event.pcr, event_type: event.event_type, digests: event.digests, data: event.data },
            part: event.part,
            machine_specific: event.machine_specific,
        });
        Ok(Baseline { events: events.collect() })
    }

    /// The reference as JSON.
    pub fn to_json(&self) -> String {
        let events = self.events.iter().map(|expected| WrittenEvent {
            pcr: expected.event.pcr,
            event_type: expected.event.event_type,
            part: expected.part,
            machine_specific: expected.machine_specific,
            digests: expected.event.digests,
            data: expected.event.data.clone(),
        });
        let written = Written { format: FORMAT.to_owned(), events: events.collect() };
        // Numbers, texts and hex only: nothing here can fail to be written.
        serde_json::to_string(&written).unwrap_or_default()
    }
}
