//! From what a client asks for to what a pool is to be: defaults, normal spelling, versions, node image, OS disk.
//!
//! [`resolve_pool`] applies the rules on the request itself (names, ranges, unknown sizes and versions) and then fills
//! in everything else. The result still has to be judged by [`crate::rules::judge_pool`].

mod disk;
mod image;
mod network;
#[cfg(test)]
mod tests;
mod wanted;

pub(crate) use disk::GUEST_STATE_GB;
pub use image::{ImageInputs, trusted_launch_capable};
pub(crate) use image::{TRUSTED_LAUNCH_KUBERNETES, definition, fips_fits_trusted_launch, is_kata};
pub use network::PodNetwork;
pub use wanted::{Wanted, canonical_os_sku};

use crate::catalog::{Catalog, VmSize};
use crate::clock::VirtualTime;
use crate::era::Era;
use crate::model::{
    AutoscalerBounds, GpuDriver, MachineGroup, Opaque, Pool, PoolSettings, PoolSpec, PowerState, Priority, UsedVersions,
};
use crate::refusal::{Refusal, RefusalKind};
use crate::rules;

/// The taint of Spot pools, which AKS adds by itself.
pub const SPOT_TAINT: &str = "kubernetes.azure.com/scalesetpriority=spot:NoSchedule";

/// The label of Spot pools, which AKS adds by itself.
pub const SPOT_LABEL: &str = "kubernetes.azure.com/scalesetpriority";

/// What surrounds a pool that is created or updated.
#[derive(Clone, Copy, Debug)]
pub struct PoolContext<'a> {
    /// What Azure offers.
    pub catalog: &'a Catalog,
    /// The rules of the subscription.
    pub era: Era,
    /// The time of the request.
    pub now: VirtualTime,
    /// How many weekly node images came out since the subscription was added.
    pub image_weeks: u32,
    /// Whether the pool is to get the newest node image whatever else changes.
    pub newest_image: bool,
    /// The cluster's region.
    pub location: &'a str,
    /// The patch version of the control plane.
    pub cluster_version: &'a str,
    /// The control plane's version as it was asked for.
    pub cluster_version_asked: &'a str,
    /// How the cluster's pods get their addresses.
    pub pod_network: PodNetwork,
    /// Whether the virtual node add-on is on.
    pub virtual_nodes: bool,
    /// Whether the cluster has Windows credentials.
    pub windows_profile: bool,
    /// Whether this is the first pool of a new cluster.
    pub first_pool: bool,
    /// Whether the feature `TrustedLaunchPreview` is in effect (looked at in the preview era only).
    pub trusted_launch_feature: bool,
    /// The pool as it is, on an update.
    pub before: Option<&'a Pool>,
    /// Whether the pool comes embedded in a cluster request rather than through the agent pool API.
    pub embedded: bool,
}

impl<'a> PoolContext<'a> {
    /// The settings that the pool has, on an update.
    pub fn settings_before(&self) -> Option<&'a PoolSettings> {
        self.before.map(|pool| &pool.settings)
    }

    /// What the pool can be rolled back to.
    pub fn rollback(&self) -> Option<&'a UsedVersions> {
        self.before.and_then(|pool| pool.rollback(self.now))
    }
}

/// Fills in everything a client left open. On an update, what is absent stays as it is.
///
/// # Errors
/// The refusal of the first rule that the request itself breaks.
pub fn resolve_pool(ctx: &PoolContext<'_>, spec: &PoolSpec) -> Result<PoolSettings, Refusal> {
    rules::judge_request(ctx, spec)?;
    let wanted = Wanted::new(ctx, spec);
    let (Some(size), Some(version), Some(os_sku)) = (wanted.size(), wanted.version(), wanted.os_sku()) else {
        return Err(unresolvable(&spec.name));
    };
    let os_type = wanted.os_type();
    let inputs = ImageInputs {
        os_sku,
        os_type,
        size,
        version: &version.patch,
        kind: wanted.kind(),
        fips: wanted.fips(),
        workload_runtime: wanted.workload_runtime(),
        wants_trusted_launch: wanted.vtpm() || wanted.secure_boot(),
    };
    let Some(node_image_version) = image::choose(&wanted, &inputs) else {
        return Err(unresolvable(&spec.name));
    };
    let disk = disk::choose(&wanted, size);
    Ok(PoolSettings {
        mode: wanted.mode(),
        count: u32::try_from(wanted.count()).map_err(|_| unresolvable(&spec.name))?,
        vm_size: wanted.size_name().to_owned(),
        os_type,
        os_sku: os_sku.to_owned(),
        kind: wanted.kind(),
        orchestrator_version: version.asked,
        current_orchestrator_version: version.patch,
        fips: wanted.fips(),
        secure_boot: wanted.secure_boot(),
        vtpm: wanted.vtpm(),
        os_disk_type: disk.0,
        os_disk_size_gb: disk.1,
        max_pods: max_pods(&wanted),
        gpu_driver: gpu_driver(&wanted, size),
        workload_runtime: wanted.workload_runtime().map(str::to_owned),
        priority: wanted.priority(),
        power: spec.power.or(ctx.settings_before().map(|s| s.power)).unwrap_or(PowerState::Running),
        taints: taints(&wanted),
        labels: labels(&wanted),
        tags: kept(spec.tags.as_ref(), ctx.settings_before().map(|s| &s.tags)),
        node_image_version,
        autoscaler: autoscaler(&wanted),
        machines: machines(&wanted),
        zones: spec.zones.clone().or(ctx.settings_before().map(|s| s.zones.clone())).unwrap_or_default(),
        max_surge: max_surge(&wanted),
        max_unavailable: spec
            .max_unavailable
            .clone()
            .or(ctx.settings_before().map(|s| s.max_unavailable.clone()))
            .unwrap_or_default(),
        properties: overlaid(ctx.settings_before().map(|s| &s.properties), &spec.properties),
    })
}

