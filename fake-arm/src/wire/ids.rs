//! Resource ids in the letter case in which each provider writes them.

use std::fmt;

use control_plane::ids::{ClusterId, GroupId, NodeId, PoolId};
use control_plane::model::Cluster;
use uuid::Uuid;

macro_rules! shown {
    ($(#[$doc:meta])* $name:ident($id:ident: &$type:ty) => $($part:expr),+) => {
        $(#[$doc])*
        pub(crate) struct $name<'a>(pub(crate) &'a $type);

        impl fmt::Display for $name<'_> {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                let $id = self.0;
                $(fmt::Display::fmt(&$part, f)?;)+
                Ok(())
            }
        }
    };
}

shown!(/// `/subscriptions/S/resourceGroups/G`, as the gateway writes it.
GroupPath(id: &GroupId) => "/subscriptions/", id.subscription, "/resourceGroups/", id.name);

shown!(/// A cluster's id; the AKS resource provider writes `resourcegroups` in lower case.
ClusterPath(id: &ClusterId) =>
    "/subscriptions/", id.group.subscription, "/resourcegroups/", id.group.name,
    "/providers/Microsoft.ContainerService/managedClusters/", id.name);

shown!(/// A pool's id.
PoolPath(id: &PoolId) => ClusterPath(&id.cluster), "/agentPools/", id.name);

/// The node resource group of a cluster.
pub(crate) fn node_group(cluster: &Cluster) -> GroupId {
    GroupId {
        subscription: cluster.id.group.subscription,
        name: control_plane::ids::Name::new(cluster.node_resource_group.clone()),
    }
}

/// An id of a user-assigned identity, `client` or `principal`: made of its resource id, so that no second copy of it has
/// to be stored.
pub(crate) fn user_assigned_id(id: &str, what: &str) -> Uuid {
    Uuid::new_v5(&Uuid::NAMESPACE_URL, format!("{what}:{}", id.to_lowercase()).as_bytes())
}

/// The name of a pool's scale set.
pub(crate) fn scale_set_name(pool: &PoolId, name_hash: &str) -> String {
    control_plane::engine::names::scale_set(pool.name.as_str(), name_hash)
}

/// The id of a machine as `az aks machine list` shows it; here the resource provider writes `resourceGroups`.
pub(crate) fn machine_path(node: &NodeId, name: &str) -> String {
    let pool = &node.pool;
    format!(
        "{}/providers/Microsoft.ContainerService/managedClusters/{}/agentPools/{}/machines/{name}",
        GroupPath(&pool.cluster.group),
        pool.cluster.name,
        pool.name
    )
}

/// The id of a scale set in a cluster's node resource group.
pub(crate) fn scale_set_path(cluster: &Cluster, scale_set: &str) -> String {
    let group = node_group(cluster);
    format!("{}/providers/Microsoft.Compute/virtualMachineScaleSets/{scale_set}", GroupPath(&group))
}

#[cfg(test)]
mod tests {
    use super::*;
    use control_plane::ids::SubscriptionId;

    #[test]
    fn each_provider_has_its_own_letter_case() {
        let group = GroupId { subscription: SubscriptionId(Uuid::nil()), name: "RG".into() };
        let cluster = ClusterId { group: group.clone(), name: "C".into() };
        let pool = PoolId { cluster: cluster.clone(), name: "p".into() };
        let s = "/subscriptions/00000000-0000-0000-0000-000000000000";
        assert_eq!(GroupPath(&group).to_string(), format!("{s}/resourceGroups/RG"));
        assert_eq!(
            PoolPath(&pool).to_string(),
            format!("{s}/resourcegroups/RG/providers/Microsoft.ContainerService/managedClusters/C/agentPools/p")
        );
    }
}
