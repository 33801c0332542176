//! The bytes of one file, with what is computed from them kept beside them.

use std::collections::HashMap;
use std::fmt;
use std::ops::Range;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use crate::pcr::Digests;

use super::authenticode::{Signature, SignatureError, signatures};
use super::pe::{self, PeError};

/// Most verdicts that are kept of one file. A file is asked about by the handful of certificates in db, dbx and shim.
const VERDICTS_MAX: usize = 256;

/// Most parts that are kept of one file; unified kernel images have about ten.
const PARTS_MAX: usize = 64;

/// A file's signatures, those that cannot be read included.
type Signatures = Vec<Result<Signature, SignatureError>>;
/// By the number of a signature and the certificate that is trusted.
type Verdicts = HashMap<usize, HashMap<Vec<u8>, Result<(), SignatureError>>>;

/// The content of one file. Hashes are computed once, when first asked for; copies of the `Arc` share them.
pub struct Content {
    bytes: Vec<u8>,
    digests: OnceLock<Digests>,
    authenticode: OnceLock<Result<Digests, PeError>>,
    signatures: OnceLock<Result<Signatures, PeError>>,
    verdicts: Mutex<Verdicts>,
    parts: Mutex<HashMap<Range<usize>, Arc<Content>>>,
}

impl Content {
    /// A file with these bytes.
    pub fn new(bytes: Vec<u8>) -> Arc<Content> {
        Arc::new(Content {
            bytes,
            digests: OnceLock::new(),
            authenticode: OnceLock::new(),
            signatures: OnceLock::new(),
            verdicts: Mutex::default(),
            parts: Mutex::default(),
        })
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

    /// The signatures of a PE file in order; none for an unsigned one.
    ///
    /// # Errors
    /// [`PeError`] when the bytes are no PE file or the certificate table is broken.
    pub fn signatures(&self) -> Result<&[Result<Signature, SignatureError>], PeError> {
        let found = self.signatures.get_or_init(|| signatures(&self.bytes));
        found.as_deref().map_err(Clone::clone)
    }

    /// Whether signature `number`, from 0, vouches for this file on the word of `trusted`, a certificate.
    ///
    /// The answer is a function of both and worth a millisecond of arithmetic; it is computed once.
    ///
    /// # Errors
    /// [`SignatureError`] says why it does not.
    pub fn vouched_by(&self, number: usize, trusted: &[u8]) -> Result<(), SignatureError> {
        let known = |verdicts: &Verdicts| verdicts.get(&number)?.get(trusted).cloned();
        if let Some(verdict) = known(&self.verdicts()) {
            return verdict;
        }
        let missing = || SignatureError::Malformed(format!("there is no signature {number}"));
        let found = self.signatures().map_err(|e| SignatureError::Malformed(e.to_string()))?;
        let verdict = match found.get(number).ok_or_else(missing)? {
            Ok(signature) => signature.verify(self, trusted).map(|_| ()),
            Err(error) => Err(error.clone()),
        };
        let mut verdicts = self.verdicts();
        let of_signature = verdicts.entry(number).or_default();
        if of_signature.len() >= VERDICTS_MAX {
            of_signature.clear();
        }
        of_signature.insert(trusted.to_vec(), verdict.clone());
        verdict
    }

    fn verdicts(&self) -> std::sync::MutexGuard<'_, Verdicts> {
        // The map is whole at every moment, also when a thread panicked while it held the lock.
        self.verdicts.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A part of the file as content of its own, made once: a kernel inside a unified kernel image, for example.
    ///
    /// Returns `None` when the file is shorter.
    pub fn part(&self, range: Range<usize>) -> Option<Arc<Content>> {
        let mut parts = self.parts.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(part) = parts.get(&range) {
            return Some(part.clone());
        }
        let part = Content::new(self.bytes.get(range.clone())?.to_vec());
        if parts.len() >= PARTS_MAX {
            parts.clear();
        }
        parts.insert(range, part.clone());
        Some(part)
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
