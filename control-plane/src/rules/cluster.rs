//! Managed clusters.

use std::collections::HashSet;
use std::sync::Arc;

use super::siblings::{NO_SYSTEM_POOL, NODES_PER_CLUSTER_MAX, POOLS_PER_CLUSTER_MAX};
use super::trusted_launch::{UNNAMED, incompatible};
use super::{BAD_REQUEST, FROM_GA, INVALID_PARAMETER, Rule, Test, Values, Wording, when, when_with};
use crate::catalog::{Catalog, KubernetesVersion};
use crate::era::Era;
use crate::model::{Cluster, ClusterSpec, NodePoolMode, Pool, PoolSettings, Provisioning};
use crate::refusal::{Layer, RefusalKind};

/// Clusters per subscription (azure-docs includes/container-service-limits.md).
const CLUSTERS_PER_SUBSCRIPTION_MAX: usize = 5000;

/// What surrounds a cluster that is created or updated.
#[derive(Clone, Copy, Debug)]
pub struct ClusterContext<'a> {
    /// What Azure offers.
    pub catalog: &'a Catalog,
    /// The rules of the subscription.
    pub era: Era,
    /// The cluster as it is, on an update.
    pub before: Option<&'a Cluster>,
    /// Its name.
    pub name: &'a str,
    /// The pools it has.
    pub existing_pools: &'a [Arc<Pool>],
    /// How many clusters the subscription has.
    pub clusters_in_subscription: usize,
}

/// A cluster request.
pub(super) struct ClusterCase<'a> {
    pub(super) ctx: &'a ClusterContext<'a>,
    pub(super) spec: &'a ClusterSpec,
    pub(super) pools: &'a [(&'a str, &'a PoolSettings)],
}

/// A cluster and the region a request wants it in.
pub(super) struct MoveCase<'a> {
    pub(super) before: &'a Cluster,
    pub(super) location: &'a str,
}

impl ClusterCase<'_> {
    /// All pools that the cluster will have: those of the request and the others that stay.
    fn all_pools(&self) -> impl Iterator<Item = &PoolSettings> {
        let named: HashSet<String> = self.pools.iter().map(|(name, _)| name.to_lowercase()).collect();
        let stays =
            move |pool: &&Pool| pool.provisioning != Provisioning::Deleting && !named.contains(&pool.id.name.folded());
        let others = self.ctx.existing_pools.iter().map(Arc::as_ref).filter(stays).map(|pool| &pool.settings);
        self.pools.iter().map(|(_, settings)| *settings).chain(others)
    }

    fn touches_pools(&self) -> bool {
        self.ctx.before.is_none() || self.spec.pools.is_some()
    }
}

