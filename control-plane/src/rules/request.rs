//! What can be refused before the defaults of a pool are filled in.

use super::{
    BAD_REQUEST, FROM_2025_08, FROM_2026_06, Found, INVALID_PARAMETER, Rule, TO_GA, Test, Values, Wording, when,
    when_with,
};
use crate::catalog::{Distribution, KubernetesVersion};
use crate::model::{NodePoolMode, OsType, PoolKind};
use crate::resolve::Wanted;

/// Nodes per pool (azure-docs includes/container-service-limits.md).
pub(super) const NODES_PER_POOL_MAX: i64 = 1000;

pub(super) const VM_SIZE_UNKNOWN: Rule = Rule {
    id: "vm-size-unknown",
    summary: "The VM size exists and is offered in the region.",
    message: "The VM size of AgentPoolProfile:{pool} is not allowed in your subscription in location '{location}'.  \
              For more details, please visit https://aka.ms/aks/quotas-skus-regions",
    wording: Wording::Verbatim,
    source: "dotnet/core issue 7603 (the two blanks are the service's)",
    test: Test::Request(|w| size_found(w, w.size().is_none())),
    ..BAD_REQUEST
};

pub(super) const RULES: &[Rule] = &[
    Rule {
        id: "pool-name",
        summary: "A pool name has 1 to 12 lower-case letters and digits, a letter first; on Windows at most 6.",
        message: "The value of parameter agentPoolProfile.name is invalid. Please see \
                  https://aka.ms/aks-naming-rules for more details.",
        target: Some("agentPoolProfile.name"),
        wording: Wording::Verbatim,
        source: "Azure/AKS issue 3300, kubernetes-sigs/cluster-api-provider-azure issue 3968; azure-aks-docs \
                 create-node-pools.md (use-trusted-launch.md says 11 instead of 12)",
        test: Test::Request(|w| when(!is_pool_name(&w.spec.name, w.os_type()))),
        ..INVALID_PARAMETER
    },
    Rule {
        id: "pool-count",
        summary: "A user pool has 0 to 1000 nodes, a system pool 1 to 1000.",
        eras: TO_GA,
        message: "The value of parameter agentPoolProfile.count is invalid. Please see \
                  https://aka.ms/aks-naming-rules for more details.",
        target: Some("agentPoolProfile.count"),
        wording: Wording::Verbatim,
        source: "Azure/azure-cli pull request 22442; azure-docs container-service-limits.md; Azure/AKS issue 4298",
        test: Test::Request(|w| when(!count_fits(w))),
        ..INVALID_PARAMETER
    },
    Rule {
        id: "pool-count-range",
        summary: "A user pool has 0 to 1000 nodes, a system pool 1 to 1000 (the newer text).",
        eras: FROM_2025_08,
        message: "agentPoolProfile.count was {count}. It must be greater or equal to minCount:{min} and less than or \
                  equal to maxCount:1000. If allowedMinCount was expected to be 0 but is 1: 1) The nodepool is a VMAS \
                  pool. 2) api Version is less than 2020-03-01. 3) The node is a system pool.",
        target: Some("agentPoolProfile.count"),
        wording: Wording::Verbatim,
        source: "kubernetes-sigs/cluster-api-provider-azure issue 5947 (the code is inferred)",
        test: Test::Request(|w| {
            when_with(!count_fits(w), || [("count", w.count().to_string()), ("min", count_min(w).to_string())])
        }),
        ..INVALID_PARAMETER
    },
    Rule {
        id: "pool-max-pods",
        summary: "A node runs 10 to 250 pods, in a system pool at least 30.",
        message: "The value of parameter agentPoolProfile.maxPods is invalid: {asked}. It must be between {min} and 250.",
        target: Some("agentPoolProfile.maxPods"),
        source: "azure-docs container-service-limits.md; azure-aks-docs use-system-pools.md",
        test: Test::Request(|w| {
            let asked = w.spec.max_pods.unwrap_or(0);
            let min = if w.mode() == NodePoolMode::System { 30 } else { 10 };
            when_with(asked != 0 && !(min..=250).contains(&asked), || {
                [("asked", asked.to_string()), ("min", min.to_string())]
            })
        }),
        ..INVALID_PARAMETER
    },
    Rule {
        id: "os-disk-size",
        summary: "An OS disk has 0 (the default) to 2048 GiB.",
        message: "The value of parameter agentPoolProfile.osDiskSizeGB is invalid: {asked}. It must be between 0 and \
                  2048.",
        target: Some("agentPoolProfile.osDiskSizeGB"),
        source: "azure-mgmt-containerservice 40.2, model AgentPool",
        test: Test::Request(|w| {
            let asked = w.spec.os_disk_size_gb.unwrap_or(0);
            when_with(!(0..=2048).contains(&asked), || [("asked", asked.to_string())])
        }),
        ..INVALID_PARAMETER
    },
    VM_SIZE_UNKNOWN,
    Rule {
        id: "vm-size-too-small",
        summary: "A node has at least 2 vCPUs and 2 GiB of memory.",
        source: "azure-aks-docs quotas-skus-regions.md; text as for vm-size-unknown",
        test: Test::Request(|w| {
            let small = w.size().is_some_and(|size| size.vcpus < 2 || size.memory_gb < 2.0);
            // System pools have a text of their own.
            size_found(w, small && w.mode() != NodePoolMode::System)
        }),
        ..VM_SIZE_UNKNOWN
    },
    Rule {
        id: "pool-kubernetes-unsupported",
        summary: "A pool's Kubernetes version is offered, or already runs in the pool or its control plane.",
        code: "AgentPoolK8sVersionNotSupported",
        message: super::group::VERSION_UNSUPPORTED.message,
        wording: Wording::Verbatim,
        source: super::group::VERSION_UNSUPPORTED.source,
        test: Test::Request(|w| {
            let asked = || w.spec.orchestrator_version.clone().unwrap_or_default();
            when_with(w.version().is_none_or(|v| KubernetesVersion::parse(&v.patch).is_none()), || {
                [("version", asked())]
            })
        }),
        ..BAD_REQUEST
    },
    Rule {
        id: "os-sku-unknown",
        summary: "The distribution (osSKU) is one of the documented values.",
        message: "The value of parameter agentPoolProfile.osSKU is invalid: '{asked}'.",
        target: Some("agentPoolProfile.osSKU"),
        source: "azure-mgmt-containerservice 41.6, enum OSSKU",
        test: Test::Request(|w| {
            when_with(w.os_sku().is_none(), || [("asked", w.spec.os_sku.clone().unwrap_or_default())])
        }),
        ..INVALID_PARAMETER
    },
    Rule {
        id: "os-sku-os-type",
        summary: "Linux pools have a Linux distribution, Windows pools a Windows one.",
        message: "The value of parameter agentPoolProfile.osSKU is invalid: '{sku}' does not fit osType '{os}'.",
        target: Some("agentPoolProfile.osSKU"),
        source: "azure-mgmt-containerservice 41.6, enum OSSKU",
        test: Test::Request(|w| {
            let windows = distribution(w).is_some_and(Distribution::is_windows);
            let fits = windows == (w.os_type() == OsType::Windows);
            when_with(distribution(w).is_some() && !fits, || [("sku", sku(w)), ("os", w.os_type().as_str().to_owned())])
        }),
        ..INVALID_PARAMETER
    },
    Rule {
        id: "os-sku-kubernetes",
        summary: "The distribution supports the pool's Kubernetes version: Ubuntu2204 from 1.25, Ubuntu2404 and \
                  Windows2025 from 1.32, AzureLinux3 from 1.28, CBLMariner up to 1.31, Windows2019 up to 1.32.",
        message: "OS SKU '{sku}' is not supported with Kubernetes version {version}.",
        target: Some("agentPoolProfile.osSKU"),
        source: "azure-aks-docs upgrade-os-version.md, upgrade-windows-os.md",
        test: Test::Request(|w| {
            let version = version(w);
            let fits = distribution(w).zip(version).is_none_or(|(d, v)| supports(d, v.minor));
            when_with(!fits, || [("sku", sku(w)), ("version", version.map(|v| v.to_string()).unwrap_or_default())])
        }),
        ..INVALID_PARAMETER
    },
    Rule {
        id: "os-sku-not-yet",
        summary: "Azure Container Linux is offered from the era 2025-08 on.",
        eras: TO_GA,
        message: "The value of parameter agentPoolProfile.osSKU is invalid: '{asked}'.",
        target: Some("agentPoolProfile.osSKU"),
        source: "azure-aks-docs azure-container-linux-overview.md (documented from October 2025)",
        test: Test::Request(|w| {
            when_with(distribution(w) == Some(Distribution::AzureContainerLinux), || [("asked", sku(w))])
        }),
        ..INVALID_PARAMETER
    },
    Rule {
        id: "workload-runtime-unknown",
        summary: "The workload runtime is one of the documented values.",
        message: "The value of parameter agentPoolProfile.workloadRuntime is invalid: '{asked}'.",
        target: Some("agentPoolProfile.workloadRuntime"),
        source: "azure-mgmt-containerservice 41.6, enum WorkloadRuntime",
        test: Test::Request(|w| {
            when_with(!w.workload_runtime_is_known(), || [("asked", w.workload_runtime().unwrap_or("").to_owned())])
        }),
        ..INVALID_PARAMETER
    },
    Rule {
        id: "node-image-rollback",
        summary: "A node image version that is sent back is the pool's own, or the one that the pool had before an upgrade \
                  in the last seven days.",
        eras: FROM_2026_06,
        message: "nodeImageVersion '{asked}' is not among the recently used versions of agent pool '{pool}'. Only \
                  values from recentlyUsedVersions are allowed.",
        target: Some("agentPoolProfile.nodeImageVersion"),
        source: "azure-mgmt-containerservice 41.6, model AgentPool, nodeImageVersion (read-only before); azure-aks-docs \
                 roll-back-node-pool-version.md",
        test: Test::Request(|w| {
            let asked = w.spec.node_image_version.as_deref().filter(|text| !text.is_empty());
            let other = asked.filter(|asked| {
                w.ctx.settings_before().is_some_and(|before| !before.node_image_version.eq_ignore_ascii_case(asked))
            });
            let other = other.filter(|_| w.rolls_back().is_none());
            other.map(|asked| vec![("asked", asked.to_owned()), ("pool", w.spec.name.clone())])
        }),
        ..INVALID_PARAMETER
    },
];

