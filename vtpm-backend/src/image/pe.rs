//! Writing and reading PE32+ files, as far as a boot chain needs it.

use std::ops::Range;

use authenticode::{PeTrait, authenticode_digest};
use object::pe as defs;
use object::read::pe::PeFile64;
use object::write::pe::{NtHeaders, Writer};
use object::{LittleEndian, Object, ObjectSection};

use crate::pcr::{BankHasher, Digests};

const SECTION_ALIGNMENT: u32 = 0x1000;
const FILE_ALIGNMENT: u32 = 0x200;

/// Bytes that are no usable PE32+ file.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a PE32+ file: {0}")]
pub struct PeError(pub String);

/// A section to be written.
pub struct NewSection {
    /// Its name, at most eight bytes (`.sbatlevel` does not fit; see [`section_name`]).
    pub name: [u8; 8],
    /// Whether it holds code.
    pub code: bool,
    /// Its content.
    pub data: Vec<u8>,
}

/// A section name in eight bytes: padded with NULs, or cut, as objcopy does with long names when the file has no string
/// table.
pub const fn section_name(name: &str) -> [u8; 8] {
    let mut out = [0; 8];
    let bytes = name.as_bytes();
    let mut i = 0;
    while i < bytes.len() && i < 8 {
        out[i] = bytes[i];
        i += 1;
    }
    out
}

/// Writes an unsigned EFI application for x86-64 with these sections; the first one holds the entry point.
///
/// # Errors
/// [`PeError`] when a size does not fit the format.
pub fn write(sections: &[NewSection]) -> Result<Vec<u8>, PeError> {
    let too_large = |_| PeError("a section is larger than 4 GiB".to_owned());
    let mut out = Vec::new();
    let mut writer = Writer::new(true, SECTION_ALIGNMENT, FILE_ALIGNMENT, &mut out);
    writer.reserve_dos_header_and_stub();
    writer.reserve_nt_headers(defs::IMAGE_NUMBEROF_DIRECTORY_ENTRIES);
    writer.reserve_section_headers(sections.len() as u16);
    let mut ranges = Vec::with_capacity(sections.len());
    for section in sections {
        let size = u32::try_from(section.data.len()).map_err(too_large)?;
        ranges.push(writer.reserve_section(section.name, characteristics(section.code), size, size));
    }
    writer.write_dos_header_and_stub().map_err(|e| PeError(e.to_string()))?;
    writer.write_nt_headers(nt_headers(ranges.first().map_or(0, |range| range.virtual_address)));
    writer.write_section_headers();
    for (section, range) in sections.iter().zip(&ranges) {
        writer.write_section(range.file_offset, &section.data);
    }
    set_checksum(&mut out)?;
    Ok(out)
}

fn characteristics(code: bool) -> u32 {
    if code {
        defs::IMAGE_SCN_CNT_CODE | defs::IMAGE_SCN_MEM_EXECUTE | defs::IMAGE_SCN_MEM_READ
    } else {
        defs::IMAGE_SCN_CNT_INITIALIZED_DATA | defs::IMAGE_SCN_MEM_READ
    }
}

fn nt_headers(entry_point: u32) -> NtHeaders {
    NtHeaders {
        machine: defs::IMAGE_FILE_MACHINE_AMD64,
        time_date_stamp: 0,
        characteristics: defs::IMAGE_FILE_EXECUTABLE_IMAGE | defs::IMAGE_FILE_LARGE_ADDRESS_AWARE,
        major_linker_version: 2,
        minor_linker_version: 38,
        address_of_entry_point: entry_point,
        image_base: 0,
        major_operating_system_version: 0,
        minor_operating_system_version: 0,
        major_image_version: 0,
        minor_image_version: 0,
        major_subsystem_version: 0,
        minor_subsystem_version: 0,
        subsystem: defs::IMAGE_SUBSYSTEM_EFI_APPLICATION,
        dll_characteristics: defs::IMAGE_DLLCHARACTERISTICS_NX_COMPAT,
        size_of_stack_reserve: 0,
        size_of_stack_commit: 0,
        size_of_heap_reserve: 0,
        size_of_heap_commit: 0,
    }
}

/// The file with `table`, one or more `WIN_CERTIFICATE` structures, as its certificate table.
///
/// # Errors
/// [`PeError`] when `unsigned` is no PE32+ file.
pub(super) fn with_certificate_table(mut unsigned: Vec<u8>, table: &[u8]) -> Result<Vec<u8>, PeError> {
    let directory = offsets(&unsigned)?.security_data_dir;
    let fits = |len: usize| u32::try_from(len).map_err(|_| PeError("the file is larger than 4 GiB".to_owned()));
    let (start, size) = (fits(unsigned.len())?, fits(table.len())?);
    unsigned[directory..directory + 4].copy_from_slice(&start.to_le_bytes());
    unsigned[directory + 4..directory + 8].copy_from_slice(&size.to_le_bytes());
    unsigned.extend_from_slice(table);
    set_checksum(&mut unsigned)?;
    Ok(unsigned)
}

