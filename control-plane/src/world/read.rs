//! Reads.

use std::sync::Arc;

use super::World;
use crate::ids::{ClusterId, GroupId, NodeId, OperationId, PoolId, StorageKey, SubscriptionId};
use crate::model::{Cluster, Event, Node, Operation, Pool, ResourceGroup, Subscription};

impl World {
    /// All subscriptions, the default one first.
    pub fn subscriptions(&self) -> Vec<Arc<Subscription>> {
        let mut all = self.store().scan::<Subscription>("");
        all.sort_by_key(|s| s.order);
        all
    }

    /// One subscription.
    pub fn subscription(&self, id: SubscriptionId) -> Option<Arc<Subscription>> {
        self.store().get(&id.storage_key())
    }

    /// The resource groups of a subscription, by name.
    pub fn groups(&self, subscription: SubscriptionId) -> Vec<Arc<ResourceGroup>> {
        self.store().scan(&subscription.children_prefix())
    }

    /// One resource group.
    pub fn group(&self, id: &GroupId) -> Option<Arc<ResourceGroup>> {
        self.store().get(&id.storage_key())
    }

    /// The clusters of a subscription, by group and name.
    pub fn clusters(&self, subscription: SubscriptionId) -> Vec<Arc<Cluster>> {
        self.store().scan(&subscription.children_prefix())
    }

    /// The clusters of a resource group, by name.
    pub fn clusters_in(&self, group: &GroupId) -> Vec<Arc<Cluster>> {
        self.store().scan(&group.children_prefix())
    }

    /// One cluster.
    pub fn cluster(&self, id: &ClusterId) -> Option<Arc<Cluster>> {
        self.store().get(&id.storage_key())
    }

    /// The pools of a cluster, by name.
    pub fn pools(&self, cluster: &ClusterId) -> Vec<Arc<Pool>> {
        self.store().scan(&cluster.children_prefix())
    }

    /// One pool.
    pub fn pool(&self, id: &PoolId) -> Option<Arc<Pool>> {
        self.store().get(&id.storage_key())
    }

    /// The nodes of a pool, by instance number.
    pub fn nodes(&self, pool: &PoolId) -> Vec<Arc<Node>> {
        self.store().scan(&pool.children_prefix())
    }

    /// The nodes of a cluster, by pool and instance number.
    pub fn nodes_of(&self, cluster: &ClusterId) -> Vec<Arc<Node>> {
        self.store().scan(&cluster.children_prefix())
    }

    /// Every node.
    pub fn all_nodes(&self) -> Vec<Arc<Node>> {
        self.store().scan("")
    }

    /// One node.
    pub fn node(&self, id: &NodeId) -> Option<Arc<Node>> {
        self.store().get(&id.storage_key())
    }

    /// The nodes that a person may mean: the one with exactly this name (or `cluster/name`), else all whose name starts
    /// with it. The cluster can be left out.
    pub fn find_nodes(&self, pattern: &str) -> Vec<Arc<Node>> {
        let (cluster, name) = match pattern.rsplit_once('/') {
            Some((cluster, name)) => (Some(cluster), name),
            None => (None, pattern),
        };
        let in_cluster =
            |node: &Arc<Node>| cluster.is_none_or(|c| node.id.pool.cluster.name.as_str().eq_ignore_ascii_case(c));
        let nodes: Vec<_> = self.all_nodes().into_iter().filter(in_cluster).collect();
        let exact: Vec<_> = nodes.iter().filter(|n| n.name.eq_ignore_ascii_case(name)).cloned().collect();
        if !exact.is_empty() {
            return exact;
        }
        let start = name.to_lowercase();
        nodes.into_iter().filter(|n| n.name.to_lowercase().starts_with(&start)).collect()
    }

    /// One operation, also after its target is gone.
    pub fn operation(&self, id: OperationId) -> Option<Arc<Operation>> {
        self.store().get(&id.storage_key())
    }

    /// At most `limit` journal entries after `sequence`, oldest first.
    pub fn events_after(&self, sequence: u64, limit: usize) -> Vec<Arc<Event>> {
        self.store().scan_from(&format!("{:016}", sequence.saturating_add(1)), limit)
    }

    /// Changes whenever something became durable; for those who follow the journal.
    pub fn watch(&self) -> tokio::sync::watch::Receiver<u64> {
        self.store().watch()
    }
}
