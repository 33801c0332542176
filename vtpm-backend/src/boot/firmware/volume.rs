//! The firmware volume that PCR 0 covers.

use std::sync::LazyLock;

use crate::image::filler;
use crate::pcr::Digests;

/// Where Azure's firmware says its volume lies (from a real log).
pub(super) const BASE: u64 = 0x10_0000;
/// How long it is, in bytes.
pub(super) const LEN: u64 = 0x4e_0000;

/// The hash of the volume. Azure's firmware bytes are not public; these are filler of the same length, equal on all
/// machines. Computed once, in about 20 ms.
pub(super) fn digests() -> Digests {
    static DIGESTS: LazyLock<Digests> =
        LazyLock::new(|| Digests::of(&filler(&["Slipway firmware volume, version 1"], LEN as usize)));
    *DIGESTS
}
