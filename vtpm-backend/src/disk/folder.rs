//! A folder of this machine that stands for a volume.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::{DiskError, FileSystem, Kind, Volume};
use crate::image::Content;

/// A volume whose files are those below `dir`. With `ignore_case` names are found as on FAT.
///
/// # Errors
/// [`DiskError::Open`] when `dir` is no readable folder.
pub fn folder_volume(dir: &Path, number: u32, ignore_case: bool) -> Result<Volume, DiskError> {
    let open = |source| DiskError::Open { path: dir.to_owned(), source };
    fs::read_dir(dir).map_err(open)?;
    let files = Folder { root: dir.to_owned(), ignore_case };
    Ok(Volume::new(number, None, None, Box::new(files)))
}

struct Folder {
    root: PathBuf,
    ignore_case: bool,
}

impl Folder {
    /// The path on this machine; `None` when a part of it does not exist.
    fn find(&self, path: &str) -> Result<Option<PathBuf>, String> {
        let mut found = self.root.clone();
        for part in path.split('/').filter(|part| !part.is_empty()) {
            if part == ".." {
                return Err("paths with '..' are not followed".to_owned());
            }
            if found.join(part).exists() {
                found.push(part);
                continue;
            }
            let Some(name) = self.find_ignoring_case(&found, part)? else {
                return Ok(None);
            };
            found.push(name);
        }
        Ok(Some(found))
    }

    fn find_ignoring_case(&self, dir: &Path, wanted: &str) -> Result<Option<String>, String> {
        if !self.ignore_case || !dir.is_dir() {
            return Ok(None);
        }
        let names = names(dir).map_err(|e| e.to_string())?;
        Ok(names.into_iter().find(|name| name.eq_ignore_ascii_case(wanted)))
    }

    fn existing(&self, path: &str) -> Result<PathBuf, String> {
        self.find(path)?.ok_or_else(|| "not found".to_owned())
    }
}

impl FileSystem for Folder {
    fn kind(&mut self, path: &str) -> Result<Option<Kind>, String> {
        let Some(found) = self.find(path)? else {
            return Ok(None);
        };
        let meta = fs::metadata(found).map_err(|e| e.to_string())?;
        Ok(Some(if meta.is_dir() { Kind::Folder } else { Kind::File(meta.len()) }))
    }

    fn read(&mut self, path: &str) -> Result<Arc<Content>, String> {
        fs::read(self.existing(path)?).map(Content::new).map_err(|e| e.to_string())
    }

    fn list(&mut self, path: &str) -> Result<Vec<String>, String> {
        names(&self.existing(path)?).map_err(|e| e.to_string())
    }
}

fn names(dir: &Path) -> io::Result<Vec<String>> {
    let mut names = fs::read_dir(dir)?
        .map(|entry| Ok(entry?.file_name().to_string_lossy().into_owned()))
        .collect::<io::Result<Vec<_>>>()?;
    names.sort_unstable();
    Ok(names)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_found_as_on_fat_and_nothing_outside_is() {
        let dir = tempfile::tempdir().unwrap();
        fs::create_dir_all(dir.path().join("efi/Boot")).unwrap();
        fs::write(dir.path().join("efi/Boot/bootx64.efi"), b"shim").unwrap();
        let volume = folder_volume(dir.path(), 1, true).unwrap();
        let content = volume.file(r"\EFI\BOOT\BOOTX64.EFI").unwrap().unwrap();
        assert_eq!(content.bytes(), b"shim");
        assert_eq!(volume.kind("/EFI/boot").unwrap(), Some(Kind::Folder));
        assert_eq!(volume.list("/EFI").unwrap(), ["Boot"]);
        assert!(volume.file("/EFI/none/x").unwrap().is_none());
        assert!(volume.file("/../x").is_err());
        let strict = folder_volume(dir.path(), 1, false).unwrap();
        assert_eq!(strict.kind("/EFI").unwrap(), None);
        assert!(folder_volume(&dir.path().join("none"), 1, true).is_err());
    }
}
