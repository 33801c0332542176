//! Whether a TPM has power, and the ways between.

use super::SwtpmError;
use super::control::Snapshot;
use super::handle::{TpmConfig, TpmState};
use super::process::{SNAPSHOT_FILE, Swtpm};
use crate::tpm::{ShutdownClear, StartupClear, TpmError, run};

/// A TPM's power, with what each state needs.
#[derive(Debug)]
pub(super) enum Power {
    Off,
    Awake(Box<Swtpm>),
    Asleep,
    Lost,
}

impl Power {
    /// What a state directory says after a restart.
    pub(super) fn found_in(config: &TpmConfig) -> Power {
        if config.dir.join(SNAPSHOT_FILE).exists() { Power::Asleep } else { Power::Off }
    }

    pub(super) fn state(&self) -> TpmState {
        match self {
            Power::Off => TpmState::Off,
            Power::Awake(swtpm) => TpmState::Awake { pid: swtpm.pid() },
            Power::Asleep => TpmState::Asleep,
            Power::Lost => TpmState::Lost,
        }
    }

    /// Returns when the process ended by itself; never, when there is none.
    pub(super) async fn ended(&mut self) {
        match self {
            Power::Awake(swtpm) => swtpm.ended().await,
            Power::Off | Power::Asleep | Power::Lost => std::future::pending().await,
        }
    }
}

/// From any state to a cold start. What was running is shut down in an orderly way first, so that `safe` stays set and
/// no dictionary-attack failure is counted; where that does not work any more, the power is simply taken away.
pub(super) async fn power_cycle(config: &TpmConfig, from: Power) -> Result<Swtpm, SwtpmError> {
    let running = match from {
        Power::Awake(swtpm) => Some(*swtpm),
        Power::Asleep => wake(config).await.inspect_err(|error| tracing::warn!(%error, "a sleeping TPM was lost")).ok(),
        Power::Off | Power::Lost => None,
    };
    let mut swtpm = match running {
        Some(mut swtpm) => match orderly_shutdown(&mut swtpm).await {
            Ok(()) => swtpm,
            Err(_) => {
                swtpm.kill().await;
                spawn_cold(config)?
            }
        },
        None => spawn_cold(config)?,
    };
    swtpm.init(Snapshot::Absent).await?;
    run(&mut swtpm, &StartupClear).await?;
    Ok(swtpm)
}

/// From asleep to awake: the TPM goes on exactly where it was, without any startup.
pub(super) async fn wake(config: &TpmConfig) -> Result<Swtpm, SwtpmError> {
    let mut swtpm = Swtpm::spawn(config)?;
    swtpm.init(Snapshot::DeleteAfterLoading).await?;
    Ok(swtpm)
}

/// From any state to off.
pub(super) async fn power_off(config: &TpmConfig, from: Power) -> Result<(), SwtpmError> {
    let mut swtpm = match from {
        Power::Awake(swtpm) => *swtpm,
        Power::Asleep => wake(config).await?,
        Power::Off | Power::Lost => return Ok(()),
    };
    match orderly_shutdown(&mut swtpm).await {
        Ok(()) => swtpm.exit().await,
        Err(error) => {
            swtpm.kill().await;
            Err(error.into())
        }
    }
}

/// `TPM2_Shutdown(CLEAR)`. A TPM that refuses it is not worse off than after a power loss.
async fn orderly_shutdown(swtpm: &mut Swtpm) -> Result<(), TpmError> {
    match run(swtpm, &ShutdownClear).await {
        Ok(()) | Err(TpmError::Refused { .. }) => Ok(()),
        Err(error) => Err(error),
    }
}

/// A process for a TPM that was off.
fn spawn_cold(config: &TpmConfig) -> Result<Swtpm, SwtpmError> {
    discard_snapshot(config)?;
    Swtpm::spawn(config)
}

/// The snapshot of a TPM that has lost its power must never come to life again.
pub(super) fn discard_snapshot(config: &TpmConfig) -> Result<(), SwtpmError> {
    let snapshot = config.dir.join(SNAPSHOT_FILE);
    match std::fs::remove_file(&snapshot) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            Err(SwtpmError::io(format!("removing {}", snapshot.display()))(error))
        }
        _ => Ok(()),
    }
}
