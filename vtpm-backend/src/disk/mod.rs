//! The disk that a machine boots from: a raw image with a GUID partition table, or folders that stand for its volumes.
//!
//! Only reading is done, and only of what is asked for: images may be large. File contents are kept once read, so that
//! a boot that opens a kernel three times hashes it once.

mod ext;
mod fat;
mod folder;
mod image;
mod memory;
mod table;
mod volume;

use std::io;
use std::path::PathBuf;

pub use fat::fat_volume;
pub use folder::folder_volume;
pub use memory::{MemoryFiles, memory_volume};
pub use table::DiskTable;
pub use volume::{FileSystem, Kind, Volume};

/// The largest file that is read from a disk.
pub(crate) const FILE_BYTES_MAX: u64 = 1 << 30;

/// Why a disk cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum DiskError {
    /// A file or folder of this machine cannot be read.
    #[error("{}: {source}", path.display())]
    Open {
        /// Which.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The image has no usable partition table.
    #[error(
        "no usable GUID partition table: {0}; only raw disk images can be read (convert others with 'qemu-img convert -O raw')"
    )]
    Table(String),
    /// No partition of the image holds a file system that can be read.
    #[error("no partition holds a FAT or ext2/3/4 file system that can be read: {0}")]
    NoFileSystem(String),
    /// A file that exists cannot be read.
    #[error("'{path}' on partition {partition} cannot be read: {detail}")]
    File {
        /// Partition number.
        partition: u32,
        /// The path on it.
        path: String,
        /// What was wrong.
        detail: String,
    },
}

/// A disk with its volumes.
#[derive(Debug)]
pub struct Disk {
    /// The partition table; `None` when folders stand for the volumes.
    pub table: Option<DiskTable>,
    /// The volumes that can be read, ascending by partition number.
    pub volumes: Vec<Volume>,
    /// The partition number of the EFI system partition.
    pub esp: u32,
}

impl Disk {
    /// Opens a raw disk image.
    ///
    /// # Errors
    /// [`DiskError`] when the file cannot be read, has no GUID partition table, or no file system in it can be read.
    pub fn open_image(path: &std::path::Path) -> Result<Disk, DiskError> {
        image::open(path)
    }

    /// A disk whose EFI system partition is a folder of this machine, as partition `esp`; with `root`, that folder is
    /// the root file system, as the lowest partition number that is left.
    ///
    /// # Errors
    /// [`DiskError::Open`] when a folder cannot be read.
    pub fn of_folders(esp: &std::path::Path, number: u32, root: Option<&std::path::Path>) -> Result<Disk, DiskError> {
        let mut volumes = vec![folder_volume(esp, number, true)?];
        if let Some(root) = root {
            volumes.push(folder_volume(root, if number == 1 { 2 } else { 1 }, false)?);
        }
        volumes.sort_by_key(|volume| volume.number);
        Ok(Disk { table: None, volumes, esp: number })
    }

    /// A volume by its partition number.
    pub fn volume(&self, number: u32) -> Option<&Volume> {
        self.volumes.iter().find(|volume| volume.number == number)
    }

    /// The EFI system partition.
    pub fn esp(&self) -> Option<&Volume> {
        self.volume(self.esp)
    }
}
