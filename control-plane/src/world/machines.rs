//! Operations on machines: new node images, removing and reimaging single ones, certificates.

use std::sync::Arc;

use super::pools::{Asker, ClusterFacts, Way, idle, left_behind};
use super::{World, clusters, deletion, guard, record};
use crate::engine::Unit;
use crate::ids::{ClusterId, OperationId, PoolId, StorageKey};
use crate::model::{
    Cluster, EventKind, MachineGroup, Node, NodeEvent, NodeState, OperationKind, OperationTarget, Pool, PoolKind,
    PoolSpec, Provisioning,
};
use crate::refusal::{Refusal, RefusalKind};
use crate::rules;
use crate::store::Tx;
use crate::timings::Step;

impl World {
    /// Brings a pool to the newest node image, or to that of a snapshot.
    pub async fn upgrade_node_image(
        &self,
        id: &PoolId,
        snapshot_image: Option<String>,
    ) -> Result<(Arc<Pool>, OperationId), Refusal> {
        let id = id.clone();
        self.transact(move |world, tx, now| {
            let subscription = guard::subscription(tx, id.cluster.group.subscription)?;
            let (cluster, pool) = existing(tx, &id)?;
            idle(tx, &subscription, &cluster, Some(&pool))?;
            let feature = pool.made_with_feature;
            let asker = Asker { world, now, subscription: &subscription, feature, first_pool: false };
            let asked = PoolSpec { name: id.name.to_string(), snapshot_image, ..PoolSpec::default() };
            let settings = asker.settle(&ClusterFacts::of(&cluster), &asked, Some(&pool), Way::NodeImage)?;
            let target = OperationTarget::Pool(id.clone());
            let operation = deletion::start(tx, now, OperationKind::Upgrade, target, cluster.location.clone());
            let ready = now + world.timings().sample(Step::PoolUpdate, &format!("{}/{operation}", id.name));
            let subject = format!("{}/{}", id.cluster.name, id.name);
            let text = format!("node image {}", settings.node_image_version);
            let etag = tx.fresh_uuid();
            let previous = left_behind(&pool, &settings, now).or_else(|| pool.previous.clone());
            let pool = tx.put(Pool {
                settings,
                provisioning: Provisioning::UpgradingNodeImageVersion,
                operation,
                ready_not_before: ready,
                etag,
                previous,
                ..(*pool).clone()
            });
            record(tx, now, EventKind::Requested, Some(subscription.id), subject, text);
            tx.touch(Unit::cluster(&id.cluster));
            Ok((pool, operation))
        })
        .await
    }

    /// The newest node image that a pool could have now.
    pub fn newest_node_image(&self, cluster: &Cluster, pool: &Pool) -> String {
        let Some(subscription) = self.subscription(pool.id.cluster.group.subscription) else {
            return pool.settings.node_image_version.clone();
        };
        let (now, feature) = (self.now(), pool.made_with_feature);
        let asker = Asker { world: self, now, subscription: &subscription, feature, first_pool: false };
        // What the pool has is what it can always have.
        let newest = asker.newest_image(&ClusterFacts::of(cluster), pool);
        newest.unwrap_or_else(|_| pool.settings.node_image_version.clone())
    }

    /// Removes single machines of a pool, by name; the pool's count shrinks with them.
    pub async fn delete_machines(&self, id: &PoolId, names: Vec<String>) -> Result<OperationId, Refusal> {
        let id = id.clone();
        self.transact(move |world, tx, now| {
            let subscription = guard::subscription(tx, id.cluster.group.subscription)?;
            let (cluster, pool) = existing(tx, &id)?;
            idle(tx, &subscription, &cluster, Some(&pool))?;
            let leaving = named(tx, &pool, &names)?;
            let fewer = PoolSpec { name: id.name.to_string(), ..without(&pool, &leaving) };
            let feature = pool.made_with_feature;
            let asker = Asker { world, now, subscription: &subscription, feature, first_pool: false };
            let settings = asker.settle(&ClusterFacts::of(&cluster), &fewer, Some(&pool), Way::AgentPool)?;
            let pools = tx.scan::<Pool>(&id.cluster.children_prefix());
            rules::judge_pool_in_cluster(&pools, Some(&pool), &settings, subscription.era)?;
            let target = OperationTarget::Pool(id.clone());
            let operation = deletion::start(tx, now, OperationKind::Scale, target, cluster.location.clone());
            for node in leaving {
                let until = now + world.timings().sample(Step::NodeDelete, &node.name);
                // Settled nodes can always be deleted; nothing else passes `idle`.
                if let Ok(state) = node.state.clone().on(NodeEvent::Delete { until }) {
                    tx.put(Node { state, ..(*node).clone() });
                }
            }
            let etag = tx.fresh_uuid();
            tx.put(Pool {
                settings,
                provisioning: Provisioning::Updating,
                operation,
                ready_not_before: now,
                etag,
                ..(*pool).clone()
            });
            let subject = format!("{}/{}", id.cluster.name, id.name);
            let text = format!("delete machines {}", names.join(", "));
            record(tx, now, EventKind::Requested, Some(subscription.id), subject, text);
            tx.touch(Unit::cluster(&id.cluster));
            Ok(operation)
        })
        .await
    }

