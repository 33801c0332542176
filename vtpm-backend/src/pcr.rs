//! Platform configuration registers: banks, digests, and a model of the 24 registers.
//!
//! The model is what a verifier computes from an event log and what a boot predicts; the registers that count are in
//! the TPM.

use std::collections::BTreeMap;
use std::fmt;

use aws_lc_rs::digest::{self, Context};
use serde::{Deserialize, Serialize};

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

/// One measurement: a digest for each bank. Written as hex.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Digests {
    /// The SHA-1 digest.
    #[serde(with = "hex::serde")]
    pub sha1: [u8; 20],
    /// The SHA-256 digest.
    #[serde(with = "hex::serde")]
    pub sha256: [u8; 32],
    /// The SHA-384 digest.
    #[serde(with = "hex::serde")]
    pub sha384: [u8; 48],
}

impl Digests {
    /// All zeros, as in events that are not extended.
    pub const ZERO: Digests = Digests { sha1: [0; 20], sha256: [0; 32], sha384: [0; 48] };

    /// Hashes `bytes` in every bank.
    pub fn of(bytes: &[u8]) -> Digests {
        let mut hasher = BankHasher::new();
        hasher.update(bytes);
        hasher.finish()
    }

    /// The digest for one bank.
    pub fn get(&self, bank: Bank) -> &[u8] {
        match bank {
            Bank::Sha1 => &self.sha1,
            Bank::Sha256 => &self.sha256,
            Bank::Sha384 => &self.sha384,
        }
    }

    /// The digest for one bank, writable.
    pub fn get_mut(&mut self, bank: Bank) -> &mut [u8] {
        match bank {
            Bank::Sha1 => &mut self.sha1,
            Bank::Sha256 => &mut self.sha256,
            Bank::Sha384 => &mut self.sha384,
        }
    }
}

/// Hashes a stream of bytes in every bank at once.
pub struct BankHasher([Context; 3]);

impl BankHasher {
    /// Starts at nothing.
    pub fn new() -> BankHasher {
        BankHasher(Bank::ALL.map(|bank| Context::new(bank.algorithm())))
    }

    /// Adds bytes.
    pub fn update(&mut self, bytes: &[u8]) {
        for context in &mut self.0 {
            context.update(bytes);
        }
    }

    /// The digests of all bytes added.
    pub fn finish(self) -> Digests {
        let mut digests = Digests::ZERO;
        for (bank, context) in Bank::ALL.into_iter().zip(self.0) {
            digests.get_mut(bank).copy_from_slice(context.finish().as_ref());
        }
        digests
    }
}

impl Default for BankHasher {
    fn default() -> Self {
        BankHasher::new()
    }
}

impl ::digest::Update for BankHasher {
    fn update(&mut self, data: &[u8]) {
        BankHasher::update(self, data);
    }
}

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
        let registers =
            |bank| PcrIndex::all().map(|pcr| (u32::from(pcr), hex::encode(banks.get(bank, pcr)))).collect();
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
