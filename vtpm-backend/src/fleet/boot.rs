//! One boot of one machine: power cycle, provisioning, firmware and boot loaders, and the records of it all.

use std::path::{Path, PathBuf};

use control_plane::hardware::{BootOrder, BootOutcome, BootReport};

use super::config::private_write;
use super::machine::Machine;
use super::provision::{
    allocate_banks, attestation_key_in_place, certificate_in_place, hash_alg, placeholder_in_place,
};
use super::{Fleet, FleetError};
use crate::boot::BootRun;
use crate::eventlog::Event;
use crate::faults;
use crate::pcr::Bank;
use crate::swtpm::TpmHandle;
use crate::tpm::{DisablePlatformHierarchy, PcrExtend, run};

/// Where a machine keeps the event log of its last boot.
pub(super) fn event_log_file(machine: &Machine) -> PathBuf {
    machine.dir().join("eventlog.bin")
}

/// Where a machine keeps the registers as they were when its last boot was refused.
pub(super) fn refusal_file(machine: &Machine) -> PathBuf {
    machine.dir().join("pcrs-at-refusal.json")
}

/// Where a machine keeps the console of its last boot.
pub(super) fn console_file(machine: &Machine) -> PathBuf {
    machine.dir().join("console.txt")
}

impl Fleet {
    /// Runs a whole boot. While it goes on, nobody else gets at the machine.
    pub(super) async fn boot_machine(&self, order: BootOrder) -> Result<BootReport, FleetError> {
        // First the permit: a machine that waits for its turn can still be looked at.
        let _permit = self.boots.acquire().await.expect("nobody closes this semaphore");
        let machine = self.machine(order.vm);
        let mut machine = machine.lock().await;

        machine.begin_boot(&order, self.config.firmware).await?;
        // The chain is computed while the TPM starts: what is measured does not depend on the TPM.
        let chain = self.run_chain(order.clone());
        let (run, tpm) = match machine.tpm() {
            Some(tpm) => {
                let prepared = self.prepare_tpm(&mut machine, tpm, &order);
                let (run, tpm) = tokio::join!(chain, prepared);
                (run?, Some(tpm?))
            }
            None => (chain.await?, None),
        };
        if let Some(mut tpm) = tpm.clone() {
            extend_all(&mut tpm, &run.events).await?;
        }
        write_files(&machine, &run, tpm.is_some())?;
        machine.update(|record| record.outcome = Some(run.outcome.clone()))?;
        if let (Some(tpm), BootOutcome::Booted) = (tpm, &run.outcome) {
            tpm.admit_guest().await?;
        }
        Ok(BootReport { outcome: run.outcome, console: run.console })
    }

    /// From a cold start to the state that firmware finds. The attestation key, its certificate and the banks are the
    /// host's work; then the platform hierarchy is switched off for the rest of this boot, as Azure's firmware does
    /// when it is ready to boot (mu_msvm `ConfigureTpmPlatformHierarchy`), so that nothing that runs later can use it.
    async fn prepare_tpm(
        &self,
        machine: &mut Machine,
        mut tpm: TpmHandle,
        order: &BootOrder,
    ) -> Result<TpmHandle, FleetError> {
        tpm.power_cycle().await?;
        allocate_banks(&mut tpm).await?;
        let modulus = attestation_key_in_place(&mut tpm).await?;
        let ca = self.ca().await?;
        let known = machine.record().and_then(|record| record.ak_certificate_expires);
        let now = (self.config.unix_now)();
        let certified = if faults::ak_certificate_unprovisioned(&order.faults) {
            placeholder_in_place(&mut tpm, order.vm, &modulus, now).await?
        } else {
            certificate_in_place(&mut tpm, &ca, order.vm, &modulus, now, known).await?
        };
        machine.update(|record| record.ak_certificate_expires = certified.expires)?;
        run(&mut tpm, &DisablePlatformHierarchy).await.map_err(FleetError::tpm)?;
        Ok(tpm)
    }
}

/// One `TPM2_PCR_Extend` for each event, all banks in one command, as firmware does it.
async fn extend_all(tpm: &mut TpmHandle, events: &[Event]) -> Result<(), FleetError> {
    for event in events.iter().filter(|event| event.is_extended()) {
        let digests = Bank::ALL.map(|bank| (hash_alg(bank), event.digests.get(bank).to_vec())).to_vec();
        run(tpm, &PcrExtend { pcr: event.pcr.number(), digests }).await.map_err(FleetError::tpm)?;
    }
    Ok(())
}

/// Console and, where a TPM exists to be explained by it, event log. Without a TPM firmware writes no log.
fn write_files(machine: &Machine, run: &BootRun, has_tpm: bool) -> Result<(), FleetError> {
    let mut console = run.console.join("\n");
    console.push('\n');
    private_write(&console_file(machine), console.as_bytes())?;
    let at_refusal = run.at_refusal.as_ref().filter(|_| has_tpm);
    let at_refusal = at_refusal.map(|banks| serde_json::to_vec(banks).expect("registers have only string keys"));
    write_or_remove(&refusal_file(machine), at_refusal)?;
    write_or_remove(&event_log_file(machine), has_tpm.then(|| run.log().encode()))
}

fn write_or_remove(path: &Path, bytes: Option<Vec<u8>>) -> Result<(), FleetError> {
    match bytes {
        Some(bytes) => private_write(path, &bytes),
        None => match std::fs::remove_file(path) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(FleetError::io(path)(error)),
            _ => Ok(()),
        },
    }
}