pub(super) const RULES: &[Rule] = &[
    Rule {
        id: "cluster-name",
        summary: "A cluster name has 1 to 63 letters, digits, hyphens and underscores, and starts and ends with a letter \
                  or digit.",
        message: "The value of parameter managedCluster.name is invalid: '{name}'. Please see \
                  https://aka.ms/aks-naming-rules for more details.",
        target: Some("managedCluster.name"),
        source: "azure-mgmt-containerservice 40.2, resource name pattern",
        test: Test::Cluster(|c| when_with(!is_name(c.ctx.name, 63, true), || [("name", c.ctx.name.to_owned())])),
        ..INVALID_PARAMETER
    },
    Rule {
        id: "cluster-quota",
        summary: "A subscription has at most 5000 clusters.",
        code: "ManagedClusterCountExceedsQuotaLimit",
        message: "Operation results in exceeding quota limits for managed clusters. Maximum allowed: 5000, Current \
                  usage: {usage}, Additional requested: 1. Consider deleting unused clusters or requesting a quota \
                  increase. To request a quota increase, follow the instructions here: \
                  https://learn.microsoft.com/azure/quotas/quickstart-increase-quota-portal.",
        wording: Wording::Verbatim,
        source: "azure-aks-docs quotas-skus-regions.md (the status is inferred)",
        test: Test::Cluster(|c| {
            let full = c.ctx.clusters_in_subscription >= CLUSTERS_PER_SUBSCRIPTION_MAX;
            when_with(c.ctx.before.is_none() && full, || [("usage", c.ctx.clusters_in_subscription.to_string())])
        }),
        ..BAD_REQUEST
    },
    Rule {
        id: "dns-prefix",
        summary: "A DNS prefix has 1 to 54 letters, digits and hyphens, and starts and ends with a letter or digit.",
        message: "The value of parameter dnsPrefix is invalid. Error details: DNS prefix '{prefix}' is invalid. DNS \
                  prefix must contain between 1 and 54 characters. Please see https://aka.ms/aks-naming-rules for more \
                  details.. Please see https://aka.ms/aks-naming-rules for more details.",
        target: Some("dnsPrefix"),
        wording: Wording::Verbatim,
        source: "pulumi/pulumi-azure-nextgen issue 104 (received for a wrong length)",
        test: Test::Cluster(|c| {
            let prefix = c.spec.dns_prefix.as_deref().filter(|prefix| !prefix.is_empty());
            let bad = prefix.filter(|prefix| !is_name(prefix, 54, false));
            bad.map(|prefix| vec![("prefix", prefix.to_owned())])
        }),
        ..INVALID_PARAMETER
    },
    Rule {
        id: "dns-prefix-fixed",
        summary: "A cluster keeps its DNS prefix.",
        code: "PropertyChangeNotAllowed",
        message: "Changing property 'dnsPrefix' is not allowed.",
        target: Some("dnsPrefix"),
        source: "azure-mgmt-containerservice 41.6, dnsPrefix (cannot be updated); text after pulumi/pulumi issue 959",
        test: Test::Cluster(|c| when(differs(c.spec.dns_prefix.as_deref(), c.ctx.before.map(|b| &b.dns_prefix)))),
        ..BAD_REQUEST
    },
    Rule {
        id: "node-resource-group",
        summary: "The node resource group's name has at most 80 characters that resource group names may have.",
        message: "The value of parameter nodeResourceGroup is invalid: '{name}'. Please see \
                  https://aka.ms/aks-naming-rules for more details.",
        target: Some("nodeResourceGroup"),
        source: "azure-aks-docs faq.md (80 characters)",
        test: Test::Cluster(|c| {
            let name = c.spec.node_resource_group.as_deref().filter(|name| !name.is_empty());
            let bad = name.filter(|name| name.chars().count() > 80 || super::group::invalid_characters(name).is_some());
            bad.map(|name| vec![("name", name.to_owned())])
        }),
        ..INVALID_PARAMETER
    },
    Rule {
        id: "node-resource-group-fixed",
        summary: "A cluster keeps its node resource group.",
        code: "PropertyChangeNotAllowed",
        message: "Changing property 'nodeResourceGroup' is not allowed.",
        target: Some("nodeResourceGroup"),
        source: "azure-aks-docs faq.md; text after pulumi/pulumi issue 959",
        test: Test::Cluster(|c| {
            when(differs(c.spec.node_resource_group.as_deref(), c.ctx.before.map(|b| &b.node_resource_group)))
        }),
        ..BAD_REQUEST
    },
    Rule {
        id: "cluster-pool-names",
        summary: "The pools of a cluster have different names.",
        message: "The agentPoolProfiles contain the name '{name}' more than once.",
        target: Some("agentPoolProfiles"),
        source: "azure-aks-docs create-node-pools.md",
        test: Test::Cluster(|c| {
            let mut seen = HashSet::new();
            let (twice, _) = c.pools.iter().find(|(name, _)| !seen.insert(name.to_lowercase()))?;
            Some(vec![("name", (*twice).to_owned())])
        }),
        ..INVALID_PARAMETER
    },
    Rule {
        id: "cluster-system-pool",
        summary: "A cluster has at least one system pool.",
        test: Test::Cluster(|c| {
            when(c.touches_pools() && !c.all_pools().any(|pool| pool.mode == NodePoolMode::System))
        }),
        ..NO_SYSTEM_POOL
    },
    Rule {
        id: "cluster-pool-limit",
        summary: "A cluster has at most 100 pools.",
        code: "OperationNotAllowed",
        message: "The cluster would have {pools} agent pools. The maximum number of agent pools per cluster is 100.",
        source: "azure-docs container-service-limits.md",
        test: Test::Cluster(|c| {
            let pools = c.all_pools().count();
            when_with(c.touches_pools() && pools > POOLS_PER_CLUSTER_MAX, || [("pools", pools.to_string())])
        }),
        ..BAD_REQUEST
    },
    Rule {
        id: "cluster-node-limit",
        summary: "A cluster has at most 5000 nodes.",
        code: "OperationNotAllowed",
        message: "The agent pools of the cluster would have {nodes} nodes. The maximum number of nodes per cluster is \
                  5000.",
        source: "azure-docs container-service-limits.md",
        test: Test::Cluster(|c| {
            let nodes: u64 = c.all_pools().map(|pool| u64::from(pool.count)).sum();
            when_with(c.touches_pools() && nodes > NODES_PER_CLUSTER_MAX, || [("nodes", nodes.to_string())])
        }),
        ..BAD_REQUEST
    },
    Rule {
        id: "cluster-upgrade-path",
        summary: "A control plane goes only to the versions that its own version can be upgraded to.",
        code: "OperationNotAllowed",
        message: "Upgrading Kubernetes version {from} to {to} is not allowed. Available upgrades: [{upgrades}]. Please \
                  see https://aka.ms/aks-supported-k8s-ver for version details.",
        source: "azure-aks-docs upgrade-aks-cluster.md (no skipping of minor versions, no way back)",
        test: Test::Cluster(no_upgrade_path),
        ..BAD_REQUEST
    },
    Rule {
        id: "virtual-nodes-trusted-launch",
        summary: "The virtual node add-on is not switched on in a cluster with trusted-launch pools.",
        eras: FROM_GA,
        message: incompatible!(
            "Virtual nodes dont have Trusted Launch support, and this cluster has agentpools with vTPM or Secure Boot."
        ),
        test: Test::Cluster(|c| {
            let was_on = c.ctx.before.is_some_and(|cluster| cluster.virtual_nodes);
            let turned_on = c.spec.virtual_nodes == Some(true) && !was_on;
            when(turned_on && c.all_pools().any(PoolSettings::wants_trusted_launch))
        }),
        ..UNNAMED
    },
    Rule {
        id: "cluster-moved",
        summary: "A cluster stays in its region.",
        layer: Layer::Gateway,
        kind: RefusalKind::Conflict,
        code: "InvalidResourceLocation",
        message: "The resource '{name}' already exists in location '{is}' in resource group '{group}'. A resource with \
                  the same name cannot be created in location '{asked}'. Please select a new resource name.",
        source: "Azure Resource Manager, code InvalidResourceLocation (azure-docs common-deployment-errors.md)",
        test: Test::Move(|c| {
            when_with(!c.before.location.eq_ignore_ascii_case(c.location), || {
                [
                    ("name", c.before.id.name.to_string()),
                    ("is", c.before.location.clone()),
                    ("group", c.before.id.group.name.to_string()),
                    ("asked", c.location.to_owned()),
                ]
            })
        }),
        ..BAD_REQUEST
    },
];

