//! Stopping and starting clusters. A pool is stopped and started by a PUT of its `powerState`.

use super::{Conditions, World, clusters, deletion, guard, record};
use crate::engine::Unit;
use crate::ids::{ClusterId, OperationId, StorageKey};
use crate::model::{Cluster, EventKind, OperationKind, OperationTarget, Pool, PowerState, Provisioning};
use crate::refusal::Refusal;
use crate::timings::Step;

impl World {
    /// Deallocates a cluster's machines and stops its control plane. `None` when it is stopped already.
    pub async fn stop_cluster(&self, id: &ClusterId, conditions: Conditions) -> Result<Option<OperationId>, Refusal> {
        self.set_power(id, PowerState::Stopped, conditions).await
    }

    /// Starts a stopped cluster. `None` when it runs already.
    pub async fn start_cluster(&self, id: &ClusterId, conditions: Conditions) -> Result<Option<OperationId>, Refusal> {
        self.set_power(id, PowerState::Running, conditions).await
    }

    async fn set_power(
        &self,
        id: &ClusterId,
        power: PowerState,
        conditions: Conditions,
    ) -> Result<Option<OperationId>, Refusal> {
        let id = id.clone();
        self.transact(move |world, tx, now| {
            let subscription = guard::subscription(tx, id.group.subscription)?;
            let cluster = tx.get::<Cluster>(&id.storage_key()).ok_or_else(|| guard::cluster_missing(&id))?;
            conditions.check(Some(cluster.etag))?;
            clusters::idle(tx, &subscription, &cluster)?;
            if cluster.power == power {
                return Ok(None);
            }
            let (kind, state, step, text) = match power {
                PowerState::Stopped => (OperationKind::Stop, Provisioning::Stopping, Step::ControlPlaneStop, "stop"),
                PowerState::Running => (OperationKind::Start, Provisioning::Starting, Step::ControlPlaneStart, "start"),
            };
            let target = OperationTarget::Cluster(id.clone());
            let operation = deletion::start(tx, now, kind, target, cluster.location.clone());
            let ready = now + world.timings().sample(step, &format!("{}/{operation}", id.name));
            for pool in tx.scan::<Pool>(&id.children_prefix()) {
                let etag = tx.fresh_uuid();
                tx.put(Pool { provisioning: state, operation, ready_not_before: ready, etag, ..(*pool).clone() });
            }
            let etag = tx.fresh_uuid();
            tx.put(Cluster {
                power,
                provisioning: state,
                operation,
                control_plane_ready: ready,
                etag,
                ..(*cluster).clone()
            });
            tx.touch(Unit::cluster(&id));
            record(tx, now, EventKind::Requested, Some(subscription.id), id.name.to_string(), text.to_owned());
            Ok(Some(operation))
        })
        .await
    }
}
