//! FAT file systems: EFI system partitions, and the memory disk inside GRUB.

use std::io::{Read, Seek, SeekFrom, Write};
use std::sync::Arc;

use super::{FileSystem, Kind, Volume};
use crate::image::Content;

/// A volume with the FAT file system (12, 16 or 32) in `part`.
///
/// # Errors
/// What is wrong with the file system, in words.
pub fn fat_volume<T: Read + Write + Seek + 'static>(number: u32, mut part: T) -> Result<Volume, String> {
    part.rewind().map_err(|e| e.to_string())?;
    let options = fatfs::FsOptions::new().update_accessed_date(false);
    let files = fatfs::FileSystem::new(part, options).map_err(|e| e.to_string())?;
    let id = files.volume_id();
    let uuid = format!("{:04X}-{:04X}", id >> 16, id & 0xffff);
    let label = Some(files.volume_label()).filter(|label| !label.is_empty());
    Ok(Volume::new(number, Some(uuid), label, Box::new(Fat(files))))
}

/// Whether the first sector is that of a FAT file system.
pub(super) fn is_fat(part: &mut (impl Read + Seek)) -> bool {
    let mut sector = [0; 512];
    let read = part.seek(SeekFrom::Start(0)).and_then(|_| part.read_exact(&mut sector));
    read.is_ok() && sector[510..] == [0x55, 0xaa] && (&sector[54..57] == b"FAT" || &sector[82..85] == b"FAT")
}

struct Fat<T: Read + Write + Seek>(fatfs::FileSystem<T>);

impl<T: Read + Write + Seek> FileSystem for Fat<T> {
    fn kind(&mut self, path: &str) -> Result<Option<Kind>, String> {
        if path == "/" {
            return Ok(Some(Kind::Folder));
        }
        let (folder, name) = path.rsplit_once('/').unwrap_or(("", path));
        let root = self.0.root_dir();
        let folder = match folder {
            "" => root,
            _ => match root.open_dir(folder) {
                Ok(folder) => folder,
                Err(e) if e.kind() == std::io::ErrorKind::NotFound => return Ok(None),
                // A file where a folder should be.
                Err(_) => return Ok(None),
            },
        };
        for entry in folder.iter() {
            let entry = entry.map_err(|e| e.to_string())?;
            let same =
                entry.file_name().eq_ignore_ascii_case(name) || entry.short_file_name().eq_ignore_ascii_case(name);
            if same {
                return Ok(Some(if entry.is_dir() { Kind::Folder } else { Kind::File(entry.len()) }));
            }
        }
        Ok(None)
    }

    fn read(&mut self, path: &str) -> Result<Arc<Content>, String> {
        let mut bytes = Vec::new();
        let mut file = self.0.root_dir().open_file(path).map_err(|e| e.to_string())?;
        file.read_to_end(&mut bytes).map_err(|e| e.to_string())?;
        Ok(Content::new(bytes))
    }

    fn list(&mut self, path: &str) -> Result<Vec<String>, String> {
        let root = self.0.root_dir();
        let folder = match path {
            "/" => root,
            _ => root.open_dir(path).map_err(|e| e.to_string())?,
        };
        let mut names = folder
            .iter()
            .map(|entry| Ok(entry.map_err(|e| e.to_string())?.file_name()))
            .collect::<Result<Vec<_>, String>>()?;
        names.retain(|name| name != "." && name != "..");
        names.sort_unstable();
        Ok(names)
    }
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use super::*;

    /// A FAT file system with one file.
    fn formatted() -> Cursor<Vec<u8>> {
        let mut disk = Cursor::new(vec![0; 2 << 20]);
        let options = fatfs::FormatVolumeOptions::new().volume_id(0x1234_ABCD);
        fatfs::format_volume(&mut disk, options).unwrap();
        let files = fatfs::FileSystem::new(&mut disk, fatfs::FsOptions::new()).unwrap();
        let folder = files.root_dir().create_dir("EFI").unwrap();
        let mut file = folder.create_file("grub.cfg").unwrap();
        file.write_all(b"boot").unwrap();
        drop((file, folder));
        files.unmount().unwrap();
        disk
    }

    #[test]
    fn files_are_found_whatever_their_case() {
        assert!(is_fat(&mut formatted()));
        let volume = fat_volume(15, formatted()).unwrap();
        assert_eq!(volume.uuid.as_deref(), Some("1234-ABCD"));
        assert!(volume.has_uuid("1234-abcd") && !volume.has_uuid("1234-0000"));
        assert_eq!(volume.file("/efi/GRUB.CFG").unwrap().unwrap().bytes(), b"boot");
        assert_eq!(volume.kind("/EFI").unwrap(), Some(Kind::Folder));
        assert_eq!(volume.kind("/EFI/grub.cfg/x").unwrap(), None);
        assert_eq!(volume.kind("/").unwrap(), Some(Kind::Folder));
        assert_eq!(volume.list("/EFI").unwrap(), ["grub.cfg"]);
        assert!(volume.file("/none").unwrap().is_none());
    }

    #[test]
    fn junk_is_refused() {
        assert!(!is_fat(&mut Cursor::new(vec![0; 1024])));
        assert!(fat_volume(1, Cursor::new(vec![0; 1024])).is_err());
    }
}