/// Cannot happen as long as the request rules cover every lookup; a property test checks that they do.
fn unresolvable(name: &str) -> Refusal {
    let message = format!("Internal error: agent pool '{name}' passed the request rules but cannot be resolved.");
    Refusal::provider(RefusalKind::Internal, "InternalOperationError", message)
}

fn kept(asked: Option<&Opaque>, before: Option<&Opaque>) -> Opaque {
    asked.or(before).cloned().unwrap_or_default()
}

fn overlaid(before: Option<&Opaque>, asked: &Opaque) -> Opaque {
    let mut all = before.cloned().unwrap_or_default();
    all.extend(asked.iter().map(|(key, value)| (key.clone(), value.clone())));
    all
}

fn max_pods(wanted: &Wanted<'_>) -> u32 {
    let default = wanted.ctx.pod_network.max_pods(wanted.os_type());
    let before = || wanted.ctx.settings_before().map(|s| s.max_pods);
    let asked = wanted.spec.max_pods.filter(|pods| *pods != 0).and_then(|pods| u32::try_from(pods).ok());
    asked.or_else(before).unwrap_or(default)
}

/// Only GPU sizes have one. Until August 2025 the tag `SkipGPUDriverInstall` did what `gpuProfile.driver` does now
/// (azure-aks-docs use-nvidia-gpu.md).
fn gpu_driver(wanted: &Wanted<'_>, size: &VmSize) -> Option<GpuDriver> {
    if size.gpus == 0 {
        return None;
    }
    let tags = wanted.spec.tags.as_ref();
    let tagged = tags.and_then(|tags| tags.iter().find(|(key, _)| key.eq_ignore_ascii_case("SkipGPUDriverInstall")));
    let skipped = wanted.ctx.era <= Era::Ga
        && tagged.and_then(|(_, value)| value.as_str()).is_some_and(|value| value.eq_ignore_ascii_case("true"));
    let asked = wanted.spec.gpu_driver.or(skipped.then_some(GpuDriver::None));
    asked.or_else(|| wanted.ctx.settings_before()?.gpu_driver).or(Some(GpuDriver::Install))
}

fn taints(wanted: &Wanted<'_>) -> Vec<String> {
    let before = || wanted.ctx.settings_before().map(|s| s.taints.clone());
    let mut taints = wanted.spec.taints.clone().or_else(before).unwrap_or_default();
    if wanted.priority() == Priority::Spot && !taints.iter().any(|taint| taint == SPOT_TAINT) {
        taints.push(SPOT_TAINT.to_owned());
    }
    taints
}

/// AKS labels Spot nodes by itself; terraform-provider-azurerm's documentation of `priority` asks for label and taint,
/// because the service returns both.
fn labels(wanted: &Wanted<'_>) -> Opaque {
    let mut labels = kept(wanted.spec.labels.as_ref(), wanted.ctx.settings_before().map(|s| &s.labels));
    if wanted.priority() == Priority::Spot {
        labels.entry(SPOT_LABEL).or_insert_with(|| "spot".into());
    }
    labels
}

/// 10 % from mid-2024 on, one node before; none on Spot pools.
fn max_surge(wanted: &Wanted<'_>) -> String {
    let before = || wanted.ctx.settings_before().map(|s| s.max_surge.clone());
    let default = match (wanted.priority(), wanted.ctx.era) {
        (Priority::Spot, _) => "",
        (Priority::Regular, Era::Preview) => "1",
        (Priority::Regular, _) => "10%",
    };
    wanted.spec.max_surge.clone().or_else(before).unwrap_or_else(|| default.to_owned())
}

/// The bounds; none while the autoscaler is off.
fn autoscaler(wanted: &Wanted<'_>) -> Option<AutoscalerBounds> {
    let bound = |asked: Option<i64>| asked.and_then(|count| u32::try_from(count).ok());
    let (min, max) = wanted.autoscaler_bounds();
    wanted.autoscaling().then_some(())?;
    Some(AutoscalerBounds { min: bound(min)?, max: bound(max)? })
}

fn machines(wanted: &Wanted<'_>) -> Vec<MachineGroup> {
    let group = |g: MachineGroup<i64>| Some(MachineGroup { size: g.size, count: u32::try_from(g.count).ok()? });
    wanted.machines().into_iter().flatten().filter_map(group).collect()
}
