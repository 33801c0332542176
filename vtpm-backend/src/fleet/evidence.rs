//! Evidence of a machine: what its TPM says, and what the host knows.

use std::path::Path;
use std::sync::Arc;

use control_plane::hardware::{BootOutcome, VmId};

use super::machine::Machine;
use super::provision::hash_alg;
use super::{Fleet, boot};
use crate::eventlog::LogStyle;
use crate::evidence::{EvidenceError, Quote, Selection, take_quote};
use crate::faults;
use crate::guest::{GuestEndpoint, TpmSlot};
use crate::pcr::{Bank, PcrBanks, PcrIndex};
use crate::swtpm::{Origin, TpmHandle, TpmState};
use crate::tpm::{PcrRead, PcrSelection, TpmError, run};

/// How often the registers are read again because one changed in between.
const READ_ATTEMPTS_MAX: u32 = 8;

impl Fleet {
    /// All 24 registers in all three banks, as the host reads them. Also of a machine that Secure Boot stopped.
    ///
    /// # Errors
    /// When the machine has no TPM or does not run.
    pub async fn pcrs(&self, vm: VmId) -> Result<PcrBanks, EvidenceError> {
        let tpm = self.with_machine(vm, running_tpm).await?;
        read_all(tpm).await
    }

    /// The registers as they were when the last boot was refused; `None` when it was not. Firmware may go on measuring
    /// after a refusal, so the present ones need not be the same.
    ///
    /// # Errors
    /// When the machine has no TPM or does not run.
    pub async fn pcrs_at_refusal(&self, vm: VmId) -> Result<Option<PcrBanks>, EvidenceError> {
        let path = self.with_machine(vm, |machine| running_tpm(machine).map(|_| boot::refusal_file(machine))).await?;
        if !path.exists() {
            return Ok(None);
        }
        serde_json::from_slice(&read_file(&path)?).map(Some).map_err(host)
    }

    /// The event log of the last boot, in the TCG's crypto-agile format: what an operating system finds in
    /// `/sys/kernel/security/tpm0/binary_bios_measurements`. Also of a machine that Secure Boot stopped. Faults can make
    /// the guest hide it, and it is empty then, or change it.
    ///
    /// # Errors
    /// When the machine has no TPM or does not run.
    pub async fn event_log(&self, vm: VmId) -> Result<Vec<u8>, EvidenceError> {
        let look = |machine: &Machine| {
            running_tpm(machine)?;
            let faults = machine.record().map(|record| record.order.faults.clone()).unwrap_or_default();
            Ok((boot::event_log_file(machine), faults))
        };
        let (path, faults) = self.with_machine(vm, look).await?;
        faults::log_shown(read_file(&path)?, &faults, &LogStyle::AZURE).map_err(host)
    }

    /// What the serial console showed at the last boot, line by line. Every machine has one, with or without a TPM.
    ///
    /// # Errors
    /// When the machine was never booted.
    pub async fn console(&self, vm: VmId) -> Result<Vec<String>, EvidenceError> {
        let path = self
            .with_machine(vm, |machine| match machine.record() {
                Some(_) => Ok(boot::console_file(machine)),
                None => Err(EvidenceError::NotFound),
            })
            .await?;
        let text = read_file(&path)?;
        Ok(String::from_utf8_lossy(&text).lines().map(str::to_owned).collect())
    }

    /// A quote by the attestation key, taken inside the guest.
    ///
    /// # Errors
    /// When the machine has no TPM or no running operating system, or its TPM refuses.
    pub async fn quote(&self, vm: VmId, nonce: &[u8], selection: &Selection) -> Result<Quote, EvidenceError> {
        let slot = self.with_machine(vm, guest_tpm).await?;
        let _permit = self.quotes.acquire().await.expect("nobody closes this semaphore");
        let endpoint = GuestEndpoint::open(slot, Origin::Agent, None).await.map_err(host)?;
        let (port, nonce, selection) = (endpoint.port(), nonce.to_vec(), selection.clone());
        let taken = tokio::task::spawn_blocking(move || take_quote(port, &nonce, &selection)).await.map_err(host)?;
        if taken.is_err() {
            // A machine that lost its power meanwhile is the better explanation.
            self.with_machine(vm, |machine| guest_tpm(machine).map(|_| ())).await?;
        }
        taken
    }

