//! One swtpm process.

use std::fs::{File, OpenOptions};
use std::io::Read;
use std::os::fd::OwnedFd;
use std::os::unix::fs::OpenOptionsExt as _;
use std::os::unix::net::UnixStream as StdUnixStream;
use std::path::PathBuf;
use std::process::Stdio;
use std::time::Duration;

use tokio::net::UnixStream;
use tokio::process::{Child, Command};

use super::control::{Control, ControlError, Snapshot};
use super::gauge::AwakeGuard;
use super::state_key::refuse_unencrypted;
use super::{SwtpmError, TpmConfig};
use crate::tpm::{StreamTransport, Transport, TransportError};

/// The file that holds a sleeping TPM's volatile state. Its presence is what makes a TPM asleep rather than off.
pub const SNAPSHOT_FILE: &str = "tpm2-00.volatilestate";
/// The file that holds a TPM's permanent state.
pub(super) const STATE_FILE: &str = "tpm2-00.permall";
const LOG_FILE: &str = "swtpm.log";
/// How much of the log an error message quotes.
const LOG_BYTES_MAX: usize = 600;

/// swtpm refuses inherited descriptors below 3, and the standard library hands down only 0 to 2: the shell moves them,
/// opens the state's key (whose path could hold a comma, which would break swtpm's options), and then becomes swtpm, so
/// the process id stays.
const LAUNCHER: &str = r#"umask 077; exec 5<"$1" && shift && exec "$0" "$@" 3<&0 4<&1 0</dev/null 1>/dev/null"#;
/// What swtpm logs when state cannot be decrypted (`src/swtpm/swtpm_nvstore.c`).
const DECRYPTION_FAILED: &str = "Error from SWTPM_NVRAM_GetDecryptedData";

/// `TPM_FAIL`: what INIT answers while another process still holds the state directory's lock.
const STATE_LOCKED: u32 = 9;
const LOCK_ATTEMPTS_MAX: u32 = 100;
const LOCK_PAUSE: Duration = Duration::from_millis(20);
const EXIT_TIME_MAX: Duration = Duration::from_secs(10);

/// A running swtpm: the process and the owner's ends of its two channels. Dropping it kills the process.
#[derive(Debug)]
pub(super) struct Swtpm {
    child: Child,
    pid: u32,
    data: StreamTransport<UnixStream>,
    control: Control,
    dir: PathBuf,
    key: PathBuf,
    _awake: AwakeGuard,
}

impl Swtpm {
    /// Starts a process on a state directory. The TPM inside has no power yet: see [`Swtpm::init`].
    pub(super) fn spawn(config: &TpmConfig) -> Result<Swtpm, SwtpmError> {
        let dir = &config.dir;
        refuse_unencrypted(dir)?;
        let start = || -> std::io::Result<Swtpm> {
            let (data, data_theirs) = StdUnixStream::pair()?;
            let (control, control_theirs) = StdUnixStream::pair()?;
            data.set_nonblocking(true)?;
            control.set_nonblocking(true)?;
            let mut log = OpenOptions::new();
            let log = log.write(true).create(true).truncate(true).mode(0o600).open(dir.join(LOG_FILE))?;
            let child = Command::new("/bin/sh")
                .args(["-c", LAUNCHER])
                .arg(&config.program)
                .arg(config.key.file())
                .args(["socket", "--tpm2", "--tpmstate", "dir=.,mode=0600"])
                // With --fd swtpm ends when the other end of the data channel is closed.
                .args(["--fd", "3", "--ctrl", "type=unixio,clientfd=4"])
                .args(["--key", "fd=5,format=binary,mode=aes-256-cbc", "--seccomp", "action=kill"])
                // The directory is the working directory: a comma in its path would break swtpm's options.
                .current_dir(dir)
                .stdin(Stdio::from(OwnedFd::from(data_theirs)))
                .stdout(Stdio::from(OwnedFd::from(control_theirs)))
                .stderr(Stdio::from(log))
                .kill_on_drop(true)
                // Ctrl-C is for the simulator: it puts its TPMs to sleep, which needs them alive.
                .process_group(0)
                .spawn()?;
            Ok(Swtpm {
                pid: child.id().unwrap_or_default(),
                child,
                data: StreamTransport(UnixStream::from_std(data)?),
                control: Control(UnixStream::from_std(control)?),
                dir: dir.clone(),
                key: config.key.file().to_owned(),
                _awake: config.awake.enter(),
            })
        };
        start().map_err(SwtpmError::io(format!("starting swtpm in {}", dir.display())))
    }

