//! A volume: a file system on a partition.

use std::cell::RefCell;
use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;

use crate::image::Content;

use super::DiskError;

/// What a path leads to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A file of this many bytes.
    File(u64),
    /// A folder.
    Folder,
}

/// Reading one file system. Paths are absolute, with slashes.
pub trait FileSystem {
    /// What the path leads to; `None` when there is nothing.
    ///
    /// # Errors
    /// What is wrong with the file system, in words.
    fn kind(&mut self, path: &str) -> Result<Option<Kind>, String>;

    /// The content of a file.
    ///
    /// # Errors
    /// What is wrong, in words.
    fn read(&mut self, path: &str) -> Result<Arc<Content>, String>;

    /// The names in a folder, sorted.
    ///
    /// # Errors
    /// What is wrong, in words.
    fn list(&mut self, path: &str) -> Result<Vec<String>, String>;
}

/// A file system on a partition.
pub struct Volume {
    /// Partition number, from 1.
    pub number: u32,
    /// Its UUID as GRUB and blkid write it: `1234-ABCD` for FAT; `None` when it is not known and every search finds it.
    pub uuid: Option<String>,
    /// Its label.
    pub label: Option<String>,
    state: RefCell<State>,
}

struct State {
    files: Box<dyn FileSystem>,
    /// By the path as it was asked for.
    read: HashMap<String, Arc<Content>>,
}

impl Volume {
    /// A volume.
    pub fn new(number: u32, uuid: Option<String>, label: Option<String>, files: Box<dyn FileSystem>) -> Volume {
        Volume { number, uuid, label, state: RefCell::new(State { files, read: HashMap::new() }) }
    }

    /// What a path leads to.
    ///
    /// # Errors
    /// [`DiskError::File`] when the file system is broken.
    pub fn kind(&self, path: &str) -> Result<Option<Kind>, DiskError> {
        let path = absolute(path);
        self.with(|state| state.files.kind(&path)).map_err(|detail| self.error(path, detail))
    }

    /// A file's content; `None` when there is no such file.
    ///
    /// # Errors
    /// [`DiskError::File`] when it cannot be read or is larger than 1 GiB.
    pub fn file(&self, path: &str) -> Result<Option<Arc<Content>>, DiskError> {
        let path = absolute(path);
        self.with(|state| state.file(&path)).map_err(|detail| self.error(path, detail))
    }

    /// The names in a folder, sorted; none when it does not exist.
    ///
    /// # Errors
    /// [`DiskError::File`] when the file system is broken.
    pub fn list(&self, path: &str) -> Result<Vec<String>, DiskError> {
        let path = absolute(path);
        self.with(|state| match state.files.kind(&path)? {
            Some(Kind::Folder) => state.files.list(&path),
            _ => Ok(Vec::new()),
        })
        .map_err(|detail| self.error(path, detail))
    }

    /// Whether a search for this UUID finds the volume.
    pub fn has_uuid(&self, uuid: &str) -> bool {
        self.uuid.as_ref().is_none_or(|own| own.eq_ignore_ascii_case(uuid))
    }

    fn with<T>(&self, work: impl FnOnce(&mut State) -> T) -> T {
        work(&mut self.state.borrow_mut())
    }

    fn error(&self, path: String, detail: String) -> DiskError {
        DiskError::File { partition: self.number, path, detail }
    }
}

impl State {
    fn file(&mut self, path: &str) -> Result<Option<Arc<Content>>, String> {
        if let Some(content) = self.read.get(path) {
            return Ok(Some(content.clone()));
        }
        match self.files.kind(path)? {
            Some(Kind::File(len)) if len > super::FILE_BYTES_MAX => {
                Err(format!("it has {len} bytes; at most 1 GiB is read"))
            }
            Some(Kind::File(_)) => {
                let content = self.files.read(path)?;
                self.read.insert(path.to_owned(), content.clone());
                Ok(Some(content))
            }
            _ => Ok(None),
        }
    }
}

/// Slashes, one at a time, one in front.
fn absolute(path: &str) -> String {
    let parts = path.split(['/', '\\']).filter(|part| !part.is_empty());
    format!("/{}", parts.collect::<Vec<_>>().join("/"))
}

impl fmt::Debug for Volume {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Volume")
            .field("number", &self.number)
            .field("uuid", &self.uuid)
            .field("label", &self.label)
            .finish_non_exhaustive()
    }
}
