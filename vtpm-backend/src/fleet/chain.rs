//! The boot chain of the fleet's machines: keys and images made once, boots computed away from the async threads.

use std::path::PathBuf;
use std::sync::Arc;

use control_plane::hardware::{BootOrder, BootOutcome, VmId};
use uuid::Uuid;

use super::{Fleet, FleetError};
use crate::boot::engine::FirmwareProfile;
use crate::boot::{self, BootRun, Reference};
use crate::evidence::EvidenceError;
use crate::image::{ImageError, ImageLibrary, PlatformKeys, UnknownImage};
use crate::pcr::PcrBanks;

/// A machine's BIOS GUID, which the firmware measures: on Azure it identifies the VM, and so does the VM's id here.
fn bios_uuid(vm: VmId) -> Uuid {
    vm.0
}

impl Fleet {
    /// The node images and the platform's Secure Boot keys, which are made or read at the first call.
    ///
    /// # Errors
    /// When the keys cannot be made or their files are damaged.
    pub async fn images(&self) -> Result<Arc<ImageLibrary>, FleetError> {
        let make = || async {
            let (dir, now) = (self.secure_boot_dir(), (self.config.unix_now)());
            let keys = blocking(move || PlatformKeys::open_or_create(&dir, now).map_err(chain)).await?;
            Ok(Arc::new(ImageLibrary::new(Arc::new(keys))))
        };
        self.images.get_or_try_init(make).await.cloned()
    }

    /// What a machine would have measured at its last boot if nothing had been tampered with: its image and its Secure
    /// Boot setting, without its faults.
    ///
    /// # Errors
    /// When the machine was never booted.
    pub async fn reference(&self, vm: VmId) -> Result<Reference, EvidenceError> {
        let (order, firmware) = {
            let machine = self.machine(vm);
            let machine = machine.lock().await;
            let record = machine.record().ok_or(EvidenceError::NotFound)?;
            let firmware = record.firmware.as_deref().and_then(FirmwareProfile::named);
            (record.order.clone(), firmware.unwrap_or_else(FirmwareProfile::azure))
        };
        let host = |error: FleetError| EvidenceError::Host(error.to_string());
        let images = self.images().await.map_err(host)?;
        let made = blocking(move || {
            let image = images.get(&order.image).map_err(chain)?;
            boot::reference(&image, order.secure_boot, images.keys(), firmware).map_err(chain)
        });
        made.await.map_err(host)
    }

    /// Runs firmware, boot loaders and kernel of one boot, without any TPM.
    pub(super) async fn run_chain(&self, order: BootOrder) -> Result<BootRun, FleetError> {
        let (images, firmware) = (self.images().await?, self.config.firmware);
        blocking(move || {
            let image = match images.get(&order.image) {
                Err(ImageError::Unknown(unknown)) if !order.secure_boot && !order.vtpm => {
                    return Ok(unobserved(&order, &unknown));
                }
                known => known.map_err(chain)?,
            };
            let machine = boot::Machine {
                bios_uuid: bios_uuid(order.vm),
                secure_boot: order.secure_boot,
                image,
                faults: &order.faults,
                keys: images.keys(),
                firmware,
            };
            boot::boot(&machine).map_err(chain)
        })
        .await
    }

    fn secure_boot_dir(&self) -> PathBuf {
        self.config.dir.join("secure-boot")
    }
}

/// A boot that nobody verifies and nothing measures: neither Secure Boot nor a vTPM, and an image whose boot chain
/// Slipway does not know (Windows). It comes up, and its console says why it shows nothing.
fn unobserved(order: &BootOrder, unknown: &UnknownImage) -> BootRun {
    BootRun {
        events: Vec::new(),
        pcrs: PcrBanks::default(),
        at_refusal: None,
        outcome: BootOutcome::Booted,
        console: vec![format!("[slipway] {} boots without Secure Boot and vTPM: {unknown}", order.name)],
    }
}

/// Hashing and signing take milliseconds; they must not keep the async threads from their work.
pub(super) async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, FleetError> + Send + 'static,
) -> Result<T, FleetError> {
    tokio::task::spawn_blocking(work).await.unwrap_or_else(|panic| Err(chain(panic)))
}

pub(super) fn chain(error: impl std::fmt::Display) -> FleetError {
    FleetError::Chain(error.to_string())
}
