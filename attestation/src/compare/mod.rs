//! Why a register differs: two boots compared event by event.

mod align;
mod keys;
mod machine_specific;
mod part;
mod words;

pub use part::Part;

use serde::Serialize;
use vtpm_backend::eventlog::EventLog;

use crate::baseline::Baseline;
use align::{Pairing, align};

/// Something that is not as in a good boot.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Difference {
    /// The register that it shows in.
    pub pcr: u8,
    /// The place in the actual log, counted from 1 behind the header event as `tpm2_eventlog` does; for something that
    /// is missing, where it should have been.
    pub index: usize,
    /// The component at fault.
    pub component: Part,
    /// How it differs.
    pub change: Change,
    /// Whether such things differ between machines that boot the same: a BIOS GUID, boot options, a disk's GUIDs.
    pub machine_specific: bool,
    /// What it is, in words.
    pub text: String,
}

/// How a step of a boot differs from the reference.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Change {
    /// It is there with other content.
    Changed,
    /// The reference does not have it.
    Added,
    /// Only the reference has it.
    Missing,
}

/// Compares a boot with a good one. The differences come in boot order; none means that every register has the same
/// value, but for what is different on every machine.
pub fn compare(baseline: &Baseline, actual: &EventLog) -> Vec<Difference> {
    differences(baseline, actual, EarlyEnd::OneDifference)
}

/// How a boot that ended early is told.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum EarlyEnd {
    /// As one difference, at the first step that does not appear.
    OneDifference,
    /// Step by step, so that every register has its own.
    EveryStep,
}

pub(crate) fn differences(baseline: &Baseline, actual: &EventLog, early_end: EarlyEnd) -> Vec<Difference> {
    let events: Vec<_> = actual.events.iter().enumerate().filter(|(_, event)| event.is_extended()).collect();
    let plain: Vec<_> = events.iter().map(|(_, event)| *event).collect();
    // The number of the last event that was looked at, so that what is missing has a place.
    let mut last = 0;
    let mut differences = Vec::new();
    let pairings = align(&baseline.events, &plain);
    let tail = pairings.iter().rposition(|pairing| !matches!(pairing, Pairing::Missing(_))).map_or(0, |at| at + 1);
    for (at, pairing) in pairings.iter().enumerate() {
        if let Pairing::Same(index) | Pairing::Changed(_, index) | Pairing::Extra(index) = pairing {
            last = events[*index].0 + 1;
        }
        let stopped = early_end == EarlyEnd::OneDifference && at >= tail && pairings.len() - tail > 1;
        if stopped && at > tail {
            continue;
        }
        let difference = match pairing {
            Pairing::Same(_) => continue,
            Pairing::Changed(expected, index) => words::changed(&baseline.events[*expected], plain[*index], last),
            Pairing::Extra(index) => words::extra(plain[*index], last),
            Pairing::Missing(expected) if stopped => {
                words::stopped(&baseline.events[*expected], pairings.len() - tail, last + 1)
            }
            Pairing::Missing(expected) => words::missing(&baseline.events[*expected], last + 1),
        };
        differences.push(difference);
    }
    differences
}
