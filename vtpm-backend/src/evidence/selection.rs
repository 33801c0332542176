//! Which registers are quoted.

use crate::pcr::{Bank, PcrIndex};

/// A non-empty set of registers of one bank.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Selection {
    bank: Bank,
    pcrs: Vec<PcrIndex>,
}

/// No selection.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SelectionError {
    /// No register.
    #[error("no PCR is selected; name at least one, e.g. sha256:0,4,7")]
    Empty,
    /// The text is not `bank:number,number,…`.
    #[error("'{0}' is no PCR selection; write it like sha256:0,4,7 (banks sha1, sha256, sha384; registers 0 to 23)")]
    Malformed(String),
}

impl Selection {
    /// A selection of these registers, in any order.
    ///
    /// # Errors
    /// When there are none.
    pub fn new(bank: Bank, pcrs: impl IntoIterator<Item = PcrIndex>) -> Result<Selection, SelectionError> {
        let mut pcrs: Vec<PcrIndex> = pcrs.into_iter().collect();
        pcrs.sort_unstable();
        pcrs.dedup();
        if pcrs.is_empty() { Err(SelectionError::Empty) } else { Ok(Selection { bank, pcrs }) }
    }

    /// The bank.
    pub fn bank(&self) -> Bank {
        self.bank
    }

    /// The registers, ascending.
    pub fn pcrs(&self) -> &[PcrIndex] {
        &self.pcrs
    }
}

/// All registers that the boot of a Linux node determines: 0 to 9 and 11 to 14 of the SHA-256 bank. PCR 10 belongs to
/// the kernel's integrity measurement and changes while the system runs.
impl Default for Selection {
    fn default() -> Self {
        let pcrs = PcrIndex::all().filter(|pcr| matches!(pcr.number(), 0..=9 | 11..=14)).collect();
        Selection { bank: Bank::Sha256, pcrs }
    }
}

/// As tpm2-tools write it: `sha256:0,4,7`.
impl std::str::FromStr for Selection {
    type Err = SelectionError;

    fn from_str(text: &str) -> Result<Self, SelectionError> {
        let malformed = || SelectionError::Malformed(text.to_owned());
        let (bank, list) = text.split_once(':').ok_or_else(malformed)?;
        let bank = Bank::ALL.into_iter().find(|known| known.name() == bank).ok_or_else(malformed)?;
        let parse = |number: &str| {
            number.trim().parse::<u32>().ok().and_then(|number| PcrIndex::try_from(number).ok()).ok_or_else(malformed)
        };
        let pcrs: Vec<PcrIndex> = list.split(',').map(parse).collect::<Result<_, _>>()?;
        Selection::new(bank, pcrs)
    }
}

impl std::fmt::Display for Selection {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let list: Vec<String> = self.pcrs.iter().map(ToString::to_string).collect();
        write!(f, "{}:{}", self.bank, list.join(","))
    }
}
