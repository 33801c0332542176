//! The one folder in which Slipway keeps everything: world, TPM states, keys, and what `az` needs.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use crate::failure::{Failure, OrFail as _};

/// The file whose presence says that a folder is Slipway's.
const LOCK: &str = "lock";

/// A data directory, by absolute path. It need not exist yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DataDir {
    root: PathBuf,
}

impl DataDir {
    /// The folder named on the command line or in `SLIPWAY_DATA`, else `$XDG_DATA_HOME/slipway`, else
    /// `~/.local/share/slipway`.
    ///
    /// # Errors
    /// When none of these is set, or the working directory is gone.
    pub fn locate(named: Option<PathBuf>) -> Result<DataDir, Failure> {
        let env = |name: &str| std::env::var_os(name).filter(|v| !v.is_empty()).map(PathBuf::from);
        let default = || {
            let base = env("XDG_DATA_HOME").or_else(|| env("HOME").map(|home| home.join(".local/share")));
            base.map(|base| base.join("slipway"))
        };
        let root = named.filter(|p| !p.as_os_str().is_empty()).or_else(default).ok_or_else(|| {
            Failure::Usage("no data directory: neither HOME nor XDG_DATA_HOME is set; name one with --data".to_owned())
        })?;
        let root = std::path::absolute(&root).or_fail(|| format!("cannot resolve {}", root.display()))?;
        Ok(DataDir { root })
    }

    /// Makes the folder (mode 0700) if it is missing. A folder that exists must be empty or Slipway's own: nobody's
    /// home is turned into a data directory by a slip of the hand.
    ///
    /// # Errors
    /// When it cannot be made, or holds somebody else's files.
    pub fn create(&self) -> Result<(), Failure> {
        let root = self.root.display();
        if self.root.exists() {
            let mut entries = fs::read_dir(&self.root).or_fail(|| format!("cannot read {root}"))?;
            if entries.next().is_some() && !self.path(LOCK).exists() {
                let text = format!("{root} is not empty and was not made by Slipway; name another folder with --data");
                return Err(Failure::Failed(text));
            }
            let private = fs::Permissions::from_mode(0o700);
            return fs::set_permissions(&self.root, private).or_fail(|| format!("cannot make {root} private"));
        }
        private_dir(&self.root).or_fail(|| format!("cannot create {root}"))
    }

    /// The folder itself.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// A file or folder in it.
    pub fn path(&self, name: &str) -> PathBuf {
        self.root.join(name)
    }

    /// Opens the lock file, making it if it is missing.
    ///
    /// # Errors
    /// Those of the file system.
    pub fn lock_file(&self) -> io::Result<File> {
        OpenOptions::new().read(true).write(true).create(true).truncate(false).mode(0o600).open(self.path(LOCK))
    }
}

/// Makes a folder and its parents; those that are new get mode 0700.
///
/// # Errors
/// Those of the file system.
pub fn private_dir(path: &Path) -> io::Result<()> {
    DirBuilder::new().recursive(true).mode(0o700).create(path)
}

/// Writes a file of mode 0600 so that a reader, or a crash, sees the old contents or the new, never a part.
///
/// # Errors
/// Those of the file system.
pub fn write_private(path: &Path, contents: &[u8]) -> io::Result<()> {
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(".new");
    let fresh = path.with_file_name(name);
    let mut file = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&fresh)?;
    file.write_all(contents)?;
    file.sync_all()?;
    fs::rename(&fresh, path)
}

/// Like [`write_private`], but leaves a file alone that already has these contents.
///
/// # Errors
/// Those of the file system.
pub fn update_private(path: &Path, contents: &[u8]) -> io::Result<()> {
    match fs::read(path) {
        Ok(current) if current == contents => Ok(()),
        _ => write_private(path, contents),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_new_data_directory_is_private() {
        let temp = tempfile::tempdir().unwrap();
        let dir = DataDir::locate(Some(temp.path().join("a/b"))).unwrap();
        dir.create().unwrap();
        dir.create().unwrap();
        assert_eq!(fs::metadata(dir.root()).unwrap().permissions().mode() & 0o777, 0o700);
    }

    #[test]
    fn somebody_elses_folder_is_left_alone() {
        let temp = tempfile::tempdir().unwrap();
        fs::write(temp.path().join("thesis.txt"), "x").unwrap();
        let before = fs::metadata(temp.path()).unwrap().permissions().mode();
        let error = DataDir::locate(Some(temp.path().into())).unwrap().create().unwrap_err();
        assert!(error.to_string().contains("not made by Slipway"), "{error}");
        assert_eq!(fs::metadata(temp.path()).unwrap().permissions().mode(), before);
    }

    #[test]
    fn a_relative_folder_becomes_absolute() {
        let dir = DataDir::locate(Some("some/where".into())).unwrap();
        assert!(dir.root().is_absolute());
        assert!(dir.root().ends_with("some/where"));
    }

    #[test]
    fn written_files_are_private_and_whole() {
        let temp = tempfile::tempdir().unwrap();
        let path = temp.path().join("secret");
        write_private(&path, b"one").unwrap();
        update_private(&path, b"two").unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"two");
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        assert_eq!(fs::read_dir(temp.path()).unwrap().count(), 1);
    }
}
