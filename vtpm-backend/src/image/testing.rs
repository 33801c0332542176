//! Keys and images that all tests of this crate share: making keys costs half a second.

use std::sync::{Arc, OnceLock};

use super::{ImageLibrary, NodeImage, PlatformKeys};

/// The time at which the tests' certificates begin.
pub(crate) const NOW: u64 = 1_780_000_000;

/// A node image of the default kind.
pub(crate) const UBUNTU: &str = "AKSUbuntu-2204gen2TLcontainerd-202607.13.0";

pub(crate) fn keys() -> &'static Arc<PlatformKeys> {
    static KEYS: OnceLock<Arc<PlatformKeys>> = OnceLock::new();
    KEYS.get_or_init(|| Arc::new(PlatformKeys::generate(NOW).unwrap()))
}

pub(crate) fn library() -> &'static ImageLibrary {
    static LIBRARY: OnceLock<ImageLibrary> = OnceLock::new();
    LIBRARY.get_or_init(|| ImageLibrary::new(keys().clone()))
}

pub(crate) fn image() -> Arc<NodeImage> {
    library().get(UBUNTU).unwrap()
}