    /// The TCTI string with which tpm2-tools and tss-esapi reach the machine's TPM, in a guest's place. The endpoint
    /// stays open, at the same port, until the machine is removed or the simulator ends.
    ///
    /// # Errors
    /// When the machine has no TPM or no running operating system, or too many endpoints are open.
    pub async fn guest_endpoint(&self, vm: VmId) -> Result<String, EvidenceError> {
        let machine = self.machine(vm);
        let mut machine = machine.lock().await;
        let slot = guest_tpm(&machine)?;
        if let Some(endpoint) = machine.endpoint() {
            return Ok(endpoint.tcti());
        }
        let permit = Arc::clone(&self.endpoints).try_acquire_owned().map_err(|_| {
            EvidenceError::BadRequest(format!(
                "{} guest endpoints are open, which is the limit",
                super::GUEST_ENDPOINTS_MAX
            ))
        })?;
        let preferred = machine.record().and_then(|record| record.guest_port);
        let endpoint = GuestEndpoint::open(slot, Origin::Guest, preferred).await.map_err(host)?;
        let (port, tcti) = (endpoint.port(), endpoint.tcti());
        machine.set_endpoint(endpoint, permit);
        machine.update(|record| record.guest_port = Some(port)).map_err(host)?;
        Ok(tcti)
    }

    async fn with_machine<T>(
        &self,
        vm: VmId,
        look: impl FnOnce(&Machine) -> Result<T, EvidenceError>,
    ) -> Result<T, EvidenceError> {
        let machine = self.machine(vm);
        let machine = machine.lock().await;
        look(&machine)
    }
}

/// The TPM of a machine that has one and has power.
fn running_tpm(machine: &Machine) -> Result<TpmHandle, EvidenceError> {
    let record = machine.record().ok_or(EvidenceError::NotFound)?;
    if !record.order.vtpm {
        return Err(EvidenceError::NoVtpm);
    }
    if record.outcome.is_none() {
        return Err(EvidenceError::NotRunning("its last boot was cut short; it will boot again"));
    }
    let tpm = machine.tpm().ok_or(EvidenceError::NotRunning("it has no disk"))?;
    match tpm.state() {
        TpmState::Awake { .. } | TpmState::Asleep => Ok(tpm),
        TpmState::Off => Err(EvidenceError::NotRunning("it is powered off")),
        TpmState::Lost => {
            Err(EvidenceError::NotRunning("it lost power when its TPM's process died; it will boot again"))
        }
    }
}

/// The way to the TPM of a machine whose operating system runs.
fn guest_tpm(machine: &Machine) -> Result<TpmSlot, EvidenceError> {
    running_tpm(machine)?;
    match machine.record().and_then(|record| record.outcome.clone()) {
        Some(BootOutcome::Refused { component, reason }) => Err(EvidenceError::Refused { component, reason }),
        _ => Ok(machine.tpm_slot()),
    }
}

async fn read_all(mut tpm: TpmHandle) -> Result<PcrBanks, EvidenceError> {
    for _ in 0..READ_ATTEMPTS_MAX {
        if let Some(banks) = read_once(&mut tpm).await? {
            return Ok(banks);
        }
    }
    Err(EvidenceError::Guest("registers change faster than they can be read".to_owned()))
}

/// All registers, or nothing when one of them changed while they were read.
async fn read_once(tpm: &mut TpmHandle) -> Result<Option<PcrBanks>, EvidenceError> {
    let mut banks = PcrBanks::new();
    let mut counters = Vec::new();
    for bank in Bank::ALL {
        let mut missing = PcrSelection::ALL_PCRS;
        while missing != 0 {
            let selection = PcrSelection { alg: hash_alg(bank), mask: missing };
            let read = run(tpm, &PcrRead(selection)).await.map_err(|error| tpm_failed(&error))?;
            if read.values.is_empty() {
                return Err(EvidenceError::Host(format!("the TPM has no {bank} bank")));
            }
            counters.push(read.update_counter);
            for (number, value) in read.values {
                let pcr = PcrIndex::try_from(u32::from(number)).map_err(host)?;
                banks.set(bank, pcr, &value).map_err(host)?;
                missing &= !(1 << number);
            }
        }
    }
    Ok(counters.windows(2).all(|pair| pair[0] == pair[1]).then_some(banks))
}

fn tpm_failed(error: &TpmError) -> EvidenceError {
    match error {
        TpmError::Transport { .. } => EvidenceError::NotRunning("it lost power while it was asked"),
        TpmError::Refused { .. } => EvidenceError::Guest(error.to_string()),
    }
}

fn read_file(path: &Path) -> Result<Vec<u8>, EvidenceError> {
    std::fs::read(path).map_err(|error| EvidenceError::Host(format!("{}: {error}", path.display())))
}

fn host(error: impl std::fmt::Display) -> EvidenceError {
    EvidenceError::Host(error.to_string())
}
