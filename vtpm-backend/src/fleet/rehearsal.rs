//! What Secure Boot makes of a machine's disk, whether or not the machine has it switched on.

use control_plane::hardware::{BootOrder, BootOutcome, VmId};
use serde::{Deserialize, Serialize};

use super::{Fleet, FleetError};
use crate::evidence::EvidenceError;
use crate::sbinfo::Finding;

/// A machine's disk under Secure Boot. Nothing is measured and no TPM takes part.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rehearsal {
    /// How a boot with Secure Boot on ends.
    pub outcome: BootOutcome,
    /// Every signed file on the disk with its verdict.
    pub files: Vec<Finding>,
}

impl Fleet {
    /// Verifies the machine's disk as it was at its last boot, and boots it, without a TPM, with Secure Boot on.
    ///
    /// # Errors
    /// When the machine was never booted, or its image's boot chain is not known.
    pub async fn rehearse(&self, vm: VmId) -> Result<Rehearsal, EvidenceError> {
        let order = self.status(vm).await.order.ok_or(EvidenceError::NotFound)?;
        let order = BootOrder { secure_boot: true, ..order };
        let host = |error: FleetError| EvidenceError::Host(error.to_string());
        let outcome = self.run_chain(order.clone()).await.map_err(host)?.outcome;
        let files = self.sbinfo(order).await.map_err(host)?;
        Ok(Rehearsal { outcome, files })
    }
}
