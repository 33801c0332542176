//! What is kept of a machine across restarts of the simulator.

use std::io::ErrorKind;
use std::path::Path;

use control_plane::hardware::{BootOrder, BootOutcome};
use serde::{Deserialize, Serialize};

use super::FleetError;
use super::config::private_write;

/// The file in a machine's directory.
const RECORD_FILE: &str = "record.json";

/// One machine's last boot.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Record {
    /// What the machine was told.
    pub(super) order: BootOrder,
    /// How it went; `None` while it boots, and after a boot that was cut short.
    pub(super) outcome: Option<BootOutcome>,
    /// The firmware profile that it booted with; `None` in records of older versions, which had `azure`.
    #[serde(default)]
    pub(super) firmware: Option<String>,
    /// Whether the machine has power, as far as it was told. A crash of its TPM is not written here.
    pub(super) powered: bool,
    /// Boots since the machine was made.
    pub(super) boots: u64,
    /// When the attestation key's certificate expires. Unix time.
    pub(super) ak_certificate_expires: Option<u64>,
    /// The guest endpoint's port, which is used again when it is free.
    pub(super) guest_port: Option<u16>,
}

impl Record {
    /// The record in `dir`. One that cannot be read is as good as none: the machine has to boot again.
    pub(super) fn load(dir: &Path) -> Option<Record> {
        let path = dir.join(RECORD_FILE);
        let bytes = match std::fs::read(&path) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == ErrorKind::NotFound => return None,
            Err(error) => {
                tracing::warn!(path = %path.display(), %error, "a machine's record cannot be read");
                return None;
            }
        };
        serde_json::from_slice(&bytes)
            .inspect_err(|error| tracing::warn!(path = %path.display(), %error, "a machine's record is damaged"))
            .ok()
    }

    /// Replaces the record in `dir`, whole or not at all.
    pub(super) fn save(&self, dir: &Path) -> Result<(), FleetError> {
        let (path, draft) = (dir.join(RECORD_FILE), dir.join("record.json.new"));
        let json = serde_json::to_vec_pretty(self).expect("a record has only string keys and finite numbers");
        private_write(&draft, &json)?;
        std::fs::rename(&draft, &path).map_err(FleetError::io(&path))
    }
}
