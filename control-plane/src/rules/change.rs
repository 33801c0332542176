//! What an existing pool can become.

use serde_json::Value;

use super::pool::PoolCase;
use super::{BAD_REQUEST, FROM_2026_06, Found, Rule, TO_2025_08, Test, Values, Wording, when_with};
use crate::catalog::KubernetesVersion;
use crate::model::{OsType, PoolKind, PoolSettings};
use crate::resolve::Wanted;

const IMMUTABLE: Rule = Rule {
    code: "PropertyChangeNotAllowed",
    message: "Changing property 'properties.{property}' is not allowed.",
    target: Some("properties.{property}"),
    wording: Wording::Verbatim,
    source: "pulumi/pulumi issue 959 (the text, for properties.nodeTaints); azure-mgmt-containerservice 41.6, model \
             AgentPool (which properties are fixed)",
    ..BAD_REQUEST
};

pub(super) const RULES: &[Rule] = &[
    Rule {
        id: "vm-size-fixed-old",
        summary: "A pool keeps its VM size.",
        eras: TO_2025_08,
        test: Test::Pool(vm_size_fixed),
        ..IMMUTABLE
    },
    Rule {
        id: "vm-size-fixed",
        summary: "A pool keeps its VM size (the newer text; resizing is a preview that the simulator does not offer).",
        eras: FROM_2026_06,
        message: "Changing property \"agentPoolProfile.vmSize\" is not allowed in an api-version before \
                  \"2026-01-02-preview\".",
        target: Some("agentPoolProfile.vmSize"),
        source: "Azure/bicep-registry-modules issue 7130",
        test: Test::Pool(vm_size_fixed),
        ..IMMUTABLE
    },
    Rule {
        id: "os-type-fixed",
        summary: "A pool keeps its operating system.",
        test: Test::Pool(|c| fixed(c, "osType", |s| s.os_type)),
        ..IMMUTABLE
    },
    Rule {
        id: "os-sku-fixed",
        summary: "A Windows pool keeps its distribution; a Linux pool can change it in place.",
        source: "azure-aks-docs upgrade-os-version.md; pulumi/pulumi issue 959 (the text)",
        test: Test::Pool(|c| match c.settings.os_type {
            OsType::Windows => fixed(c, "osSKU", |s| s.os_sku.to_lowercase()),
            OsType::Linux => None,
        }),
        ..IMMUTABLE
    },
    Rule {
        id: "pool-type-fixed",
        summary: "A pool keeps its type (scale set, availability set, virtual machines).",
        test: Test::Pool(|c| fixed(c, "type", |s| s.kind)),
        ..IMMUTABLE
    },
    Rule {
        id: "os-disk-type-fixed",
        summary: "A pool keeps the place of its OS disks.",
        test: Test::Pool(|c| fixed(c, "osDiskType", |s| s.os_disk_type)),
        ..IMMUTABLE
    },
    Rule {
        id: "os-disk-size-fixed",
        summary: "A pool keeps the size of its OS disks.",
        test: Test::Pool(|c| fixed(c, "osDiskSizeGB", |s| s.os_disk_size_gb)),
        ..IMMUTABLE
    },
    Rule {
        id: "max-pods-fixed",
        summary: "A pool keeps its number of pods per node.",
        test: Test::Pool(|c| fixed(c, "maxPods", |s| s.max_pods)),
        ..IMMUTABLE
    },
    Rule {
        id: "priority-fixed",
        summary: "A pool stays regular or Spot.",
        test: Test::Pool(|c| fixed(c, "scaleSetPriority", |s| s.priority)),
        ..IMMUTABLE
    },
    Rule {
        id: "workload-runtime-fixed",
        summary: "A pool keeps its workload runtime.",
        test: Test::Pool(|c| fixed(c, "workloadRuntime", |s| s.workload_runtime.clone())),
        ..IMMUTABLE
    },
    Rule {
        id: "gpu-driver-fixed",
        summary: "A pool keeps its choice of GPU driver installation.",
        test: Test::Pool(|c| fixed(c, "gpuProfile.driver", |s| s.gpu_driver)),
        ..IMMUTABLE
    },
    Rule {
        id: "zones-fixed",
        summary: "A pool keeps its availability zones.",
        source: "azure-aks-docs availability-zones.md; pulumi/pulumi issue 959 (the text)",
        test: Test::Pool(|c| fixed(c, "availabilityZones", |s| s.zones.clone())),
        ..IMMUTABLE
    },
    Rule {
        id: "pool-property-fixed",
        summary: "A pool keeps its subnets, node public IPs, host encryption, ultra disks, placement, kubelet and Linux \
                  configuration.",
        message: "Changing property 'agentPoolProfile.{property}' is not allowed.",
        target: Some("agentPoolProfile.{property}"),
        source: "hashicorp/terraform-provider-azurerm issue 10951 (the text, for enableNodePublicIP; its code and target \
                 are inferred); azure-mgmt-containerservice 41.6, model AgentPool (which properties are fixed)",
        test: Test::Pool(kept_and_fixed),
        ..IMMUTABLE
    },
    Rule {
        id: "pool-newer-than-control-plane",
        summary: "A pool's Kubernetes minor version is not newer than the control plane's.",
        code: "NodePoolMcVersionIncompatible",
        message: "Node pool version {pool} and control plane version {cluster} are incompatible. Minor version of node \
                  pool version {pool_minor} is bigger than control plane version {cluster_minor}. For more information, \
                  please check https://aka.ms/version-skew-policy",
        wording: Wording::Verbatim,
        source: "rancher/rancher issue 33426",
        test: Test::Pool(|c| skewed(c, |pool, cluster| pool > cluster)),
        ..BAD_REQUEST
    },
    Rule {
        id: "pool-too-old-for-control-plane",
        summary: "A pool is at most 3 minor versions behind its control plane, 2 before Kubernetes 1.28.",
        code: "NodePoolMcVersionIncompatible",
        message: "Node pool version {pool} and control plane version {cluster} are incompatible. Minor version of node \
                  pool version {pool_minor} is too far behind control plane version {cluster_minor}. For more \
                  information, please check https://aka.ms/version-skew-policy",
        source: "azure-aks-docs supported-kubernetes-versions.md; text after pool-newer-than-control-plane",
        test: Test::Pool(|c| {
            skewed(c, |pool, cluster| pool.saturating_add(if cluster >= 28 { 3 } else { 2 }) < cluster)
        }),
        ..BAD_REQUEST
    },
    Rule {
        id: "pool-downgrade",
        summary: "A pool's Kubernetes version does not go back, but by a rollback.",
        code: "OperationNotAllowed",
        message: "Downgrading agent pool '{name}' from Kubernetes version {from} to {to} is not allowed.",
        source: "azure-aks-docs upgrade-aks-cluster.md",
        test: Test::Pool(|c| {
            let from = c.before().and_then(|b| KubernetesVersion::parse(&b.current_orchestrator_version));
            let rolls_back = Wanted::new(c.ctx, c.spec).rolls_back().is_some();
            let back = from.filter(|from| !rolls_back && c.version < *from);
            back.map(|from| vec![("name", c.name()), ("from", from.to_string()), ("to", c.version.to_string())])
        }),
        ..BAD_REQUEST
    },
];

