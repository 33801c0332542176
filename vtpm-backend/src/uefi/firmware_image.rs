//! What is inside an OVMF image: the volumes that it measures and the programs that it can start by itself.
//!
//! Structure (UEFI PI 1.7, volume 3): the first firmware volume holds one file whose LZMA-compressed section contains
//! sections with further volumes, first that of PEI, then that of DXE; the latter holds files with PE images.

use std::io;

use super::{Cursor, EfiGuid, Malformed};

/// `EFI_GUIDED_SECTION_LZMA`: the compression of the section.
const LZMA: EfiGuid = EfiGuid::known(0xee4e5898_3914_4259_9d6e_dc7bd79403cf);
/// The built-in shell (`gUefiShellFileGuid`).
pub const SHELL: EfiGuid = EfiGuid::known(0x7c04a583_9e3e_4f1c_ad65_e05268d0b4d1);
/// The boot menu (`UiApp`).
pub const BOOT_MENU: EfiGuid = EfiGuid::known(0x462caa21_7614_4503_836e_8ab6f4662331);
const SECTION_PE32: u8 = 0x10;
const SECTION_VOLUME: u8 = 0x17;
/// `FFS_ATTRIB_LARGE_FILE`.
const LARGE_FILE: u8 = 1;
/// The largest image that is read, and the most that it may unpack to.
const IMAGE_BYTES_MAX: usize = 64 << 20;
const UNPACKED_BYTES_MAX: u64 = 128 << 20;
/// Most files of one volume. OVMF has about 130.
const FILES_MAX: usize = 4096;

/// An OVMF image, unpacked.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FirmwareImage {
    /// The volumes inside, in their order: PEI, DXE.
    volumes: Vec<Vec<u8>>,
}

impl FirmwareImage {
    /// Unpacks an image, e.g. `OVMF_CODE_4M.ms.fd`.
    ///
    /// # Errors
    /// [`Malformed`] when there is no compressed section in it, or what is inside is broken.
    pub fn parse(bytes: &[u8]) -> Result<FirmwareImage, Malformed> {
        let error = |what| Malformed { what, offset: 0 };
        if bytes.len() > IMAGE_BYTES_MAX {
            return Err(error("a firmware image is larger than 64 MiB"));
        }
        let guid = LZMA.to_bytes();
        let at = bytes.windows(16).position(|window| window == guid);
        let at = at.ok_or_else(|| error("no LZMA section; only OVMF images are understood"))?;
        // The GUID follows the section's header and is followed by the place of the data, counted from the header.
        let mut cursor = Cursor::new(bytes);
        cursor.take(at + 16)?;
        let header = usize::from(cursor.u16()?).checked_sub(20);
        let header = header.ok_or_else(|| error("the LZMA section is too short"))?;
        cursor.take(header.saturating_sub(cursor.offset() - at - 16))?;
        let unpacked = unpack(cursor.take(cursor.remaining())?)?;
        let volumes = sections(&unpacked)?
            .into_iter()
            .filter(|(kind, _)| *kind == SECTION_VOLUME)
            .map(|(_, content)| content.to_vec());
        Ok(FirmwareImage { volumes: volumes.collect() })
    }

    /// The volume of this length, as it is in the image; PEI's is changed in memory before it is measured.
    pub fn volume(&self, len: u64) -> Option<&[u8]> {
        let found = self.volumes.iter().find(|volume| volume.len() as u64 == len);
        found.map(Vec::as_slice)
    }

    /// The PE image of a program inside.
    pub fn program(&self, name: EfiGuid) -> Option<Vec<u8>> {
        self.volumes.iter().find_map(|volume| program(volume, name).ok().flatten())
    }
}

fn unpack(packed: &[u8]) -> Result<Vec<u8>, Malformed> {
    struct Limited(Vec<u8>);
    impl io::Write for Limited {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            if (self.0.len() + bytes.len()) as u64 > UNPACKED_BYTES_MAX {
                return Err(io::ErrorKind::FileTooLarge.into());
            }
            self.0.extend_from_slice(bytes);
            Ok(bytes.len())
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }
    let mut out = Limited(Vec::new());
    let options = lzma_rs::decompress::Options { memlimit: Some(UNPACKED_BYTES_MAX as usize), ..Default::default() };
    let mut packed = packed;
    lzma_rs::lzma_decompress_with_options(&mut packed, &mut out, &options)
        .map_err(|_| Malformed { what: "the LZMA section cannot be unpacked", offset: 0 })?;
    Ok(out.0)
}

/// A 24-bit number.
fn u24(cursor: &mut Cursor<'_>) -> Result<usize, Malformed> {
    let [a, b, c] = cursor.array()?;
    Ok(u32::from_le_bytes([a, b, c, 0]) as usize)
}