    /// Replaces the OS disks of a scale set's instances at once, all of them when `instances` is `None`.
    pub async fn reimage_instances(&self, id: &PoolId, instances: Option<Vec<u32>>) -> Result<OperationId, Refusal> {
        let id = id.clone();
        self.transact(move |world, tx, now| {
            let (cluster, pool) = existing(tx, &id)?;
            if let Some(running) = pool.reimage {
                return Ok(running);
            }
            let target = OperationTarget::Pool(id.clone());
            let operation = deletion::start(tx, now, OperationKind::Reimage, target, cluster.location.clone());
            for node in tx.scan::<Node>(&id.children_prefix()) {
                let wanted = instances.as_ref().is_none_or(|wanted| wanted.contains(&node.id.instance));
                let salt = format!("{}/{}/{operation}", node.name, node.disk_generation);
                let until = now + world.timings().sample(Step::NodeReimageDisk, &salt);
                if wanted && let Ok(state) = node.state.clone().on(NodeEvent::ReimageNow { until }) {
                    let subscription = Some(id.cluster.group.subscription);
                    let text = "reimage asked for at the scale set".to_owned();
                    record(tx, now, EventKind::NodeState, subscription, node.name.clone(), text);
                    tx.put(Node { state, ..(*node).clone() });
                }
            }
            tx.put(Pool { reimage: Some(operation), ..(*pool).clone() });
            tx.touch(Unit::cluster(&id.cluster));
            Ok(operation)
        })
        .await
    }

    /// Replaces a cluster's certificates. Nodes are not touched here; on Azure they are recreated.
    pub async fn rotate_certificates(&self, id: &ClusterId) -> Result<OperationId, Refusal> {
        let id = id.clone();
        self.transact(move |world, tx, now| {
            let subscription = guard::subscription(tx, id.group.subscription)?;
            let cluster = tx.get::<Cluster>(&id.storage_key()).ok_or_else(|| guard::cluster_missing(&id))?;
            super::pools::running_power(&cluster)?;
            clusters::idle(tx, &subscription, &cluster)?;
            let target = OperationTarget::Cluster(id.clone());
            let kind = OperationKind::RotateCertificates;
            let operation = deletion::start(tx, now, kind, target, cluster.location.clone());
            let ready = now + world.timings().sample(Step::RotateCertificates, &operation.to_string());
            let etag = tx.fresh_uuid();
            tx.put(Cluster {
                provisioning: Provisioning::Updating,
                operation,
                control_plane_ready: ready,
                etag,
                ..(*cluster).clone()
            });
            let text = "rotate certificates".to_owned();
            record(tx, now, EventKind::Requested, Some(subscription.id), id.name.to_string(), text);
            tx.touch(Unit::cluster(&id));
            Ok(operation)
        })
        .await
    }
}

fn existing(tx: &Tx<'_>, id: &PoolId) -> Result<(Arc<Cluster>, Arc<Pool>), Refusal> {
    let cluster = tx.get::<Cluster>(&id.cluster.storage_key()).ok_or_else(|| guard::cluster_missing(&id.cluster))?;
    let pool = tx.get::<Pool>(&id.storage_key()).ok_or_else(|| guard::pool_missing(id))?;
    Ok((cluster, pool))
}

/// A request for the pool without these machines.
fn without(pool: &Pool, leaving: &[Arc<Node>]) -> PoolSpec {
    let count = |group: MachineGroup| {
        let gone = leaving.iter().filter(|n| n.size.is_empty() || n.size.eq_ignore_ascii_case(&group.size)).count();
        let left = i64::from(group.count).saturating_sub(i64::try_from(gone).unwrap_or(i64::MAX));
        MachineGroup { size: group.size, count: left.max(0) }
    };
    let groups: Vec<_> = pool.settings.groups().into_iter().map(count).collect();
    match pool.settings.kind {
        PoolKind::VirtualMachines => PoolSpec { machines: Some(groups), ..PoolSpec::default() },
        _ => PoolSpec { count: groups.first().map(|group| group.count), ..PoolSpec::default() },
    }
}

fn named(tx: &Tx<'_>, pool: &Pool, names: &[String]) -> Result<Vec<Arc<Node>>, Refusal> {
    let nodes = tx.scan::<Node>(&pool.id.children_prefix());
    let staying = |n: &&Arc<Node>| !matches!(n.state, NodeState::Deleting { .. });
    let find = |name: &String| {
        nodes.iter().filter(staying).find(|n| n.name.eq_ignore_ascii_case(name)).cloned().ok_or_else(|| {
            // The text is inferred.
            let message = format!("Machine '{name}' was not found in agent pool '{}'.", pool.id.name);
            Refusal::provider(RefusalKind::BadRequest, "InvalidParameter", message).at("machineNames")
        })
    };
    let mut found = names.iter().map(find).collect::<Result<Vec<_>, _>>()?;
    found.sort_by_key(|n| n.id.instance);
    found.dedup_by_key(|n| n.id.instance);
    Ok(found)
}
