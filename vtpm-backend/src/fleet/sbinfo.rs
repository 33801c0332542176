//! What Secure Boot would not let run on a machine's disk.

use control_plane::hardware::BootOrder;

use super::chain::{blocking, chain};
use super::{Fleet, FleetError};
use crate::sbinfo::{Finding, inspect};
use crate::{faults, modules};

impl Fleet {
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
