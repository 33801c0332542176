//! The bytes of one file, with what is computed from them kept beside them.

use std::fmt;
use std::sync::{Arc, OnceLock};

use crate::pcr::Digests;

use super::pe::{self, PeError};

/// The content of one file. Hashes are computed once, when first asked for; copies of the `Arc` share them.
pub struct Content {
    bytes: Vec<u8>,
    digests: OnceLock<Digests>,
    authenticode: OnceLock<Result<Digests, PeError>>,
}

impl Content {
    /// A file with these bytes.
    pub fn new(bytes: Vec<u8>) -> Arc<Content> {
        Arc::new(Content { bytes, digests: OnceLock::new(), authenticode: OnceLock::new() })
    }

    /// The bytes.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Hash of the whole file.
    pub fn digests(&self) -> Digests {
        *self.digests.get_or_init(|| Digests::of(&self.bytes))
    }

    /// The Authenticode hash of a PE file: everything but checksum, signature and the place that points to it.
    ///
    /// # Errors
    /// [`PeError`] when the bytes are no PE file.
    pub fn authenticode(&self) -> Result<Digests, PeError> {
        self.authenticode.get_or_init(|| pe::authenticode_digests(&self.bytes)).clone()
    }

    /// A copy in which the byte at `offset` is replaced; the same bytes when the file is shorter.
    pub fn with_byte(&self, offset: usize, change: impl Fn(u8) -> u8) -> Arc<Content> {
        let mut bytes = self.bytes.clone();
        if let Some(byte) = bytes.get_mut(offset) {
            *byte = change(*byte);
        }
        Content::new(bytes)
    }
}

impl fmt::Debug for Content {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Content({} bytes)", self.bytes.len())
    }
}
