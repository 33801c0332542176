//! What people do to single nodes, beside ARM.

use std::sync::Arc;

use super::{World, record};
use crate::engine::Unit;
use crate::ids::{NodeId, StorageKey};
use crate::model::{EventKind, Node, NodeEvent};
use crate::refusal::{Refusal, RefusalKind};
use crate::timings::Step;

impl World {
    /// Restarts a node on its disk.
    pub async fn reboot_node(&self, id: &NodeId) -> Result<Arc<Node>, Refusal> {
        let id = id.clone();
        self.transact(move |world, tx, now| {
            let mut node = existing(tx.get::<Node>(&id.storage_key()), &id)?;
            let until = now + world.timings().sample(Step::NodeReboot, &format!("{}/{}", node.name, node.boots));
            node.state = node.state.on(NodeEvent::Reboot { until }).map_err(|e| out_of_turn(&id, &e.to_string()))?;
            let subscription = Some(id.pool.cluster.group.subscription);
            record(tx, now, EventKind::NodeState, subscription, node.name.clone(), "restart".to_owned());
            tx.touch(Unit::cluster(&id.pool.cluster));
            Ok(tx.put(node))
        })
        .await
    }
}

pub(super) fn existing(node: Option<Arc<Node>>, id: &NodeId) -> Result<Node, Refusal> {
    node.map(|node| (*node).clone()).ok_or_else(|| {
        let message = format!("There is no node {} in pool '{}'.", id.instance, id.pool.name);
        Refusal::gateway(RefusalKind::NotFound, "NodeNotFound", message)
    })
}

pub(super) fn out_of_turn(id: &NodeId, why: &str) -> Refusal {
    let message = format!("Node {} of pool '{}': {why}.", id.instance, id.pool.name);
    Refusal::gateway(RefusalKind::Conflict, "NodeBusy", message)
}
