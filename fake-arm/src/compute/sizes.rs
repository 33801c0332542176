//! `…/locations/{location}/vmSizes`.

use control_plane::refusal::RefusalKind;

use crate::answer;
use crate::error::{Answer, Error};
use crate::scope::Scope;
use crate::wire::json::{self, object};

/// `GET …/vmSizes`.
pub(crate) async fn list(scope: Scope) -> Answer {
    let name = scope.param("location");
    let catalog = scope.world().catalog();
    if catalog.location(name).is_none() {
        let text = format!(
            "The provided location '{name}' is not available for resource type 'Microsoft.Compute/locations/vmSizes'."
        );
        return Err(Error::gateway(RefusalKind::BadRequest, "LocationNotAvailableForResourceType", text));
    }
    Ok(answer::provider(json::list(catalog.vm_sizes(), |size, out| {
        object(out, |o| {
            o.value("name", &size.name).value("numberOfCores", &size.vcpus);
            o.value("osDiskSizeInMB", &1_047_552_u32);
            o.value("resourceDiskSizeInMB", &(u64::from(size.temp_gb.unwrap_or(0)) * 1024));
            #[allow(
                clippy::cast_possible_truncation,
                clippy::cast_sign_loss,
                reason = "catalog sizes are small and positive"
            )]
            let memory_mb = (size.memory_gb * 1024.0) as u64;
            o.value("memoryInMB", &memory_mb);
            o.value("maxDataDiskCount", &(u64::from(size.vcpus) * 2).min(64));
        });
    })))
}