fn fixed<T: PartialEq>(case: &PoolCase<'_>, property: &'static str, of: fn(&PoolSettings) -> T) -> Found {
    let changed = case.before().is_some_and(|before| of(before) != of(case.settings));
    when_with(changed, || [("property", property.to_owned())])
}

/// A pool of type `VirtualMachines` changes its sizes in its scale profiles.
fn vm_size_fixed(case: &PoolCase<'_>) -> Found {
    match case.settings.kind {
        PoolKind::VirtualMachines => None,
        _ => fixed(case, "vmSize", |s| s.vm_size.to_lowercase()),
    }
}

/// Members of an agent pool that stay as they were made, and that the simulator otherwise only keeps.
const KEPT_AND_FIXED: &[&str] = &[
    "vnetSubnetID",
    "podSubnetID",
    "podIPAllocationMode",
    "enableNodePublicIP",
    "nodePublicIPPrefixID",
    "enableEncryptionAtHost",
    "enableUltraSSD",
    "proximityPlacementGroupID",
    "hostGroupID",
    "capacityReservationGroupID",
    "gpuInstanceProfile",
    "kubeletConfig",
    "linuxOSConfig",
    "messageOfTheDay",
];

fn kept_and_fixed(case: &PoolCase<'_>) -> Found {
    let before = &case.before()?.properties;
    let asked = &case.spec.properties;
    // What was never set is false, empty or absent, whichever a client sends back.
    let same = |a: Option<&Value>, b: Option<&Value>| a == b || (is_default(a) && is_default(b));
    let changed = |name: &&&str| asked.get(**name).is_some() && !same(asked.get(**name), before.get(**name));
    let name = KEPT_AND_FIXED.iter().find(changed)?;
    Some(vec![("property", (*name).to_owned())])
}

fn is_default(value: Option<&Value>) -> bool {
    match value {
        None | Some(Value::Null | Value::Bool(false)) => true,
        Some(Value::String(text)) => text.is_empty(),
        Some(Value::Array(items)) => items.is_empty(),
        Some(Value::Object(members)) => members.is_empty(),
        Some(_) => false,
    }
}

fn skewed(case: &PoolCase<'_>, broken: fn(u32, u32) -> bool) -> Found {
    let cluster = KubernetesVersion::parse(case.ctx.cluster_version)?;
    // A request that does not touch the version is not refused for an old skew.
    let moved =
        case.before().is_none_or(|b| b.current_orchestrator_version != case.settings.current_orchestrator_version);
    let values = || -> Values {
        vec![
            ("pool", case.version.to_string()),
            ("cluster", cluster.to_string()),
            ("pool_minor", case.version.minor.to_string()),
            ("cluster_minor", cluster.minor.to_string()),
        ]
    };
    (moved && broken(case.version.minor, cluster.minor)).then(values)
}
