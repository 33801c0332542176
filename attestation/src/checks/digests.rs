//! Events whose digest follows from their data.

use vtpm_backend::eventlog::{Event, EventLog, EventType};
use vtpm_backend::pcr::Digests;
use vtpm_backend::uefi::variable::VariableData;

use super::Outcome;

/// The prefixes that GRUB puts before what it measures (grub-core/kern/verifiers.c, commands/tpm.c).
const GRUB_PREFIXES: [&[u8]; 2] = [b"grub_cmd: ", b"kernel_cmdline: "];

pub(super) fn check(log: &EventLog) -> Outcome {
    let mut checked = 0;
    for (number, event) in (1..).zip(&log.events) {
        let Some(expected) = expected(event) else { continue };
        checked += 1;
        if event.digests != expected {
            return Err(format!(
                "event {number} ({} in PCR {}) says '{}', but that is not what was measured: the log was changed",
                event.event_type,
                event.pcr,
                event.describe()
            ));
        }
    }
    let all = log.events.len();
    Ok(format!("{checked} of {all} events show what was measured; the digests of the others are of files and images"))
}

/// The digests that an event's data demands (TCG PC Client Platform Firmware Profile, 3.3.4 and 10.4.1); `None` where
/// the data only describes what was measured.
fn expected(event: &Event) -> Option<Digests> {
    match event.event_type {
        EventType::S_CRTM_VERSION
        | EventType::SEPARATOR
        | EventType::EFI_ACTION
        | EventType::COMPACT_HASH
        | EventType::EFI_GPT_EVENT
        | EventType::EFI_VARIABLE_DRIVER_CONFIG
        | EventType::EFI_VARIABLE_AUTHORITY => Some(Digests::of(&event.data)),
        // Of boot variables only the content is hashed (edk2 Tcg2Dxe, MeasureVariable).
        EventType::EFI_VARIABLE_BOOT => match VariableData::parse(&event.data) {
            Ok(variable) => Some(Digests::of(&variable.data)),
            Err(_) => Some(Digests::of(&event.data)),
        },
        EventType::IPL if event.pcr.number() == 8 => {
            let text = GRUB_PREFIXES.iter().find_map(|prefix| event.data.strip_prefix(*prefix))?;
            Some(Digests::of(text.strip_suffix(b"\0").unwrap_or(text)))
        }
        _ => None,
    }
}
