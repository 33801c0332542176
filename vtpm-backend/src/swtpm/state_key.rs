//! The key that encrypts TPM state at rest.
//!
//! A state file holds seeds and private keys. swtpm encrypts it, and the snapshot of a sleeping TPM, with AES-256-CBC and
//! authenticates both (`swtpm socket --key`). One key serves all TPMs of a data directory.

use std::fs::{self, File, OpenOptions};
use std::io::{ErrorKind, Read as _, Write as _};
use std::os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use super::SwtpmError;
use super::process::{SNAPSHOT_FILE, STATE_FILE};

/// AES-256.
const KEY_BYTES: usize = 32;
/// Version, minimum version and header size come before the flags in the header of swtpm's state files (swtpm
/// `src/swtpm/swtpm_nvstore.h`, `blobheader`).
const FLAGS_OFFSET: usize = 4;
/// `BLOB_FLAG_ENCRYPTED`.
const FLAG_ENCRYPTED: u16 = 1;

/// The file that holds the key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StateKey {
    file: PathBuf,
}

impl StateKey {
    /// The key in `file`, which is made, readable by its owner only, when it is not there.
    ///
    /// # Errors
    /// When the file cannot be read or written, is not a key, or can be read by others.
    pub fn open_or_create(file: &Path) -> Result<StateKey, SwtpmError> {
        let failed = |error| SwtpmError::io(format!("the key of the TPM states, {}", file.display()))(error);
        match fs::metadata(file) {
            Ok(found) if found.permissions().mode() & 0o077 != 0 => {
                Err(unusable(file, "others may read it (chmod 600)"))
            }
            Ok(found) if found.len() != KEY_BYTES as u64 => Err(unusable(file, "it is not 32 bytes long")),
            Ok(_) => Ok(StateKey { file: file.to_owned() }),
            Err(error) if error.kind() == ErrorKind::NotFound => {
                create(file).map_err(failed)?;
                Ok(StateKey { file: file.to_owned() })
            }
            Err(error) => Err(failed(error)),
        }
    }

    /// Where it is.
    pub(super) fn file(&self) -> &Path {
        &self.file
    }
}

fn unusable(file: &Path, why: &str) -> SwtpmError {
    let what = format!("the key of the TPM states, {}, cannot be used", file.display());
    SwtpmError::Io { what, reason: why.to_owned() }
}

/// Whole or not at all, and on disk before the first state that needs it.
fn create(file: &Path) -> std::io::Result<()> {
    let mut key = [0; KEY_BYTES];
    aws_lc_rs::rand::fill(&mut key).map_err(|_| std::io::Error::other("the host has no randomness"))?;
    let draft = file.with_extension("new");
    let mut out = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&draft)?;
    out.write_all(&key)?;
    out.sync_all()?;
    fs::rename(&draft, file)?;
    let parent = file.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    File::open(parent)?.sync_all()
}

/// Refuses state that an older Slipway wrote in the clear: with the key, swtpm would call it damaged.
pub(super) fn refuse_unencrypted(dir: &Path) -> Result<(), SwtpmError> {
    for name in [STATE_FILE, SNAPSHOT_FILE] {
        let path = dir.join(name);
        if !is_encrypted(&path).map_err(SwtpmError::io(format!("reading {}", path.display())))? {
            return Err(SwtpmError::Unencrypted(path));
        }
    }
    Ok(())
}

/// Whether a state file says that it is encrypted. One that is not there, or has no whole header, is none.
fn is_encrypted(path: &Path) -> std::io::Result<bool> {
    let mut header = Vec::new();
    match File::open(path) {
        Ok(file) => file.take(FLAGS_OFFSET as u64 + 2).read_to_end(&mut header)?,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(true),
        Err(error) => return Err(error),
    };
    let flags = header.get(FLAGS_OFFSET..).and_then(|flags| <[u8; 2]>::try_from(flags).ok());
    Ok(flags.is_none_or(|flags| u16::from_be_bytes(flags) & FLAG_ENCRYPTED != 0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_made_once_and_must_stay_private_and_whole() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("tpm-state.key");
        let key = StateKey::open_or_create(&file).unwrap();
        let first = fs::read(&file).unwrap();
        assert_eq!(first.len(), 32);
        assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
        assert_eq!(StateKey::open_or_create(&file).unwrap(), key);
        assert_eq!(fs::read(&file).unwrap(), first);

        fs::set_permissions(&file, fs::Permissions::from_mode(0o640)).unwrap();
        assert!(StateKey::open_or_create(&file).unwrap_err().to_string().contains("chmod 600"));
        fs::set_permissions(&file, fs::Permissions::from_mode(0o600)).unwrap();
        fs::write(&file, [0; 31]).unwrap();
        assert!(StateKey::open_or_create(&file).unwrap_err().to_string().contains("32 bytes"));
    }

    #[test]
    fn state_in_the_clear_is_known_by_its_header() {
        let dir = tempfile::tempdir().unwrap();
        refuse_unencrypted(dir.path()).unwrap();
        let state = dir.path().join(STATE_FILE);
        // Headers as swtpm 0.7.1 writes them, with and without --key.
        fs::write(&state, [2, 1, 0, 10, 0, 9, 0, 0, 5, 0x7c]).unwrap();
        refuse_unencrypted(dir.path()).unwrap();
        fs::write(&state, [2, 1, 0, 10, 0, 0, 0, 0, 5, 0x23]).unwrap();
        let error = refuse_unencrypted(dir.path()).unwrap_err().to_string();
        assert!(error.contains(STATE_FILE) && error.contains("az vmss reimage"), "{error}");
    }
}
