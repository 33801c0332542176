//! One register, explained.

use serde::Serialize;
use vtpm_backend::pcr::{Bank, PcrIndex};

use super::agreement::goes_on_after_the_boot;
use super::boot::Boot;
use super::{Against, read_value};
use crate::compare::{Change, Difference};

/// What can be said of a register of two boots.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum RegisterState {
    /// The same value, from the same events.
    Same,
    /// Another value, because of what belongs to each machine alone.
    MachineSpecific,
    /// Another value in a register that the running system goes on extending, from the same events.
    AfterTheBoot,
    /// Another value, or other events.
    Differs,
    /// Known of one side only.
    Unknown,
}

/// A difference, and what the verification of the component's own file says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Noted {
    /// The difference.
    #[serde(flatten)]
    pub difference: Difference,
    /// What Secure Boot makes of the component as it lies on the node's disk; only of simulated nodes, whose disk is at
    /// hand.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub verification: Option<String>,
}

/// One register, explained.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct RegisterExplanation {
    /// Its number.
    pub pcr: u8,
    /// What can be said of it.
    pub state: RegisterState,
    /// Its value in the boot that is explained, in hexadecimal: as it was read, else as the log gives it.
    pub value: Option<String>,
    /// Its value in the other one. A reference's registers follow from its events and are those of no machine in
    /// particular.
    pub against: Option<String>,
    /// What differs, in boot order.
    pub differences: Vec<Noted>,
}

/// The two boots, and the banks that they have in common.
pub(super) struct Pair<'a> {
    pub(super) subject: &'a Boot,
    pub(super) against: &'a Against,
    pub(super) banks: &'a [Bank],
    pub(super) bank: Bank,
}

impl Pair<'_> {
    fn values(&self, bank: Bank, pcr: PcrIndex) -> (Option<Vec<u8>>, Option<Vec<u8>>) {
        (self.subject.value(bank, pcr), read_value(self.against, bank, pcr))
    }

    /// Whether the values differ in any bank in which both are known.
    fn differs(&self, pcr: PcrIndex) -> bool {
        self.banks.iter().any(|bank| {
            let (is, was) = self.values(*bank, pcr);
            is.zip(was).is_some_and(|(is, was)| is != was)
        })
    }
}

/// Explains a register; `None` when neither side knows anything of it. `found` are all differences of the two logs.
pub(super) fn explain(pair: &Pair<'_>, pcr: PcrIndex, found: Option<&[Difference]>) -> Option<RegisterExplanation> {
    let (value, against) = pair.values(pair.bank, pcr);
    let own = found.unwrap_or_default().iter().filter(|difference| difference.pcr == pcr.number());
    let differences: Vec<_> =
        own.map(|difference| Noted { difference: difference.clone(), verification: None }).collect();
    if value.is_none() && against.is_none() && differences.is_empty() {
        return None;
    }
    let state = match () {
        () if differences.iter().any(|noted| !noted.difference.machine_specific) => RegisterState::Differs,
        () if !differences.is_empty() => RegisterState::MachineSpecific,
        // A reference is no machine: what it has of machines is nobody's.
        () if is_machine_specific(pair.against, pcr) => RegisterState::MachineSpecific,
        () if value.is_none() || against.is_none() => RegisterState::Unknown,
        () if !pair.differs(pcr) => RegisterState::Same,
        () if goes_on_after_the_boot(pcr) => RegisterState::AfterTheBoot,
        () => RegisterState::Differs,
    };
    let hex = |value: Option<Vec<u8>>| value.map(hex::encode);
    Some(RegisterExplanation { pcr: pcr.number(), state, value: hex(value), against: hex(against), differences })
}

fn is_machine_specific(against: &Against, pcr: PcrIndex) -> bool {
    match against {
        Against::Boot(_) => false,
        Against::Baseline { baseline, .. } => {
            baseline.events.iter().any(|expected| expected.machine_specific && expected.event.pcr == pcr)
        }
    }
}

impl RegisterExplanation {
    /// How many steps were changed, added and are missing.
    pub(super) fn count(&self, change: Change) -> usize {
        self.differences.iter().filter(|noted| noted.difference.change == change).count()
    }
}
