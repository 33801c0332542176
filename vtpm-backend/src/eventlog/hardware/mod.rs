//! Logs of real machines, whatever their banks: more lenient than [`EventLog`] about what is in them, as strict about
//! how it is written.
//!
//! Accepts crypto-agile logs with any set of algorithms that the header declares (with SHA-512 and SM3-256), SHA-1 logs
//! of the older format, vendor information in the header, `EV_NO_ACTION` events in registers that do not exist, and the
//! 0x00 or 0xFF filling that some firmware leaves behind the last event.

use std::collections::BTreeMap;

use aws_lc_rs::digest;

use crate::pcr::{Bank, Digests, PcrIndex};

use super::parse::ParseError;
use super::{Event, EventLog, EventType};

mod read;

#[cfg(test)]
mod tests;

/// A hash algorithm by its `TPM_ALG_ID`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct HashAlgorithm(pub u16);

impl HashAlgorithm {
    /// SHA-1.
    pub const SHA1: HashAlgorithm = HashAlgorithm(0x0004);
    /// SHA-256.
    pub const SHA256: HashAlgorithm = HashAlgorithm(0x000b);

    /// The name that tpm2-tools use; `None` for an algorithm that is not known.
    pub fn name(self) -> Option<&'static str> {
        match self.0 {
            0x0004 => Some("sha1"),
            0x000b => Some("sha256"),
            0x000c => Some("sha384"),
            0x000d => Some("sha512"),
            0x0012 => Some("sm3_256"),
            _ => None,
        }
    }

    /// The length of its digests in bytes; `None` for an algorithm that is not known.
    pub fn digest_len(self) -> Option<usize> {
        match self.0 {
            0x0012 => Some(32),
            _ => self.implementation().map(|hash| hash.output_len()),
        }
    }

    fn implementation(self) -> Option<&'static digest::Algorithm> {
        match self.0 {
            0x0004 => Some(&digest::SHA1_FOR_LEGACY_USE_ONLY),
            0x000b => Some(&digest::SHA256),
            0x000c => Some(&digest::SHA384),
            0x000d => Some(&digest::SHA512),
            _ => None,
        }
    }
}

impl From<Bank> for HashAlgorithm {
    fn from(bank: Bank) -> HashAlgorithm {
        HashAlgorithm(bank.alg_id())
    }
}

/// One digest of an event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HardwareDigest {
    /// Which algorithm.
    pub algorithm: HashAlgorithm,
    /// The digest.
    pub value: Vec<u8>,
}

/// One event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HardwareEvent {
    /// The register; `None` for an event of type `EV_NO_ACTION` that belongs to none.
    pub pcr: Option<PcrIndex>,
    /// What kind of thing was measured.
    pub event_type: EventType,
    /// One digest per algorithm of the log, in the order of the event.
    pub digests: Vec<HardwareDigest>,
    /// The event's own data.
    pub data: Vec<u8>,
}

impl HardwareEvent {
    /// Whether the event was extended into its register.
    pub fn is_extended(&self) -> bool {
        self.pcr.is_some() && self.event_type != EventType::NO_ACTION
    }
}

/// A log of a real machine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HardwareLog {
    /// Its algorithms in the order of the header; SHA-1 alone for a log of the older format.
    pub algorithms: Vec<HashAlgorithm>,
    /// Its events without the header.
    pub events: Vec<HardwareEvent>,
}

impl HardwareLog {
    /// Reads a log.
    ///
    /// # Errors
    /// [`ParseError`] names the event and what is wrong with it.
    pub fn parse(bytes: &[u8]) -> Result<HardwareLog, ParseError> {
        read::parse(bytes)
    }

