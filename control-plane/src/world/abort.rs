//! Aborting a running operation: it ends Canceled, and its resource stays as far as it came.

use std::sync::Arc;

use super::{World, deletion, guard, record};
use crate::clock::VirtualTime;
use crate::engine::Unit;
use crate::ids::{ClusterId, OperationId, PoolId, StorageKey};
use crate::model::{Abort, Cluster, EventKind, OperationKind, OperationTarget, Pool, Provisioning};
use crate::refusal::{Refusal, RefusalKind};
use crate::store::Tx;
use crate::timings::Step;

impl World {
    /// Aborts what runs on a cluster.
    pub async fn abort_cluster(&self, id: &ClusterId) -> Result<(Arc<Cluster>, OperationId), Refusal> {
        let id = id.clone();
        self.transact(move |world, tx, now| {
            let cluster = tx.get::<Cluster>(&id.storage_key()).ok_or_else(|| guard::cluster_missing(&id))?;
            if let Some(abort) = cluster.abort {
                return Ok((cluster, abort.operation));
            }
            abortable(cluster.provisioning, &format!("managed cluster '{}'", id.name))?;
            let target = OperationTarget::Cluster(id.clone());
            let abort = start(world, tx, now, target, &cluster.location);
            let subject = id.name.to_string();
            record(tx, now, EventKind::Requested, Some(id.group.subscription), subject, "abort".to_owned());
            tx.touch(Unit::cluster(&id));
            Ok((tx.put(Cluster { abort: Some(abort), ..(*cluster).clone() }), abort.operation))
        })
        .await
    }

    /// Aborts what runs on a pool.
    pub async fn abort_pool(&self, id: &PoolId) -> Result<(Arc<Pool>, OperationId), Refusal> {
        let id = id.clone();
        self.transact(move |world, tx, now| {
            let cluster =
                tx.get::<Cluster>(&id.cluster.storage_key()).ok_or_else(|| guard::cluster_missing(&id.cluster))?;
            let pool = tx.get::<Pool>(&id.storage_key()).ok_or_else(|| guard::pool_missing(&id))?;
            if let Some(abort) = pool.abort {
                return Ok((pool, abort.operation));
            }
            abortable(pool.provisioning, &format!("agent pool '{}'", id.name))?;
            let target = OperationTarget::Pool(id.clone());
            let abort = start(world, tx, now, target, &cluster.location);
            let subject = format!("{}/{}", id.cluster.name, id.name);
            let subscription = Some(id.cluster.group.subscription);
            record(tx, now, EventKind::Requested, subscription, subject, "abort".to_owned());
            tx.touch(Unit::cluster(&id.cluster));
            Ok((tx.put(Pool { abort: Some(abort), ..(*pool).clone() }), abort.operation))
        })
        .await
    }
}

fn start(world: &World, tx: &mut Tx<'_>, now: VirtualTime, target: OperationTarget, location: &str) -> Abort {
    let operation = deletion::start(tx, now, OperationKind::Abort, target, location.to_owned());
    Abort { operation, due: now + world.timings().sample(Step::Abort, &operation.to_string()) }
}

/// Deleting cannot be aborted, and where nothing runs there is nothing to abort. The texts are inferred.
fn abortable(state: Provisioning, what: &str) -> Result<(), Refusal> {
    let message = match state {
        Provisioning::Deleting => format!("The {what} is being deleted; a deletion cannot be aborted."),
        state if state.is_running() => return Ok(()),
        state => format!("There is no operation in progress on {what} (it is {}).", state.as_str()),
    };
    Err(Refusal::provider(RefusalKind::Conflict, "OperationNotAllowed", message))
}
