//! Who runs where: the lock that one simulator holds on its data directory, and the file by which commands find it.

use std::fs::{self, File, TryLockError};
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use crate::data_dir::{DataDir, write_private};
use crate::failure::{Failure, OrFail as _};

const RUN_FILE: &str = "run.json";
const SECRET_FILE: &str = "control.secret";

/// What `run.json` says, and what `slipway up --json` prints when it is ready.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Running {
    /// The origin, without a trailing slash: `https://localhost:8443`.
    pub url: String,
    /// The CA certificate, PEM.
    pub ca: PathBuf,
    /// The process.
    pub pid: u32,
    /// The managed identity endpoint, where it is served: `http://127.0.0.1:41741/msi/token`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub identity: Option<String>,
}

/// An exclusive hold on a data directory. It ends with the process, however that ends.
#[derive(Debug)]
pub struct Hold {
    // Closing the file releases the lock.
    _lock: File,
    dir: DataDir,
}

impl Hold {
    /// Takes the data directory.
    ///
    /// # Errors
    /// When another simulator has it (the text says which), or the file system refuses.
    pub fn take(dir: &DataDir) -> Result<Hold, Failure> {
        let lock = dir.lock_file().or_fail(|| format!("cannot open the lock file in {}", dir.root().display()))?;
        match lock.try_lock() {
            Ok(()) => Ok(Hold { _lock: lock, dir: dir.clone() }),
            Err(TryLockError::WouldBlock) => Err(Failure::Failed(taken(dir))),
            Err(TryLockError::Error(error)) => {
                Err(Failure::Failed(format!("cannot lock data directory {}: {error}", dir.root().display())))
            }
        }
    }

    /// Tells the other commands where the simulator is, and the secret that lets them in.
    ///
    /// # Errors
    /// When the files cannot be written.
    pub fn announce(&self, running: &Running, secret: &str) -> Result<(), Failure> {
        let json = serde_json::to_vec(running).or_fail(|| "cannot encode run.json".to_owned())?;
        let failed = || format!("cannot write to {}", self.dir.root().display());
        write_private(&self.dir.path(SECRET_FILE), secret.as_bytes()).or_fail(failed)?;
        write_private(&self.dir.path(RUN_FILE), &json).or_fail(failed)
    }
}

impl Drop for Hold {
    fn drop(&mut self) {
        for name in [RUN_FILE, SECRET_FILE] {
            // A file that was never written, or that is already gone, is as good as removed.
            let _ = fs::remove_file(self.dir.path(name));
        }
    }
}

/// What is known of the simulator of a data directory. `None`: there is none, or it has not got as far as listening.
/// The answer can be stale after a crash; whoever connects finds out.
pub fn find(dir: &DataDir) -> Option<Running> {
    serde_json::from_slice(&fs::read(dir.path(RUN_FILE)).ok()?).ok()
}

/// The secret of the running simulator's control API.
///
/// # Errors
/// When it cannot be read: no simulator, or not this user's.
pub fn secret(dir: &DataDir) -> Result<String, Failure> {
    let path = dir.path(SECRET_FILE);
    fs::read_to_string(&path).or_fail(|| format!("cannot read {}", path.display()))
}

/// The sentence for a command that finds nobody.
pub fn nobody(dir: &DataDir) -> Failure {
    Failure::Failed(format!(
        "no simulator is running for data directory {}; start one with 'slipway up', or name another data directory \
         with --data or SLIPWAY_DATA",
        dir.root().display()
    ))
}

fn taken(dir: &DataDir) -> String {
    let who = match find(dir) {
        Some(running) => format!("process {} at {}", running.pid, running.url),
        None => "another process, which is just starting or stopping".to_owned(),
    };
    format!(
        "data directory {} is in use by {who}; stop it with 'slipway down', or name another folder with --data",
        dir.root().display()
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn dir() -> (tempfile::TempDir, DataDir) {
        let temp = tempfile::tempdir().unwrap();
        let dir = DataDir::locate(Some(temp.path().join("data"))).unwrap();
        dir.create().unwrap();
        (temp, dir)
    }

    fn running() -> Running {
        Running { url: "https://localhost:1".to_owned(), ca: "/x/ca.pem".into(), pid: 7, identity: None }
    }

    #[test]
    fn a_second_simulator_is_told_who_has_the_folder() {
        let (_temp, dir) = dir();
        let hold = Hold::take(&dir).unwrap();
        hold.announce(&running(), "s3cret").unwrap();
        let error = Hold::take(&dir).unwrap_err().to_string();
        assert!(error.contains("process 7 at https://localhost:1"), "{error}");
        assert_eq!(find(&dir), Some(running()));
        assert_eq!(secret(&dir).unwrap(), "s3cret");
    }

    #[test]
    fn nothing_is_left_behind() {
        let (_temp, dir) = dir();
        let hold = Hold::take(&dir).unwrap();
        hold.announce(&running(), "s3cret").unwrap();
        drop(hold);
        assert_eq!(find(&dir), None);
        assert!(secret(&dir).is_err());
        Hold::take(&dir).unwrap();
    }
}
