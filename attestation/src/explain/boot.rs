//! What is known of one boot.

use serde::Serialize;
use vtpm_backend::eventlog::HardwareLog;
use vtpm_backend::pcr::{Bank, PcrBanks, PcrIndex};

use super::agreement::Agreement;
use super::registers::Registers;
use super::{Side, read_log};
use crate::tpm::{Attest, Signature};

/// One boot: its log, the registers after it, and a quote of them, as far as they are known.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Boot {
    /// What to call it.
    pub name: String,
    /// Its event log.
    pub log: Option<HardwareLog>,
    /// The values of registers.
    pub registers: Registers,
    /// What a quote says of them.
    pub quote: Option<Quoted>,
}

/// A quote beside the registers. Who signed it is not judged here.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Quoted {
    /// The bank.
    pub bank: Bank,
    /// The registers that it covers.
    pub pcrs: Vec<PcrIndex>,
    /// Whether its digest is that of the register values; `None` when not all of them are known.
    pub matches: Option<bool>,
}

impl Boot {
    /// A simulated node: its log as the guest shows it (nothing, when it is withheld), and its live registers.
    ///
    /// # Errors
    /// When the log cannot be read.
    pub fn of_node(name: &str, log: &[u8], pcrs: &PcrBanks) -> Result<Boot, String> {
        let log = (!log.is_empty()).then(|| HardwareLog::parse(log)).transpose().map_err(|error| error.to_string())?;
        Ok(Boot { name: name.to_owned(), log, registers: Registers::of_node(pcrs), quote: None })
    }

    /// An event log alone, in the TCG's binary form or as `tpm2_eventlog` prints it.
    ///
    /// # Errors
    /// When it is neither.
    pub fn of_log(name: &str, log: &[u8]) -> Result<Boot, String> {
        Ok(Boot { name: name.to_owned(), log: Some(read_log(log)?), ..Boot::default() })
    }

    /// The banks of which something is known.
    pub fn banks(&self) -> Vec<Bank> {
        match &self.log {
            Some(log) => log.banks(),
            None => self.registers.banks(),
        }
    }

    /// The value of a register: as it was read, else as the log gives it.
    pub(super) fn value(&self, bank: Bank, pcr: PcrIndex) -> Option<Vec<u8>> {
        let read = self.registers.get(bank, pcr).map(<[u8]>::to_vec);
        read.or_else(|| self.log.as_ref().filter(|_| self.touches(pcr))?.register(bank.into(), pcr))
    }

    /// Whether the log has an event that was extended into the register.
    pub(super) fn touches(&self, pcr: PcrIndex) -> bool {
        let events = self.log.iter().flat_map(|log| &log.events);
        events.into_iter().any(|event| event.is_extended() && event.pcr == Some(pcr))
    }

    pub(super) fn side(&self) -> Side {
        let agreement = self.log.as_ref().and_then(|log| Agreement::of(log, &self.registers));
        let events = self.log.as_ref().map(|log| log.events.len());
        Side { name: self.name.clone(), events, agreement, quote: self.quote.clone() }
    }
}

impl Quoted {
    /// Reads a quote (`TPMS_ATTEST`) and, where there is one, its signature (`TPMT_SIGNATURE`), which names the hash.
    ///
    /// # Errors
    /// When they cannot be read.
    pub(super) fn read(attest: &[u8], signature: &[u8], registers: &Registers) -> Result<Quoted, String> {
        let attest = Attest::parse(attest).map_err(|error| error.to_string())?;
        let hash = match signature {
            [] => Bank::Sha256,
            bytes => Signature::parse(bytes).map_err(|error| error.to_string())?.hash,
        };
        let (bank, pcrs) = (attest.selection.bank, attest.selection.pcrs);
        let values: Option<Vec<&[u8]>> = pcrs.iter().map(|pcr| registers.get(bank, *pcr)).collect();
        let matches = values.map(|values| hash.hash(&values) == attest.pcr_digest);
        Ok(Quoted { bank, pcrs, matches })
    }
}
