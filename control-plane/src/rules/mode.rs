//! System pools, Windows, labels, pod sandboxing.

use super::pool::PoolCase;
use super::{BAD_REQUEST, FROM_GA, Found, INVALID_PARAMETER, Rule, Test, Wording, when, when_with};
use crate::catalog::{Distribution, KubernetesVersion};
use crate::model::{NodePoolMode, OsType, PoolKind, PoolSettings, PowerState, Priority, Provisioning};
use crate::resolve::{SPOT_LABEL, definition, is_kata};

pub(super) const RULES: &[Rule] = &[
    Rule {
        id: "windows-profile",
        summary: "A Windows pool needs a cluster that was made with Windows credentials.",
        code: "WindowsProfileMissing",
        message: "Windows profile definition is missing for the cluster.",
        wording: Wording::Verbatim,
        source: "Azure/AKS issues 1005 and 2839; azure-aks-docs create-node-pools.md",
        test: Test::Pool(|c| when(c.settings.os_type == OsType::Windows && !c.ctx.windows_profile)),
        ..BAD_REQUEST
    },
    Rule {
        id: "windows-azure-cni",
        summary: "Windows pools need Azure CNI as the cluster's network plug-in; until 2025 the default was kubenet.",
        code: "AzureCNIOnlyForWindows",
        message: "Windows agent pools can only be added to AKS clusters using Azure-CNI.",
        wording: Wording::Verbatim,
        source: "Azure/AKS issues 1101 and 2839, jenkins-infra/azure pull request 108",
        test: Test::Pool(|c| when(c.settings.os_type == OsType::Windows && !c.ctx.pod_network.is_azure_cni())),
        ..BAD_REQUEST
    },
    Rule {
        id: "system-pool-linux",
        summary: "System pools, and the first pool of a cluster, run Linux.",
        message: "Agent pool '{name}' must run Linux: system node pools and the first node pool of a cluster must have \
                  osType Linux.",
        source: "azure-aks-docs use-system-pools.md, create-node-pools.md",
        test: Test::Pool(|c| {
            let needs_linux = is_system(c) || c.ctx.first_pool;
            when_with(needs_linux && c.settings.os_type != OsType::Linux, || [("name", c.name())])
        }),
        ..BAD_REQUEST
    },
    Rule {
        id: "system-pool-size",
        summary: "The size of a system pool has at least 2 vCPUs and 4 GiB of memory.",
        message: "System node pool must use VM sku with more than 2 cores and 4GB memory. Nodepool name: {name}.",
        wording: Wording::Verbatim,
        code: "SystemPoolSkuTooLow",
        source: "MicrosoftDocs/azure-dev-docs issue 216, jamesbannan/pluralsight issue 10; azure-aks-docs \
                 quotas-skus-regions.md (use-system-pools.md of 2026 says 4 vCPUs)",
        test: Test::Pool(|c| {
            when_with(is_system(c) && (c.size.vcpus < 2 || c.size.memory_gb < 4.0), || [("name", c.name())])
        }),
        ..BAD_REQUEST
    },
    Rule {
        id: "system-pool-burstable",
        summary: "System pools do not use burstable sizes (B series).",
        eras: FROM_GA,
        message: "System node pool '{name}' cannot use VM size '{size}': B series sizes are not supported for system \
                  node pools.",
        source: "azure-aks-docs use-system-pools.md; MicrosoftDocs/azure-docs issue 121181 reports that it was not yet \
                 enforced in March 2024",
        test: Test::Pool(|c| {
            when_with(is_system(c) && c.size.burstable(), || [("name", c.name()), ("size", c.size_name())])
        }),
        ..BAD_REQUEST
    },
    Rule {
        id: "system-pool-spot",
        summary: "System pools are not Spot pools.",
        message: "Agent pool '{name}' cannot be a system node pool with scaleSetPriority Spot.",
        source: "azure-aks-docs use-system-pools.md, spot-node-pool.md",
        test: Test::Pool(|c| when_with(is_system(c) && c.settings.priority == Priority::Spot, || [("name", c.name())])),
        ..BAD_REQUEST
    },
    Rule {
        id: "system-pool-taint",
        summary: "System pools have no taints but CriticalAddonsOnly and those of effect PreferNoSchedule.",
        code: "SystemPoolHasRestrictedTaint",
        message: "Operation failed due to insufficient nodes for system pod scheduling. Placing custom taints on system \
                  pool is not supported(except 'CriticalAddonsOnly' taint or taint effect is 'PreferNoSchedule'). Please \
                  refer to https://aka.ms/aks/system-taints for detail",
        wording: Wording::Verbatim,
        source: "Azure/AKS issue 2578 (the status is inferred)",
        test: Test::Pool(|c| {
            let allowed = |taint: &String| {
                let key = taint.split(['=', ':']).next().unwrap_or_default();
                key == "CriticalAddonsOnly" || taint.ends_with(":PreferNoSchedule")
            };
            when(is_system(c) && !c.settings.taints.iter().all(allowed))
        }),
        ..BAD_REQUEST
    },
    Rule {
        id: "system-pool-stop",
        summary: "System pools cannot be stopped by themselves.",
        code: "OperationNotAllowed",
        message: "Agent pool '{name}' is a system node pool; system node pools cannot be stopped.",
        source: "azure-aks-docs start-stop-nodepools.md",
        test: Test::Pool(|c| {
            let stopped = |s: &PoolSettings| s.power == PowerState::Stopped;
            let stops = stopped(c.settings) && !c.before().is_some_and(stopped);
            when_with(is_system(c) && stops, || [("name", c.name())])
        }),
        ..BAD_REQUEST
    },
    Rule {
        id: "pool-stop-failed",
        summary: "A pool can be stopped when it runs and its last operation succeeded.",
        code: "OperationNotAllowed",
        message: "Agent pool '{name}' cannot be stopped: its provisioning state is {state}, not Succeeded.",
        source: "azure-mgmt-containerservice 41.6, model AgentPool, powerState",
        test: Test::Pool(|c| {
            let before = c.ctx.before?;
            let stops = before.settings.power == PowerState::Running && c.settings.power == PowerState::Stopped;
            when_with(stops && before.provisioning != Provisioning::Succeeded, || {
                [("name", c.name()), ("state", before.provisioning.as_str().to_owned())]
            })
        }),
        ..BAD_REQUEST
    },
    Rule {
        id: "agent-pool-api-availability-set",
        summary: "The agent pool API is for clusters of scale sets; availability sets are made with the cluster.",
        message: "AgentPool APIs supported only for clusters with VMSS agentpools. For more information, please check \
                  https://aka.ms/multiagentpoollimitations",
        wording: Wording::Verbatim,
        source: "hashicorp/terraform-provider-azurerm issue 8869",
        test: Test::Pool(|c| when(!c.ctx.embedded && c.settings.kind == PoolKind::AvailabilitySet)),
        ..BAD_REQUEST
    },
    Rule {
        id: "label-kubernetes-azure-com",
        summary: "Labels in kubernetes.azure.com are AKS's own.",
        message: "Invalid node label key {key}. The 'kubernetes.azure.com' prefix is preserved by aks system labels",
        wording: Wording::Verbatim,
        source: "ams0/aks-nvme-ssd-provisioner issue 5; azure-aks-docs use-labels.md",
        test: Test::Pool(|c| {
            // AKS labels Spot nodes by itself, and clients send the label back.
            let own = |key: &str| key == SPOT_LABEL && c.settings.priority == Priority::Spot;
            new_label(c, |key| !own(key) && namespace(key).is_some_and(|ns| within(ns, "kubernetes.azure.com")))
        }),
        ..BAD_REQUEST
    },
    Rule {
        id: "label-kubernetes-io",
        summary: "Labels in kubernetes.io and k8s.io are reserved, but for kubelet.kubernetes.io and node.kubernetes.io.",
        message: "For Kubernetes version greater than or equal to 1.16, node label keys in the 'kubernetes.io' or \
                  'k8s.io' namespace must begin with an allowed prefix (kubelet.kubernetes.io, node.kubernetes.io). For \
                  more information, please check https://aka.ms/aks-node-labels-116.",
        target: Some("{key}={value}"),
        wording: Wording::Verbatim,
        source: "Azure/AKS issue 4613; azure-aks-docs use-labels.md",
        test: Test::Pool(|c| {
            new_label(c, |key| {
                let reserved = |ns: &str| within(ns, "kubernetes.io") || within(ns, "k8s.io");
                let allowed = |ns: &str| within(ns, "kubelet.kubernetes.io") || within(ns, "node.kubernetes.io");
                namespace(key).is_some_and(|ns| reserved(ns) && !allowed(ns))
            })
        }),
        ..BAD_REQUEST
    },
    Rule {
        id: "snapshot-image",
        summary: "A snapshot's node image fits the pool that is made from it or upgraded to it.",
        message: "The node image '{image}' of the snapshot does not fit agent pool '{name}': it would run a node image of \
                  definition '{definition}'.",
        target: Some("agentPoolProfile.creationData.sourceResourceId"),
        source: "azure-aks-docs node-pool-snapshot.md (a pool from a snapshot has the snapshot's configuration)",
        test: Test::Pool(|c| {
            let image = c.spec.snapshot_image.as_ref()?;
            let has = &c.settings.node_image_version;
            when_with(!image.eq_ignore_ascii_case(has), || {
                [("image", image.clone()), ("name", c.name()), ("definition", definition(has).to_owned())]
            })
        }),
        ..INVALID_PARAMETER
    },
    Rule {
        id: "pod-sandboxing",
        summary: "Pod sandboxing (Kata) needs Azure Linux, a generation 2 x64 size, Kubernetes 1.27 and no FIPS.",
        message: "Workload runtime '{runtime}' of agent pool '{name}' needs osSKU AzureLinux, a generation 2 x64 VM \
                  size, Kubernetes 1.27.0 or later, and no FIPS image.",
        source: "azure-aks-docs use-pod-sandboxing.md",
        test: Test::Pool(|c| {
            let runtime = c.settings.workload_runtime.as_deref();
            let azure_linux = matches!(c.distribution, Distribution::AzureLinux2 | Distribution::AzureLinux3);
            let new_enough = c.version >= KubernetesVersion::new(1, 27, 0);
            let fits = azure_linux && c.size.gen2 && !c.size.arm64 && new_enough && !c.settings.fips;
            when_with(is_kata(runtime) && !fits, || {
                [("runtime", runtime.unwrap_or_default().to_owned()), ("name", c.name())]
            })
        }),
        ..BAD_REQUEST
    },
];

fn is_system(case: &PoolCase<'_>) -> bool {
    case.settings.mode == NodePoolMode::System
}

/// The part of a label key before the slash.
fn namespace(key: &str) -> Option<&str> {
    key.split_once('/').map(|(namespace, _)| namespace)
}

fn within(namespace: &str, domain: &str) -> bool {
    namespace.strip_suffix(domain).is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
}

/// The first label of the request that is new or changed and is `reserved`.
fn new_label(case: &PoolCase<'_>, reserved: impl Fn(&str) -> bool) -> Found {
    let before = case.before().map(|b| &b.labels);
    let (key, value) = case
        .settings
        .labels
        .iter()
        .filter(|(key, value)| before.and_then(|labels| labels.get(key.as_str())) != Some(*value))
        .find(|(key, _)| reserved(key))?;
    let value = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    Some(vec![("key", key.clone()), ("value", value)])
}
