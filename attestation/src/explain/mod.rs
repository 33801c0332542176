//! Why two boots differ, register by register: what `slipway explain` says.
//!
//! Two [`Boot`]s, each an event log with register values and a quote where there are any, of simulated nodes or of real
//! machines of any make, are compared event by event ([`explain`]). What differs between machines that boot the same is
//! told apart from what matters. Nothing here judges whether evidence is genuine: that is [`crate::verify`]'s.

mod agreement;
mod boot;
mod folder;
mod register;
mod registers;
mod report;
mod yaml;

pub use agreement::{Agreement, Disagreement};
pub use boot::{Boot, Quoted};
pub use folder::BootFileError;
pub use register::{Noted, RegisterExplanation, RegisterState};
pub use registers::{Registers, RegistersError};

use serde::Serialize;
use vtpm_backend::eventlog::{EventLog, HardwareLog};
use vtpm_backend::pcr::{Bank, PcrIndex};

use crate::baseline::Baseline;
use crate::compare::{EarlyEnd, Part, differences};

/// What a boot is compared with.
#[derive(Clone, Debug)]
pub enum Against {
    /// Another boot.
    Boot(Boot),
    /// What an untouched machine measures.
    Baseline {
        /// What to call it.
        name: String,
        /// Its events.
        baseline: Baseline,
    },
}

/// One side of the comparison, as far as it is known.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Side {
    /// What it is called.
    pub name: String,
    /// How many events its log has; `None` without a log.
    pub events: Option<usize>,
    /// Whether its log explains its registers; `None` when it has not both.
    pub agreement: Option<Agreement>,
    /// What its quote covers, and whether it quotes these registers; `None` without a quote.
    pub quote: Option<Quoted>,
}

/// Why two boots differ.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Explanation {
    /// Whether they booted the same and each log explains its registers: nothing differs but what belongs to the
    /// machines and to what ran after the boot.
    pub same: bool,
    /// The result in one sentence.
    pub summary: String,
    /// The boot that is explained.
    pub subject: Side,
    /// What it is compared with.
    pub against: Side,
    /// The bank whose values are shown.
    pub bank: Bank,
    /// The registers that either side knows, ascending.
    pub registers: Vec<RegisterExplanation>,
}

/// Two boots that cannot be compared.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ExplainError {
    /// No bank is known of both.
    #[error("{0} and {1} have no bank in common of sha1, sha256 and sha384")]
    NoCommonBank(String, String),
    /// There is nothing to compare.
    #[error("nothing is known of {0}: it has neither an event log nor register values")]
    Nothing(String),
}

/// Explains how `subject` differs from `against`.
///
/// # Errors
/// [`ExplainError`] when nothing can be compared.
pub fn explain(subject: &Boot, against: &Against) -> Result<Explanation, ExplainError> {
    let banks = common_banks(subject, against)?;
    let bank = preferred(&banks);
    let found = match (&subject.log, reference(against, &banks)) {
        (Some(log), Some(reference)) => Some(differences(&reference, &log.in_banks(&banks), EarlyEnd::EveryStep)),
        _ => None,
    };
    let pair = register::Pair { subject, against, banks: &banks, bank };
    let registers: Vec<_> = PcrIndex::all().filter_map(|pcr| register::explain(&pair, pcr, found.as_deref())).collect();
    let subject = subject.side();
    let against = match against {
        Against::Boot(boot) => boot.side(),
        Against::Baseline { name, baseline } => {
            Side { name: name.clone(), events: Some(baseline.events.len()), agreement: None, quote: None }
        }
    };
    let honest = |side: &Side| {
        side.agreement.as_ref().is_none_or(|agreement| agreement.agrees)
            && side.quote.as_ref().is_none_or(|quote| quote.matches != Some(false))
    };
    let differs = registers.iter().any(|register| register.state == RegisterState::Differs);
    let same = !differs && honest(&subject) && honest(&against);
    let summary = summary(&registers, &subject, &against);
    Ok(Explanation { same, summary, subject, against, bank, registers })
}

impl Explanation {
    /// Adds what the verification of a component's own file says to the first difference that concerns it.
    pub fn note(&mut self, part: Part, text: &str) {
        let all = self.registers.iter_mut().flat_map(|register| &mut register.differences);
        let mut about = all.filter(|noted| noted.difference.component == part && noted.difference.pcr == 4);
        if let Some(first) = about.next() {
            first.verification = Some(text.to_owned());
        }
    }
}

