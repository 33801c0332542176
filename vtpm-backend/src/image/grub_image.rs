//! The section `mods` of a GRUB image, as `grub-mkimage` writes it (GRUB `include/grub/kernel.h`): the modules that are
//! built in, an early configuration, a prefix, a memory disk.

use std::io::{self, Cursor, Write};

use super::pe::PeError;

const MAGIC: u32 = 0x676d_696d;
const OBJ_ELF: u32 = 0;
const OBJ_MEMDISK: u32 = 1;
const OBJ_CONFIG: u32 = 2;
const OBJ_PREFIX: u32 = 3;
/// Bytes of a memory disk; Debian's and Ubuntu's have 64 KiB.
const MEMDISK_BYTES: usize = 64 << 10;
const MEMDISK_ID: u32 = 0x5113_0a1e;

/// The parts of the section.
#[derive(Clone, Copy, Debug)]
pub(super) struct Parts<'a> {
    /// Names of the modules that are built in.
    pub(super) modules: &'a str,
    pub(super) early: Option<&'a str>,
    pub(super) prefix: &'a str,
    /// `grub.cfg` on the memory disk.
    pub(super) memdisk: Option<&'a str>,
}

/// The section's content.
pub(super) fn section(parts: &Parts<'_>) -> Result<Vec<u8>, PeError> {
    let mut objects = Vec::new();
    for name in parts.modules.split_whitespace() {
        object(&mut objects, OBJ_ELF, &module(name));
    }
    if let Some(config) = parts.memdisk {
        let disk = memdisk(config).map_err(|e| PeError(format!("GRUB's memory disk cannot be made: {e}")))?;
        object(&mut objects, OBJ_MEMDISK, &disk);
    }
    if let Some(early) = parts.early {
        object(&mut objects, OBJ_CONFIG, early.as_bytes());
    }
    object(&mut objects, OBJ_PREFIX, parts.prefix.as_bytes());
    const HEADER_LEN: u64 = 24;
    let mut out = MAGIC.to_le_bytes().to_vec();
    out.extend_from_slice(&[0; 4]);
    out.extend_from_slice(&HEADER_LEN.to_le_bytes());
    out.extend_from_slice(&(HEADER_LEN + objects.len() as u64).to_le_bytes());
    out.extend_from_slice(&objects);
    Ok(out)
}

/// `grub_module_header` and content, padded to eight bytes.
fn object(out: &mut Vec<u8>, kind: u32, content: &[u8]) {
    // Texts end with a NUL.
    let len = (content.len() + 1).next_multiple_of(8);
    out.extend_from_slice(&kind.to_le_bytes());
    out.extend_from_slice(&(len as u32 + 8).to_le_bytes());
    out.extend_from_slice(content);
    out.resize(out.len() + len - content.len(), 0);
}

/// A module without code: an ELF file with nothing but the section `.modname`.
fn module(name: &str) -> Vec<u8> {
    const NAMES: &[u8] = b"\0.modname\0.shstrtab\0";
    const ELF_HEADER_LEN: u64 = 64;
    const SECTION_HEADER_LEN: u16 = 64;
    let content = [name.as_bytes(), b"\0"].concat();
    let names_at = ELF_HEADER_LEN + content.len() as u64;
    let table_at = (names_at + NAMES.len() as u64).next_multiple_of(8);
    let mut out = b"\x7fELF\x02\x01\x01\0\0\0\0\0\0\0\0\0".to_vec();
    // Relocatable, x86-64, version 1.
    for field in [1u16, 62] {
        out.extend_from_slice(&field.to_le_bytes());
    }
    out.extend_from_slice(&1u32.to_le_bytes());
    for field in [0u64, 0, table_at] {
        out.extend_from_slice(&field.to_le_bytes());
    }
    out.extend_from_slice(&0u32.to_le_bytes());
    // No program headers; three section headers, of which the third names the others.
    for field in [ELF_HEADER_LEN as u16, 0, 0, SECTION_HEADER_LEN, 3, 2] {
        out.extend_from_slice(&field.to_le_bytes());
    }
    out.extend_from_slice(&content);
    out.extend_from_slice(NAMES);
    out.resize(table_at as usize + usize::from(SECTION_HEADER_LEN), 0);
    // PROGBITS and STRTAB.
    for (name_at, kind, offset, len) in [(1u32, 1u32, ELF_HEADER_LEN, content.len()), (10, 3, names_at, NAMES.len())] {
        out.extend_from_slice(&name_at.to_le_bytes());
        out.extend_from_slice(&kind.to_le_bytes());
        for field in [0, 0, offset, len as u64, 0, 1, 0] {
            out.extend_from_slice(&field.to_le_bytes());
        }
    }
    // `link` and `info` share one field of the loop above; every section header has 64 bytes.
    out
}

/// A FAT file system with `grub.cfg`.
fn memdisk(config: &str) -> io::Result<Vec<u8>> {
    let mut disk = Cursor::new(vec![0; MEMDISK_BYTES]);
    fatfs::format_volume(&mut disk, fatfs::FormatVolumeOptions::new().volume_id(MEMDISK_ID))?;
    disk.set_position(0);
    let files = fatfs::FileSystem::new(&mut disk, fatfs::FsOptions::new())?;
    files.root_dir().create_file("grub.cfg")?.write_all(config.as_bytes())?;
    files.unmount()?;
    Ok(disk.into_inner())
}
