//! What people do to single nodes, beside ARM.

use std::sync::Arc;

use super::{World, record};
use crate::engine::Unit;
use crate::hardware::{Component, Fault};
use crate::ids::{NodeId, PoolId, StorageKey};
use crate::model::{EventKind, Node, NodeEvent, NodeState, Pool};
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

    /// Changes a byte of a component on the node's OS disk. It takes effect at the next boot and is gone after a
    /// reimage.
    pub async fn tamper_node(&self, id: &NodeId, component: Component) -> Result<Arc<Node>, Refusal> {
        let id = id.clone();
        let fault = disk_fault(component)?;
        self.transact(move |_, tx, now| {
            let mut node = existing(tx.get::<Node>(&id.storage_key()), &id)?;
            if matches!(node.state, NodeState::Deleting { .. } | NodeState::Allocating { .. }) {
                return Err(out_of_turn(&id, &format!("node {} has no OS disk now", node.name)));
            }
            if !node.faults.contains(&fault) {
                node.faults.push(fault);
            }
            let subscription = Some(id.pool.cluster.group.subscription);
            let text = format!("{component} on its OS disk was tampered with");
            record(tx, now, EventKind::Fault, subscription, node.name.clone(), text);
            Ok(tx.put(node))
        })
        .await
    }

    /// Changes a byte of a component in the image that a pool's OS disks are made from: every disk made from now on
    /// carries it.
    pub async fn tamper_pool(&self, id: &PoolId, component: Component) -> Result<Arc<Pool>, Refusal> {
        let id = id.clone();
        let fault = disk_fault(component)?;
        self.transact(move |_, tx, now| {
            let pool = tx.get::<Pool>(&id.storage_key()).ok_or_else(|| {
                Refusal::gateway(RefusalKind::NotFound, "NotFound", format!("There is no pool '{}'.", id.name))
            })?;
            let mut pool = (*pool).clone();
            if !pool.image_faults.contains(&fault) {
                pool.image_faults.push(fault);
            }
            let subscription = Some(id.cluster.group.subscription);
            let text = format!("{component} in its image was tampered with");
            record(tx, now, EventKind::Fault, subscription, id.name.to_string(), text);
            Ok(tx.put(pool))
        })
        .await
    }
}

fn disk_fault(component: Component) -> Result<Fault, Refusal> {
    if component == Component::Firmware {
        return Err(Refusal::gateway(
            RefusalKind::BadRequest,
            "FirmwareIsNotOnDisk",
            "The firmware is not on the OS disk; tamper with shim, grub, grub-config, kernel or initrd.",
        ));
    }
    Ok(Fault::Tampered { component })
}

fn existing(node: Option<Arc<Node>>, id: &NodeId) -> Result<Node, Refusal> {
    node.map(|node| (*node).clone()).ok_or_else(|| {
        let message = format!("There is no node {} in pool '{}'.", id.instance, id.pool.name);
        Refusal::gateway(RefusalKind::NotFound, "NodeNotFound", message)
    })
}

fn out_of_turn(id: &NodeId, why: &str) -> Refusal {
    let message = format!("Node {} of pool '{}': {why}.", id.instance, id.pool.name);
    Refusal::gateway(RefusalKind::Conflict, "NodeBusy", message)
}
