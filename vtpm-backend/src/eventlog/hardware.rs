//! Logs of real machines, whatever their banks: more lenient than [`EventLog`] about what is in them, as strict about
//! how it is written.
//!
//! Accepts crypto-agile logs with any set of algorithms that the header declares (with SHA-512 and SM3-256), SHA-1 logs
//! of the older format, vendor information in the header, `EV_NO_ACTION` events in registers that do not exist, and the
//! 0x00 or 0xFF filling that some firmware leaves behind the last event.

use std::collections::BTreeMap;

use aws_lc_rs::digest;

use crate::pcr::{Bank, Digests, PcrIndex};
use crate::uefi::{Cursor, Malformed};

use super::parse::ParseError;
use super::{EVENT_BYTES_MAX, EVENTS_MAX, Event, EventLog, EventType, LOG_BYTES_MAX, SPEC_ID_SIGNATURE};

/// Most algorithms that a header may declare; the TCG has registered seven.
const ALGORITHMS_MAX: u32 = 16;
/// The longest digest that a header may declare, in bytes.
const DIGEST_LEN_MAX: u16 = 64;
/// The register number of events that belong to none.
const NO_PCR: u32 = u32::MAX;

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
        if bytes.len() > LOG_BYTES_MAX {
            return Err(ParseError::TooLarge);
        }
        let mut cursor = Cursor::new(bytes);
        let first = legacy_event(&mut cursor).map_err(ParseError::Header)?;
        let is_spec_id = first.event_type == EventType::NO_ACTION && first.data.starts_with(SPEC_ID_SIGNATURE);
        let (lens, mut events) = if is_spec_id {
            (algorithms(&first.data).map_err(ParseError::Header)?, Vec::new())
        } else {
            // The older format: all events are like the first one, which is an event like any other.
            (Vec::new(), vec![first])
        };
        while cursor.remaining() > 0 && !is_filling(&cursor) {
            if events.len() == EVENTS_MAX {
                return Err(ParseError::TooLarge);
            }
            let number = events.len() + usize::from(is_spec_id);
            let event = if is_spec_id { agile_event(&mut cursor, &lens) } else { legacy_event(&mut cursor) };
            events.push(event.map_err(|problem| ParseError::Event { number, problem })?);
        }
        let algorithms = if is_spec_id {
            lens.into_iter().map(|(algorithm, _)| algorithm).collect()
        } else {
            vec![HashAlgorithm::SHA1]
        };
        Ok(HardwareLog { algorithms, events })
    }

    /// The registers that the log explains in the bank of `algorithm`, those that it touches; `None` when the log does
    /// not have the bank or the algorithm cannot be computed here.
    pub fn replay(&self, algorithm: HashAlgorithm) -> Option<BTreeMap<u8, Vec<u8>>> {
        let hash = algorithm.implementation()?;
        if !self.algorithms.contains(&algorithm) {
            return None;
        }
        let len = hash.output_len();
        let locality = self.events.iter().find_map(startup_locality).unwrap_or(0);
        let mut registers: BTreeMap<u8, Vec<u8>> = BTreeMap::new();
        for event in &self.events {
            let (Some(pcr), false) = (event.pcr, event.event_type == EventType::NO_ACTION) else {
                continue;
            };
            let digest = event.digests.iter().find(|digest| digest.algorithm == algorithm)?;
            let register = registers.entry(pcr.number()).or_insert_with(|| initial(pcr, locality, len));
            let mut context = digest::Context::new(hash);
            context.update(register);
            context.update(&digest.value);
            *register = context.finish().as_ref().to_vec();
        }
        Some(registers)
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

/// Whether nothing but filling is left. An event of zeros would be one in register 0 without a type, which is none.
fn is_filling(cursor: &Cursor<'_>) -> bool {
    let mut rest = cursor.clone();
    let bytes = rest.take(rest.remaining()).unwrap_or_default();
    let first = bytes.first().copied().unwrap_or_default();
    matches!(first, 0 | 0xff) && bytes.len() >= 8 && bytes.iter().all(|byte| *byte == first)
}

/// `TCG_EfiSpecIDEvent`: the algorithms and the lengths of their digests.
fn algorithms(data: &[u8]) -> Result<Vec<(HashAlgorithm, usize)>, Malformed> {
    let mut cursor = Cursor::new(data);
    cursor.take(SPEC_ID_SIGNATURE.len() + 4)?;
    let version = cursor.array::<4>()?;
    if version[1] != 2 {
        return Err(cursor.error("the specification version is not 2"));
    }
    let count = cursor.u32()?;
    if count == 0 || count > ALGORITHMS_MAX {
        return Err(cursor.error("the number of algorithms is not between 1 and 16"));
    }
    let mut found: Vec<(HashAlgorithm, usize)> = Vec::new();
    for _ in 0..count {
        let (algorithm, len) = (HashAlgorithm(cursor.u16()?), cursor.u16()?);
        let wrong = algorithm.implementation().is_some_and(|hash| hash.output_len() != usize::from(len));
        let repeated = found.iter().any(|(known, _)| *known == algorithm);
        if wrong || repeated || len == 0 || len > DIGEST_LEN_MAX {
            return Err(cursor.error("an algorithm is repeated or of the wrong size"));
        }
        found.push((algorithm, usize::from(len)));
    }
    let vendor_len = usize::from(cursor.u8()?);
    cursor.take(vendor_len)?;
    cursor.finish()?;
    Ok(found)
}

fn register(cursor: &mut Cursor<'_>) -> Result<(Option<PcrIndex>, EventType), Malformed> {
    let at = cursor.error("there is no such PCR");
    let (number, event_type) = (cursor.u32()?, EventType(cursor.u32()?));
    let none = number == NO_PCR && event_type == EventType::NO_ACTION;
    match PcrIndex::try_from(number) {
        Ok(pcr) => Ok((Some(pcr), event_type)),
        Err(_) if none => Ok((None, event_type)),
        Err(_) => Err(at),
    }
}

fn event_data(cursor: &mut Cursor<'_>) -> Result<Vec<u8>, Malformed> {
    let at = cursor.error("the event is larger than the limit");
    let len = cursor.u32()? as usize;
    if len > EVENT_BYTES_MAX {
        return Err(at);
    }
    Ok(cursor.take(len)?.to_vec())
}

/// `TCG_PCR_EVENT`.
fn legacy_event(cursor: &mut Cursor<'_>) -> Result<HardwareEvent, Malformed> {
    let (pcr, event_type) = register(cursor)?;
    let digest = HardwareDigest { algorithm: HashAlgorithm::SHA1, value: cursor.take(20)?.to_vec() };
    Ok(HardwareEvent { pcr, event_type, digests: vec![digest], data: event_data(cursor)? })
}

/// `TCG_PCR_EVENT2`: every algorithm of the header exactly once.
fn agile_event(cursor: &mut Cursor<'_>, lens: &[(HashAlgorithm, usize)]) -> Result<HardwareEvent, Malformed> {
    let (pcr, event_type) = register(cursor)?;
    if cursor.u32()? as usize != lens.len() {
        return Err(cursor.error("the number of digests is not that of the header"));
    }
    let mut digests: Vec<HardwareDigest> = Vec::with_capacity(lens.len());
    for _ in lens {
        let at = cursor.error("a digest's algorithm is not in the header or repeated");
        let algorithm = HashAlgorithm(cursor.u16()?);
        let repeated = digests.iter().any(|digest| digest.algorithm == algorithm);
        let len = lens.iter().find(|(known, _)| *known == algorithm && !repeated);
        let (_, len) = len.ok_or(at)?;
        digests.push(HardwareDigest { algorithm, value: cursor.take(*len)?.to_vec() });
    }
    Ok(HardwareEvent { pcr, event_type, digests, data: event_data(cursor)? })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::eventlog::LogStyle;

    fn own() -> EventLog {
        let events = (0..8).map(|pcr| Event::of_data(PcrIndex::new(pcr), EventType::SEPARATOR, [0; 4])).collect();
        EventLog { events }
    }

    fn legacy(pcr: u32, event_type: u32, data: &[u8]) -> Vec<u8> {
        let mut out = pcr.to_le_bytes().to_vec();
        out.extend_from_slice(&event_type.to_le_bytes());
        out.extend_from_slice(&Digests::of(data).sha1);
        out.extend_from_slice(&(data.len() as u32).to_le_bytes());
        out.extend_from_slice(data);
        out
    }

    #[test]
    fn own_logs_are_read_the_same_in_every_style() {
        let ovmf = LogStyle { errata: 0, digest_order: Bank::ALL };
        for bytes in [own().encode(), own().encode_as(&ovmf)] {
            let log = HardwareLog::parse(&bytes).unwrap();
            assert_eq!(log.to_event_log().unwrap(), own());
            let replayed = log.replay(HashAlgorithm::SHA256).unwrap();
            let banks = own().replay();
            assert_eq!(replayed[&2], banks.get(Bank::Sha256, PcrIndex::new(2)));
            assert_eq!(log.replay(HashAlgorithm(0x0d)), None);
        }
    }

    #[test]
    fn filling_behind_the_last_event_is_no_event() {
        for filling in [0x00, 0xff] {
            let mut bytes = own().encode();
            bytes.extend_from_slice(&[filling; 100]);
            assert_eq!(HardwareLog::parse(&bytes).unwrap().events.len(), 8);
            bytes.push(1);
            assert!(HardwareLog::parse(&bytes).is_err());
        }
    }

    #[test]
    fn logs_of_the_older_format_have_sha1_only() {
        let bytes = [legacy(0, 8, b"version"), legacy(4, 4, &[0; 4]), legacy(0, 4, &[0; 4])].concat();
        let log = HardwareLog::parse(&bytes).unwrap();
        assert_eq!((log.algorithms.as_slice(), log.events.len()), ([HashAlgorithm::SHA1].as_slice(), 3));
        assert_eq!(log.replay(HashAlgorithm::SHA1).unwrap().len(), 2);
        assert_eq!(log.to_event_log(), None);
    }

    #[test]
    fn other_banks_vendor_information_and_events_without_a_register() {
        let mut spec_id = SPEC_ID_SIGNATURE.to_vec();
        spec_id.extend_from_slice(&[0, 0, 0, 0, 0, 2, 0, 2, 1, 0, 0, 0, 0x0d, 0, 64, 0, 3, 1, 2, 3]);
        let mut bytes = legacy(0, 3, &spec_id);
        bytes[8..28].fill(0);
        for (pcr, event_type) in [(NO_PCR, 3u32), (0, 4)] {
            bytes.extend_from_slice(&pcr.to_le_bytes());
            bytes.extend_from_slice(&event_type.to_le_bytes());
            bytes.extend_from_slice(&[1, 0, 0, 0, 0x0d, 0]);
            bytes.extend_from_slice(&[7; 64]);
            bytes.extend_from_slice(&[1, 0, 0, 0, 9]);
        }
        let log = HardwareLog::parse(&bytes).unwrap();
        assert_eq!((log.events[0].pcr, log.events.len()), (None, 2));
        assert_eq!(log.replay(HashAlgorithm(0x0d)).unwrap()[&0].len(), 64);
        let last = bytes.len() - (4 + 4 + 4 + 2 + 64 + 4 + 1);
        bytes[last..last + 4].copy_from_slice(&NO_PCR.to_le_bytes());
        assert!(HardwareLog::parse(&bytes).is_err());
    }

    proptest! {
        #[test]
        fn arbitrary_bytes_never_panic(
            bytes in prop::collection::vec(any::<u8>(), 0..300), at in any::<prop::sample::Index>(), to in any::<u8>(),
        ) {
            let mut log = [own().encode(), bytes.clone()].concat();
            let at = at.index(log.len());
            log[at] = to;
            for bytes in [bytes, log] {
                if let Ok(strict) = EventLog::parse(&bytes) {
                    let lenient = HardwareLog::parse(&bytes).unwrap();
                    prop_assert_eq!(lenient.to_event_log().unwrap(), strict);
                }
                if let Ok(log) = HardwareLog::parse(&bytes) {
                    log.algorithms.iter().for_each(|algorithm| { log.replay(*algorithm); });
                    log.to_event_log();
                }
            }
        }
    }
}
