//! Raw disk images.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::Path;

use crate::uefi::guids;

use super::table::TablePartition;
use super::{Disk, DiskError, DiskTable, Volume, ext, fat};

/// Logical block sizes of disks; images of cloud disks have 512.
const BLOCK_LENS: [u64; 2] = [512, 4096];

pub(super) fn open(path: &Path) -> Result<Disk, DiskError> {
    let open = |source| DiskError::Open { path: path.to_owned(), source };
    let mut file = File::open(path).map_err(open)?;
    let (table, block_len) = read_table(&mut file)?;
    let (mut volumes, mut problems) = (Vec::new(), Vec::new());
    for partition in &table.partitions {
        let part = || {
            let file = File::open(path).map_err(|e| e.to_string())?;
            Part::new(file, partition, block_len)
        };
        match volume(partition.number, part) {
            Ok(Some(volume)) => volumes.push(volume),
            Ok(None) => {}
            Err(problem) => problems.push(format!("partition {}: {problem}", partition.number)),
        }
    }
    let has_volume = |number| volumes.iter().any(|volume: &Volume| volume.number == number);
    let esp = table
        .partitions
        .iter()
        .find(|partition| partition.kind == guids::GPT_ESP && has_volume(partition.number))
        .or_else(|| table.partitions.iter().find(|partition| has_volume(partition.number)))
        .ok_or_else(|| DiskError::NoFileSystem(problems.join("; ")))?
        .number;
    Ok(Disk { table: Some(table), volumes, esp })
}

fn read_table(file: &mut File) -> Result<(DiskTable, u64), DiskError> {
    let mut reason = String::new();
    for block_len in BLOCK_LENS {
        match read_table_with(file, block_len) {
            Ok(table) => return Ok((table, block_len)),
            Err(problem) => reason = problem,
        }
    }
    Err(DiskError::Table(reason))
}

fn read_table_with(file: &mut File, block_len: u64) -> Result<DiskTable, String> {
    let text = |e: io::Error| e.to_string();
    let mut header = [0; 512];
    file.seek(SeekFrom::Start(block_len)).map_err(text)?;
    file.read_exact(&mut header).map_err(text)?;
    let array = DiskTable::entry_array(&header).map_err(|e| e.to_string())?;
    let start = array.lba.checked_mul(block_len).ok_or("the entries lie beyond the disk")?;
    let mut entries = vec![0; array.len];
    file.seek(SeekFrom::Start(start)).map_err(text)?;
    file.read_exact(&mut entries).map_err(text)?;
    DiskTable::new(&header, array, &entries).map_err(|e| e.to_string())
}

/// The file system of a partition; `None` when it holds none that is known.
fn volume(number: u32, part: impl Fn() -> Result<Part, String>) -> Result<Option<Volume>, String> {
    if fat::is_fat(&mut part()?) {
        return fat::fat_volume(number, part()?).map(Some);
    }
    if ext::is_ext(&mut part()?) {
        return ext::volume(number, part()?).map(Some);
    }
    Ok(None)
}

/// A partition as a file of its own, for reading only.
pub(super) struct Part {
    file: File,
    start: u64,
    len: u64,
    at: u64,
}

impl Part {
    fn new(file: File, partition: &TablePartition, block_len: u64) -> Result<Part, String> {
        let blocks =
            partition.last_lba.checked_sub(partition.first_lba).ok_or("the partition ends before it begins")? + 1;
        let bytes = |blocks: u64| blocks.checked_mul(block_len).ok_or("the partition is larger than any disk");
        Ok(Part { file, start: bytes(partition.first_lba)?, len: bytes(blocks)?, at: 0 })
    }
}

impl Read for Part {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let len = (self.len.saturating_sub(self.at)).min(buffer.len() as u64) as usize;
        self.file.seek(SeekFrom::Start(self.start + self.at))?;
        let read = self.file.read(&mut buffer[..len])?;
        self.at += read as u64;
        Ok(read)
    }
}

impl Seek for Part {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        let target = match to {
            SeekFrom::Start(at) => Some(at),
            SeekFrom::Current(by) => self.at.checked_add_signed(by),
            SeekFrom::End(by) => self.len.checked_add_signed(by),
        };
        self.at = target.ok_or(io::ErrorKind::InvalidInput)?;
        Ok(self.at)
    }
}

impl Write for Part {
    /// The FAT library wants to be able to write; nothing here ever does.
    fn write(&mut self, _: &[u8]) -> io::Result<usize> {
        Err(io::ErrorKind::PermissionDenied.into())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
