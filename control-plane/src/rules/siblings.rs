//! A pool among the other pools of its cluster.

use std::sync::Arc;

use super::{BAD_REQUEST, Rule, Test, Wording, when, when_with};
use crate::model::{NodePoolMode, Pool, PoolSettings, Provisioning};

/// Pools per cluster (azure-docs includes/container-service-limits.md; `maxAgentPools` in cluster answers).
pub(super) const POOLS_PER_CLUSTER_MAX: usize = 100;

/// Nodes per cluster with scale sets and the standard load balancer (azure-docs container-service-limits.md).
pub(super) const NODES_PER_CLUSTER_MAX: u64 = 5000;

/// A pool that comes, changes or goes.
pub(super) struct SiblingsCase<'a> {
    /// All pools of the cluster as they are.
    pub(super) pools: &'a [Arc<Pool>],
    /// The pool as it is; `None` when it is new.
    pub(super) subject: Option<&'a Pool>,
    /// What it is to be; `None` when it goes.
    pub(super) settings: Option<&'a PoolSettings>,
}

impl SiblingsCase<'_> {
    /// The other pools that stay.
    fn others(&self) -> impl Iterator<Item = &Pool> {
        let gone = |pool: &&Pool| pool.provisioning != Provisioning::Deleting;
        self.pools.iter().map(Arc::as_ref).filter(gone).filter(|pool| self.subject.is_none_or(|s| s.id != pool.id))
    }

    fn other_system_pool(&self) -> bool {
        self.others().any(|pool| pool.settings.mode == NodePoolMode::System)
    }

    fn was_system(&self) -> bool {
        self.subject.is_some_and(|pool| pool.settings.mode == NodePoolMode::System)
    }

    fn nodes(&self) -> u64 {
        let own = self.settings.map_or(0, |settings| u64::from(settings.count));
        own + self.others().map(|pool| u64::from(pool.settings.count)).sum::<u64>()
    }
}

pub(super) const NO_SYSTEM_POOL: Rule = Rule {
    code: "MustDefineAtLeastOneSystemPool",
    message: "Must define at least one system pool.",
    wording: Wording::Verbatim,
    source: "Azure/AKS issues 1568 and 1602",
    ..BAD_REQUEST
};

pub(super) const RULES: &[Rule] = &[
    Rule {
        id: "last-pool",
        summary: "The last pool of a cluster stays.",
        code: "OperationNotAllowed",
        message: "There has to be at least one agent pool.",
        wording: Wording::Verbatim,
        source: "Azure/AKS issue 2560, pulumi/pulumi-azure-native issue 1575",
        test: Test::Siblings(|c| when(c.settings.is_none() && c.others().next().is_none())),
        ..BAD_REQUEST
    },
    Rule {
        id: "last-system-pool",
        summary: "The last system pool of a cluster stays.",
        code: "OperationNotAllowed",
        message: "There has to be at least one system agent pool.",
        wording: Wording::Verbatim,
        source: "kubernetes-sigs/cluster-api-provider-azure issue 1355",
        test: Test::Siblings(|c| when(c.settings.is_none() && c.was_system() && !c.other_system_pool())),
        ..BAD_REQUEST
    },
    Rule {
        id: "last-system-pool-mode",
        summary: "The last system pool of a cluster stays a system pool.",
        test: Test::Siblings(|c| {
            let leaves = c.settings.is_some_and(|settings| settings.mode != NodePoolMode::System);
            when(leaves && c.was_system() && !c.other_system_pool())
        }),
        ..NO_SYSTEM_POOL
    },
    Rule {
        id: "pool-limit",
        summary: "A cluster has at most 100 pools.",
        code: "OperationNotAllowed",
        message: "The cluster already has {pools} agent pools. The maximum number of agent pools per cluster is 100.",
        source: "azure-docs container-service-limits.md",
        test: Test::Siblings(|c| {
            let new = c.subject.is_none() && c.settings.is_some();
            when_with(new && c.pools.len() >= POOLS_PER_CLUSTER_MAX, || [("pools", c.pools.len().to_string())])
        }),
        ..BAD_REQUEST
    },
    Rule {
        id: "node-limit",
        summary: "A cluster has at most 5000 nodes.",
        code: "OperationNotAllowed",
        message: "The agent pools of the cluster would have {nodes} nodes. The maximum number of nodes per cluster is \
                  5000.",
        source: "azure-docs container-service-limits.md",
        test: Test::Siblings(|c| {
            let grows = c.settings.is_some_and(|s| c.subject.is_none_or(|pool| s.count > pool.settings.count));
            when_with(grows && c.nodes() > NODES_PER_CLUSTER_MAX, || [("nodes", c.nodes().to_string())])
        }),
        ..BAD_REQUEST
    },
];
