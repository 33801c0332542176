//! A request seen through its defaults: asked for, else as before, else the default.

use crate::catalog::{KubernetesVersion, Resolved, VmSize};
use crate::era::Era;
use crate::model::{MachineGroup, NodePoolMode, OsType, PoolKind, PoolSettings, PoolSpec, Priority, UsedVersions};

use super::PoolContext;

/// The values of `osSKU` in api-version 2026-06-01 (azure-mgmt-containerservice 41.6), plus `Mariner`, which older
/// command lines still send.
const OS_SKUS: [&str; 11] = [
    "Ubuntu",
    "Ubuntu2204",
    "Ubuntu2404",
    "AzureLinux",
    "AzureLinux3",
    "AzureContainerLinux",
    "CBLMariner",
    "Mariner",
    "Windows2019",
    "Windows2022",
    "Windows2025",
];

/// The values of `workloadRuntime`: the enum of api-version 2026-06-01 and the names of the preview versions.
const WORKLOAD_RUNTIMES: [&str; 5] =
    ["OCIContainer", "WasmWasi", "KataVmIsolation", "KataMshvVmIsolation", "KataCcIsolation"];

/// The usual spelling of an `osSKU`, if it is known.
pub fn canonical_os_sku(text: &str) -> Option<&'static str> {
    OS_SKUS.into_iter().find(|sku| sku.eq_ignore_ascii_case(text))
}

/// A pool request together with what surrounds it.
#[derive(Clone, Copy, Debug)]
pub struct Wanted<'a> {
    /// What surrounds it.
    pub ctx: &'a PoolContext<'a>,
    /// What was asked for.
    pub spec: &'a PoolSpec,
}

impl<'a> Wanted<'a> {
    /// Looks at `spec` in `ctx`.
    pub fn new(ctx: &'a PoolContext<'a>, spec: &'a PoolSpec) -> Self {
        Wanted { ctx, spec }
    }

    fn either<T>(&self, asked: Option<T>, before: impl FnOnce(&'a PoolSettings) -> T, default: T) -> T {
        asked.or_else(|| self.ctx.settings_before().map(before)).unwrap_or(default)
    }

    /// What it is for; a pool that does not say is a user pool.
    pub fn mode(&self) -> NodePoolMode {
        self.either(self.spec.mode, |s| s.mode, NodePoolMode::User)
    }

    /// How many nodes; the schema's default is 1 (the Azure CLI sends 3). In a pool of type `VirtualMachines` all sizes
    /// together.
    pub fn count(&self) -> i64 {
        match self.machines() {
            Some(groups) => groups.iter().fold(0, |sum, group| sum.saturating_add(group.count)),
            None => self.either(self.spec.count, |s| i64::from(s.count), 1),
        }
    }

    /// The sizes of a pool of type `VirtualMachines`; `None` for other types. A client that names none but a size and a
    /// count means those.
    pub fn machines(&self) -> Option<Vec<MachineGroup<i64>>> {
        if self.kind() != PoolKind::VirtualMachines {
            return None;
        }
        if let Some(groups) = self.spec.machines.as_ref().filter(|groups| !groups.is_empty()) {
            let default = || self.ctx.catalog.default_vm_size(self.ctx.era).name.clone();
            let named = |g: &MachineGroup<i64>| if g.size.is_empty() { default() } else { g.size.clone() };
            return Some(groups.iter().map(|g| MachineGroup { size: named(g), count: g.count }).collect());
        }
        let group = |g: &MachineGroup| MachineGroup { size: g.size.clone(), count: i64::from(g.count) };
        let before = self.ctx.settings_before().map(|s| s.groups().iter().map(group).collect::<Vec<_>>());
        let one = || {
            let size = self.spec.vm_size.clone().filter(|name| !name.is_empty());
            let default = || self.ctx.catalog.default_vm_size(self.ctx.era).name.clone();
            vec![MachineGroup { size: size.unwrap_or_else(default), count: self.spec.count.unwrap_or(1) }]
        };
        Some(before.unwrap_or_else(one))
    }

    /// Whether the cluster autoscaler chooses the count.
    pub fn autoscaling(&self) -> bool {
        self.either(self.spec.autoscaling, |s| s.autoscaler.is_some(), false)
    }

    /// The autoscaler's bounds, the lower one first.
    pub fn autoscaler_bounds(&self) -> (Option<i64>, Option<i64>) {
        let before = self.ctx.settings_before().and_then(|s| s.autoscaler);
        let min = self.spec.min_count.or(before.map(|b| i64::from(b.min)));
        (min, self.spec.max_count.or(before.map(|b| i64::from(b.max))))
    }

    /// The versions to which the request rolls the pool back: it names those that the pool had before its last upgrade.
    pub fn rolls_back(&self) -> Option<&'a UsedVersions> {
        // Before, the node image version was read-only.
        let era = Some(self.ctx.era).filter(|era| *era >= Era::Y2026M06);
        let (present, used) = era.and(self.ctx.settings_before().zip(self.ctx.rollback()))?;
        let image = self.spec.node_image_version.as_deref()?;
        let version = self.spec.orchestrator_version.as_deref().filter(|text| !text.is_empty());
        let image_changes = !image.eq_ignore_ascii_case(&present.node_image_version);
        let version_changes = version.is_some_and(|v| {
            v == used.orchestrator_version
                && v != present.orchestrator_version
                && v != present.current_orchestrator_version
        });
        let named = image.eq_ignore_ascii_case(&used.node_image_version);
        (named && (image_changes || version_changes)).then_some(used)
    }

