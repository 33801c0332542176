//! Reading the bytes of a log of any firmware.

use crate::eventlog::parse::ParseError;
use crate::eventlog::{EVENT_BYTES_MAX, EVENTS_MAX, EventType, LOG_BYTES_MAX, SPEC_ID_SIGNATURE};
use crate::pcr::PcrIndex;
use crate::uefi::{Cursor, Malformed};

use super::{HardwareDigest, HardwareEvent, HardwareLog, HashAlgorithm};

/// Most algorithms that a header may declare; the TCG has registered seven.
const ALGORITHMS_MAX: u32 = 16;
/// The longest digest that a header may declare, in bytes.
const DIGEST_LEN_MAX: u16 = 64;
/// The register number of events that belong to none.
pub(super) const NO_PCR: u32 = u32::MAX;

pub(super) fn parse(bytes: &[u8]) -> Result<HardwareLog, ParseError> {
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
    let algorithms =
        if is_spec_id { lens.into_iter().map(|(algorithm, _)| algorithm).collect() } else { vec![HashAlgorithm::SHA1] };
    Ok(HardwareLog { algorithms, events })
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
