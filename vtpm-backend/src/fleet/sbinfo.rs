//! What faults make of a machine's disk, without booting it.

use control_plane::hardware::{BootOrder, Fault};

use super::chain::{blocking, chain};
use super::{Fleet, FleetError};
use crate::sbinfo::{Finding, inspect};
use crate::{faults, modules};

impl Fleet {
    /// Whether these faults can be given to machines with this image. A distribution that boots a unified kernel image,
    /// for example, has no GRUB configuration that could be changed.
    ///
    /// # Errors
    /// Which fault does not fit, or that the image's boot chain is not known.
    pub async fn fits(&self, image: String, faults: Vec<Fault>) -> Result<(), FleetError> {
        let images = self.images().await?;
        blocking(move || {
            let (image, keys) = (images.get(&image).map_err(chain)?, images.keys());
            for fault in &faults {
                let not_this = |error| FleetError::Fault(format!("{fault} does not fit {}: {error}", image.name));
                faults::on_disk(&image, &[*fault], keys).map_err(not_this)?;
                faults::in_variables(&mut keys.variables().clone(), &[*fault], &image, keys).map_err(not_this)?;
            }
            Ok(())
        })
        .await
    }

    /// Verifies every boot loader, kernel and module on the disk that a machine would boot from now, whether it runs or
    /// not.
    ///
    /// # Errors
    /// When the boot chain of the image is not known.
    pub async fn sbinfo(&self, order: BootOrder) -> Result<Vec<Finding>, FleetError> {
        let images = self.images().await?;
        blocking(move || {
            let (image, keys) = (images.get(&order.image).map_err(chain)?, images.keys());
            let mut variables = keys.variables().clone();
            faults::in_variables(&mut variables, &order.faults, &image, keys).map_err(chain)?;
            let disk = faults::on_disk(&image, &order.faults, keys).map_err(chain)?;
            let on_disk = modules::on_disk(&disk, &order.faults, keys).map_err(chain)?;
            let module_keys = modules::trusted_keys(&disk, &variables, keys).map_err(chain)?;
            Ok(inspect(&disk, &variables, &on_disk, &module_keys))
        })
        .await
    }
}
