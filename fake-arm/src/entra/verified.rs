//! Tokens that were checked before: an RSA check costs as much as everything else in a request together.

use std::collections::HashMap;
use std::sync::RwLock;

use sha2::{Digest, Sha256};

/// The most tokens that are remembered; when full, all are forgotten and checked again as they come.
const REMEMBERED_MAX: usize = 1024;

/// When each known token ends, in seconds since the Unix epoch, by the token's SHA-256.
#[derive(Default)]
pub(super) struct Verified(RwLock<HashMap<[u8; 32], u64>>);

impl Verified {
    /// When the token ends, if it was found good before.
    pub(super) fn expiry(&self, token: &str) -> Option<u64> {
        let known = self.0.read().unwrap_or_else(std::sync::PoisonError::into_inner);
        known.get(&digest(token)).copied()
    }

    /// Remembers a good token.
    pub(super) fn remember(&self, token: &str, expiry: u64) {
        let mut known = self.0.write().unwrap_or_else(std::sync::PoisonError::into_inner);
        if known.len() >= REMEMBERED_MAX {
            known.clear();
        }
        known.insert(digest(token), expiry);
    }
}

fn digest(token: &str) -> [u8; 32] {
    Sha256::digest(token.as_bytes()).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stays_within_its_limit() {
        let verified = Verified::default();
        for n in 0..=REMEMBERED_MAX {
            verified.remember(&n.to_string(), 7);
        }
        assert_eq!(verified.expiry(&REMEMBERED_MAX.to_string()), Some(7));
        assert_eq!(verified.expiry("0"), None);
    }
}
