//! Node pool snapshots: what a pool was when the snapshot was taken.

use std::sync::Arc;

use control_plane::ids::{ClusterId, GroupId, PoolId, SubscriptionId};
use control_plane::model::{GenericResource, Opaque, Pool, PoolSpec};
use control_plane::refusal::{Refusal, RefusalKind};
use control_plane::world::World;
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

/// Lets a pool that is made from a snapshot have what the snapshot had: its node image, and what the request leaves open.
/// A pool that sends back the snapshot it was made from asks for nothing.
///
/// # Errors
/// When `creationData.sourceResourceId` names no snapshot (text inferred).
pub(crate) fn apply(world: &World, spec: &mut PoolSpec, before: Option<&Pool>) -> Result<(), Error> {
    let data = spec.properties.get("creationData").filter(|data| !data.is_null());
    let Some(data) =
        data.filter(|data| before.and_then(|pool| pool.settings.properties.get("creationData")) != Some(data))
    else {
        return Ok(());
    };
    let source = data["sourceResourceId"].as_str().unwrap_or("").to_owned();
    let snapshot = find(world, &source)?;
    let text = |name: &str| snapshot.body["properties"][name].as_str().map(str::to_owned);
    spec.snapshot_image = text("nodeImageVersion");
    if before.is_none() {
        spec.os_sku = spec.os_sku.take().or_else(|| text("osSku"));
        spec.vm_size = spec.vm_size.take().or_else(|| text("vmSize"));
        spec.orchestrator_version = spec.orchestrator_version.take().or_else(|| text("kubernetesVersion"));
    }
    Ok(())
}

/// The node image of a snapshot that is named by its id.
///
/// # Errors
/// When there is no such snapshot (text inferred).
pub(crate) fn image(world: &World, id: &str) -> Result<Option<String>, Error> {
    Ok(find(world, id)?.body["properties"]["nodeImageVersion"].as_str().map(str::to_owned))
}

fn find(world: &World, id: &str) -> Result<Arc<GenericResource>, Error> {
    let found = snapshot_id(id).and_then(|(group, path)| world.generic(&group, "Microsoft.ContainerService", &path));
    found.ok_or_else(|| {
        let text = format!("The source resource '{id}' of the agent pool is not an existing snapshot.");
        let refusal = Refusal::provider(RefusalKind::BadRequest, "InvalidParameter", text);
        refusal.at("agentPoolProfile.creationData.sourceResourceId").into()
    })
}

/// The snapshot that a resource id names.
fn snapshot_id(id: &str) -> Option<(GroupId, [String; 2])> {
    let segments: Vec<&str> = id.trim_matches('/').split('/').collect();
    let [s, subscription, g, group, p, namespace, snapshots, name] = segments.as_slice() else {
        return None;
    };
    let keywords = [(s, "subscriptions"), (g, "resourceGroups"), (p, "providers"), (snapshots, "snapshots")];
    let fits = keywords.iter().all(|(given, wanted)| given.eq_ignore_ascii_case(wanted))
        && namespace.eq_ignore_ascii_case("Microsoft.ContainerService");
    let subscription = SubscriptionId(Uuid::try_parse(subscription).ok()?);
    fits.then(|| (GroupId { subscription, name: (*group).into() }, ["snapshots".to_owned(), (*name).to_owned()]))
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
    use super::{pool_id, snapshot_id};

    #[test]
    fn only_pools_are_sources() {
        let pool = "/subscriptions/00000000-0000-0000-0000-000000000001/resourcegroups/g/providers/microsoft.containerservice/managedClusters/c/agentPools/p";
        assert_eq!(pool_id(pool).unwrap().name.as_str(), "p");
        assert!(pool_id(pool.trim_end_matches("/agentPools/p")).is_none());
        assert!(pool_id("").is_none());
    }

    #[test]
    fn a_snapshot_is_found_whatever_the_letter_case() {
        let id = "/subscriptions/00000000-0000-0000-0000-000000000001/resourcegroups/g/providers/microsoft.containerservice/Snapshots/s";
        assert_eq!(snapshot_id(id).unwrap().1, ["snapshots", "s"]);
        assert!(snapshot_id(&id.replace("Snapshots", "managedClusters")).is_none());
    }
}
