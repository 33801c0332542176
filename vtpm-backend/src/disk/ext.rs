//! ext2, ext3 and ext4 file systems: the root file systems of Linux images.

use std::error::Error;
use std::io::{Read, Seek, SeekFrom};
use std::sync::Arc;

use ext4_view::{Ext4, Ext4Read};

use super::image::Part;
use super::{FileSystem, Kind, Volume};
use crate::image::Content;

/// The superblock lies 1024 bytes in, its magic number 56 bytes further.
const MAGIC_OFFSET: u64 = 1024 + 56;

pub(super) fn is_ext(part: &mut (impl Read + Seek)) -> bool {
    let mut magic = [0; 2];
    part.seek(SeekFrom::Start(MAGIC_OFFSET)).and_then(|_| part.read_exact(&mut magic)).is_ok() && magic == [0x53, 0xef]
}

pub(super) fn volume(number: u32, part: Part) -> Result<Volume, String> {
    let files = Ext4::load(Box::new(Reader(part))).map_err(|e| e.to_string())?;
    let label = files.label().to_str().unwrap_or_default().to_owned();
    Ok(Volume::new(
        number,
        Some(files.uuid().to_string()),
        Some(label).filter(|label| !label.is_empty()),
        Box::new(Ext(files)),
    ))
}

struct Reader(Part);

impl Ext4Read for Reader {
    fn read(&mut self, start_byte: u64, dst: &mut [u8]) -> Result<(), Box<dyn Error + Send + Sync + 'static>> {
        self.0.seek(SeekFrom::Start(start_byte))?;
        self.0.read_exact(dst)?;
        Ok(())
    }
}

struct Ext(Ext4);

impl FileSystem for Ext {
    fn kind(&mut self, path: &str) -> Result<Option<Kind>, String> {
        match self.0.metadata(path) {
            Ok(meta) if meta.is_dir() => Ok(Some(Kind::Folder)),
            Ok(meta) => Ok(Some(Kind::File(meta.len()))),
            Err(ext4_view::Ext4Error::NotFound | ext4_view::Ext4Error::NotADirectory) => Ok(None),
            Err(e) => Err(e.to_string()),
        }
    }

    fn read(&mut self, path: &str) -> Result<Arc<Content>, String> {
        self.0.read(path).map(Content::new).map_err(|e| e.to_string())
    }

    fn list(&mut self, path: &str) -> Result<Vec<String>, String> {
        let entries = self.0.read_dir(path).map_err(|e| e.to_string())?;
        let mut names = Vec::new();
        for entry in entries {
            let entry = entry.map_err(|e| e.to_string())?;
            names.push(String::from_utf8_lossy(entry.file_name().as_ref()).into_owned());
        }
        names.retain(|name| name != "." && name != "..");
        names.sort_unstable();
        Ok(names)
    }
}
