//! A volume that exists in memory only: the disks of simulated machines.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::image::Content;

use super::{FileSystem, Kind, Volume};

/// Files by their absolute path, with slashes. Contents are shared with whoever else holds them, hashes included.
#[derive(Clone, Debug, Default)]
pub struct MemoryFiles {
    files: BTreeMap<String, (String, Arc<Content>)>,
    ignore_case: bool,
}

impl MemoryFiles {
    /// No files; with `ignore_case` they are found as on FAT.
    pub fn new(ignore_case: bool) -> MemoryFiles {
        MemoryFiles { files: BTreeMap::new(), ignore_case }
    }

    /// Adds a file or replaces the one of the same path, which is absolute and has slashes.
    pub fn insert(&mut self, path: &str, content: Arc<Content>) {
        self.files.insert(self.key(path), (path.to_owned(), content));
    }

    fn key(&self, path: &str) -> String {
        if self.ignore_case { path.to_ascii_lowercase() } else { path.to_owned() }
    }

    /// The paths below a folder, as they were given, relative to it.
    fn below(&self, folder: &str) -> impl Iterator<Item = &str> {
        let key = self.key(folder);
        let prefix = format!("{}/", key.trim_end_matches('/'));
        let (first, len) = (prefix.clone(), prefix.len());
        let rest = self.files.range(first..).take_while(move |(path, _)| path.starts_with(&prefix));
        rest.map(move |(_, (path, _))| &path[len..])
    }
}

/// A volume with these files.
pub fn memory_volume(number: u32, uuid: Option<String>, label: Option<String>, files: Arc<MemoryFiles>) -> Volume {
    Volume::new(number, uuid, label, Box::new(Memory(files)))
}

struct Memory(Arc<MemoryFiles>);

impl FileSystem for Memory {
    fn kind(&mut self, path: &str) -> Result<Option<Kind>, String> {
        if let Some((_, content)) = self.0.files.get(&self.0.key(path)) {
            return Ok(Some(Kind::File(content.bytes().len() as u64)));
        }
        let is_folder = path == "/" || self.0.below(path).next().is_some();
        Ok(is_folder.then_some(Kind::Folder))
    }

    fn read(&mut self, path: &str) -> Result<Arc<Content>, String> {
        let found = self.0.files.get(&self.0.key(path));
        found.map(|(_, content)| content.clone()).ok_or_else(|| "not found".to_owned())
    }

    fn list(&mut self, path: &str) -> Result<Vec<String>, String> {
        let first = |rest: &str| rest.split('/').next().unwrap_or_default().to_owned();
        let mut names: Vec<_> = self.0.below(path).map(first).collect();
        names.sort_unstable();
        names.dedup();
        Ok(names)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn volume(ignore_case: bool) -> Volume {
        let mut files = MemoryFiles::new(ignore_case);
        for path in ["/EFI/ubuntu/shimx64.efi", "/EFI/ubuntu/grub.cfg", "/EFI/BOOT/BOOTX64.EFI", "/x"] {
            files.insert(path, Content::new(path.as_bytes().to_vec()));
        }
        memory_volume(15, Some("1234-ABCD".to_owned()), None, Arc::new(files))
    }

    #[test]
    fn folders_are_the_beginnings_of_paths() {
        let volume = volume(true);
        assert_eq!(volume.list("/").unwrap(), ["EFI", "x"]);
        assert_eq!(volume.list("/efi").unwrap(), ["BOOT", "ubuntu"]);
        assert_eq!(volume.kind(r"\EFI\Ubuntu").unwrap(), Some(Kind::Folder));
        assert_eq!(volume.kind("/EFI/ubunt").unwrap(), None);
        assert_eq!(volume.kind("/x").unwrap(), Some(Kind::File(2)));
        assert_eq!(volume.kind("/x/y").unwrap(), None);
        assert!(volume.list("/none").unwrap().is_empty());
    }

    #[test]
    fn contents_are_shared_and_case_matters_where_it_does() {
        let content = volume(true).file(r"\efi\boot\bootx64.efi").unwrap().unwrap();
        assert_eq!(content.bytes(), b"/EFI/BOOT/BOOTX64.EFI");
        assert!(volume(false).file("/efi/boot/bootx64.efi").unwrap().is_none());
        let volume = volume(false);
        let (a, b) = (volume.file("/x").unwrap().unwrap(), volume.file("/x").unwrap().unwrap());
        assert!(Arc::ptr_eq(&a, &b));
    }
}
