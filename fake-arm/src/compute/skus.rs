//! `…/Microsoft.Compute/skus`: what each VM size can do. All values are text, as in Azure.

use axum::extract::RawQuery;
use control_plane::catalog::{Location, VmSize};

use crate::answer;
use crate::error::Answer;
use crate::query::Filter;
use crate::scope::Scope;
use crate::wire::json::{self, Object, object};

/// `GET …/skus`, with an optional filter on the location: one entry a size and region, as in Azure. All sizes are
/// offered in all regions.
pub(crate) async fn list(scope: Scope, RawQuery(query): RawQuery) -> Answer {
    let filter = Filter::from_query(query.as_deref(), &["location"])?;
    let catalog = scope.world().catalog();
    let regions: Vec<&Location> = match filter.get("location") {
        Some(name) => catalog.location(name).into_iter().collect(),
        None => catalog.locations().iter().collect(),
    };
    let entries = regions.iter().flat_map(|region| catalog.vm_sizes().iter().map(move |size| (size, *region)));
    Ok(answer::provider(json::list(entries, |(size, region), out| object(out, |o| write(o, size, region)))))
}

fn write(o: &mut Object<'_>, size: &VmSize, region: &Location) {
    let short = size.name.strip_prefix("Standard_").unwrap_or(&size.name);
    o.value("resourceType", "virtualMachines").value("name", &size.name).value("tier", "Standard");
    o.value("size", short).value("family", &size.family).value("locations", &[&region.name]);
    o.array("locationInfo", [region], |region, out| {
        object(out, |o| {
            o.value("location", &region.name).value("zones", &["1", "2", "3"]).value("zoneDetails", &[(); 0]);
        });
    });
    o.array("capabilities", capabilities(size), |(name, value), out| {
        object(out, |o| {
            o.value("name", name).value("value", &value);
        });
    });
    o.value("restrictions", &[(); 0]);
}

/// The capabilities that the catalog knows; those that Azure leaves out when they do not apply are left out.
fn capabilities(size: &VmSize) -> Vec<(&'static str, String)> {
    let generations = match (size.gen1, size.gen2) {
        (true, true) => "V1,V2",
        (true, false) => "V1",
        _ => "V2",
    };
    let boolean = |value: bool| if value { "True" } else { "False" }.to_owned();
    let mut all = vec![
        ("MaxResourceVolumeMB", (u64::from(size.temp_gb.unwrap_or(0)) * 1024).to_string()),
        ("vCPUs", size.vcpus.to_string()),
        ("MemoryGB", size.memory_gb.to_string()),
        ("HyperVGenerations", generations.to_owned()),
        ("CpuArchitectureType", if size.arm64 { "Arm64" } else { "x64" }.to_owned()),
        ("EphemeralOSDiskSupported", boolean(size.ephemeral_os_disk)),
    ];
    if let Some(gb) = size.cache_gb {
        all.push(("CachedDiskBytes", (u64::from(gb) << 30).to_string()));
    }
    if let Some(gb) = size.nvme_gb {
        all.push(("NvmeDiskSizeInMiB", (u64::from(gb) * 1024).to_string()));
    }
    if size.ephemeral_os_disk {
        all.push(("SupportedEphemeralOSDiskPlacements", placements(size)));
    }
    if size.gpus > 0 {
        all.push(("GPUs", size.gpus.to_string()));
    }
    if size.confidential {
        all.push(("ConfidentialComputingType", "SNP".to_owned()));
    }
    if size.trusted_launch_disabled {
        all.push(("TrustedLaunchDisabled", boolean(true)));
    }
    all
}

fn placements(size: &VmSize) -> String {
    let places = [(size.temp_gb, "ResourceDisk"), (size.cache_gb, "CacheDisk"), (size.nvme_gb, "NvmeDisk")];
    let present: Vec<_> = places.into_iter().filter_map(|(gb, name)| gb.map(|_| name)).collect();
    present.join(",")
}

#[cfg(test)]
mod tests {
    use super::*;
    use control_plane::catalog::Catalog;

    #[test]
    fn trusted_launch_disabled_is_there_only_when_it_is_true() {
        let catalog = Catalog::builtin();
        for size in catalog.vm_sizes() {
            let flag = capabilities(size).into_iter().find(|(name, _)| *name == "TrustedLaunchDisabled");
            assert_eq!(flag.is_some(), size.trusted_launch_disabled, "{}", size.name);
            assert!(flag.is_none_or(|(_, value)| value == "True"));
        }
    }
}
