//! A zip file of stored (uncompressed) members: all that a wheel of a few hundred bytes needs.
//!
//! Layout as in PKWARE's APPNOTE.TXT 4.3: local headers with data, central directory, end record.

/// 1 January 1980, the first day that the format can express: the file is the same on every start.
const DATE: u16 = (1 << 5) | 1;

struct Entry {
    name: String,
    crc: u32,
    size: u32,
    offset: u32,
}

/// Writes members one after the other.
#[derive(Default)]
pub(super) struct ZipWriter {
    out: Vec<u8>,
    entries: Vec<Entry>,
}

impl ZipWriter {
    /// Adds a member. Members are small and few: sizes and offsets fit the format's 32 bits.
    pub(super) fn add(&mut self, name: &str, content: &[u8]) {
        let entry = Entry {
            name: name.to_owned(),
            crc: crc32(content),
            size: u32::try_from(content.len()).unwrap_or(u32::MAX),
            offset: u32::try_from(self.out.len()).unwrap_or(u32::MAX),
        };
        self.out.extend(0x0403_4b50_u32.to_le_bytes());
        common(&mut self.out, &entry);
        self.out.extend(0_u16.to_le_bytes()); // extra field
        self.out.extend(name.as_bytes());
        self.out.extend(content);
        self.entries.push(entry);
    }

    /// Closes the file.
    pub(super) fn finish(mut self) -> Vec<u8> {
        let start = self.out.len();
        for entry in &self.entries {
            self.out.extend(0x0201_4b50_u32.to_le_bytes());
            self.out.extend(((3_u16 << 8) | 20).to_le_bytes()); // made by: Unix, version 2.0
            common(&mut self.out, entry);
            self.out.extend([0; 8]); // extra field, comment, disk, internal attributes
            self.out.extend((0o100_644_u32 << 16).to_le_bytes());
            self.out.extend(entry.offset.to_le_bytes());
            self.out.extend(entry.name.as_bytes());
        }
        let length = u32::try_from(self.out.len() - start).unwrap_or(u32::MAX);
        let count = u16::try_from(self.entries.len()).unwrap_or(u16::MAX);
        self.out.extend(0x0605_4b50_u32.to_le_bytes());
        self.out.extend([0; 4]); // disk numbers
        self.out.extend(count.to_le_bytes());
        self.out.extend(count.to_le_bytes());
        self.out.extend(length.to_le_bytes());
        self.out.extend(u32::try_from(start).unwrap_or(u32::MAX).to_le_bytes());
        self.out.extend(0_u16.to_le_bytes()); // comment
        self.out
    }
}

/// What local header and central directory share: version needed, flags, method, time, date, CRC, sizes, name length.
fn common(out: &mut Vec<u8>, entry: &Entry) {
    out.extend(20_u16.to_le_bytes());
    out.extend([0; 4]); // no flags; stored
    out.extend(0_u16.to_le_bytes());
    out.extend(DATE.to_le_bytes());
    out.extend(entry.crc.to_le_bytes());
    out.extend(entry.size.to_le_bytes());
    out.extend(entry.size.to_le_bytes());
    out.extend(u16::try_from(entry.name.len()).unwrap_or(u16::MAX).to_le_bytes());
}

/// CRC-32 of ISO 3309, bit by bit: a few kilobytes, once.
fn crc32(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(u32::MAX, |crc, byte| {
        (0..8).fold(crc ^ u32::from(*byte), |crc, _| (crc >> 1) ^ (0xEDB8_8320 & (crc & 1).wrapping_neg()))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_checksum_is_the_usual_one() {
        assert_eq!(crc32(b"123456789"), 0xCBF4_3926);
        assert_eq!(crc32(b""), 0);
    }

    #[test]
    fn the_end_record_points_to_the_directory() {
        let mut zip = ZipWriter::default();
        zip.add("a.txt", b"hello");
        let bytes = zip.finish();
        let end = bytes.len() - 22;
        let start = u32::from_le_bytes(bytes[end + 16..end + 20].try_into().unwrap()) as usize;
        assert_eq!(&bytes[start..start + 4], b"PK\x01\x02");
        assert_eq!(&bytes[..4], b"PK\x03\x04");
        assert_eq!(&bytes[30..40], b"a.txthello");
    }
}