fn common_banks(subject: &Boot, against: &Against) -> Result<Vec<Bank>, ExplainError> {
    let (name, theirs) = match against {
        Against::Boot(boot) => (&boot.name, boot.banks()),
        Against::Baseline { name, .. } => (name, Bank::ALL.to_vec()),
    };
    for (name, banks) in [(&subject.name, subject.banks()), (name, theirs.clone())] {
        if banks.is_empty() {
            return Err(ExplainError::Nothing(name.clone()));
        }
    }
    let common: Vec<Bank> = subject.banks().into_iter().filter(|bank| theirs.contains(bank)).collect();
    if common.is_empty() {
        return Err(ExplainError::NoCommonBank(subject.name.clone(), name.clone()));
    }
    Ok(common)
}

fn preferred(banks: &[Bank]) -> Bank {
    let wanted = [Bank::Sha256, Bank::Sha384, Bank::Sha1];
    wanted.into_iter().find(|bank| banks.contains(bank)).unwrap_or(Bank::Sha256)
}

/// The events of the other side, in these banks.
fn reference(against: &Against, banks: &[Bank]) -> Option<Baseline> {
    match against {
        Against::Boot(boot) => boot.log.as_ref().map(|log| Baseline::of_boot(&log.in_banks(banks))),
        Against::Baseline { baseline, .. } => Some(baseline.in_banks(banks)),
    }
}

fn summary(registers: &[RegisterExplanation], subject: &Side, against: &Side) -> String {
    let distrusted = [subject, against].into_iter().find_map(|side| {
        let agreement = side.agreement.as_ref().filter(|agreement| !agreement.agrees)?;
        Some(format!("the log of {} does not explain its registers: {}", side.name, agreement.in_words()))
    });
    let differing: Vec<_> = registers.iter().filter(|register| register.state == RegisterState::Differs).collect();
    // In boot order: what differs first says what happened.
    let first = differing.iter().flat_map(|register| &register.differences).filter(|d| !d.difference.machine_specific);
    let first = first.min_by_key(|noted| noted.difference.index).map(|noted| noted.difference.component);
    let numbers = report::numbers(differing.iter().map(|register| register.pcr));
    match (distrusted, differing.as_slice(), first) {
        (Some(text), ..) => text,
        (None, [], _) => "the two boots are the same".to_owned(),
        (None, _, Some(part)) => format!("the boots differ in {numbers}; first of all in {part}"),
        (None, _, None) => format!("the boots differ in {numbers}"),
    }
}

/// The value of a register of the other side.
fn read_value(against: &Against, bank: Bank, pcr: PcrIndex) -> Option<Vec<u8>> {
    match against {
        Against::Boot(boot) => boot.value(bank, pcr),
        // A reference is complete: what it does not touch, nobody touches.
        Against::Baseline { baseline, .. } => {
            let of = baseline.events.iter().filter(|expected| expected.event.pcr == pcr);
            let own = of.map(|expected| expected.event.clone()).collect();
            Some(EventLog { events: own }.replay().get(bank, pcr).to_vec())
        }
    }
}

/// An event log in the TCG's binary form, or as `tpm2_eventlog` prints it.
fn read_log(bytes: &[u8]) -> Result<HardwareLog, String> {
    if bytes.starts_with(b"---") || bytes.starts_with(b"version:") {
        return yaml::parse(bytes);
    }
    HardwareLog::parse(bytes).map_err(|error| error.to_string())
}

impl Baseline {
    /// Every event of a log, none of which is taken as machine-specific.
    fn of_boot(log: &EventLog) -> Baseline {
        let mut baseline = Baseline::from_log(log);
        baseline.events.iter_mut().for_each(|expected| expected.machine_specific = false);
        baseline
    }

    /// The same without the digests of other banks.
    fn in_banks(&self, banks: &[Bank]) -> Baseline {
        let mut baseline = self.clone();
        let others: Vec<_> = Bank::ALL.into_iter().filter(|bank| !banks.contains(bank)).collect();
        for expected in &mut baseline.events {
            others.iter().for_each(|bank| expected.event.digests.get_mut(*bank).fill(0));
        }
        baseline
    }
}
