//! A model of the 24 registers.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{Bank, Digests, PcrIndex};

/// The 24 registers in three banks. Written as `{"sha256": {"0": "hex", …}, …}`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Written", into = "Written")]
pub struct PcrBanks {
    registers: [Digests; PcrIndex::COUNT],
}

type Written = BTreeMap<Bank, BTreeMap<u32, String>>;

impl PcrBanks {
    /// The registers after `TPM2_Startup(CLEAR)` at locality 0: all zeros, 17 to 22 all ones (PC Client Platform TPM
    /// Profile, 4.6.1).
    pub fn new() -> PcrBanks {
        let mut registers = [Digests::ZERO; PcrIndex::COUNT];
        for register in &mut registers[17..=22] {
            *register = Digests { sha1: [0xff; 20], sha256: [0xff; 32], sha384: [0xff; 48] };
        }
        PcrBanks { registers }
    }

    /// The registers after startup at another locality, which the last byte of PCR 0 then shows.
    pub fn with_startup_locality(locality: u8) -> PcrBanks {
        let mut banks = PcrBanks::new();
        for bank in Bank::ALL {
            banks.registers[0].get_mut(bank)[bank.digest_len() - 1] = locality;
        }
        banks
    }

    /// Extends a register in every bank: new = H(old ‖ digest).
    pub fn extend(&mut self, pcr: PcrIndex, digests: &Digests) {
        let register = &mut self.registers[usize::from(pcr.number())];
        for bank in Bank::ALL {
            let new = bank.hash(&[register.get(bank), digests.get(bank)]);
            register.get_mut(bank).copy_from_slice(&new);
        }
    }

    /// The value of a register in one bank.
    pub fn get(&self, bank: Bank, pcr: PcrIndex) -> &[u8] {
        self.registers[usize::from(pcr.number())].get(bank)
    }

    /// Sets a register in one bank, e.g. from `TPM2_PCR_Read`.
    ///
    /// # Errors
    /// [`WrongDigestLen`] when `value` is not as long as the bank's digests.
    pub fn set(&mut self, bank: Bank, pcr: PcrIndex, value: &[u8]) -> Result<(), WrongDigestLen> {
        if value.len() != bank.digest_len() {
            return Err(WrongDigestLen { bank, len: value.len() });
        }
        self.registers[usize::from(pcr.number())].get_mut(bank).copy_from_slice(value);
        Ok(())
    }

    /// The registers that differ between the two, in any bank.
    pub fn differing(&self, other: &PcrBanks) -> Vec<PcrIndex> {
        PcrIndex::all()
            .filter(|pcr| self.registers[usize::from(pcr.0)] != other.registers[usize::from(pcr.0)])
            .collect()
    }
}

impl Default for PcrBanks {
    fn default() -> Self {
        PcrBanks::new()
    }
}

/// A value whose length is not the bank's digest length.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a {bank} register has {} bytes, not {len}", bank.digest_len())]
pub struct WrongDigestLen {
    /// The bank.
    pub bank: Bank,
    /// The length given.
    pub len: usize,
}

impl From<PcrBanks> for Written {
    fn from(banks: PcrBanks) -> Written {
        let registers = |bank| PcrIndex::all().map(|pcr| (u32::from(pcr), hex::encode(banks.get(bank, pcr)))).collect();
        Bank::ALL.into_iter().map(|bank| (bank, registers(bank))).collect()
    }
}

impl TryFrom<Written> for PcrBanks {
    type Error = String;

    fn try_from(written: Written) -> Result<PcrBanks, String> {
        let mut banks = PcrBanks::new();
        for bank in Bank::ALL {
            let registers = written.get(&bank).ok_or_else(|| format!("bank {bank} is missing"))?;
            for pcr in PcrIndex::all() {
                let text = registers.get(&u32::from(pcr)).ok_or_else(|| format!("{bank}:{pcr} is missing"))?;
                let value = hex::decode(text).map_err(|e| format!("{bank}:{pcr}: {e}"))?;
                banks.set(bank, pcr, &value).map_err(|e| e.to_string())?;
            }
        }
        Ok(banks)
    }
}
