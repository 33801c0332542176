//! The TCG crypto-agile event log: what the firmware writes down about each measurement.
//!
//! Format: TCG PC Client Platform Firmware Profile, section 10. The first event is a `TCG_PCR_EVENT` that names the
//! algorithms, all others are `TCG_PCR_EVENT2`. As on Azure, the header lists sha1, sha256, sha384 while each event
//! holds its digests as sha384, sha256, sha1; readers must go by algorithm, never by position.
//!
//! Two readers, for anybody's use. [`EventLog::parse`] is strict: exactly what a simulated machine's firmware writes, so
//! that what it accepts is written back byte for byte (but for the order of digests). [`HardwareLog::parse`] takes what
//! real firmware writes. Both bound everything, name the event that is broken, and never panic, whatever the bytes: see
//! `tests/fuzz_targets.rs` and `fuzz/`.
//!
//! ```
//! use vtpm_backend::eventlog::{Event, EventData, EventLog, EventType, HardwareLog, HashAlgorithm};
//! use vtpm_backend::pcr::{Bank, PcrIndex};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! // On a real machine: std::fs::read("/sys/kernel/security/tpm0/binary_bios_measurements")?
//! let events = vec![
//!     Event::of_data(PcrIndex::new(4), EventType::EFI_ACTION, *b"Calling EFI Application from Boot Option"),
//!     Event::of_data(PcrIndex::new(4), EventType::SEPARATOR, [0; 4]),
//! ];
//! let bytes = EventLog { events }.encode();
//!
//! let log = HardwareLog::parse(&bytes)?;
//! assert_eq!(log.algorithms.len(), 3);
//! for event in &log.in_banks(&[Bank::Sha256]).events {
//!     println!("PCR {}: {} {}", event.pcr, event.event_type, event.describe());
//! }
//! assert_eq!(log.in_banks(&[]).events[1].decode(), EventData::Separator);
//!
//! // What the TPM holds if the log tells everything.
//! let pcr4 = log.replay(HashAlgorithm::SHA256).ok_or("no SHA-256 bank")?.remove(&4);
//! assert_eq!(pcr4.as_deref(), Some(EventLog::parse(&bytes)?.replay().get(Bank::Sha256, PcrIndex::new(4))));
//!
//! // What is wrong with a broken log is said.
//! let error = HardwareLog::parse(&bytes[..bytes.len() - 1]).unwrap_err();
//! assert_eq!(error.to_string(), "event 2 is broken: the data ends too early at offset 357");
//! # Ok(())
//! # }
//! ```

mod decode;
mod event_type;
mod hardware;
mod parse;
mod yaml;

pub use decode::EventData;
pub use event_type::EventType;
pub use hardware::{HardwareDigest, HardwareEvent, HardwareLog, HashAlgorithm};
pub use parse::{EVENT_BYTES_MAX, EVENTS_MAX, LOG_BYTES_MAX, ParseError};

use serde::Deserialize;

use crate::pcr::{Bank, Digests, PcrBanks, PcrIndex};

const SPEC_ID_SIGNATURE: &[u8; 16] = b"Spec ID Event03\0";
const STARTUP_LOCALITY_SIGNATURE: &[u8; 16] = b"StartupLocality\0";
/// Azure's digest order inside an event.
const EVENT_DIGEST_ORDER: [Bank; 3] = [Bank::Sha384, Bank::Sha256, Bank::Sha1];

/// The parts of a log's format that firmware may choose.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LogStyle {
    /// The errata level of the specification that the header names.
    pub errata: u8,
    /// The order of digests inside an event.
    pub digest_order: [Bank; 3],
}

impl LogStyle {
    /// As Azure's firmware writes it.
    pub const AZURE: LogStyle = LogStyle { errata: 2, digest_order: EVENT_DIGEST_ORDER };
}

/// One measurement: what was extended into which register, and what it was about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    /// The register.
    pub pcr: PcrIndex,
    /// What kind of thing was measured.
    pub event_type: EventType,
    /// What was extended. Depending on the type this is the hash of `data` or of something that `data` names.
    pub digests: Digests,
    /// The event's own data.
    pub data: Vec<u8>,
}

impl Event {
    /// An event whose digest is the hash of its own data.
    pub fn of_data(pcr: PcrIndex, event_type: EventType, data: impl Into<Vec<u8>>) -> Event {
        let data = data.into();
        Event { pcr, event_type, digests: Digests::of(&data), data }
    }