    /// The process id.
    pub(super) fn pid(&self) -> u32 {
        self.pid
    }

    /// Powers the TPM up, again if it was up already. Waits for a previous process on the same directory to be gone.
    pub(super) async fn init(&mut self, snapshot: Snapshot) -> Result<(), SwtpmError> {
        for _ in 0..LOCK_ATTEMPTS_MAX {
            match self.control.init(snapshot).await {
                Err(ControlError::Code(STATE_LOCKED)) => tokio::time::sleep(LOCK_PAUSE).await,
                result => return result.map_err(|error| self.control_error("CMD_INIT", error)),
            }
        }
        Err(self.control_error("CMD_INIT", ControlError::Code(STATE_LOCKED)))
    }

    /// Writes the snapshot and ends the process.
    pub(super) async fn hibernate(mut self) -> Result<(), SwtpmError> {
        let stored = self.control.store_volatile().await;
        stored.map_err(|error| self.control_error("CMD_STORE_VOLATILE", error))?;
        self.exit().await
    }

    /// Ends the process in an orderly way.
    pub(super) async fn exit(mut self) -> Result<(), SwtpmError> {
        let asked = self.control.shutdown().await;
        asked.map_err(|error| self.control_error("CMD_SHUTDOWN", error))?;
        match tokio::time::timeout(EXIT_TIME_MAX, self.child.wait()).await {
            Ok(_) => Ok(()),
            Err(_) => Err(SwtpmError::TimedOut("CMD_SHUTDOWN")),
        }
    }

    /// Kills the process and waits until it is gone.
    pub(super) async fn kill(mut self) {
        if let Err(error) = self.child.kill().await {
            tracing::debug!(pid = self.pid, %error, "swtpm was gone before it was killed");
        }
    }

    /// Returns when the process has ended by itself.
    pub(super) async fn ended(&mut self) {
        let status = self.child.wait().await;
        tracing::warn!(pid = self.pid, ?status, last_words = self.last_words(), "swtpm ended unexpectedly");
    }

    fn control_error(&self, command: &'static str, error: ControlError) -> SwtpmError {
        match error {
            ControlError::Closed => SwtpmError::Died(self.last_words()),
            ControlError::TimedOut => SwtpmError::TimedOut(command),
            ControlError::Code(code) => match self.last_words() {
                log if log.contains(DECRYPTION_FAILED) => SwtpmError::WrongKey(self.key.clone()),
                log => SwtpmError::Refused { command, code, log },
            },
        }
    }

    /// The end of what the process wrote to its log.
    fn last_words(&self) -> String {
        let mut text = Vec::new();
        if let Ok(file) = File::open(self.dir.join(LOG_FILE)) {
            // A log of a few hundred bytes in practice; the limit holds whatever swtpm writes.
            let _ = file.take(1 << 20).read_to_end(&mut text);
        }
        let text = text.split_off(text.len().saturating_sub(LOG_BYTES_MAX));
        match String::from_utf8_lossy(&text).trim() {
            "" => "(none)".to_owned(),
            words => words.replace('\n', "; "),
        }
    }
}

impl Transport for Swtpm {
    async fn transmit(&mut self, command: &[u8]) -> Result<Vec<u8>, TransportError> {
        self.data.transmit(command).await
    }
}
