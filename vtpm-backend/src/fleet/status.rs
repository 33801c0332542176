//! What can be told of a machine's TPM without asking it.

use control_plane::hardware::{BootOrder, BootOutcome, VmId};

use super::Fleet;
use crate::swtpm::TpmState;

/// Whether a machine has a TPM and what it is doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "kebab-case", tag = "state")]
pub enum TpmPower {
    /// The machine has none, or was never booted.
    Absent,
    /// It has one, which is off.
    Off,
    /// A process holds it.
    Awake {
        /// That process.
        pid: u32,
    },
    /// Its state is on disk; it wakes when it is asked something.
    Asleep,
    /// Its process died; the machine has lost power.
    Lost,
}

/// A machine's TPM, and the boot it belongs to.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct TpmStatus {
    /// The TPM.
    pub power: TpmPower,
    /// What the machine was told at its last boot; `None` when there was none.
    pub order: Option<BootOrder>,
    /// How that boot ended; `None` before the first, while it goes on, and after one that was cut short.
    pub outcome: Option<BootOutcome>,
    /// Boots so far.
    pub boots: u64,
    /// When the attestation key's certificate expires. Unix time.
    pub ak_certificate_expires: Option<u64>,
    /// The guest endpoint's TCTI string, when it is open.
    pub tcti: Option<String>,
}

impl Fleet {
    /// The state of a machine's TPM. Waits while the machine boots.
    pub async fn status(&self, vm: VmId) -> TpmStatus {
        let machine = self.machine(vm);
        let machine = machine.lock().await;
        let power = match machine.tpm().map(|tpm| tpm.state()) {
            None => TpmPower::Absent,
            Some(TpmState::Off) => TpmPower::Off,
            Some(TpmState::Awake { pid }) => TpmPower::Awake { pid },
            Some(TpmState::Asleep) => TpmPower::Asleep,
            Some(TpmState::Lost) => TpmPower::Lost,
        };
        let record = machine.record();
        TpmStatus {
            power,
            order: record.map(|record| record.order.clone()),
            outcome: record.and_then(|record| record.outcome.clone()),
            boots: record.map_or(0, |record| record.boots),
            ak_certificate_expires: record.and_then(|record| record.ak_certificate_expires),
            tcti: machine.endpoint().map(|endpoint| endpoint.tcti()),
        }
    }

    /// How many TPMs are awake at this moment.
    pub fn awake(&self) -> usize {
        self.awake.count()
    }
}
