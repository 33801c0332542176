//! Resource groups that are being deleted.

use super::reconcile::Outcome;
use super::{Unit, convergence};
use crate::clock::VirtualTime;
use crate::ids::StorageKey;
use crate::model::{Cluster, GenericResource, Operation, OperationState, OperationTarget, ResourceGroup};
use crate::store::StoreError;
use crate::timings::Step;
use crate::world::{World, roles};

/// Removes the group once it is empty and the deletion has taken its time.
pub(super) async fn group(world: &World, key: String, now: VirtualTime) -> Result<Outcome, StoreError> {
    let world_in_tx = world.clone();
    let outcome = world.store().commit(move |tx| {
        tx.note_time(now);
        let Some(group) = tx.get::<ResourceGroup>(&key).filter(|g| g.deleting) else {
            return Ok::<_, std::convert::Infallible>(Outcome::default());
        };
        if !tx.scan::<Cluster>(&group.id.children_prefix()).is_empty() {
            // The clusters' own deletion touches this unit again.
            return Ok(Outcome::default());
        }
        let target = OperationTarget::Group(group.id.clone());
        let operations = tx.scan::<Operation>("");
        let running = operations.iter().find(|o| o.target == target && o.state == OperationState::InProgress);
        let started = running.map_or(now, |o| o.started);
        let due = started + world_in_tx.timings().sample(Step::GroupDelete, &key);
        if due > now {
            return Ok(Outcome { due: Some(due), jobs: Vec::new() });
        }
        for resource in tx.scan::<GenericResource>(&group.id.children_prefix()) {
            tx.delete::<GenericResource>(&GenericResource::key(&resource.group, &resource.namespace, &resource.path));
        }
        let scope = format!("/subscriptions/{}/resourceGroups/{}", group.id.subscription, group.id.name);
        roles::forget(tx, group.id.subscription, &scope);
        tx.delete::<ResourceGroup>(&key);
        if let Some(operation) = running {
            convergence::end_operation(tx, now, operation.id, due, None);
        }
        Ok(Outcome::default())
    });
    Ok(outcome.await?.unwrap_or_else(|never| match never {}))
}

/// The unit of the group that a cluster's disappearance may have emptied.
pub(super) fn unit_of(cluster: &Cluster) -> Unit {
    Unit::group(&cluster.id.group)
}