    /// The operating system.
    pub fn os_type(&self) -> OsType {
        self.either(self.spec.os_type, |s| s.os_type, OsType::Linux)
    }

    /// How its machines are grouped.
    pub fn kind(&self) -> PoolKind {
        self.either(self.spec.kind, |s| s.kind, PoolKind::VirtualMachineScaleSets)
    }

    /// Regular or Spot.
    pub fn priority(&self) -> Priority {
        self.either(self.spec.priority, |s| s.priority, Priority::Regular)
    }

    /// FIPS-validated image.
    pub fn fips(&self) -> bool {
        self.either(self.spec.fips, |s| s.fips, false)
    }

    /// Secure Boot.
    pub fn secure_boot(&self) -> bool {
        self.either(self.spec.secure_boot, |s| s.secure_boot, false)
    }

    /// vTPM.
    pub fn vtpm(&self) -> bool {
        self.either(self.spec.vtpm, |s| s.vtpm, false)
    }

    /// The VM size as it was first written.
    pub fn size_name(&self) -> &'a str {
        if self.kind() == PoolKind::VirtualMachines
            && let Some(first) = self.spec.machines.as_ref().and_then(|groups| groups.first())
        {
            let default = self.ctx.catalog.default_vm_size(self.ctx.era).name.as_str();
            return if first.size.is_empty() { default } else { &first.size };
        }
        let before = self.ctx.settings_before().map(|s| s.vm_size.as_str());
        match (self.spec.vm_size.as_deref().filter(|name| !name.is_empty()), before) {
            (Some(asked), Some(before)) if asked.eq_ignore_ascii_case(before) => before,
            (Some(asked), _) => asked,
            (None, Some(before)) => before,
            (None, None) => &self.ctx.catalog.default_vm_size(self.ctx.era).name,
        }
    }

    /// The VM size, if it exists.
    pub fn size(&self) -> Option<&'a VmSize> {
        self.ctx.catalog.vm_size(self.size_name())
    }

    /// The workload runtime in its usual spelling; an unknown one as it was written.
    pub fn workload_runtime(&self) -> Option<&'a str> {
        let before = self.ctx.settings_before().and_then(|s| s.workload_runtime.as_deref());
        let asked = self.spec.workload_runtime.as_deref().filter(|text| !text.is_empty());
        let asked =
            asked.map(|text| WORKLOAD_RUNTIMES.into_iter().find(|r| r.eq_ignore_ascii_case(text)).unwrap_or(text));
        asked.or(before)
    }

    /// Whether the workload runtime is known.
    pub fn workload_runtime_is_known(&self) -> bool {
        self.workload_runtime().is_none_or(|runtime| WORKLOAD_RUNTIMES.contains(&runtime))
    }

    /// The version, if the era offers it. Empty means the cluster's at creation and unchanged on an update; a version
    /// that the pool or its cluster already runs is fine even when it is no longer offered.
    pub fn version(&self) -> Option<Resolved> {
        let asked = self.spec.orchestrator_version.as_deref().unwrap_or_default();
        let resolved = |asked: &str, patch: &str| Some(Resolved { asked: asked.to_owned(), patch: patch.to_owned() });
        if let Some(before) = self.ctx.settings_before() {
            if asked.is_empty() || asked == before.orchestrator_version {
                return resolved(&before.orchestrator_version, &before.current_orchestrator_version);
            }
            if asked == before.current_orchestrator_version {
                return resolved(asked, asked);
            }
            if self.rolls_back().is_some_and(|used| used.orchestrator_version == asked) {
                return resolved(asked, asked);
            }
        }
        match asked {
            // In the preview era a pool that was asked for without a version showed the patch version (public test
            // recordings of Azure/azure-cli-extensions until March 2024), later what the cluster was asked for with.
            "" if self.ctx.era == Era::Preview => resolved(self.ctx.cluster_version, self.ctx.cluster_version),
            "" => resolved(self.ctx.cluster_version_asked, self.ctx.cluster_version),
            _ if asked == self.ctx.cluster_version_asked || asked == self.ctx.cluster_version => {
                resolved(asked, self.ctx.cluster_version)
            }
            _ => self.ctx.catalog.resolve_version(self.ctx.era, asked),
        }
    }

    /// The distribution in its usual spelling; `None` when it is unknown.
    pub fn os_sku(&self) -> Option<&'static str> {
        let before = self.ctx.settings_before().map(|s| s.os_sku.as_str());
        if let Some(text) = self.spec.os_sku.as_deref().filter(|text| !text.is_empty()).or(before) {
            return canonical_os_sku(text);
        }
        let old = || {
            let version = self.version().and_then(|v| KubernetesVersion::parse(&v.patch));
            version.is_some_and(|v| v < KubernetesVersion::new(1, 25, 0)) && self.ctx.era == Era::Preview
        };
        Some(match self.os_type() {
            OsType::Linux => "Ubuntu",
            OsType::Windows if old() => "Windows2019",
            OsType::Windows => "Windows2022",
        })
    }
}
