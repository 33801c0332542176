//! Kernel modules: their appended signatures, made and judged as `scripts/sign-file` and the kernel do.
//!
//! Layout (Linux `include/linux/module_signature.h`): the module, a PKCS #7 signature over it without certificates, a
//! `struct module_signature`, a magic text.

mod disk;
mod load;
mod sign;
mod verify;

use std::sync::Arc;

use crate::image::Content;

pub use disk::{on_disk, trusted_keys};
pub use load::load_at_start;
pub use sign::sign;
pub use verify::{ModuleSignature, judge};

/// What ends a signed module (`MODULE_SIG_STRING`).
const MAGIC: &[u8] = b"~Module signature appended~\n";
/// Bytes of `struct module_signature`: algorithm, hash, kind of key id, two lengths, padding, length of the signature.
const TRAILER_LEN: usize = 12;
/// `PKEY_ID_PKCS7`: the only kind that is still in use.
const PKEY_ID_PKCS7: u8 = 2;

/// A module on the disk.
#[derive(Clone, Debug)]
pub struct KernelModule {
    /// Its path on the root file system.
    pub path: String,
    /// Its bytes, with the signature.
    pub content: Arc<Content>,
    /// Whether it is loaded while the system starts (`/etc/modules-load.d`).
    pub loaded_at_start: bool,
}

impl KernelModule {
    /// Its name: the file's, without folder and ending.
    pub fn name(&self) -> &str {
        let file = self.path.rsplit('/').next().unwrap_or(&self.path);
        file.split('.').next().unwrap_or(file)
    }
}

/// An unsigned module: the header of an ELF relocatable file for x86-64, and `body` instead of code.
pub fn unsigned(name: &str, body: &[u8]) -> Vec<u8> {
    const RELOCATABLE: [u8; 2] = [1, 0];
    const X86_64: [u8; 2] = [62, 0];
    let mut out = b"\x7fELF\x02\x01\x01".to_vec();
    out.resize(16, 0);
    out.extend_from_slice(&RELOCATABLE);
    out.extend_from_slice(&X86_64);
    out.extend_from_slice(&1u32.to_le_bytes());
    out.resize(64, 0);
    // What `modinfo` reads (section .modinfo): fields, each with a NUL behind it.
    out.extend_from_slice(format!("license=GPL\0name={name}\0").as_bytes());
    out.extend_from_slice(body);
    out
}

#[cfg(test)]
mod tests;