    /// Whether the event was extended into its register.
    pub fn is_extended(&self) -> bool {
        self.event_type != EventType::NO_ACTION
    }

    /// The locality that a `StartupLocality` event names.
    fn startup_locality(&self) -> Option<u8> {
        let locality = self.data.strip_prefix(STARTUP_LOCALITY_SIGNATURE)?;
        (self.event_type == EventType::NO_ACTION && self.pcr == PcrIndex::new(0) && locality.len() == 1)
            .then(|| locality[0])
    }

    /// The event's data, understood.
    pub fn decode(&self) -> EventData {
        EventData::of(self)
    }

    /// The event in one line, for people.
    pub fn describe(&self) -> String {
        self.decode().to_string()
    }
}

/// A log without its header event, which is always the same.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct EventLog {
    /// The events in the order in which they were measured.
    pub events: Vec<Event>,
}

impl EventLog {
    /// The log as `/sys/kernel/security/tpm0/binary_bios_measurements` shows it on an Azure machine.
    pub fn encode(&self) -> Vec<u8> {
        self.encode_as(&LogStyle::AZURE)
    }

    /// The log as other firmware writes it.
    pub fn encode_as(&self, style: &LogStyle) -> Vec<u8> {
        let mut out = header_event(style);
        for event in &self.events {
            encode_event(event, style, &mut out);
        }
        out
    }

    /// Reads a log. Strict: exactly the three banks in header and events, nothing unexplained, nothing left over, and
    /// all sizes bounded.
    ///
    /// # Errors
    /// [`ParseError`] names the event and what is wrong with it.
    pub fn parse(bytes: &[u8]) -> Result<EventLog, ParseError> {
        parse::parse(bytes)
    }

    /// The registers that the log explains: every extended event in order, from the state after startup.
    pub fn replay(&self) -> PcrBanks {
        let locality = self.events.iter().find_map(Event::startup_locality);
        let mut banks = locality.map_or_else(PcrBanks::new, PcrBanks::with_startup_locality);
        for event in self.events.iter().filter(|event| event.is_extended()) {
            banks.extend(event.pcr, &event.digests);
        }
        banks
    }

    /// The log as YAML in the shape of `tpm2_eventlog`'s output, with one added line per event that describes it.
    pub fn to_yaml(&self) -> String {
        self.to_yaml_as(&LogStyle::AZURE)
    }

    /// As [`EventLog::to_yaml`], for a log in another style.
    pub fn to_yaml_as(&self, style: &LogStyle) -> String {
        yaml::render(self, style)
    }
}

/// `TCG_PCR_EVENT` with `TCG_EfiSpecIDEvent`: platform class 0 (client), version 2.0, 64-bit.
fn header_event(style: &LogStyle) -> Vec<u8> {
    let mut spec_id = SPEC_ID_SIGNATURE.to_vec();
    spec_id.extend_from_slice(&0u32.to_le_bytes());
    spec_id.extend_from_slice(&[0, 2, style.errata, 2]);
    spec_id.extend_from_slice(&(Bank::ALL.len() as u32).to_le_bytes());
    for bank in Bank::ALL {
        spec_id.extend_from_slice(&bank.alg_id().to_le_bytes());
        spec_id.extend_from_slice(&(bank.digest_len() as u16).to_le_bytes());
    }
    spec_id.push(0);
    let mut out = Vec::new();
    out.extend_from_slice(&0u32.to_le_bytes());
    out.extend_from_slice(&EventType::NO_ACTION.0.to_le_bytes());
    out.extend_from_slice(&[0; 20]);
    out.extend_from_slice(&(spec_id.len() as u32).to_le_bytes());
    out.extend_from_slice(&spec_id);
    out
}

/// `TCG_PCR_EVENT2`.
fn encode_event(event: &Event, style: &LogStyle, out: &mut Vec<u8>) {
    out.extend_from_slice(&u32::from(event.pcr).to_le_bytes());
    out.extend_from_slice(&event.event_type.0.to_le_bytes());
    out.extend_from_slice(&(style.digest_order.len() as u32).to_le_bytes());
    for bank in style.digest_order {
        out.extend_from_slice(&bank.alg_id().to_le_bytes());
        out.extend_from_slice(event.digests.get(bank));
    }
    out.extend_from_slice(&(event.data.len() as u32).to_le_bytes());
    out.extend_from_slice(&event.data);
}

#[cfg(test)]
mod tests;
