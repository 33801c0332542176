//! Tokens that were checked before: an RSA check costs as much as everything else in a request together.

use std::collections::HashMap;
use std::sync::{Arc, RwLock};

use sha2::{Digest, Sha256};

use super::principal::Principal;

/// The most tokens that are remembered; when full, all are forgotten and checked again as they come.
const REMEMBERED_MAX: usize = 1024;

/// A good token.
#[derive(Clone)]
pub(super) struct Good {
    /// When it ends, in seconds since the Unix epoch.
    pub(super) expiry: u64,
    /// How many seconds of virtual time had been skipped when it was issued.
    pub(super) skipped: u64,
    /// Its bearer.
    pub(super) bearer: Arc<Principal>,
}

/// The known tokens by their SHA-256.
#[derive(Default)]
pub(super) struct Verified(RwLock<HashMap<[u8; 32], Good>>);

impl Verified {
    /// What is known of a token that was found good before.
    pub(super) fn get(&self, token: &str) -> Option<Good> {
        let known = self.0.read().unwrap_or_else(std::sync::PoisonError::into_inner);
        known.get(&digest(token)).cloned()
    }

    /// Remembers a good token.
    pub(super) fn remember(&self, token: &str, good: Good) {
        let mut known = self.0.write().unwrap_or_else(std::sync::PoisonError::into_inner);
        if known.len() >= REMEMBERED_MAX {
            known.clear();
        }
        known.insert(digest(token), good);
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
            let bearer = Arc::new(Principal { object: uuid::Uuid::nil(), name: String::new() });
            verified.remember(&n.to_string(), Good { expiry: 7, skipped: 0, bearer });
        }
        assert_eq!(verified.get(&REMEMBERED_MAX.to_string()).map(|good| good.expiry), Some(7));
        assert!(verified.get("0").is_none());
    }
}
