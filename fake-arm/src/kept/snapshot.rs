//! Node pool snapshots: what a pool was when the snapshot was taken.

use control_plane::ids::{ClusterId, GroupId, PoolId, SubscriptionId};
use control_plane::model::Opaque;
use control_plane::refusal::RefusalKind;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::error::Error;
use crate::scope::Scope;

/// Fills in what the service reads from the source pool.
///
/// # Errors
/// When `properties.creationData.sourceResourceId` is missing or names no agent pool (texts inferred).
pub(super) fn complete(scope: &Scope, body: &mut Opaque) -> Result<(), Error> {
    let properties = body.entry("properties").or_insert_with(|| json!({}));
    let source = properties["creationData"]["sourceResourceId"].as_str().unwrap_or("").to_owned();
    let pool = pool_id(&source).and_then(|id| scope.world().pool(&id)).ok_or_else(|| {
        let text = format!("The source resource '{source}' of the snapshot is not an existing agent pool.");
        Error::provider(RefusalKind::BadRequest, "InvalidParameter", text)
    })?;
    let settings = &pool.settings;
    let Value::Object(properties) = properties else { return Ok(()) };
    for (name, value) in [
        ("snapshotType", json!("NodePool")),
        ("kubernetesVersion", json!(settings.current_orchestrator_version)),
        ("nodeImageVersion", json!(settings.node_image_version)),
        ("osType", json!(settings.os_type.as_str())),
        ("osSku", json!(settings.os_sku)),
        ("vmSize", json!(settings.vm_size)),
        ("enableFIPS", json!(settings.fips)),
    ] {
        properties.insert(name.to_owned(), value);
    }
    Ok(())
}

/// The pool that a resource id names.
fn pool_id(id: &str) -> Option<PoolId> {
    let segments: Vec<&str> = id.trim_matches('/').split('/').collect();
    let [s, subscription, g, group, p, namespace, clusters, cluster, pools, pool] = segments.as_slice() else {
        return None;
    };
    let keywords = [(s, "subscriptions"), (g, "resourceGroups"), (p, "providers"), (clusters, "managedClusters")];
    let fits = keywords.iter().all(|(given, wanted)| given.eq_ignore_ascii_case(wanted))
        && namespace.eq_ignore_ascii_case("Microsoft.ContainerService")
        && pools.eq_ignore_ascii_case("agentPools");
    let subscription = SubscriptionId(Uuid::try_parse(subscription).ok()?);
    let group = GroupId { subscription, name: (*group).into() };
    fits.then(|| PoolId { cluster: ClusterId { group, name: (*cluster).into() }, name: (*pool).into() })
}

#[cfg(test)]
mod tests {
    use super::pool_id;

    #[test]
    fn only_pools_are_sources() {
        let pool = "/subscriptions/00000000-0000-0000-0000-000000000001/resourcegroups/g/providers/microsoft.containerservice/managedClusters/c/agentPools/p";
        assert_eq!(pool_id(pool).unwrap().name.as_str(), "p");
        assert!(pool_id(pool.trim_end_matches("/agentPools/p")).is_none());
        assert!(pool_id("").is_none());
    }
}
