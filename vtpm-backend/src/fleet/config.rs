//! What a fleet needs to know, and where it keeps things.

use std::fs::OpenOptions;
use std::io::Write as _;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use crate::boot::engine::FirmwareProfile;
use crate::swtpm::SwtpmError;
use crate::vtpm_ca::VtpmCaError;

/// How long the making of the fleet's keys waits after the start, in real time, unless a boot needs them sooner.
pub(super) const KEYS_WAIT: Duration = Duration::from_millis(300);

/// What a fleet needs to know.
#[derive(Clone)]
pub struct FleetConfig {
    /// The fleet's own directory; made when it is not there.
    pub dir: PathBuf,
    /// The swtpm program: a path, or a name that is looked up in `PATH` (`swtpm`).
    pub swtpm: PathBuf,
    /// Real time without a command after which a TPM is put to sleep (30 s by default).
    pub idle_sleep: Duration,
    /// The simulated world's time, for certificates. Seconds since the Unix epoch.
    pub unix_now: Arc<dyn Fn() -> u64 + Send + Sync>,
    /// How many machines may boot at the same time; the others wait.
    pub max_concurrent_boots: usize,
    /// The firmware of machines that boot from now on (Azure's by default).
    pub firmware: &'static FirmwareProfile,
}

impl FleetConfig {
    /// A fleet in `dir` with the defaults: swtpm from `PATH`, sleep after 30 s, as many boots at a time as the machine
    /// has cores.
    pub fn new(dir: impl Into<PathBuf>, unix_now: Arc<dyn Fn() -> u64 + Send + Sync>) -> FleetConfig {
        FleetConfig {
            dir: dir.into(),
            swtpm: "swtpm".into(),
            idle_sleep: Duration::from_secs(30),
            unix_now,
            max_concurrent_boots: std::thread::available_parallelism().map_or(2, usize::from),
            firmware: FirmwareProfile::azure(),
        }
    }

    pub(super) fn nodes_dir(&self) -> PathBuf {
        self.dir.join("nodes")
    }

    pub(super) fn state_key_file(&self) -> PathBuf {
        self.dir.join("tpm-state.key")
    }

    pub(super) fn ca_dir(&self) -> PathBuf {
        self.dir.join("vtpm-ca")
    }
}

/// The fleet, or one of its machines, cannot work.
#[derive(Debug, thiserror::Error)]
pub enum FleetError {
    /// swtpm is missing or failed.
    #[error(transparent)]
    Swtpm(#[from] SwtpmError),
    /// The certificate authority is missing or failed.
    #[error(transparent)]
    Ca(#[from] VtpmCaError),
    /// A file or directory cannot be used.
    #[error("{}: {source}", path.display())]
    Io {
        /// Which.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The vTPM cannot be given Azure's layout.
    #[error("the vTPM cannot be provisioned: {0}")]
    Provision(String),
    /// A fault has no place on a disk.
    #[error("{0}")]
    Fault(String),
    /// The boot chain could not be made.
    #[error("the boot chain cannot be made: {0}")]
    Chain(String),
}

impl FleetError {
    pub(super) fn tpm(error: crate::tpm::TpmError) -> FleetError {
        FleetError::Swtpm(error.into())
    }

    pub(super) fn io(path: &Path) -> impl FnOnce(std::io::Error) -> FleetError {
        let path = path.to_path_buf();
        move |source| FleetError::Io { path, source }
    }
}

/// Writes a file that only this user can read.
pub(super) fn private_write(path: &Path, bytes: &[u8]) -> Result<(), FleetError> {
    let mut options = OpenOptions::new();
    let file = options.write(true).create(true).truncate(true).mode(0o600).open(path);
    file.and_then(|mut file| file.write_all(bytes)).map_err(FleetError::io(path))
}

/// Makes a directory, and those above it, for this user alone.
pub(super) fn private_dir(dir: &Path) -> Result<(), FleetError> {
    std::fs::DirBuilder::new().recursive(true).mode(0o700).create(dir).map_err(FleetError::io(dir))
}
