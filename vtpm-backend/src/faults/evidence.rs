//! Faults of what the guest hands out.

use control_plane::faults::Fault;

use crate::eventlog::{EventLog, LogStyle, ParseError};
use crate::pcr::PcrIndex;

/// What GRUB puts before the kernel's command line in its event.
const COMMAND_LINE: &[u8] = b"kernel_cmdline: ";
/// GRUB's commands.
const COMMANDS_PCR: u8 = 8;

/// The event log that the guest shows instead of the true one.
///
/// An edited one lacks the event that names the kernel's command line; the last measured event, when there is none.
///
/// # Errors
/// [`ParseError`] when the true log cannot be read.
pub fn log_shown(log: Vec<u8>, faults: &[Fault], style: &LogStyle) -> Result<Vec<u8>, ParseError> {
    if faults.contains(&Fault::EventLogWithheld) {
        return Ok(Vec::new());
    }
    if !faults.contains(&Fault::EventLogEdited) {
        return Ok(log);
    }
    let mut edited = EventLog::parse(&log)?;
    let commands = PcrIndex::new(COMMANDS_PCR);
    let command_line =
        edited.events.iter().rposition(|event| event.pcr == commands && event.data.starts_with(COMMAND_LINE));
    let hidden = command_line.or_else(|| edited.events.iter().rposition(|event| event.is_extended()));
    if let Some(at) = hidden {
        edited.events.remove(at);
    }
    Ok(edited.encode_as(style))
}
