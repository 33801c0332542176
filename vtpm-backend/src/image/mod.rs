//! Node images: the files of a boot chain, real and signed, and the keys that sign them.
//!
//! A [`NodeImage`] is what a node's OS disk holds: shim, GRUB with its configuration, kernel and initial RAM disk. The
//! first two and the kernel are PE32+ files with Authenticode signatures that `sbverify` accepts; their code is filler,
//! because nothing here executes it, but every byte is verified, hashed and logged as if it ran.
//!
//! Everything is a function of the image's name and the platform keys, so all nodes of one image share one value and
//! nothing is hashed twice.

pub mod authenticode;
mod build;
mod content;
mod distribution;
mod grub_config;
pub mod keys;
mod library;
pub mod pe;

pub(crate) use build::{cpio_archive, filler};
pub use content::Content;
pub use distribution::{Distribution, UnknownImage};
pub use keys::{KeyDatabases, KeyError, PlatformKeys};
pub use library::{BootFile, ImageError, ImageLibrary, NodeImage, Tampering};

#[cfg(test)]
pub(crate) mod testing;
#[cfg(test)]
mod tests;
