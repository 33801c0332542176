//! The task that owns one machine's TPM: it serves the queue, watches the process and puts an idle TPM to sleep.

use std::time::Duration;

use tokio::sync::{mpsc, watch};

use super::SwtpmError;
use super::handle::{Origin, Request, TpmConfig, TpmState};
use super::power::{Power, discard_snapshot, power_cycle, power_off, wake};
use super::process::Swtpm;
use crate::tpm::{
    CreatePrimary, FlushContext, MakePersistent, ReadPublic, TpmError, Transport, TransportError, handle, run,
    storage_root_key,
};

/// How often an idle TPM looks whether too many are awake.
const IDLE_TICK_MAX: Duration = Duration::from_secs(1);

/// The owner of one TPM.
pub(super) struct Actor {
    config: TpmConfig,
    power: Power,
    guest_runs: bool,
    /// Whether the storage root key is known to be in its place.
    srk_in_place: bool,
    state: watch::Sender<TpmState>,
}

impl Actor {
    pub(super) fn new(config: TpmConfig, guest_runs: bool) -> (Actor, watch::Receiver<TpmState>) {
        let power = Power::found_in(&config);
        let (state, receiver) = watch::channel(power.state());
        (Actor { config, power, guest_runs, srk_in_place: false, state }, receiver)
    }

    /// Serves until the last handle is gone; a process that still runs then is killed.
    pub(super) async fn run(mut self, mut requests: mpsc::Receiver<Request>) {
        let mut idle = Duration::ZERO;
        loop {
            let (awake, tick) = (matches!(self.power, Power::Awake(_)), self.idle_tick());
            tokio::select! {
                biased;
                () = self.power.ended(), if awake => self.lose_power().await,
                request = requests.recv() => match request {
                    Some(request) => {
                        self.serve(request).await;
                        idle = Duration::ZERO;
                    }
                    None => break,
                },
                () = tokio::time::sleep(tick), if awake => {
                    idle += tick;
                    self.rest(idle).await;
                }
            }
        }
    }

    /// How long to wait before looking again whether an idle TPM should go to sleep.
    fn idle_tick(&self) -> Duration {
        self.config.idle_sleep.min(IDLE_TICK_MAX)
    }

    /// Puts the TPM to sleep when it has been idle for long enough, or for a moment while too many are awake.
    async fn rest(&mut self, idle: Duration) {
        let due = idle >= self.config.idle_sleep || self.config.awake.is_high();
        if due && let Err(error) = self.sleep().await {
            tracing::warn!(dir = %self.config.dir.display(), %error, "a TPM could not be put to sleep");
        }
    }

    async fn serve(&mut self, request: Request) {
        // Whoever asked may have gone meanwhile; what was asked is done all the same.
        match request {
            Request::Command { origin, command, reply } => {
                let _ = reply.send(self.command(origin, &command).await);
            }
            Request::PowerCycle(reply) => {
                let _ = reply.send(self.power_cycle().await);
            }
            Request::AdmitGuest(reply) => {
                let _ = reply.send(self.admit_guest());
            }
            Request::Sleep(reply) => {
                let _ = reply.send(self.sleep().await);
            }
            Request::PowerOff(reply) => {
                let _ = reply.send(self.power_off().await);
            }
            Request::PullPlug(reply) => {
                self.take_power(Power::Off).await;
                let _ = reply.send(discard_snapshot(&self.config));
            }
        }
    }

    async fn command(&mut self, origin: Origin, command: &[u8]) -> Result<Vec<u8>, TransportError> {
        if origin != Origin::Host && !self.guest_runs {
            return Err(TransportError::PoweredOff);
        }
        if origin == Origin::Guest && !self.srk_in_place {
            self.srk_in_place = true;
            self.make_srk().await?;
        }
        self.transmit(command).await
    }

    /// Sends a command to the TPM, woken if need be. A broken connection is a power loss.
    async fn transmit(&mut self, command: &[u8]) -> Result<Vec<u8>, TransportError> {
        let swtpm = self.awake().await.map_err(SwtpmError::into_transport)?;
        let result = swtpm.transmit(command).await;
        if result.is_err() {
            self.lose_power().await;
        }
        result
    }

