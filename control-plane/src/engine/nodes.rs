//! Steps of single nodes, and what a pool wants of them.

use std::collections::BTreeSet;

use uuid::Uuid;

use super::jobs::{Job, JobKind};
use super::names;
use super::reconcile::{Context, Outcome};
use crate::clock::VirtualTime;
use crate::hardware::VmId;
use crate::ids::{NodeId, StorageKey};
use crate::model::{EventKind, MachineGroup, Node, NodeEvent, NodeState, Pool};
use crate::store::Tx;
use crate::timings::Step;
use crate::world::record;

/// Moves a node on if the time of its state is up, and notes its next timer or hardware job.
pub(super) fn elapse(tx: &mut Tx<'_>, context: &Context<'_>, pool: &Pool, node: &Node, outcome: &mut Outcome) {
    let mut node = node.clone();
    while let Some(until) = node.state.until() {
        if until > context.now {
            outcome.at(until);
            break;
        }
        let next = match node.state {
            NodeState::Allocating { .. } => {
                // The first disk is made from the image as it is at this moment.
                node.faults = pool.image_faults.clone();
                Step::NodeBoot
            }
            NodeState::Draining { .. } => Step::NodeReimageDisk,
            NodeState::Reimaging { .. } => {
                fresh_disk(&mut node, pool);
                Step::NodeBoot
            }
            NodeState::Booting { .. } => {
                let kind = JobKind::Boot { order: node.boot_order(), at: until };
                outcome.jobs.push(Job { node: node.id.clone(), kind });
                break;
            }
            NodeState::Stopping { .. } => {
                let kind = JobKind::PowerOff { vm: node.vm, at: until };
                outcome.jobs.push(Job { node: node.id.clone(), kind });
                break;
            }
            NodeState::Deleting { .. } => {
                outcome.jobs.push(Job { node: node.id.clone(), kind: JobKind::Remove { vm: node.vm } });
                break;
            }
            NodeState::Ready { .. }
            | NodeState::BootRefused { .. }
            | NodeState::Stopped { .. }
            | NodeState::HostFault { .. } => break,
        };
        // The next step starts where this one ended, however late we look.
        let next_until = until + sample(context, next, &node);
        if !apply(tx, context, &mut node, NodeEvent::Elapsed { next_until }) {
            break;
        }
    }
}

/// A reimage replaces the OS disk: what was done to the old one is gone, and with it the vTPM's state.
pub(super) fn fresh_disk(node: &mut Node, pool: &Pool) {
    node.model = pool.settings.node_model();
    node.disk_generation += 1;
    node.faults = pool.image_faults.clone();
}

/// Adds nodes that are missing, and removes those that are too many, the newest first; each size by itself.
pub(super) fn match_count(tx: &mut Tx<'_>, context: &Context<'_>, pool: &Pool, outcome: &mut Outcome) {
    let nodes = tx.scan::<Node>(&pool.id.children_prefix());
    let staying: Vec<_> = nodes.iter().filter(|n| !matches!(n.state, NodeState::Deleting { .. })).collect();
    let groups = pool.settings.groups();
    let of = |node: &Node, group: &MachineGroup| node.size.is_empty() || node.size.eq_ignore_ascii_case(&group.size);
    for node in staying.iter().filter(|n| !groups.iter().any(|group| of(n, group))) {
        delete(tx, context, node, outcome);
    }
    for group in &groups {
        let present: Vec<_> = staying.iter().filter(|n| of(n, group)).collect();
        let wanted = group.count as usize;
        for node in present.iter().skip(wanted).rev() {
            delete(tx, context, node, outcome);
        }
        if present.len() < wanted {
            create(tx, context, pool, &group.size, wanted - present.len(), outcome);
        }
    }
}

fn create(tx: &mut Tx<'_>, context: &Context<'_>, pool: &Pool, size: &str, count: usize, outcome: &mut Outcome) {
    let in_cluster = tx.scan::<Node>(&context.cluster.id.children_prefix());
    let mut used: BTreeSet<String> = in_cluster.iter().map(|n| n.ip.clone()).collect();
    let mut pool = (*tx.get::<Pool>(&pool.id.storage_key()).unwrap_or_else(|| pool.clone().into())).clone();
    // The machines are asked for when the control plane is there and the request has been accepted.
    let from = creation_start(context, &pool);
    for _ in 0..count {
        let instance = pool.next_instance;
        pool.next_instance += 1;
        let name = names::node(pool.id.name.as_str(), &context.cluster.name_hash, instance);
        let until = from + context.world.timings().sample(Step::NodeAllocate, &name);
        let ip = names::free_address(&used);
        used.insert(ip.clone());
        let node = Node {
            id: NodeId { pool: pool.id.clone(), instance },
            vm: vm_id(tx.fresh_uuid()),
            name,
            ip,
            size: size.to_owned(),
            zone: emptiest_zone(tx, &pool),
            model: pool.settings.node_model(),
            state: NodeState::Allocating { until },
            disk_generation: 1,
            faults: Vec::new(),
            boots: 0,
            heals: 0,
            created: from,
        };
        note(tx, context, &node);
        outcome.at(until);
        tx.put(node);
    }
    tx.put(pool);
}

