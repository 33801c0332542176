//! What `grub-mkimage` put into GRUB's image: modules, an early configuration, a prefix, a memory disk.
//!
//! Layout (GRUB `include/grub/kernel.h`): the section `mods` begins with `grub_module_info64`, followed by
//! `grub_module_header` structures, each with its content.

use std::collections::BTreeSet;

use crate::uefi::{Cursor, Malformed};

const MAGIC: u32 = 0x676d_696d;
const OBJ_ELF: u32 = 0;
const OBJ_MEMDISK: u32 = 1;
const OBJ_CONFIG: u32 = 2;
const OBJ_PREFIX: u32 = 3;
/// Most objects of one image; distributions build about 150 in.
const OBJECTS_MAX: usize = 4096;

/// The parts of a GRUB image.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Modules {
    /// Names of the modules that are built in.
    pub(super) names: BTreeSet<String>,
    /// The configuration that runs first.
    pub(super) config: Option<String>,
    /// Where GRUB looks for its files.
    pub(super) prefix: Option<String>,
    /// A disk image that GRUB shows as `(memdisk)`.
    pub(super) memdisk: Option<Vec<u8>>,
}

impl Modules {
    /// Reads the section `mods`. A section that is plain text is an early configuration alone.
    pub(super) fn read(section: &[u8]) -> Result<Modules, Malformed> {
        let mut cursor = Cursor::new(section);
        if cursor.u32() != Ok(MAGIC) {
            return Ok(Modules { config: Some(text(section)), ..Modules::default() });
        }
        cursor.u32()?;
        let offset = cursor.len_u64(section.len())?;
        let size = cursor.len_u64(section.len())?;
        let mut all = Cursor::new(section);
        all.take(offset)?;
        // The size counts from the beginning of the section.
        let len = size.checked_sub(offset).ok_or_else(|| all.error("GRUB's modules end early"))?;
        let mut objects = Cursor::new(all.take(len)?);
        let mut modules = Modules::default();
        for _ in 0..OBJECTS_MAX {
            if objects.remaining() < 8 {
                break;
            }
            let (kind, len) = (objects.u32()?, objects.u32()? as usize);
            let len = len.checked_sub(8).ok_or_else(|| objects.error("a module is too short"))?;
            modules.add(kind, objects.take(len)?);
        }
        Ok(modules)
    }

    fn add(&mut self, kind: u32, content: &[u8]) {
        match kind {
            OBJ_ELF => {
                if let Some(name) = module_name(content) {
                    self.names.insert(name);
                }
            }
            OBJ_MEMDISK => self.memdisk = Some(content.to_vec()),
            OBJ_CONFIG => self.config = Some(text(content)),
            OBJ_PREFIX => self.prefix = Some(text(content)),
            _ => {}
        }
    }
}

fn text(bytes: &[u8]) -> String {
    let end = bytes.iter().position(|byte| *byte == 0).unwrap_or(bytes.len());
    String::from_utf8_lossy(&bytes[..end]).into_owned()
}

/// The content of the ELF section `.modname`.
fn module_name(elf: &[u8]) -> Option<String> {
    let at = |offset: u64, len: usize| {
        let start = usize::try_from(offset).ok()?;
        elf.get(start..start.checked_add(len)?)
    };
    let u16_at = |offset| Some(u16::from_le_bytes(at(offset, 2)?.try_into().ok()?));
    let u32_at = |offset| Some(u32::from_le_bytes(at(offset, 4)?.try_into().ok()?));
    let u64_at = |offset| Some(u64::from_le_bytes(at(offset, 8)?.try_into().ok()?));
    if at(0, 5)? != b"\x7fELF\x02" {
        return None;
    }
    let (table, entry_len) = (u64_at(0x28)?, u64::from(u16_at(0x3a)?));
    let (count, names) = (u64::from(u16_at(0x3c)?), u64::from(u16_at(0x3e)?));
    let header = |i: u64| table.checked_add(i.checked_mul(entry_len)?);
    let names_at = u64_at(header(names)?.checked_add(0x18)?)?;
    for i in 0..count {
        let header = header(i)?;
        let name_at = names_at.checked_add(u64::from(u32_at(header)?))?;
        if at(name_at, 9) != Some(b".modname\0") {
            continue;
        }
        let (offset, len) = (u64_at(header + 0x18)?, u64_at(header + 0x20)?);
        return Some(text(at(offset, usize::try_from(len).ok()?)?));
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn objects_are_told_apart() {
        let object = |kind: u32, content: &[u8]| {
            let mut out = kind.to_le_bytes().to_vec();
            out.extend_from_slice(&(content.len() as u32 + 8).to_le_bytes());
            out.extend_from_slice(content);
            out
        };
        let objects = [
            object(OBJ_CONFIG, b"normal (memdisk)/grub.cfg\n\0\0"),
            object(OBJ_PREFIX, b"/EFI/debian\0"),
            object(OBJ_MEMDISK, b"disk"),
            object(OBJ_ELF, b"junk"),
        ]
        .concat();
        let mut section = MAGIC.to_le_bytes().to_vec();
        section.extend_from_slice(&[0; 4]);
        section.extend_from_slice(&24u64.to_le_bytes());
        section.extend_from_slice(&(24 + objects.len() as u64).to_le_bytes());
        section.extend_from_slice(&objects);
        section.extend_from_slice(&[0; 100]);
        let modules = Modules::read(&section).unwrap();
        assert_eq!(modules.config.as_deref(), Some("normal (memdisk)/grub.cfg\n"));
        assert_eq!(modules.prefix.as_deref(), Some("/EFI/debian"));
        assert_eq!(modules.memdisk.as_deref(), Some(b"disk".as_slice()));
        for len in 4..24 {
            assert!(Modules::read(&section[..len]).is_err(), "{len}");
        }
    }

    #[test]
    fn plain_text_is_a_configuration() {
        let modules = Modules::read(b"set a=b\n\0\0").unwrap();
        assert_eq!(modules.config.as_deref(), Some("set a=b\n"));
    }
}