/// `EFI_COMMON_SECTION_HEADER` after another, aligned to four bytes: types and contents.
fn sections(bytes: &[u8]) -> Result<Vec<(u8, &[u8])>, Malformed> {
    let mut cursor = Cursor::new(bytes);
    let mut found = Vec::new();
    while cursor.remaining() >= 4 {
        let start = cursor.offset();
        let (mut len, kind) = (u24(&mut cursor)?, cursor.u8()?);
        if len == 0xff_ffff {
            len = cursor.u32()? as usize;
        }
        let header = cursor.offset() - start;
        let content = len.checked_sub(header).ok_or_else(|| cursor.error("a firmware section is too short"))?;
        found.push((kind, cursor.take(content)?));
        let padding = cursor.offset().next_multiple_of(4) - cursor.offset();
        cursor.take(padding.min(cursor.remaining()))?;
    }
    Ok(found)
}

/// The PE section of the file of this name (`EFI_FFS_FILE_HEADER` after another, aligned to eight bytes).
fn program(volume: &[u8], wanted: EfiGuid) -> Result<Option<Vec<u8>>, Malformed> {
    let mut cursor = Cursor::new(volume);
    cursor.take(48)?;
    let (header_len, _checksum, extended) = (cursor.u16()?, cursor.u16()?, cursor.u16()?);
    let mut start = usize::from(header_len);
    if extended != 0 {
        let mut extension = Cursor::new(volume);
        extension.take(usize::from(extended) + 16)?;
        start = usize::from(extended).saturating_add(extension.u32()? as usize);
    }
    let mut cursor = Cursor::new(volume);
    cursor.take(start.next_multiple_of(8))?;
    for _ in 0..FILES_MAX {
        if cursor.remaining() < 24 {
            break;
        }
        let file_start = cursor.offset();
        let name = EfiGuid::from_bytes(cursor.array()?);
        cursor.take(3)?;
        let attributes = cursor.u8()?;
        let mut len = u24(&mut cursor)?;
        cursor.u8()?;
        if attributes & LARGE_FILE != 0 {
            len = cursor.len_u64(volume.len())?;
        }
        let header = cursor.offset() - file_start;
        // Free space at the end of a volume is all ones.
        if len == 0xff_ffff || len < header {
            break;
        }
        let content = cursor.take(len - header)?;
        if name == wanted {
            let pe = sections(content)?.into_iter().find(|(kind, _)| *kind == SECTION_PE32);
            return Ok(pe.map(|(_, pe)| pe.to_vec()));
        }
        let padding = cursor.offset().next_multiple_of(8) - cursor.offset();
        cursor.take(padding.min(cursor.remaining()))?;
    }
    Ok(None)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn section(kind: u8, content: &[u8]) -> Vec<u8> {
        let len = (content.len() as u32 + 4).to_le_bytes();
        let mut out = [&len[..3], &[kind], content].concat();
        out.resize(out.len().next_multiple_of(4), 0);
        out
    }

    fn file(name: EfiGuid, content: &[u8]) -> Vec<u8> {
        let len = (content.len() as u32 + 24).to_le_bytes();
        let mut out = [&name.to_bytes()[..], &[0, 0, 9, 0], &len[..3], &[0xf8], content].concat();
        out.resize(out.len().next_multiple_of(8), 0xff);
        out
    }

    fn image() -> Vec<u8> {
        let mut volume = vec![0; 0x48];
        volume[48..50].copy_from_slice(&0x48u16.to_le_bytes());
        volume.extend(file(BOOT_MENU, &section(0x15, b"U\0\0\0")));
        volume.extend(file(SHELL, &[section(0x15, b"S\0\0\0"), section(SECTION_PE32, b"MZ..")].concat()));
        volume.extend([0xff; 64]);
        let inner = [section(0x19, &[]), section(SECTION_VOLUME, &volume)].concat();
        let mut packed = Vec::new();
        lzma_rs::lzma_compress(&mut inner.as_slice(), &mut packed).unwrap();
        let mut out = vec![0; 100];
        out.extend(LZMA.to_bytes());
        out.extend([24, 0, 1, 0]);
        out.extend(packed);
        out
    }

    #[test]
    fn programs_are_found_in_the_compressed_volume() {
        let image = FirmwareImage::parse(&image()).unwrap();
        assert_eq!(image.volumes.len(), 1);
        assert_eq!(image.program(SHELL).as_deref(), Some(b"MZ..".as_slice()));
        assert_eq!(image.program(BOOT_MENU), None);
        let len = image.volumes[0].len() as u64;
        assert!(image.volume(len).is_some() && image.volume(1).is_none());
    }

    #[test]
    fn other_files_and_cut_ones_are_refused() {
        assert!(FirmwareImage::parse(b"junk").is_err());
        let image = image();
        for len in 0..image.len() - 20 {
            assert!(FirmwareImage::parse(&image[..len]).is_err(), "{len}");
        }
    }
}