/// Machines are spread over the pool's zones as evenly as possible (azure-aks-docs availability-zones.md).
fn emptiest_zone(tx: &Tx<'_>, pool: &Pool) -> Option<String> {
    pool.settings.zones.first()?;
    let nodes = tx.scan::<Node>(&pool.id.children_prefix());
    let in_zone = |zone: &&String| nodes.iter().filter(|n| n.zone.as_ref() == Some(*zone)).count();
    pool.settings.zones.iter().min_by_key(in_zone).cloned()
}

fn creation_start(context: &Context<'_>, pool: &Pool) -> VirtualTime {
    if pool.operation == context.cluster.operation {
        // Both are at or before now.
        context.cluster.control_plane_ready.max(pool.created).min(context.now)
    } else {
        context.now
    }
}

fn vm_id(uuid: Uuid) -> VmId {
    VmId(uuid)
}

/// Reimages nodes whose model is not the pool's, as many at a time as its upgrade settings allow, which by default is one
/// in ten; a node that does not come up stops the roll-out.
pub(super) fn roll_out(tx: &mut Tx<'_>, context: &Context<'_>, pool: &Pool, outcome: &mut Outcome) {
    let wanted = pool.settings.node_model();
    let nodes = tx.scan::<Node>(&pool.id.children_prefix());
    let moving = |n: &Node| !n.state.is_settled() && !matches!(n.state, NodeState::Deleting { .. });
    let broken = |n: &Node| n.model == wanted && !matches!(n.state, NodeState::Ready { .. }) && n.state.is_settled();
    if nodes.iter().any(|n| broken(n)) {
        return;
    }
    let free = pool.settings.upgraded_together().saturating_sub(nodes.iter().filter(|n| moving(n)).count());
    // Where the node before became ready, the next one starts, however late we look.
    let from = nodes.iter().filter(|n| n.model == wanted).filter_map(ready_since).max();
    let from = from.unwrap_or(context.now).max(pool_started(tx, pool)).min(context.now);
    for next in nodes.iter().filter(|n| n.model != wanted && n.state.is_settled()).take(free) {
        let mut node = (**next).clone();
        let until = from + sample(context, Step::NodeDrain, &node);
        apply(tx, context, &mut node, NodeEvent::Reimage { until });
        outcome.at(until);
    }
}

fn pool_started(tx: &Tx<'_>, pool: &Pool) -> VirtualTime {
    let operation = tx.get::<crate::model::Operation>(&pool.operation.storage_key());
    operation.map_or(pool.created, |o| o.started)
}

fn ready_since(node: &std::sync::Arc<Node>) -> Option<VirtualTime> {
    match node.state {
        NodeState::Ready { since } => Some(since),
        _ => None,
    }
}

/// Sends all nodes of a pool away.
pub(super) fn delete_all(tx: &mut Tx<'_>, context: &Context<'_>, pool: &Pool, outcome: &mut Outcome) {
    for node in tx.scan::<Node>(&pool.id.children_prefix()) {
        if !matches!(node.state, NodeState::Deleting { .. }) {
            delete(tx, context, &node, outcome);
        }
    }
}

fn delete(tx: &mut Tx<'_>, context: &Context<'_>, node: &Node, outcome: &mut Outcome) {
    let until = context.now + sample(context, Step::NodeDelete, node);
    let mut node = node.clone();
    apply(tx, context, &mut node, NodeEvent::Delete { until });
    outcome.at(until);
}

pub(super) fn sample(context: &Context<'_>, step: Step, node: &Node) -> std::time::Duration {
    context.world.timings().sample(step, &format!("{}/{}/{}", node.name, node.disk_generation, node.boots))
}

/// Applies an event; `false` when it was out of turn.
pub(super) fn apply(tx: &mut Tx<'_>, context: &Context<'_>, node: &mut Node, event: NodeEvent) -> bool {
    match node.state.clone().on(event) {
        Ok(state) => {
            node.state = state;
            note(tx, context, node);
            tx.put(node.clone());
            true
        }
        Err(out_of_turn) => {
            tracing::error!(node = %node.name, %out_of_turn, "the engine took a wrong step");
            false
        }
    }
}

fn note(tx: &mut Tx<'_>, context: &Context<'_>, node: &Node) {
    let subscription = Some(node.id.pool.cluster.group.subscription);
    record(tx, context.now, EventKind::NodeState, subscription, node.name.clone(), node.state.as_str().to_owned());
}
