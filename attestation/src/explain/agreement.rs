//! Whether a log explains the registers.

use serde::Serialize;
use vtpm_backend::eventlog::HardwareLog;
use vtpm_backend::pcr::{Bank, PcrIndex};

use super::registers::Registers;

/// Registers that a running system extends without the firmware's log: 10 (IMA), 11 and 15 (systemd's phases, machine and
/// file systems: systemd TPM2_PCR_MEASUREMENTS), and 16 and 23, which any software may reset and extend.
const AFTER_THE_BOOT: [u8; 5] = [10, 11, 15, 16, 23];

/// Whether a register may hold more than the firmware's log tells.
pub(super) fn goes_on_after_the_boot(pcr: PcrIndex) -> bool {
    AFTER_THE_BOOT.contains(&pcr.number())
}

/// A log replayed against registers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Agreement {
    /// Whether every register that was compared has the value that the log gives.
    pub agrees: bool,
    /// The banks that were compared.
    pub banks: Vec<Bank>,
    /// Where it does not.
    pub disagreements: Vec<Disagreement>,
    /// Registers that hold more than the log tells, as running systems make them.
    pub extended_later: Vec<PcrIndex>,
}

/// A register that the log does not explain.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Disagreement {
    /// The bank.
    pub bank: Bank,
    /// The register.
    pub pcr: PcrIndex,
    /// What it holds, in hexadecimal.
    pub holds: String,
    /// What the log gives.
    pub log_gives: String,
}

impl Agreement {
    /// Replays `log`; `None` when it shares no bank with `registers`.
    pub(super) fn of(log: &HardwareLog, registers: &Registers) -> Option<Agreement> {
        let banks: Vec<Bank> = log.banks().into_iter().filter(|bank| registers.banks().contains(bank)).collect();
        let (mut disagreements, mut extended_later) = (Vec::new(), Vec::new());
        for (bank, pcr) in banks.iter().flat_map(|bank| PcrIndex::all().map(|pcr| (*bank, pcr))) {
            let (Some(holds), Some(gives)) = (registers.get(bank, pcr), log.register(bank.into(), pcr)) else {
                continue;
            };
            match () {
                () if holds == gives => {}
                () if goes_on_after_the_boot(pcr) => extended_later.push(pcr),
                () => {
                    let (holds, log_gives) = (hex::encode(holds), hex::encode(gives));
                    disagreements.push(Disagreement { bank, pcr, holds, log_gives });
                }
            }
        }
        extended_later.sort_unstable();
        extended_later.dedup();
        let agrees = disagreements.is_empty();
        (!banks.is_empty()).then_some(Agreement { agrees, banks, disagreements, extended_later })
    }

    /// The first disagreement, or that there is none.
    pub(super) fn in_words(&self) -> String {
        let banks: Vec<_> = self.banks.iter().map(|bank| bank.name()).collect();
        match self.disagreements.as_slice() {
            [] => format!("the log explains the registers ({})", banks.join(", ")),
            [first, rest @ ..] => {
                let more = if rest.is_empty() { String::new() } else { format!(" (and {} more)", rest.len()) };
                format!(
                    "PCR {} ({}) is {} but the log gives {}{more}: the log was changed, is not complete, or something was \
                     measured without it",
                    first.pcr, first.bank, first.holds, first.log_gives
                )
            }
        }
    }
}
