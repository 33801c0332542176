//! The door to one machine's TPM: a bounded queue to the task that owns its process.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{mpsc, oneshot, watch};

use super::actor::Actor;
use super::{AwakeGauge, StateKey, SwtpmError};
use crate::tpm::{Transport, TransportError};

/// How many commands may wait for one TPM before senders have to.
const QUEUE_COMMANDS_MAX: usize = 64;

/// What one machine's TPM needs.
#[derive(Clone)]
pub struct TpmConfig {
    /// The swtpm program, absolute (see [`super::find_program`]).
    pub program: PathBuf,
    /// The state directory. It exists, is private (0700) and belongs to this TPM alone.
    pub dir: PathBuf,
    /// What encrypts the state.
    pub key: StateKey,
    /// Real time without a command after which the TPM is put to sleep.
    pub idle_sleep: Duration,
    /// Counts this TPM while it is awake.
    pub awake: Arc<AwakeGauge>,
    /// Called when the process ended although nobody asked it to: the machine has lost power.
    pub on_lost: Arc<dyn Fn() + Send + Sync>,
}

/// Who sends a command.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin {
    /// The hypervisor and the firmware: always served while the machine has power.
    Host,
    /// Slipway's own agent inside the guest, which uses the attestation key only.
    Agent,
    /// Software in the guest that Slipway does not know.
    Guest,
}

/// Whether a TPM has power, and where its state is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TpmState {
    /// Powered off, or never started.
    Off,
    /// A process holds it.
    Awake {
        /// That process.
        pid: u32,
    },
    /// No process; the snapshot on disk holds its volatile state. It wakes when it is asked something.
    Asleep,
    /// Its process died; what was volatile is lost until the machine boots again.
    Lost,
}

pub(super) type Reply<T> = oneshot::Sender<Result<T, SwtpmError>>;

/// What the owning task is asked to do.
pub(super) enum Request {
    Command { origin: Origin, command: Vec<u8>, reply: oneshot::Sender<Result<Vec<u8>, TransportError>> },
    PowerCycle(Reply<()>),
    AdmitGuest(Reply<()>),
    Sleep(Reply<()>),
    PowerOff(Reply<()>),
    PullPlug(Reply<()>),
}

/// The door to one machine's TPM. Clones lead to the same TPM; when the last one is dropped, the process is killed.
#[derive(Clone, Debug)]
pub struct TpmHandle {
    queue: mpsc::Sender<Request>,
    state: watch::Receiver<TpmState>,
}

impl TpmHandle {
    /// Takes a state directory into use. No process is started: a directory with a snapshot is a sleeping TPM, any
    /// other is one that is off. `guest_runs` says whether the sleeping machine had an operating system running.
    pub fn launch(config: TpmConfig, guest_runs: bool) -> TpmHandle {
        let (queue, requests) = mpsc::channel(QUEUE_COMMANDS_MAX);
        let (actor, state) = Actor::new(config, guest_runs);
        tokio::spawn(actor.run(requests));
        TpmHandle { queue, state }
    }

    /// Sends one complete TPM command and waits for the complete response. A sleeping TPM is woken.
    ///
    /// # Errors
    /// When the machine is off, its guest does not run (for guests), or the process broke.
    pub async fn command(&self, origin: Origin, command: Vec<u8>) -> Result<Vec<u8>, TransportError> {
        let (reply, answer) = oneshot::channel();
        let request = Request::Command { origin, command, reply };
        self.queue.send(request).await.map_err(|_| TransportError::PoweredOff)?;
        answer.await.map_err(|_| TransportError::Closed)?
    }

    /// Powers the machine on, or power-cycles it: an orderly shutdown, then `TPM2_Startup(CLEAR)`. The guest is shut
    /// out until [`TpmHandle::admit_guest`].
    ///
    /// # Errors
    /// When no process can be started or its TPM does not start up.
    pub async fn power_cycle(&self) -> Result<(), SwtpmError> {
        self.ask(Request::PowerCycle).await
    }

    /// The firmware has handed over to an operating system: guests may send commands.
    ///
    /// # Errors
    /// When the machine lost power meanwhile.
    pub async fn admit_guest(&self) -> Result<(), SwtpmError> {
        self.ask(Request::AdmitGuest).await
    }

    /// Writes the volatile state to disk and ends the process. Does nothing when no process runs.
    ///
    /// # Errors
    /// When the state cannot be saved; the machine has lost power then.
    pub async fn sleep(&self) -> Result<(), SwtpmError> {
        self.ask(Request::Sleep).await
    }

    /// Powers the machine off in an orderly way.
    ///
    /// # Errors
    /// When a sleeping TPM cannot be woken for its orderly shutdown.
    pub async fn power_off(&self) -> Result<(), SwtpmError> {
        self.ask(Request::PowerOff).await
    }

    /// Takes the power away at once, for a machine whose disk is removed anyway.
    ///
    /// # Errors
    /// When the snapshot of a sleeping TPM cannot be removed.
    pub async fn pull_plug(&self) -> Result<(), SwtpmError> {
        self.ask(Request::PullPlug).await
    }

    /// Where the TPM is now.
    pub fn state(&self) -> TpmState {
        *self.state.borrow()
    }

    /// Every change of that.
    pub fn watch(&self) -> watch::Receiver<TpmState> {
        self.state.clone()
    }

    async fn ask(&self, request: impl FnOnce(Reply<()>) -> Request) -> Result<(), SwtpmError> {
        let (reply, answer) = oneshot::channel();
        self.queue.send(request(reply)).await.map_err(|_| SwtpmError::PoweredOff)?;
        answer.await.map_err(|_| SwtpmError::PoweredOff)?
    }
}

/// The host's own commands.
impl Transport for TpmHandle {
    async fn transmit(&mut self, command: &[u8]) -> Result<Vec<u8>, TransportError> {
        self.command(Origin::Host, command.to_vec()).await
    }
}
