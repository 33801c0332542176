//! Node images: the files of a boot chain, real and signed, and the keys that sign them.
//!
//! A [`NodeImage`] is what a node's OS disk holds: shim, then GRUB with its configuration, kernel and initial RAM disk, or
//! systemd-boot with a unified kernel image. All but configuration and RAM disk are PE32+ files with Authenticode
//! signatures that `sbverify` accepts; their code is filler, because nothing here executes it, but every byte is
//! verified, hashed and logged as if it ran.
//!
//! Everything is a function of the image's name and the platform keys, so all nodes of one image share one value and
//! nothing is hashed twice.

pub mod authenticode;
mod build;
mod content;
mod distribution;
mod grub_image;
pub mod keys;
mod library;
mod node;
pub mod pe;
mod text;

pub(crate) use build::{cpio_archive, filler};
pub use content::Content;
pub use distribution::{Distribution, Place, UnknownImage};
pub use keys::{KeyDatabases, KeyError, PlatformKeys, Vendor};
pub use library::{ImageError, ImageLibrary};
pub use node::{BootFile, NodeImage, Tampering};

#[cfg(test)]
pub(crate) mod testing;
#[cfg(test)]
mod tests;