/// The file without its certificate table: unsigned, with the same Authenticode hash.
///
/// # Errors
/// [`PeError`] when the bytes are no PE32+ file, or something follows the table.
pub fn without_signatures(bytes: &[u8]) -> Result<Vec<u8>, PeError> {
    let directory = offsets(bytes)?.security_data_dir;
    let field =
        |at: usize| bytes.get(at..at + 4).map(|field| u32::from_le_bytes([field[0], field[1], field[2], field[3]]));
    let (Some(start), Some(len)) = (field(directory), field(directory + 4)) else {
        return Err(PeError("the header ends early".to_owned()));
    };
    let (start, len) = (start as usize, len as usize);
    if len == 0 {
        return Ok(bytes.to_vec());
    }
    if start.checked_add(len) != Some(bytes.len()) || start < directory + 8 {
        return Err(PeError("the certificate table does not end the file".to_owned()));
    }
    let mut unsigned = bytes[..start].to_vec();
    unsigned[directory..directory + 8].fill(0);
    set_checksum(&mut unsigned)?;
    Ok(unsigned)
}

pub(super) fn parse(bytes: &[u8]) -> Result<PeFile64<'_>, PeError> {
    PeFile64::parse(bytes).map_err(|e| PeError(e.to_string()))
}

fn offsets(bytes: &[u8]) -> Result<authenticode::PeOffsets, PeError> {
    parse(bytes)?.offsets().map_err(|e| PeError(e.to_string()))
}

/// The Authenticode hash in every bank, in one pass over the file.
pub(super) fn authenticode_digests(bytes: &[u8]) -> Result<Digests, PeError> {
    let file = parse(bytes)?;
    let mut hasher = BankHasher::new();
    authenticode_digest(&file, &mut hasher).map_err(|e| PeError(e.to_string()))?;
    Ok(hasher.finish())
}

/// The place of a section's content in the file.
///
/// # Errors
/// [`PeError`] when the bytes are no PE file.
pub fn section_range(bytes: &[u8], name: &str) -> Result<Option<Range<usize>>, PeError> {
    let file = parse(bytes)?;
    let wanted = section_name(name);
    // Names of more than eight bytes stand in a string table, when the file has one.
    let section = file
        .sections()
        .find(|section| section.pe_section().name == wanted || section.name().is_ok_and(|full| full == name));
    let Some((start, len)) = section.and_then(|section| section.file_range()) else {
        return Ok(None);
    };
    // The raw size is rounded up to the file alignment; the virtual size is the content's own.
    let (start, end) = (start as usize, (start + len) as usize);
    Ok((end <= bytes.len()).then_some(start..end))
}

/// The content of a section.
///
/// # Errors
/// [`PeError`] when the bytes are no PE file.
pub fn section<'a>(bytes: &'a [u8], name: &str) -> Result<Option<&'a [u8]>, PeError> {
    Ok(section_range(bytes, name)?.map(|range| &bytes[range]))
}

/// The image base that the linker wrote.
///
/// # Errors
/// [`PeError`] when the bytes are no PE file.
pub fn image_base(bytes: &[u8]) -> Result<u64, PeError> {
    Ok(parse(bytes)?.nt_headers().optional_header.image_base.get(LittleEndian))
}

/// The checksum of the PE format: 16-bit one's complement sum without the checksum field, plus the length.
fn set_checksum(bytes: &mut [u8]) -> Result<(), PeError> {
    let at = offsets(bytes)?.check_sum;
    bytes[at..at + 4].fill(0);
    let mut sum = 0u64;
    for pair in bytes.chunks(2) {
        sum += u64::from(pair[0]) | pair.get(1).map_or(0, |high| u64::from(*high) << 8);
    }
    while sum > 0xffff {
        sum = (sum & 0xffff) + (sum >> 16);
    }
    let checksum = (sum as u32).wrapping_add(bytes.len() as u32);
    bytes[at..at + 4].copy_from_slice(&checksum.to_le_bytes());
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample() -> Vec<u8> {
        let section = |name, code, data: &[u8]| NewSection { name: section_name(name), code, data: data.to_vec() };
        write(&[section(".text", true, &[0x90; 700]), section(".sbatlevel", false, b"level")]).unwrap()
    }

    #[test]
    fn sections_are_found_by_their_names() {
        let pe = sample();
        assert_eq!(section(&pe, ".text").unwrap().unwrap(), [0x90; 700]);
        assert_eq!(section(&pe, ".sbatlevel").unwrap().unwrap(), b"level");
        assert_eq!(section(&pe, ".data").unwrap(), None);
        assert_eq!(image_base(&pe).unwrap(), 0);
    }

    #[test]
    fn the_hash_ignores_checksum_and_signature_only() {
        let pe = sample();
        let hash = authenticode_digests(&pe).unwrap();
        let signed = with_certificate_table(pe.clone(), &[16, 0, 0, 0, 0, 2, 2, 0, 1, 2, 3, 4, 5, 6, 7, 8]).unwrap();
        assert_ne!(signed, pe);
        assert_eq!(authenticode_digests(&signed).unwrap(), hash);
        assert_eq!(without_signatures(&signed).unwrap(), pe);
        assert_eq!(without_signatures(&pe).unwrap(), pe);
        let mut changed = pe.clone();
        let at = section_range(&pe, ".text").unwrap().unwrap().start;
        changed[at] ^= 1;
        assert_ne!(authenticode_digests(&changed).unwrap(), hash);
    }

    #[test]
    fn junk_is_an_error() {
        for bytes in [&b""[..], b"MZ", &[0; 4096]] {
            assert!(authenticode_digests(bytes).is_err());
        }
    }
}