    /// The registers that the log explains in the bank of `algorithm`, those that it touches; `None` when the log does
    /// not have the bank or the algorithm cannot be computed here.
    pub fn replay(&self, algorithm: HashAlgorithm) -> Option<BTreeMap<u8, Vec<u8>>> {
        let hash = algorithm.implementation()?;
        if !self.algorithms.contains(&algorithm) {
            return None;
        }
        let len = hash.output_len();
        let locality = self.startup_locality();
        let mut registers: BTreeMap<u8, Vec<u8>> = BTreeMap::new();
        for event in &self.events {
            let Some(pcr) = event.pcr.filter(|_| event.is_extended()) else { continue };
            let digest = event.digests.iter().find(|digest| digest.algorithm == algorithm)?;
            let register = registers.entry(pcr.number()).or_insert_with(|| initial(pcr, locality, len));
            let mut context = digest::Context::new(hash);
            context.update(register);
            context.update(&digest.value);
            *register = context.finish().as_ref().to_vec();
        }
        Some(registers)
    }

    /// What a register of the bank of `algorithm` holds when the log tells everything, also one that the log does not
    /// touch; `None` when the log does not have the bank or the algorithm cannot be computed here.
    pub fn register(&self, algorithm: HashAlgorithm, pcr: PcrIndex) -> Option<Vec<u8>> {
        let mut touched = self.replay(algorithm)?;
        let len = algorithm.implementation()?.output_len();
        Some(touched.remove(&pcr.number()).unwrap_or_else(|| initial(pcr, self.startup_locality(), len)))
    }

    /// The banks that it shares with the vTPMs of simulated machines.
    pub fn banks(&self) -> Vec<Bank> {
        let has = |bank: &Bank| self.algorithms.iter().any(|algorithm| algorithm.0 == bank.alg_id());
        Bank::ALL.into_iter().filter(has).collect()
    }

    /// The events with the digests of `banks` alone, to be compared with those of another log: digests of other banks,
    /// and of banks that the log does not have, are zero. Places in the list are those of this log; events that belong
    /// to no register, which are never extended, are shown in PCR 0.
    pub fn in_banks(&self, banks: &[Bank]) -> EventLog {
        let event = |event: &HardwareEvent| {
            let mut digests = Digests::ZERO;
            for bank in banks {
                if let Some(own) = event.digests.iter().find(|digest| digest.algorithm.0 == bank.alg_id()) {
                    digests.get_mut(*bank).copy_from_slice(&own.value);
                }
            }
            let pcr = event.pcr.unwrap_or(PcrIndex::new(0));
            Event { pcr, event_type: event.event_type, digests, data: event.data.clone() }
        };
        EventLog { events: self.events.iter().map(event).collect() }
    }

    fn startup_locality(&self) -> u8 {
        self.events.iter().find_map(startup_locality).unwrap_or(0)
    }

    /// The log as one of a simulated machine; `None` unless it has exactly the banks SHA-1, SHA-256 and SHA-384.
    pub fn to_event_log(&self) -> Option<EventLog> {
        if self.algorithms.len() != Bank::ALL.len() {
            return None;
        }
        let event = |event: &HardwareEvent| {
            let mut digests = Digests::ZERO;
            for bank in Bank::ALL {
                let own = event.digests.iter().find(|digest| digest.algorithm.0 == bank.alg_id())?;
                digests.get_mut(bank).copy_from_slice(&own.value);
            }
            Some(Event { pcr: event.pcr?, event_type: event.event_type, digests, data: event.data.clone() })
        };
        let belongs = self.events.iter().filter(|event| event.pcr.is_some());
        Some(EventLog { events: belongs.map(event).collect::<Option<_>>()? })
    }
}

/// A register after startup: zeros or, for those of the dynamic root of trust, ones; register 0 shows the locality.
fn initial(pcr: PcrIndex, locality: u8, len: usize) -> Vec<u8> {
    let filling = if (17..=22).contains(&pcr.number()) { 0xff } else { 0 };
    let mut value = vec![filling; len];
    if pcr.number() == 0 {
        value[len - 1] = locality;
    }
    value
}

fn startup_locality(event: &HardwareEvent) -> Option<u8> {
    let rest = event.data.strip_prefix(super::STARTUP_LOCALITY_SIGNATURE)?;
    (event.event_type == EventType::NO_ACTION && rest.len() == 1).then(|| rest[0])
}
