//! Taking over after a start, and machines that lose power.

use std::collections::BTreeSet;

use super::Unit;
use crate::hardware::{Hardware, VmId};
use crate::ids::{NodeId, StorageKey};
use crate::model::{Cluster, EventKind, Node, NodeEvent, NodeState, ResourceGroup};
use crate::timings::Step;
use crate::world::{World, record};

/// Everything that may need a step.
pub(super) fn all_units(world: &World) -> BTreeSet<Unit> {
    let clusters = world.store().scan::<Cluster>("");
    let groups = world.store().scan::<ResourceGroup>("");
    let deleting = groups.iter().filter(|g| g.deleting).map(|g| Unit::group(&g.id));
    clusters.iter().map(|c| Unit::cluster(&c.id)).chain(deleting).collect()
}

/// Nodes whose machine did not survive the simulator's stop boot again.
pub(super) async fn heal_what_lost_power(world: &World, hardware: &dyn Hardware) {
    for node in world.all_nodes() {
        let runs = matches!(node.state, NodeState::Ready { .. } | NodeState::Draining { .. });
        if runs && !matches!(hardware.survived(node.vm).await, Ok(true)) {
            heal(world, node.id.clone()).await;
        }
    }
}

/// The machine has lost power: its node shows it and boots again.
pub(super) async fn power_lost(world: &World, vm: VmId) {
    if let Some(node) = world.all_nodes().into_iter().find(|n| n.vm == vm) {
        heal(world, node.id.clone()).await;
    }
}

async fn heal(world: &World, id: NodeId) {
    let outcome = world
        .transact(move |world, tx, now| {
            let Some(node) = tx.get::<Node>(&id.storage_key()) else {
                return Ok(());
            };
            let mut node = (*node).clone();
            let until = now + world.timings().sample(Step::NodeReboot, &format!("heal/{}/{}", node.name, node.boots));
            // A node that is on its way somewhere else boots there anyway.
            let Ok(state) = node.state.clone().on(NodeEvent::PowerLost { until }) else {
                return Ok(());
            };
            node.state = state;
            node.heals += 1;
            let subscription = Some(id.pool.cluster.group.subscription);
            let text = "lost power; it is being restarted".to_owned();
            record(tx, now, EventKind::NodeState, subscription, node.name.clone(), text);
            tx.touch(Unit::cluster(&id.pool.cluster));
            tx.put(node);
            Ok(())
        })
        .await;
    if let Err(refusal) = outcome {
        tracing::error!(%refusal, "a node that lost power could not be healed");
    }
}