pub(super) fn size_values(pool: &str, location: &str) -> Values {
    vec![("pool", pool.to_owned()), ("location", location.to_owned())]
}

fn size_found(w: &Wanted<'_>, broken: bool) -> Found {
    broken.then(|| size_values(&w.spec.name, w.ctx.location))
}

fn is_pool_name(name: &str, os: OsType) -> bool {
    let longest = if os == OsType::Windows { 6 } else { 12 };
    let plain = name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit());
    plain && name.len() <= longest && name.bytes().next().is_some_and(|b| b.is_ascii_lowercase())
}

pub(super) fn count_min(w: &Wanted<'_>) -> i64 {
    i64::from(w.mode() == NodePoolMode::System || w.kind() == PoolKind::AvailabilitySet)
}

fn count_fits(w: &Wanted<'_>) -> bool {
    (count_min(w)..=NODES_PER_POOL_MAX).contains(&w.count())
}

fn version(w: &Wanted<'_>) -> Option<KubernetesVersion> {
    KubernetesVersion::parse(&w.version()?.patch)
}

fn distribution(w: &Wanted<'_>) -> Option<Distribution> {
    // The newest version stands in where only the family matters.
    let version = version(w).unwrap_or(KubernetesVersion::new(1, u32::MAX, 0));
    Distribution::of(w.ctx.era, w.os_sku()?, version, w.fips(), w.size().is_some_and(|s| s.confidential))
}

fn sku(w: &Wanted<'_>) -> String {
    w.os_sku().unwrap_or_default().to_owned()
}

fn supports(distribution: Distribution, minor: u32) -> bool {
    use Distribution::*;
    match distribution {
        Ubuntu2404 | Windows2025 => minor >= 32,
        Ubuntu2204 => minor >= 25,
        AzureLinux3 => minor >= 28,
        AzureLinux2 | Mariner2 => minor <= 31,
        Windows2019 => minor <= 32,
        Ubuntu1804 | Ubuntu2004 | AzureContainerLinux | Windows2022 => true,
    }
}
