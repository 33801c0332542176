//! GUID partition tables, as far as the firmware measures them (`UEFI_GPT_DATA`, PC Client PFP 10.2.7).

use super::variable::{from_utf16, utf16};
use super::{Cursor, EfiGuid, Malformed};

/// `EFI_PARTITION_TABLE_HEADER`, in bytes.
const HEADER_LEN: usize = 92;
/// `EFI_PARTITION_ENTRY`, in bytes.
const ENTRY_LEN: usize = 128;
/// Entries in a table as partitioning tools write it.
const TABLE_ENTRIES: usize = 128;
const NAME_UNITS: usize = 36;

/// One partition.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Partition {
    /// Its number, from 1: the slot in the table.
    pub number: u32,
    /// What it is for, e.g. [`super::guids::GPT_ESP`].
    pub kind: EfiGuid,
    /// Its own GUID.
    pub unique: EfiGuid,
    /// First block.
    pub first_lba: u64,
    /// Last block, inclusive.
    pub last_lba: u64,
    /// Its name, at most 36 UTF-16 units.
    pub name: String,
}

impl Partition {
    /// The entry as it stands on the disk.
    pub fn encode(&self) -> [u8; ENTRY_LEN] {
        let mut out = [0; ENTRY_LEN];
        out[..16].copy_from_slice(&self.kind.to_bytes());
        out[16..32].copy_from_slice(&self.unique.to_bytes());
        out[32..40].copy_from_slice(&self.first_lba.to_le_bytes());
        out[40..48].copy_from_slice(&self.last_lba.to_le_bytes());
        let name = utf16(&self.name);
        let len = name.len().min(NAME_UNITS * 2);
        out[56..56 + len].copy_from_slice(&name[..len]);
        out
    }
}

/// A disk's partition table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PartitionTable {
    /// The disk's GUID.
    pub disk: EfiGuid,
    /// Size of the disk in 512-byte blocks.
    pub blocks: u64,
    /// Its partitions, ascending by number.
    pub partitions: Vec<Partition>,
}

impl PartitionTable {
    /// The data of `EV_EFI_GPT_EVENT`: header, number of partitions, their entries; unused entries are left out.
    pub fn event_data(&self) -> Vec<u8> {
        let mut out = self.header();
        out.extend_from_slice(&(self.partitions.len() as u64).to_le_bytes());
        for partition in &self.partitions {
            out.extend_from_slice(&partition.encode());
        }
        out
    }

    /// The header as it stands on the disk, without the padding behind it.
    pub fn header(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(HEADER_LEN);
        out.extend_from_slice(b"EFI PART");
        for field in [0x0001_0000, HEADER_LEN as u32, 0, 0] {
            out.extend_from_slice(&field.to_le_bytes());
        }
        for lba in [1, self.blocks - 1, 34, self.blocks - 34] {
            out.extend_from_slice(&u64::to_le_bytes(lba));
        }
        out.extend_from_slice(&self.disk.to_bytes());
        out.extend_from_slice(&2u64.to_le_bytes());
        for field in [TABLE_ENTRIES as u32, ENTRY_LEN as u32, crc32(&self.table())] {
            out.extend_from_slice(&field.to_le_bytes());
        }
        let checksum = crc32(&out);
        out[16..20].copy_from_slice(&checksum.to_le_bytes());
        out
    }

    /// The whole table on disk, unused slots included.
    fn table(&self) -> Vec<u8> {
        let mut table = vec![0; TABLE_ENTRIES * ENTRY_LEN];
        for partition in &self.partitions {
            let slot = (partition.number as usize - 1) * ENTRY_LEN;
            table[slot..slot + ENTRY_LEN].copy_from_slice(&partition.encode());
        }
        table
    }
}

/// What an `EV_EFI_GPT_EVENT` says, for display.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GptEvent {
    /// The disk's GUID.
    pub disk: EfiGuid,
    /// Type, own GUID, first and last block, and name of each partition.
    pub partitions: Vec<(EfiGuid, EfiGuid, u64, u64, String)>,
}

impl GptEvent {
    /// Reads the event's data.
    ///
    /// # Errors
    /// [`Malformed`] when lengths do not fit.
    pub fn parse(bytes: &[u8]) -> Result<GptEvent, Malformed> {
        let mut cursor = Cursor::new(bytes);
        if cursor.take(8)? != b"EFI PART" {
            return Err(cursor.error("not a GPT header"));
        }
        cursor.take(48)?;
        let disk = EfiGuid::from_bytes(cursor.array()?);
        cursor.take(HEADER_LEN - 72)?;
        let count = cursor.len_u64(TABLE_ENTRIES)?;
        let mut partitions = Vec::with_capacity(count);
        for _ in 0..count {
            let kind = EfiGuid::from_bytes(cursor.array()?);
            let unique = EfiGuid::from_bytes(cursor.array()?);
            let (first, last) = (cursor.u64()?, cursor.u64()?);
            cursor.u64()?;
            let name = from_utf16(cursor.take(NAME_UNITS * 2)?).unwrap_or_default();
            partitions.push((kind, unique, first, last, name.trim_end_matches('\0').to_owned()));
        }
        cursor.finish()?;
        Ok(GptEvent { disk, partitions })
    }
}

/// CRC-32 (IEEE 802.3), as GPT headers use it.
fn crc32(bytes: &[u8]) -> u32 {
    let mut crc = u32::MAX;
    for byte in bytes {
        crc ^= u32::from(*byte);
        for _ in 0..8 {
            crc = if crc & 1 == 1 { (crc >> 1) ^ 0xedb8_8320 } else { crc >> 1 };
        }
    }
    !crc
}

#[cfg(test)]
mod tests {
    use super::super::guids;
    use super::*;

    #[test]
    fn crc_check_value() {
        assert_eq!(crc32(b"123456789"), 0xcbf4_3926);
    }

    #[test]
    fn three_partitions_make_484_bytes_as_on_azure() {
        let partition = |number, kind| Partition {
            number,
            kind,
            unique: guids::SHIM_LOCK,
            first_lba: 2048,
            last_lba: 4095,
            name: "EFI".to_owned(),
        };
        let table = PartitionTable {
            disk: guids::GLOBAL_VARIABLE,
            blocks: 1 << 20,
            partitions: vec![
                partition(1, guids::GPT_LINUX),
                partition(14, guids::GPT_BIOS_BOOT),
                partition(15, guids::GPT_ESP),
            ],
        };
        let data = table.event_data();
        assert_eq!(data.len(), 484);
        let parsed = GptEvent::parse(&data).unwrap();
        assert_eq!(parsed.disk, guids::GLOBAL_VARIABLE);
        assert_eq!(parsed.partitions[2], (guids::GPT_ESP, guids::SHIM_LOCK, 2048, 4095, "EFI".to_owned()));
        assert!(GptEvent::parse(&data[..483]).is_err());
    }
}
