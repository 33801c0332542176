//! Stopping and starting a pool's machines.

use super::nodes::{apply, fresh_disk, sample};
use super::reconcile::{Context, Outcome};
use crate::ids::StorageKey;
use crate::model::{Node, NodeEvent, NodeState, OsDiskType, Pool};
use crate::store::Tx;
use crate::timings::Step;

/// Deallocates the machines that run.
pub(super) fn stop_all(tx: &mut Tx<'_>, context: &Context<'_>, pool: &Pool, outcome: &mut Outcome) {
    for node in tx.scan::<Node>(&pool.id.children_prefix()) {
        let stays_up = matches!(node.state, NodeState::Stopped { .. }) || !node.state.is_settled();
        if stays_up {
            continue;
        }
        let mut node = (*node).clone();
        let until = context.now + sample(context, Step::NodeStop, &node);
        if apply(tx, context, &mut node, NodeEvent::Stop { until }) {
            outcome.at(until);
        }
    }
}

/// Boots the machines that are off. An ephemeral OS disk does not outlive a deallocation: such a machine gets a new one
/// (azure-compute-docs ephemeral-os-disks.md; that AKS then keeps the node's name is inferred).
pub(super) fn start_all(tx: &mut Tx<'_>, context: &Context<'_>, pool: &Pool, outcome: &mut Outcome) {
    for node in tx.scan::<Node>(&pool.id.children_prefix()) {
        if !matches!(node.state, NodeState::Stopped { .. }) {
            continue;
        }
        let mut node = (*node).clone();
        if pool.settings.os_disk_type == OsDiskType::Ephemeral {
            fresh_disk(&mut node, pool);
        }
        let until = context.now + sample(context, Step::NodeStart, &node);
        if apply(tx, context, &mut node, NodeEvent::Start { until }) {
            outcome.at(until);
        }
    }
}
