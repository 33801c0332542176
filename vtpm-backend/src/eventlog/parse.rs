//! Reading logs, which may come from anywhere.

use crate::pcr::{Bank, Digests, PcrIndex};
use crate::uefi::{Cursor, Malformed};

use super::{Event, EventLog, EventType, SPEC_ID_SIGNATURE};

/// The largest log that is read. Azure's firmware reserves 128 KiB.
pub const LOG_BYTES_MAX: usize = 1 << 20;
/// Most events of one log.
pub const EVENTS_MAX: usize = 4096;
/// Most data bytes of one event.
pub const EVENT_BYTES_MAX: usize = 256 << 10;

/// Bytes that are no event log.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ParseError {
    /// The log as a whole is over a limit.
    #[error("the log is larger than {LOG_BYTES_MAX} bytes or {EVENTS_MAX} events")]
    TooLarge,
    /// The first event is no usable header.
    #[error("the header event is not a Spec ID event for sha1, sha256 and sha384: {0}")]
    Header(Malformed),
    /// A later event is broken.
    #[error("event {number} is broken: {problem}")]
    Event {
        /// Its number; the header is event 0.
        number: usize,
        /// What and where.
        problem: Malformed,
    },
}

pub(super) fn parse(bytes: &[u8]) -> Result<EventLog, ParseError> {
    if bytes.len() > LOG_BYTES_MAX {
        return Err(ParseError::TooLarge);
    }
    let mut cursor = Cursor::new(bytes);
    parse_header(&mut cursor).map_err(ParseError::Header)?;
    let mut events = Vec::new();
    while cursor.remaining() > 0 {
        if events.len() == EVENTS_MAX {
            return Err(ParseError::TooLarge);
        }
        let number = events.len() + 1;
        events.push(parse_event(&mut cursor).map_err(|problem| ParseError::Event { number, problem })?);
    }
    Ok(EventLog { events })
}

/// `TCG_PCR_EVENT` with `TCG_EfiSpecIDEvent`.
fn parse_header(cursor: &mut Cursor<'_>) -> Result<(), Malformed> {
    let (pcr, event_type) = (cursor.u32()?, cursor.u32()?);
    let digest = cursor.take(20)?;
    if pcr != 0 || event_type != EventType::NO_ACTION.0 || digest.iter().any(|byte| *byte != 0) {
        return Err(cursor.error("not an EV_NO_ACTION event in PCR 0 with a zero digest"));
    }
    let len = cursor.u32()? as usize;
    let mut spec_id = Cursor::new(cursor.take(len)?);
    let inner = &mut spec_id;
    if inner.take(16)? != SPEC_ID_SIGNATURE {
        return Err(inner.error("the signature is not 'Spec ID Event03'"));
    }
    let (_class, version) = (inner.u32()?, inner.array::<4>()?);
    if version[..2] != [0, 2] {
        return Err(inner.error("the specification version is not 2.0"));
    }
    parse_algorithms(inner)?;
    let vendor_len = usize::from(inner.u8()?);
    inner.take(vendor_len)?;
    inner.finish()
}

fn parse_algorithms(cursor: &mut Cursor<'_>) -> Result<(), Malformed> {
    if cursor.u32()? as usize != Bank::ALL.len() {
        return Err(cursor.error("the number of algorithms is not three"));
    }
    let mut seen = Vec::new();
    for _ in Bank::ALL {
        let (id, len) = (cursor.u16()?, usize::from(cursor.u16()?));
        let bank = Bank::from_alg_id(id).filter(|bank| bank.digest_len() == len && !seen.contains(bank));
        seen.push(bank.ok_or_else(|| cursor.error("an algorithm is unknown, repeated or of the wrong size"))?);
    }
    Ok(())
}

/// `TCG_PCR_EVENT2`.
fn parse_event(cursor: &mut Cursor<'_>) -> Result<Event, Malformed> {
    let at = cursor.error("there is no such PCR");
    let pcr = PcrIndex::try_from(cursor.u32()?).map_err(|_| at)?;
    let event_type = EventType(cursor.u32()?);
    if cursor.u32()? as usize != Bank::ALL.len() {
        return Err(cursor.error("the number of digests is not three"));
    }
    let mut digests = Digests::ZERO;
    let mut seen = Vec::new();
    for _ in Bank::ALL {
        let at = cursor.error("a digest's algorithm is unknown or repeated");
        let bank = Bank::from_alg_id(cursor.u16()?).filter(|bank| !seen.contains(bank)).ok_or(at)?;
        digests.get_mut(bank).copy_from_slice(cursor.take(bank.digest_len())?);
        seen.push(bank);
    }
    let at = cursor.error("the event is larger than the limit");
    let len = cursor.u32()? as usize;
    if len > EVENT_BYTES_MAX {
        return Err(at);
    }
    Ok(Event { pcr, event_type, digests, data: cursor.take(len)?.to_vec() })
}
