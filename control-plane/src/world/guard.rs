//! What must exist, and be registered, before a request is looked at. Texts are the ARM gateway's.

use std::sync::Arc;

use super::registration::{RegistrationShown, provider_shown};
use crate::clock::VirtualTime;
use crate::ids::{ClusterId, GroupId, PoolId, StorageKey, SubscriptionId};
use crate::model::{Cluster, ResourceGroup, Subscription};
use crate::refusal::{Refusal, RefusalKind};
use crate::store::Tx;

/// The subscription, or `SubscriptionNotFound`.
pub(super) fn subscription(tx: &Tx<'_>, id: SubscriptionId) -> Result<Arc<Subscription>, Refusal> {
    tx.get(&id.storage_key()).ok_or_else(|| subscription_missing(id))
}

/// The text for a subscription that does not exist.
pub(super) fn subscription_missing(id: SubscriptionId) -> Refusal {
    Refusal::gateway(
        RefusalKind::NotFound,
        "SubscriptionNotFound",
        format!("The subscription '{id}' could not be found."),
    )
}

/// The group, or `ResourceGroupNotFound`; one that is being deleted takes nothing new.
pub(super) fn group(tx: &Tx<'_>, id: &GroupId) -> Result<Arc<ResourceGroup>, Refusal> {
    let group = tx.get::<ResourceGroup>(&id.storage_key()).ok_or_else(|| group_missing(id))?;
    if group.deleting {
        return Err(Refusal::gateway(
            RefusalKind::Conflict,
            "ResourceGroupBeingDeleted",
            format!("The resource group '{}' is in deprovisioning state and cannot perform this operation.", id.name),
        ));
    }
    Ok(group)
}

/// The text for a group that does not exist.
pub(super) fn group_missing(id: &GroupId) -> Refusal {
    Refusal::gateway(
        RefusalKind::NotFound,
        "ResourceGroupNotFound",
        format!("Resource group '{}' could not be found.", id.name),
    )
}

/// The cluster that a pool request names, or `ParentResourceNotFound`.
pub(super) fn parent_cluster(tx: &Tx<'_>, id: &ClusterId) -> Result<Arc<Cluster>, Refusal> {
    tx.get(&id.storage_key()).ok_or_else(|| {
        Refusal::gateway(
            RefusalKind::NotFound,
            "ParentResourceNotFound",
            format!(
                "Failed to perform 'write' on resource(s) of type 'managedClusters/agentPools', because the parent \
                 resource '{}' could not be found.",
                cluster_path(id)
            ),
        )
    })
}

/// The text for a pool that does not exist.
pub(super) fn pool_missing(id: &PoolId) -> Refusal {
    Refusal::gateway(
        RefusalKind::NotFound,
        "ResourceNotFound",
        format!(
            "The Resource 'Microsoft.ContainerService/managedClusters/{}/agentPools/{}' under resource group '{}' was \
             not found. For more details please go to https://aka.ms/ARMResourceNotFoundFix",
            id.cluster.name, id.name, id.cluster.group.name
        ),
    )
}

/// The text for a cluster that does not exist.
pub(super) fn cluster_missing(id: &ClusterId) -> Refusal {
    Refusal::gateway(
        RefusalKind::NotFound,
        "ResourceNotFound",
        format!(
            "The Resource 'Microsoft.ContainerService/managedClusters/{}' under resource group '{}' was not found. For \
             more details please go to https://aka.ms/ARMResourceNotFoundFix",
            id.name, id.group.name
        ),
    )
}

fn cluster_path(id: &ClusterId) -> String {
    format!(
        "/subscriptions/{}/resourceGroups/{}/providers/Microsoft.ContainerService/managedClusters/{}",
        id.group.subscription, id.group.name, id.name
    )
}

/// The provider must be registered: `MissingSubscriptionRegistration`, which makes az register it by itself.
pub(super) fn registered(subscription: &Subscription, namespace: &str, now: VirtualTime) -> Result<(), Refusal> {
    match provider_shown(subscription, namespace, now) {
        RegistrationShown::Registered | RegistrationShown::Registering => Ok(()),
        _ => Err(Refusal::gateway(
            RefusalKind::Conflict,
            "MissingSubscriptionRegistration",
            format!(
                "The subscription is not registered to use namespace '{namespace}'. See \
                 https://aka.ms/rps-not-found for how to register subscriptions."
            ),
        )
        .at(namespace.to_owned())),
    }
}