/// `^[a-zA-Z0-9]$|^[a-zA-Z0-9][-_a-zA-Z0-9]{0,61}[a-zA-Z0-9]$`, with and without the underscore.
fn is_name(name: &str, longest: usize, underscore: bool) -> bool {
    let inner = |b: u8| b.is_ascii_alphanumeric() || b == b'-' || (underscore && b == b'_');
    let outer = |b: Option<&u8>| b.is_some_and(u8::is_ascii_alphanumeric);
    let bytes = name.as_bytes();
    bytes.len() <= longest && bytes.iter().all(|b| inner(*b)) && outer(bytes.first()) && outer(bytes.last())
}

fn differs(asked: Option<&str>, before: Option<&String>) -> bool {
    let asked = asked.filter(|text| !text.is_empty());
    asked.zip(before).is_some_and(|(asked, before)| !asked.eq_ignore_ascii_case(before))
}

fn no_upgrade_path(case: &ClusterCase<'_>) -> Option<Values> {
    let before = case.ctx.before?;
    let asked = case.spec.kubernetes_version.as_deref().filter(|text| !text.is_empty())?;
    if asked == before.kubernetes_version || asked == before.current_kubernetes_version {
        return None;
    }
    let to = case.ctx.catalog.resolve_version(case.ctx.era, asked)?.patch;
    let from = &before.current_kubernetes_version;
    let patch = case.ctx.catalog.patch(case.ctx.era, from);
    let forward = KubernetesVersion::parse(&to) > KubernetesVersion::parse(from);
    // A version that is no longer offered has no list; then any later version will do.
    let allowed = patch.map_or(forward, |patch| patch.upgrades.contains(&to));
    let upgrades = patch.map(|patch| patch.upgrades.join(" ")).unwrap_or_default();
    (to != *from && !allowed).then(|| vec![("from", from.clone()), ("to", to), ("upgrades", upgrades)])
}
