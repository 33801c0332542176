//! One machine: its directory, its disk's TPM, and the endpoint of its guest.

use std::path::{Path, PathBuf};

use control_plane::hardware::{BootOrder, BootOutcome};
use tokio::sync::{OwnedSemaphorePermit, watch};

use super::FleetError;
use super::config::private_dir;
use super::record::Record;
use crate::boot::engine::FirmwareProfile;
use crate::guest::GuestEndpoint;
use crate::swtpm::{SwtpmError, TpmConfig, TpmHandle};

/// What is in memory of a machine. Whoever holds it is the only one who changes it.
pub(super) struct Machine {
    dir: PathBuf,
    record: Option<Record>,
    /// For the TPM of the current disk; its directory is set when the TPM is launched.
    tpm_template: TpmConfig,
    tpm: watch::Sender<Option<TpmHandle>>,
    endpoint: Option<(GuestEndpoint, OwnedSemaphorePermit)>,
}

impl Machine {
    /// The machine whose directory is `dir`, as the last run of the simulator left it.
    pub(super) fn load(dir: PathBuf, tpm_template: TpmConfig) -> Machine {
        let record = Record::load(&dir);
        let mut machine = Machine { dir, record, tpm_template, tpm: watch::Sender::new(None), endpoint: None };
        if let Some(record) = machine.record.clone().filter(|record| record.order.vtpm) {
            let disk = machine.disk_dir(record.order.disk_generation);
            if disk.is_dir() {
                let guest_runs = record.powered && record.outcome == Some(BootOutcome::Booted);
                machine.launch(disk, guest_runs);
            }
        }
        machine
    }

    pub(super) fn dir(&self) -> &Path {
        &self.dir
    }

    pub(super) fn record(&self) -> Option<&Record> {
        self.record.as_ref()
    }

    /// Changes the record, in memory and on disk. Does nothing for a machine that was never booted.
    pub(super) fn update(&mut self, change: impl FnOnce(&mut Record)) -> Result<(), FleetError> {
        match &mut self.record {
            Some(record) => {
                change(record);
                record.save(&self.dir)
            }
            None => Ok(()),
        }
    }

    /// The TPM of the current disk.
    pub(super) fn tpm(&self) -> Option<TpmHandle> {
        self.tpm.borrow().clone()
    }

    /// Where the TPM of the current disk can always be found.
    pub(super) fn tpm_slot(&self) -> watch::Receiver<Option<TpmHandle>> {
        self.tpm.subscribe()
    }

    pub(super) fn endpoint(&self) -> Option<&GuestEndpoint> {
        self.endpoint.as_ref().map(|(endpoint, _)| endpoint)
    }

    pub(super) fn set_endpoint(&mut self, endpoint: GuestEndpoint, permit: OwnedSemaphorePermit) {
        self.endpoint = Some((endpoint, permit));
    }

    /// Notes a new boot, and gives the machine the disk that the order names. The guest state of any other disk is
    /// removed with it.
    pub(super) async fn begin_boot(&mut self, order: &BootOrder, firmware: &FirmwareProfile) -> Result<(), FleetError> {
        private_dir(&self.dir)?;
        let before = self.record.take();
        let same_disk = before.as_ref().is_some_and(|record| record.order.disk_generation == order.disk_generation);
        if !same_disk || !order.vtpm {
            self.unplug().await?;
        }
        if !same_disk {
            self.remove_disks_except(order.vtpm.then_some(order.disk_generation))?;
        }
        self.record = Some(Record {
            order: order.clone(),
            outcome: None,
            firmware: Some(firmware.name.clone()),
            powered: true,
            boots: before.as_ref().map_or(0, |record| record.boots) + 1,
            ak_certificate_expires: before.as_ref().filter(|_| same_disk).and_then(|r| r.ak_certificate_expires),
            guest_port: before.and_then(|record| record.guest_port),
        });
        self.update(|_| ())?;
        if order.vtpm && self.tpm().is_none() {
            let disk = self.disk_dir(order.disk_generation);
            private_dir(&disk)?;
            self.launch(disk, false);
        }
        Ok(())
    }

    /// Powers the machine off in an orderly way.
    pub(super) async fn power_off(&mut self) -> Result<(), FleetError> {
        if let Some(tpm) = self.tpm() {
            tpm.power_off().await?;
        }
        self.update(|record| record.powered = false)
    }

    /// Puts the TPM to sleep and closes the guest endpoint: the simulator ends.
    pub(super) async fn suspend(&mut self) {
        self.endpoint = None;
        if let Some(tpm) = self.tpm()
            && let Err(error) = tpm.sleep().await
        {
            tracing::warn!(dir = %self.dir.display(), %error, "a TPM could not be put to sleep");
        }
    }

    /// Removes the machine with everything it has on disk.
    pub(super) async fn remove(&mut self) -> Result<(), FleetError> {
        self.endpoint = None;
        self.unplug().await?;
        self.record = None;
        remove_dir(&self.dir)
    }

    /// Takes the TPM's power away; its state stays on disk but nothing leads to it any more.
    async fn unplug(&mut self) -> Result<(), SwtpmError> {
        match self.tpm.send_replace(None) {
            Some(tpm) => tpm.pull_plug().await,
            None => Ok(()),
        }
    }

    fn launch(&mut self, disk: PathBuf, guest_runs: bool) {
        let config = TpmConfig { dir: disk, ..self.tpm_template.clone() };
        self.tpm.send_replace(Some(TpmHandle::launch(config, guest_runs)));
    }

    fn disk_dir(&self, generation: u32) -> PathBuf {
        self.dir.join(format!("disk-{generation}"))
    }

    fn remove_disks_except(&self, keep: Option<u32>) -> Result<(), FleetError> {
        let keep = keep.map(|generation| self.disk_dir(generation));
        for entry in std::fs::read_dir(&self.dir).map_err(FleetError::io(&self.dir))? {
            let path = entry.map_err(FleetError::io(&self.dir))?.path();
            let is_disk = path.file_name().is_some_and(|name| name.to_string_lossy().starts_with("disk-"));
            if is_disk && Some(&path) != keep.as_ref() {
                remove_dir(&path)?;
            }
        }
        Ok(())
    }
}

fn remove_dir(path: &Path) -> Result<(), FleetError> {
    match std::fs::remove_dir_all(path) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(FleetError::io(path)(error)),
        _ => Ok(()),
    }
}
