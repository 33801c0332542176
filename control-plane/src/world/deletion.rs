//! Deleting groups, clusters and pools. Only the intent is stored here; the engine takes things down.

use super::conflict;
use super::{Conditions, World, guard, record};
use crate::clock::VirtualTime;
use crate::engine::Unit;
use crate::ids::{ClusterId, GroupId, OperationId, PoolId, StorageKey};
use crate::model::{
    Cluster, EventKind, Operation, OperationKind, OperationState, OperationTarget, Pool, Provisioning, ResourceGroup,
};
use crate::refusal::Refusal;
use crate::rules;
use crate::store::Tx;
use crate::timings::Step;

impl World {
    /// Deletes a group and everything in it.
    pub async fn delete_group(&self, id: &GroupId) -> Result<OperationId, Refusal> {
        let id = id.clone();
        self.transact(move |world, tx, now| {
            guard::subscription(tx, id.subscription)?;
            let group = tx.get::<ResourceGroup>(&id.storage_key()).ok_or_else(|| guard::group_missing(&id))?;
            if let Some(running) = running_on(tx, &OperationTarget::Group(id.clone())) {
                return Ok(running);
            }
            for cluster in tx.scan::<Cluster>(&id.children_prefix()) {
                if cluster.provisioning != Provisioning::Deleting {
                    delete_cluster(world, tx, now, &cluster);
                }
            }
            let location = group.location.clone();
            tx.put(ResourceGroup { deleting: true, ..(*group).clone() });
            tx.touch(Unit::group(&id));
            record(tx, now, EventKind::Requested, Some(id.subscription), id.name.to_string(), "delete".to_owned());
            Ok(start(tx, now, OperationKind::Delete, OperationTarget::Group(id), location))
        })
        .await
    }

    /// Deletes a cluster with its pools; `None` when there was none. A running operation is given up.
    pub async fn delete_cluster(&self, id: &ClusterId, conditions: Conditions) -> Result<Option<OperationId>, Refusal> {
        let id = id.clone();
        self.transact(move |world, tx, now| {
            guard::subscription(tx, id.group.subscription)?;
            let Some(cluster) = tx.get::<Cluster>(&id.storage_key()) else {
                return Ok(None);
            };
            conditions.check(Some(cluster.etag))?;
            if cluster.provisioning == Provisioning::Deleting {
                return Ok(Some(cluster.operation));
            }
            Ok(Some(delete_cluster(world, tx, now, &cluster)))
        })
        .await
    }

    /// Deletes a pool; `None` when there was none.
    pub async fn delete_pool(&self, id: &PoolId, conditions: Conditions) -> Result<Option<OperationId>, Refusal> {
        let id = id.clone();
        self.transact(move |world, tx, now| {
            let subscription = guard::subscription(tx, id.cluster.group.subscription)?;
            let Some(cluster) = tx.get::<Cluster>(&id.cluster.storage_key()) else {
                return Err(guard::cluster_missing(&id.cluster));
            };
            let Some(pool) = tx.get::<Pool>(&id.storage_key()) else {
                return Ok(None);
            };
            conditions.check(Some(pool.etag))?;
            if pool.provisioning == Provisioning::Deleting {
                return Ok(Some(pool.operation));
            }
            if cluster.provisioning.is_running() {
                let operation = tx.get::<Operation>(&cluster.operation.storage_key());
                return Err(conflict::cluster_busy(subscription.era, &cluster, operation.as_deref()));
            }
            let pools = tx.scan::<Pool>(&id.cluster.children_prefix());
            rules::judge_pool_delete(&pools, &pool, subscription.era)?;
            let ready = now + world.timings().sample(Step::PoolDelete, id.name.as_str());
            let target = OperationTarget::Pool(id.clone());
            let operation = start(tx, now, OperationKind::Delete, target, cluster.location.clone());
            override_all_of(tx, now, &pool, operation);
            put_deleting_pool(tx, &pool, operation, ready);
            tx.touch(Unit::cluster(&id.cluster));
            let subject = format!("{}/{}", id.cluster.name, id.name);
            record(tx, now, EventKind::Requested, Some(subscription.id), subject, "delete".to_owned());
            Ok(Some(operation))
        })
        .await
    }
}

fn delete_cluster(world: &World, tx: &mut Tx<'_>, now: VirtualTime, cluster: &Cluster) -> OperationId {
    let id = cluster.id.clone();
    let ready = now + world.timings().sample(Step::ClusterDelete, id.name.as_str());
    let target = OperationTarget::Cluster(id.clone());
    let operation = start(tx, now, OperationKind::Delete, target, cluster.location.clone());
    cancel(tx, now, cluster.operation, operation);
    if let Some(abort) = cluster.abort {
        cancel(tx, now, abort.operation, operation);
    }
    for pool in tx.scan::<Pool>(&id.children_prefix()) {
        override_all_of(tx, now, &pool, operation);
        put_deleting_pool(tx, &pool, operation, now);
    }
    let etag = tx.fresh_uuid();
    tx.put(Cluster {
        provisioning: Provisioning::Deleting,
        operation,
        control_plane_ready: ready,
        etag,
        abort: None,
        ..cluster.clone()
    });
    tx.touch(Unit::cluster(&id));
    record(tx, now, EventKind::Requested, Some(id.group.subscription), id.name.to_string(), "delete".to_owned());
    operation
}

fn put_deleting_pool(tx: &mut Tx<'_>, pool: &Pool, operation: OperationId, ready: VirtualTime) {
    let etag = tx.fresh_uuid();
    tx.put(Pool {
        provisioning: Provisioning::Deleting,
        operation,
        ready_not_before: ready,
        etag,
        abort: None,
        reimage: None,
        ..pool.clone()
    });
}

/// Starts an operation.
pub(super) fn start(
    tx: &mut Tx<'_>,
    now: VirtualTime,
    kind: OperationKind,
    target: OperationTarget,
    location: String,
) -> OperationId {
    let id = OperationId(tx.fresh_uuid());
    tx.put(Operation { id, kind, target, location, started: now, state: OperationState::InProgress });
    id
}

/// Gives up everything that runs on a pool that goes.
fn override_all_of(tx: &mut Tx<'_>, now: VirtualTime, pool: &Pool, by: OperationId) {
    let abort = pool.abort.map(|abort| abort.operation);
    for operation in [Some(pool.operation), abort, pool.reimage].into_iter().flatten() {
        cancel(tx, now, operation, by);
    }
}

/// Gives up an operation that still runs, for a later one.
fn cancel(tx: &mut Tx<'_>, now: VirtualTime, id: OperationId, by: OperationId) {
    if let Some(operation) = tx.get::<Operation>(&id.storage_key())
        && operation.state == OperationState::InProgress
    {
        let state = OperationState::Canceled { ended: now, by: Some(by) };
        tx.put(Operation { state, ..(*operation).clone() });
    }
}

fn running_on(tx: &Tx<'_>, target: &OperationTarget) -> Option<OperationId> {
    let running = |o: &std::sync::Arc<Operation>| o.state == OperationState::InProgress && o.target == *target;
    tx.scan::<Operation>("").into_iter().find(running).map(|o| o.id)
}
