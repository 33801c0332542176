//! Reading a GUID partition table with the raw bytes that the firmware measures.

use crate::uefi::gpt::PartitionTable;
use crate::uefi::{Cursor, EfiGuid, Malformed};

/// `EFI_PARTITION_TABLE_HEADER` without the padding behind it, in bytes.
const HEADER_LEN: usize = 92;
/// Most entries of a table that is read; partitioning tools write 128.
const ENTRIES_MAX: usize = 1024;
/// Bytes of the largest `EFI_PARTITION_ENTRY` that is read.
const ENTRY_LEN_MAX: usize = 512;

/// A partition that is in use.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TablePartition {
    /// Its number, from 1: the slot in the table.
    pub number: u32,
    /// What it is for.
    pub kind: EfiGuid,
    /// Its own GUID.
    pub unique: EfiGuid,
    /// First block.
    pub first_lba: u64,
    /// Last block, inclusive.
    pub last_lba: u64,
    /// The entry as it stands on the disk.
    raw: Vec<u8>,
}

/// A disk's partition table as it stands on the disk.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DiskTable {
    header: Vec<u8>,
    /// The partitions in use, ascending by number.
    pub partitions: Vec<TablePartition>,
}

/// Where a table's entries lie.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct EntryArray {
    /// First block.
    pub(super) lba: u64,
    /// Bytes of all entries.
    pub(super) len: usize,
    entry_len: usize,
}

impl DiskTable {
    /// Reads the header, the second block of the disk, and says where the entries are.
    pub(super) fn entry_array(block: &[u8]) -> Result<EntryArray, Malformed> {
        let mut cursor = Cursor::new(block);
        if cursor.take(8)? != b"EFI PART" {
            return Err(cursor.error("no GPT header in the second block"));
        }
        cursor.take(64)?;
        let lba = cursor.u64()?;
        let (count, entry_len) = (cursor.u32()? as usize, cursor.u32()? as usize);
        if count > ENTRIES_MAX || !(128..=ENTRY_LEN_MAX).contains(&entry_len) {
            return Err(cursor.error("the GPT header describes no usable entries"));
        }
        Ok(EntryArray { lba, len: count * entry_len, entry_len })
    }

    /// The table from the header's block and the bytes of its entries.
    pub(super) fn new(block: &[u8], array: EntryArray, entries: &[u8]) -> Result<DiskTable, Malformed> {
        let header = Cursor::new(block).take(HEADER_LEN)?.to_vec();
        let mut partitions = Vec::new();
        for (i, raw) in entries.chunks_exact(array.entry_len).enumerate() {
            let mut cursor = Cursor::new(raw);
            let kind = EfiGuid::from_bytes(cursor.array()?);
            if kind.to_bytes() == [0; 16] {
                continue;
            }
            partitions.push(TablePartition {
                number: i as u32 + 1,
                kind,
                unique: EfiGuid::from_bytes(cursor.array()?),
                first_lba: cursor.u64()?,
                last_lba: cursor.u64()?,
                raw: raw.to_vec(),
            });
        }
        Ok(DiskTable { header, partitions })
    }

    /// The table that a partitioning tool writes for these partitions.
    pub fn of_partitions(table: &PartitionTable) -> DiskTable {
        let partitions = table.partitions.iter().map(|partition| TablePartition {
            number: partition.number,
            kind: partition.kind,
            unique: partition.unique,
            first_lba: partition.first_lba,
            last_lba: partition.last_lba,
            raw: partition.encode().to_vec(),
        });
        DiskTable { header: table.header(), partitions: partitions.collect() }
    }

    /// The data of `EV_EFI_GPT_EVENT` (`UEFI_GPT_DATA`): the header, the number of partitions in use, their entries.
    pub fn event_data(&self) -> Vec<u8> {
        let mut out = self.header.clone();
        out.extend_from_slice(&(self.partitions.len() as u64).to_le_bytes());
        for partition in &self.partitions {
            out.extend_from_slice(&partition.raw);
        }
        out
    }

    /// A partition by its number.
    pub fn partition(&self, number: u32) -> Option<&TablePartition> {
        self.partitions.iter().find(|partition| partition.number == number)
    }
}
