//! The firmware of Slipway's own machines, which stands in for Azure's.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use crate::image::filler;
use crate::pcr::Digests;

/// The hash of a firmware volume. Azure's firmware bytes are not public; these are filler of the same length, equal on all
/// machines. Computed once for each length, in about 20 ms.
pub(super) fn volume(len: u64) -> Digests {
    static KNOWN: Mutex<Option<HashMap<u64, Digests>>> = Mutex::new(None);
    let mut known = KNOWN.lock().unwrap_or_else(PoisonError::into_inner);
    let compute = || Digests::of(&filler(&["Slipway firmware volume, version 1"], len as usize));
    *known.get_or_insert_default().entry(len).or_insert_with(compute)
}
