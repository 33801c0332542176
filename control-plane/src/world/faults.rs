//! Giving faults to nodes and pools, and taking them away.

use std::sync::Arc;

use super::nodes::{existing, out_of_turn};
use super::{World, record};
use crate::faults::{Conflict, Fault, check};
use crate::ids::{NodeId, PoolId, StorageKey};
use crate::model::{EventKind, Node, NodeState, Pool};
use crate::refusal::{Refusal, RefusalKind};
use crate::store::Tx;

/// A change to a set of faults: cleared first, then taken away from, then added to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FaultChange {
    /// Whether all faults go.
    pub clear: bool,
    /// Faults that go. One that is not there is no error.
    pub remove: Vec<Fault>,
    /// Faults that come. One that is there stays once.
    pub add: Vec<Fault>,
}

impl FaultChange {
    /// One fault comes.
    pub fn add(fault: Fault) -> FaultChange {
        FaultChange { add: vec![fault], ..FaultChange::default() }
    }

    /// What becomes of a set of faults; whether they exclude each other is not asked.
    pub fn applied_to(&self, faults: &[Fault]) -> Vec<Fault> {
        let kept = faults.iter().filter(|fault| !self.clear && !self.remove.contains(fault));
        let mut changed: Vec<_> = kept.copied().collect();
        for fault in &self.add {
            if !changed.contains(fault) {
                changed.push(*fault);
            }
        }
        changed
    }

    fn apply(&self, faults: &[Fault], vtpm: bool) -> Result<Vec<Fault>, Conflict> {
        let changed = self.applied_to(faults);
        check(&changed, vtpm)?;
        Ok(changed)
    }
}

impl World {
    /// Changes what was done to a node. It takes effect at the node's next boot, and all of it is gone after a reimage.
    ///
    /// # Errors
    /// A refusal when there is no such node, it has no OS disk now, or the faults exclude each other.
    pub async fn change_node_faults(&self, id: &NodeId, change: FaultChange) -> Result<Arc<Node>, Refusal> {
        let id = id.clone();
        self.transact(move |_, tx, now| {
            let mut node = existing(tx.get::<Node>(&id.storage_key()), &id)?;
            if matches!(node.state, NodeState::Deleting { .. } | NodeState::Allocating { .. }) {
                return Err(out_of_turn(&id, &format!("node {} has no OS disk now", node.name)));
            }
            node.faults = change.apply(&node.faults, node.model.vtpm).map_err(|conflict| excluded(&conflict))?;
            let subscription = Some(id.pool.cluster.group.subscription);
            record(tx, now, EventKind::Fault, subscription, node.name.clone(), told(&node.faults));
            Ok(tx.put(node))
        })
        .await
    }

    /// Changes what is done to every new machine and disk of a pool, and in the same way what was done to each of its
    /// nodes.
    ///
    /// # Errors
    /// A refusal when there is no such pool, or the faults exclude each other, those of single nodes included; then
    /// nothing is changed.
    pub async fn change_pool_faults(&self, id: &PoolId, change: FaultChange) -> Result<Arc<Pool>, Refusal> {
        let id = id.clone();
        self.transact(move |_, tx, now| {
            let pool = tx.get::<Pool>(&id.storage_key()).ok_or_else(|| {
                Refusal::gateway(RefusalKind::NotFound, "NotFound", format!("There is no pool '{}'.", id.name))
            })?;
            let mut pool = (*pool).clone();
            let vtpm = pool.settings.node_model().vtpm;
            pool.image_faults = change.apply(&pool.image_faults, vtpm).map_err(|conflict| excluded(&conflict))?;
            for node in tx.scan::<Node>(&id.children_prefix()) {
                let faults =
                    change.apply(&node.faults, node.model.vtpm).map_err(|conflict| of_node(&node, &conflict))?;
                tx.put(Node { faults, ..(*node).clone() });
            }
            told_of_pool(tx, now, &pool);
            Ok(tx.put(pool))
        })
        .await
    }
}

fn told(faults: &[Fault]) -> String {
    match faults {
        [] => "no faults".to_owned(),
        some => some.iter().map(Fault::to_string).collect::<Vec<_>>().join(", "),
    }
}

fn told_of_pool(tx: &mut Tx<'_>, now: crate::clock::VirtualTime, pool: &Pool) {
    let subscription = Some(pool.id.cluster.group.subscription);
    record(tx, now, EventKind::Fault, subscription, pool.id.name.to_string(), told(&pool.image_faults));
}

fn excluded(conflict: &Conflict) -> Refusal {
    Refusal::gateway(RefusalKind::BadRequest, "FaultConflict", conflict.to_string())
}

fn of_node(node: &Node, conflict: &Conflict) -> Refusal {
    Refusal::gateway(RefusalKind::BadRequest, "FaultConflict", format!("Node {}: {conflict}", node.name))
}
