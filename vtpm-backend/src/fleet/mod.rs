//! The machines: every node's TPM, disk-bound state, boots and evidence. Implements [`control_plane::hardware::Hardware`].
//!
//! On disk, below the fleet's directory: `vtpm-ca/` (the authority), `secure-boot/` (the platform's keys),
//! `tpm-state.key` (what encrypts the TPMs' state), and for each machine `nodes/<vm id>/` with `record.json` (what it was told and how it went), `eventlog.bin` and
//! `console.txt` of the last boot, and `disk-<generation>/`, the vTPM's state, which is tied to the OS disk: a new disk
//! means new seeds and a new attestation key.

mod boot;
mod chain;
mod config;
mod evidence;
mod hardware;
mod machine;
mod provision;
mod record;
mod rehearsal;
mod sbinfo;
mod status;

#[cfg(test)]
mod tests;

pub use config::{FleetConfig, FleetError};
pub use rehearsal::Rehearsal;
pub use status::{TpmPower, TpmStatus};

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use control_plane::hardware::{HardwareEvent, VmId};
use tokio::sync::{Mutex as AsyncMutex, OnceCell, Semaphore, mpsc};

use crate::image::ImageLibrary;
use crate::swtpm::{AwakeGauge, StateKey, TpmConfig, find_program};
use crate::vtpm_ca::{VtpmCa, VtpmCaError};
use machine::Machine;

/// How many guest endpoints may be open at a time; each listens on two ports.
const GUEST_ENDPOINTS_MAX: usize = 128;
/// How many quotes are taken at a time.
const CONCURRENT_QUOTES_MAX: usize = 8;

/// All machines of one simulator.
pub struct Fleet {
    config: FleetConfig,
    state_key: StateKey,
    events: mpsc::UnboundedSender<HardwareEvent>,
    machines: Mutex<HashMap<VmId, Arc<AsyncMutex<Machine>>>>,
    boots: Semaphore,
    ca: OnceCell<Arc<VtpmCa>>,
    images: OnceCell<Arc<ImageLibrary>>,
    awake: Arc<AwakeGauge>,
    /// Guest endpoints that may still be opened.
    endpoints: Arc<Semaphore>,
    /// Quotes that may be taken at this moment; each needs a thread and half a dozen descriptors.
    quotes: Semaphore,
}

impl Fleet {
    /// Opens the fleet's directory. Machines come to life when they are asked for; the certificate authority is made
    /// or read in the background, and whoever needs it first waits for it.
    ///
    /// # Errors
    /// When swtpm is not installed or the directory cannot be used.
    pub async fn open(
        config: FleetConfig,
        events: mpsc::UnboundedSender<HardwareEvent>,
    ) -> Result<Arc<Fleet>, FleetError> {
        let config = FleetConfig { swtpm: find_program(&config.swtpm)?, ..config };
        config::private_dir(&config.nodes_dir())?;
        let state_key = StateKey::open_or_create(&config.state_key_file())?;
        let fleet = Arc::new(Fleet {
            boots: Semaphore::new(config.max_concurrent_boots.max(1)),
            config,
            state_key,
            events,
            machines: Mutex::default(),
            ca: OnceCell::new(),
            images: OnceCell::new(),
            awake: Arc::default(),
            endpoints: Arc::new(Semaphore::new(GUEST_ENDPOINTS_MAX)),
            quotes: Semaphore::new(CONCURRENT_QUOTES_MAX),
        });
        let early = Arc::clone(&fleet);
        tokio::spawn(async move {
            // Making keys keeps the cores busy; what is asked first is answered first.
            tokio::time::sleep(config::KEYS_WAIT).await;
            // Errors come again, and are reported, at the first boot.
            let (images, ca) = tokio::join!(early.images(), early.ca());
            tracing::debug!(images = images.is_ok(), ca = ca.is_ok(), "keys are ready");
        });
        Ok(fleet)
    }

    /// The authority that vouches for attestation keys; made at the first call, which then takes seconds.
    ///
    /// # Errors
    /// When it cannot be made or its files are damaged.
    pub async fn ca(&self) -> Result<Arc<VtpmCa>, VtpmCaError> {
        let make = || async {
            let (dir, now) = (self.config.ca_dir(), (self.config.unix_now)());
            let made = tokio::task::spawn_blocking(move || VtpmCa::open_or_create(&dir, now)).await;
            match made {
                Ok(result) => result.map(Arc::new),
                Err(panic) => Err(VtpmCaError::Io {
                    path: self.config.ca_dir().display().to_string(),
                    reason: format!("making it was interrupted: {panic}"),
                }),
            }
        };
        self.ca.get_or_try_init(make).await.cloned()
    }

    /// Puts every TPM that is awake to sleep and closes all guest endpoints, so that the machines go on as they were
    /// when the simulator starts again.
    pub async fn shutdown(&self) {
        let machines: Vec<_> = self.lock_machines().values().cloned().collect();
        for machine in machines {
            machine.lock().await.suspend().await;
        }
    }

    /// The machine, read from disk when it is not in memory yet.
    fn machine(&self, vm: VmId) -> Arc<AsyncMutex<Machine>> {
        let mut machines = self.lock_machines();
        let machine = machines.entry(vm).or_insert_with(|| Arc::new(AsyncMutex::new(self.load(vm))));
        Arc::clone(machine)
    }

    fn load(&self, vm: VmId) -> Machine {
        let events = self.events.clone();
        let on_lost = Arc::new(move || {
            // Nobody listens any more when the simulator is going down.
            let _ = events.send(HardwareEvent::PowerLost(vm));
        });
        let dir = self.config.nodes_dir().join(vm.to_string());
        let tpm = TpmConfig {
            program: self.config.swtpm.clone(),
            key: self.state_key.clone(),
            dir: dir.clone(), // each disk has its own directory below it
            idle_sleep: self.config.idle_sleep,
            awake: Arc::clone(&self.awake),
            on_lost,
        };
        Machine::load(dir, tpm)
    }

    fn lock_machines(&self) -> std::sync::MutexGuard<'_, HashMap<VmId, Arc<AsyncMutex<Machine>>>> {
        // The map is whole at every moment, also when a thread panicked while it held the lock.
        self.machines.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