    async fn awake(&mut self) -> Result<&mut Swtpm, SwtpmError> {
        if matches!(self.power, Power::Asleep) {
            match wake(&self.config).await {
                Ok(swtpm) => self.set_power(Power::Awake(Box::new(swtpm))),
                Err(error) => {
                    self.lose_power().await;
                    return Err(error);
                }
            }
        }
        match &mut self.power {
            Power::Awake(swtpm) => Ok(swtpm),
            Power::Off | Power::Asleep | Power::Lost => Err(SwtpmError::PoweredOff),
        }
    }

    async fn power_cycle(&mut self) -> Result<(), SwtpmError> {
        self.guest_runs = false;
        self.srk_in_place = false;
        let before = std::mem::replace(&mut self.power, Power::Off);
        let swtpm = power_cycle(&self.config, before).await;
        // A cold start that fails leaves the machine off; whoever asked for it is told.
        let (power, result) = match swtpm {
            Ok(swtpm) => (Power::Awake(Box::new(swtpm)), Ok(())),
            Err(error) => (Power::Off, Err(error)),
        };
        self.set_power(power);
        result
    }

    fn admit_guest(&mut self) -> Result<(), SwtpmError> {
        match self.power {
            Power::Awake(_) | Power::Asleep => {
                self.guest_runs = true;
                Ok(())
            }
            Power::Off | Power::Lost => Err(SwtpmError::PoweredOff),
        }
    }

    async fn sleep(&mut self) -> Result<(), SwtpmError> {
        match std::mem::replace(&mut self.power, Power::Off) {
            Power::Awake(swtpm) => {
                let result = swtpm.hibernate().await;
                if result.is_ok() {
                    self.set_power(Power::Asleep)
                } else {
                    self.lose_power().await
                }
                result
            }
            other => {
                self.power = other;
                Ok(())
            }
        }
    }

    async fn power_off(&mut self) -> Result<(), SwtpmError> {
        let before = std::mem::replace(&mut self.power, Power::Off);
        let result = power_off(&self.config, before).await;
        self.take_power(Power::Off).await;
        result
    }

    /// The process is gone or of no use any more, and nobody asked for that.
    async fn lose_power(&mut self) {
        self.take_power(Power::Lost).await;
        (self.config.on_lost)();
    }

    async fn take_power(&mut self, to: Power) {
        self.guest_runs = false;
        if let Power::Awake(swtpm) = std::mem::replace(&mut self.power, Power::Off) {
            swtpm.kill().await;
        }
        self.set_power(to);
    }

    fn set_power(&mut self, power: Power) {
        self.power = power;
        self.state.send_replace(self.power.state());
    }

    /// Puts the storage root key in its place before a guest sends its first command after a boot.
    ///
    /// Azure's vTPM has it from the start. Making it this late cannot be told apart from that: a primary key is a
    /// function of the hierarchy's seed and the template, and nobody but the guest could look. It saves an RSA key
    /// (about 45 ms) for every machine whose guest never uses its TPM. (That Azure makes it again after a guest's
    /// `TPM2_Clear` at the next boot is inferred.)
    async fn make_srk(&mut self) -> Result<(), TransportError> {
        match self.try_make_srk().await {
            Err(TpmError::Transport { source, .. }) => Err(source),
            // A guest may have taken ownership and then removed the key: then it stays removed, as on any machine.
            Err(error @ TpmError::Refused { .. }) => {
                tracing::debug!(%error, "no storage root key was made");
                Ok(())
            }
            Ok(()) => Ok(()),
        }
    }

    async fn try_make_srk(&mut self) -> Result<(), TpmError> {
        let mut link = OwnLink(self);
        match run(&mut link, &ReadPublic(handle::SRK)).await {
            Err(error) if error.is_absent() => {}
            other => return other.map(|_| ()),
        }
        let template = storage_root_key();
        let key = run(&mut link, &CreatePrimary { hierarchy: handle::OWNER, template }).await?;
        let kept = run(&mut link, &MakePersistent { transient: key.handle, persistent: handle::SRK }).await;
        run(&mut link, &FlushContext(key.handle)).await?;
        kept
    }
}

/// The owning task's own commands.
struct OwnLink<'a>(&'a mut Actor);

impl Transport for OwnLink<'_> {
    async fn transmit(&mut self, command: &[u8]) -> Result<Vec<u8>, TransportError> {
        self.0.transmit(command).await
    }
}
