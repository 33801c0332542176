//! `…/Microsoft.Compute/locations/{location}/usages`: how much of the quota is used. The limits are not enforced.

use std::collections::BTreeMap;

use control_plane::model::PoolKind;
use control_plane::refusal::RefusalKind;

use crate::answer;
use crate::error::{Answer, Error};
use crate::scope::Scope;
use crate::wire::json::{self, object};

/// The limits of a new pay-as-you-go subscription differ by region and offer; these round numbers are inferred.
const CORES_MAX: u64 = 350;
const MACHINES_MAX: u64 = 25_000;
const SCALE_SETS_MAX: u64 = 2_500;

/// `GET …/usages`: cores, machines and scale sets of all pools in the region, and the cores by VM family.
pub(crate) async fn list(scope: Scope) -> Answer {
    let name = scope.param("location");
    let catalog = scope.world().catalog();
    let Some(location) = catalog.location(name) else {
        let text = format!(
            "The provided location '{name}' is not available for resource type 'Microsoft.Compute/locations/usages'."
        );
        return Err(Error::gateway(RefusalKind::BadRequest, "LocationNotAvailableForResourceType", text));
    };
    let mut families: BTreeMap<&str, u64> = catalog.vm_sizes().iter().map(|size| (size.family.as_str(), 0)).collect();
    let (mut cores, mut machines, mut sets) = (0, 0, 0);
    let clusters = scope.world().clusters(scope.subscription.id);
    for cluster in clusters.iter().filter(|cluster| cluster.location == location.name) {
        for pool in scope.world().pools(&cluster.id) {
            let nodes = scope.world().nodes(&pool.id);
            let in_set = pool.settings.kind == PoolKind::VirtualMachineScaleSets;
            (machines, sets) = (machines + nodes.len() as u64, sets + u64::from(in_set));
            for node in nodes {
                let name = if node.size.is_empty() { &pool.settings.vm_size } else { &node.size };
                if let Some(size) = catalog.vm_size(name) {
                    cores += u64::from(size.vcpus);
                    *families.entry(size.family.as_str()).or_default() += u64::from(size.vcpus);
                }
            }
        }
    }
    let totals = [
        ("cores", "Total Regional vCPUs", cores, CORES_MAX),
        ("virtualMachines", "Virtual Machines", machines, MACHINES_MAX),
        ("virtualMachineScaleSets", "Virtual Machine Scale Sets", sets, SCALE_SETS_MAX),
    ];
    let by_family = families.iter().map(|(family, used)| (*family, *family, *used, CORES_MAX));
    let rows: Vec<_> = totals.into_iter().chain(by_family).collect();
    Ok(answer::provider(json::list(rows, |(name, shown, used, limit), out| {
        object(out, |o| {
            o.value("limit", &limit).value("unit", "Count").value("currentValue", &used);
            o.object("name", |o| {
                o.value("value", name).value("localizedValue", shown);
            });
        });
    })))
}
