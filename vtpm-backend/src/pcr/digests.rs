//! One measurement in every bank.

use aws_lc_rs::digest::Context;
use serde::{Deserialize, Serialize};

use super::Bank;

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
