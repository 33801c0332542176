//! Platform configuration registers: banks, digests, and a model of the 24 registers.
//!
//! The model is what a verifier computes from an event log and what a boot predicts; the registers that count are in
//! the TPM.

use std::fmt;

use aws_lc_rs::digest::{self, Context};
use serde::{Deserialize, Serialize};

mod digests;
mod registers;

pub use digests::{BankHasher, Digests};
pub use registers::{PcrBanks, WrongDigestLen};

/// A PCR bank: one hash algorithm in which all registers are kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Bank {
    /// SHA-1, 20 bytes.
    Sha1,
    /// SHA-256, 32 bytes.
    Sha256,
    /// SHA-384, 48 bytes.
    Sha384,
}

impl Bank {
    /// The banks that an Azure vTPM has active, in the order of its Spec ID event.
    pub const ALL: [Bank; 3] = [Bank::Sha1, Bank::Sha256, Bank::Sha384];

    /// The `TPM_ALG_ID` (TPM 2.0 part 2, table 9).
    pub const fn alg_id(self) -> u16 {
        match self {
            Bank::Sha1 => 0x0004,
            Bank::Sha256 => 0x000b,
            Bank::Sha384 => 0x000c,
        }
    }

    /// The bank with this `TPM_ALG_ID`, if it is one of the three.
    pub fn from_alg_id(id: u16) -> Option<Bank> {
        Bank::ALL.into_iter().find(|bank| bank.alg_id() == id)
    }

    /// Length of a digest in bytes.
    pub const fn digest_len(self) -> usize {
        match self {
            Bank::Sha1 => 20,
            Bank::Sha256 => 32,
            Bank::Sha384 => 48,
        }
    }

    /// The name that tpm2-tools use: `sha1`, `sha256`, `sha384`.
    pub const fn name(self) -> &'static str {
        match self {
            Bank::Sha1 => "sha1",
            Bank::Sha256 => "sha256",
            Bank::Sha384 => "sha384",
        }
    }

    /// Hashes the concatenation of `parts`.
    pub fn hash(self, parts: &[&[u8]]) -> Vec<u8> {
        let mut context = Context::new(self.algorithm());
        for part in parts {
            context.update(part);
        }
        context.finish().as_ref().to_vec()
    }

    fn algorithm(self) -> &'static digest::Algorithm {
        match self {
            Bank::Sha1 => &digest::SHA1_FOR_LEGACY_USE_ONLY,
            Bank::Sha256 => &digest::SHA256,
            Bank::Sha384 => &digest::SHA384,
        }
    }
}

impl fmt::Display for Bank {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// The number of a register, 0 to 23.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "u32", into = "u32")]
pub struct PcrIndex(u8);

impl PcrIndex {
    /// How many registers a PC Client TPM has.
    pub const COUNT: usize = 24;

    /// A register whose number is known when the program is written. For numbers from outside use `try_from`.
    ///
    /// # Panics
    /// When `number` is above 23.
    pub const fn new(number: u8) -> PcrIndex {
        assert!((number as usize) < PcrIndex::COUNT, "a TPM has registers 0 to 23");
        PcrIndex(number)
    }

    /// Its number.
    pub const fn number(self) -> u8 {
        self.0
    }

    /// All registers in order.
    pub fn all() -> impl Iterator<Item = PcrIndex> {
        (0..24).map(PcrIndex)
    }
}

/// A register number above 23.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("there is no PCR {0}; a TPM has registers 0 to 23")]
pub struct NoSuchPcr(pub u32);

impl TryFrom<u32> for PcrIndex {
    type Error = NoSuchPcr;

    fn try_from(number: u32) -> Result<PcrIndex, NoSuchPcr> {
        u8::try_from(number).ok().filter(|n| usize::from(*n) < PcrIndex::COUNT).map(PcrIndex).ok_or(NoSuchPcr(number))
    }
}

impl From<PcrIndex> for u32 {
    fn from(index: PcrIndex) -> u32 {
        u32::from(index.0)
    }
}

impl fmt::Display for PcrIndex {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PCR0: PcrIndex = PcrIndex::new(0);

    #[test]
    fn a_separator_alone_gives_the_value_known_from_azure() {
        let mut banks = PcrBanks::new();
        banks.extend(PcrIndex::new(2), &Digests::of(&[0; 4]));
        assert_eq!(
            hex::encode(banks.get(Bank::Sha256, PcrIndex::new(2))),
            "3d458cfe55cc03ea1f443f1562beec8df51c75e14a9fcf9a7234a13f198e7969"
        );
    }

    #[test]
    fn initial_values_and_locality() {
        let banks = PcrBanks::with_startup_locality(3);
        assert_eq!(banks.get(Bank::Sha1, PCR0)[19], 3);
        assert_eq!(banks.get(Bank::Sha384, PcrIndex::new(17)), [0xff; 48]);
        assert_eq!(banks.get(Bank::Sha256, PcrIndex::new(23)), [0; 32]);
        assert_eq!(banks.differing(&PcrBanks::new()), [PCR0]);
    }

    #[test]
    fn written_and_read_again() {
        let mut banks = PcrBanks::new();
        banks.extend(PCR0, &Digests::of(b"x"));
        let json = serde_json::to_string(&banks).unwrap();
        assert_eq!(serde_json::from_str::<PcrBanks>(&json).unwrap(), banks);
        assert!(json.contains("\"sha384\":{\"0\":"));
        let cut = json.replacen("ff", "f", 1);
        assert!(serde_json::from_str::<PcrBanks>(&cut).is_err());
    }

    #[test]
    fn there_is_no_pcr_24() {
        assert_eq!(PcrIndex::try_from(24), Err(NoSuchPcr(24)));
        assert_eq!(PcrIndex::try_from(23).unwrap().number(), 23);
        assert!(PcrBanks::new().set(Bank::Sha1, PCR0, &[0; 32]).is_err());
    }
}
