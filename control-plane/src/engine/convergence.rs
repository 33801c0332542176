//! When an operation ends: its resource has become what was asked for, or cannot.

use super::groups;
use super::reconcile::{Context, Outcome, wants_power};
use crate::clock::VirtualTime;
use crate::ids::{GroupId, Name, OperationId, StorageKey};
use crate::model::{
    Cluster, EventKind, GenericResource, Node, NodeState, Operation, OperationError, OperationState, OperationTarget,
    Pool, Provisioning, ResourceGroup,
};
use crate::store::Tx;
use crate::world::{record, roles};

/// Ends a pool's part of its operation if it has converged or failed.
pub(super) fn pool(tx: &mut Tx<'_>, context: &Context<'_>, pool: &Pool, outcome: &mut Outcome) {
    end_reimage(tx, context, pool);
    let Some(pool) = tx.get::<Pool>(&pool.id.storage_key()) else { return };
    let pool = &*pool;
    if pool_aborted(tx, context, pool, outcome) || !pool.provisioning.is_running() {
        return;
    }
    if pool.ready_not_before > context.now {
        outcome.at(pool.ready_not_before);
        return;
    }
    let nodes = tx.scan::<Node>(&pool.id.children_prefix());
    if nodes.iter().any(|n| !n.state.is_settled()) {
        return;
    }
    if pool.provisioning == Provisioning::Deleting {
        if nodes.is_empty() {
            tx.delete::<Pool>(&pool.id.storage_key());
            end_if_own(tx, context, pool, None);
        }
        return;
    }
    if !wants_power(context, pool) {
        if nodes.iter().all(|n| matches!(n.state, NodeState::Stopped { .. })) {
            tx.put(Pool { provisioning: Provisioning::Succeeded, ..pool.clone() });
            end_if_own(tx, context, pool, None);
        }
        return;
    }
    let broken: Vec<_> = nodes.iter().filter(|n| is_broken(n)).collect();
    if let Some(first) = broken.first() {
        let error = failure(first, broken.len());
        tx.put(Pool { provisioning: Provisioning::Failed, ..pool.clone() });
        end_if_own(tx, context, pool, Some(error));
        return;
    }
    let wanted = pool.settings.node_model();
    let as_wanted = |n: &std::sync::Arc<Node>| n.model == wanted && matches!(n.state, NodeState::Ready { .. });
    let converged = nodes.len() == pool.settings.count as usize && nodes.iter().all(as_wanted);
    if converged {
        let present = pool.settings.machines.clone();
        tx.put(Pool { provisioning: Provisioning::Succeeded, present, ..pool.clone() });
        end_if_own(tx, context, pool, None);
    }
}

/// Ends a cluster's operation when its control plane and all pools have converged.
pub(super) fn cluster(tx: &mut Tx<'_>, context: &Context<'_>, outcome: &mut Outcome) {
    let cluster = context.cluster;
    if cluster_aborted(tx, context, outcome) || !cluster.provisioning.is_running() {
        return;
    }
    if cluster.control_plane_ready > context.now {
        outcome.at(cluster.control_plane_ready);
        return;
    }
    let pools = tx.scan::<Pool>(&cluster.id.children_prefix());
    if cluster.provisioning == Provisioning::Deleting {
        if pools.is_empty() {
            delete_cluster(tx, context);
        }
        return;
    }
    if pools.iter().any(|pool| pool.provisioning.is_running()) {
        return;
    }
    let ended = last_change(tx, cluster, context.now);
    let failed = pools.iter().find(|p| p.provisioning == Provisioning::Failed && p.operation == cluster.operation);
    let error = failed.map(|pool| pool_failure(tx, pool));
    let provisioning = if error.is_some() { Provisioning::Failed } else { Provisioning::Succeeded };
    tx.put(Cluster { provisioning, ..cluster.clone() });
    end_operation(tx, context.now, cluster.operation, ended, error);
}

/// Ends a pool's operation Canceled when its abort is due; `true` while an abort is under way.
fn pool_aborted(tx: &mut Tx<'_>, context: &Context<'_>, pool: &Pool, outcome: &mut Outcome) -> bool {
    let Some(abort) = pool.abort else { return false };
    if abort.due > context.now {
        outcome.at(abort.due);
        return true;
    }
    let running = pool.provisioning.is_running() && pool.provisioning != Provisioning::Deleting;
    let provisioning = if running { Provisioning::Canceled } else { pool.provisioning };
    tx.put(Pool { abort: None, provisioning, ..pool.clone() });
    if running {
        cancel_operation(tx, context.now, pool.operation, abort.due);
    }
    end_operation(tx, context.now, abort.operation, abort.due, None);
    true
}

/// The same for a cluster, with the pools that take part in its operation.
fn cluster_aborted(tx: &mut Tx<'_>, context: &Context<'_>, outcome: &mut Outcome) -> bool {
    let cluster = context.cluster;
    let Some(abort) = cluster.abort else { return false };
    if abort.due > context.now {
        outcome.at(abort.due);
        return true;
    }
    let running = cluster.provisioning.is_running() && cluster.provisioning != Provisioning::Deleting;
    let provisioning = if running { Provisioning::Canceled } else { cluster.provisioning };
    tx.put(Cluster { abort: None, provisioning, ..cluster.clone() });
    if running {
        for pool in tx.scan::<Pool>(&cluster.id.children_prefix()) {
            if pool.operation == cluster.operation && pool.provisioning.is_running() {
                tx.put(Pool { provisioning: Provisioning::Canceled, ..(*pool).clone() });
            }
        }
        cancel_operation(tx, context.now, cluster.operation, abort.due);
    }
    end_operation(tx, context.now, abort.operation, abort.due, None);
    true
}

fn cancel_operation(tx: &mut Tx<'_>, now: VirtualTime, id: OperationId, ended: VirtualTime) {
    let Some(operation) = tx.get::<Operation>(&id.storage_key()) else { return };
    if operation.state == OperationState::InProgress {
        let subscription = Some(operation.target.subscription());
        let text = format!("{:?} canceled", operation.kind);
        record(tx, now, EventKind::OperationEnded, subscription, subject(&operation), text);
        tx.put(Operation { state: OperationState::Canceled { ended, by: None }, ..(*operation).clone() });
    }
}

/// Ends a scale set's reimage when its machines are up again.
fn end_reimage(tx: &mut Tx<'_>, context: &Context<'_>, pool: &Pool) {
    let Some(operation) = pool.reimage else { return };
    let nodes = tx.scan::<Node>(&pool.id.children_prefix());
    if nodes.iter().any(|n| !n.state.is_settled()) {
        return;
    }
    tx.put(Pool { reimage: None, ..pool.clone() });
    let broken: Vec<_> = nodes.iter().filter(|n| is_broken(n)).collect();
    let error = broken.first().map(|first| failure(first, broken.len()));
    let ended = nodes.iter().filter_map(|n| settled_at(n)).max().unwrap_or(context.now).min(context.now);
    end_operation(tx, context.now, operation, ended, error);
}

fn is_broken(node: &Node) -> bool {
    matches!(node.state, NodeState::BootRefused { .. } | NodeState::HostFault { .. })
}

fn delete_cluster(tx: &mut Tx<'_>, context: &Context<'_>) {
    let cluster = context.cluster;
    let group =
        GroupId { subscription: cluster.id.group.subscription, name: Name::new(cluster.node_resource_group.clone()) };
    tx.delete::<ResourceGroup>(&group.storage_key());
    forget_children(tx, cluster);
    tx.delete::<Cluster>(&cluster.id.storage_key());
    tx.touch(groups::unit_of(cluster));
    end_operation(tx, context.now, cluster.operation, context.now, None);
}

/// What is kept below a cluster goes with it: maintenance configurations, role bindings, command results, role assignments.
fn forget_children(tx: &mut Tx<'_>, cluster: &Cluster) {
    let path = ["managedClusters".to_owned(), cluster.id.name.to_string(), String::new()];
    let prefix = GenericResource::key(&cluster.id.group, "Microsoft.ContainerService", &path);
    for resource in tx.scan::<GenericResource>(&prefix) {
        tx.delete::<GenericResource>(&GenericResource::key(&resource.group, &resource.namespace, &resource.path));
    }
    let group = &cluster.id.group;
    let scope = format!(
        "/subscriptions/{}/resourceGroups/{}/providers/Microsoft.ContainerService/managedClusters/{}",
        group.subscription, group.name, cluster.id.name
    );
    roles::forget(tx, group.subscription, &scope);
}

/// The moment at which the last part became what was asked for; the operation's end, however late we look.
fn last_change(tx: &Tx<'_>, cluster: &Cluster, now: VirtualTime) -> VirtualTime {
    let nodes = tx.scan::<Node>(&cluster.id.children_prefix());
    nodes.iter().filter_map(|n| settled_at(n)).fold(cluster.control_plane_ready, VirtualTime::max).min(now)
}

fn settled_at(node: &Node) -> Option<VirtualTime> {
    match &node.state {
        NodeState::Ready { since } | NodeState::Stopped { since } => Some(*since),
        NodeState::BootRefused { at, .. } | NodeState::HostFault { at, .. } => Some(*at),
        _ => None,
    }
}

/// A pool that takes part in its cluster's operation does not end it.
fn end_if_own(tx: &mut Tx<'_>, context: &Context<'_>, pool: &Pool, error: Option<OperationError>) {
    let own = tx
        .get::<Operation>(&pool.operation.storage_key())
        .is_some_and(|o| matches!(o.target, OperationTarget::Pool(_)));
    if own {
        let nodes = tx.scan::<Node>(&pool.id.children_prefix());
        let last = nodes.iter().filter_map(|n| settled_at(n)).fold(pool.ready_not_before, VirtualTime::max);
        end_operation(tx, context.now, pool.operation, last.min(context.now), error);
    }
}

/// Writes an operation's end.
pub(super) fn end_operation(
    tx: &mut Tx<'_>,
    now: VirtualTime,
    id: OperationId,
    ended: VirtualTime,
    error: Option<OperationError>,
) {
    let Some(operation) = tx.get::<Operation>(&id.storage_key()) else {
        return;
    };
    if operation.state != OperationState::InProgress {
        return;
    }
    let subject = subject(&operation);
    let (state, text) = match error {
        None => (OperationState::Succeeded { ended }, format!("{:?} succeeded", operation.kind)),
        Some(error) => {
            let text = format!("{:?} failed: {}", operation.kind, error.message);
            (OperationState::Failed { ended, error }, text)
        }
    };
    let subscription = Some(operation.target.subscription());
    record(tx, now, EventKind::OperationEnded, subscription, subject, text);
    tx.put(Operation { state, ..(*operation).clone() });
}

fn subject(operation: &Operation) -> String {
    match &operation.target {
        OperationTarget::Group(group) => group.name.to_string(),
        OperationTarget::Cluster(cluster) => cluster.name.to_string(),
        OperationTarget::Pool(pool) => format!("{}/{}", pool.cluster.name, pool.name),
    }
}

/// What a client reads when nodes did not come up. Azure has published no text for this; code and words are Slipway's.
fn failure(node: &Node, count: usize) -> OperationError {
    let more = if count > 1 { format!(" ({} more nodes did not come up.)", count - 1) } else { String::new() };
    match &node.state {
        NodeState::BootRefused { component, reason, .. } => OperationError {
            code: "SecureBootVerificationFailed".to_owned(),
            message: format!(
                "Node {} did not start: Secure Boot refused its boot component '{component}': {reason}{more}",
                node.name
            ),
        },
        NodeState::HostFault { reason, .. } => OperationError {
            code: "SlipwayHostFault".to_owned(),
            message: format!("Node {} did not start: the machine that runs Slipway failed: {reason}{more}", node.name),
        },
        other => OperationError {
            code: "NodesNotReady".to_owned(),
            message: format!("Node {} is {}.{more}", node.name, other.as_str()),
        },
    }
}

fn pool_failure(tx: &Tx<'_>, pool: &Pool) -> OperationError {
    let nodes = tx.scan::<Node>(&pool.id.children_prefix());
    let broken: Vec<_> = nodes.iter().filter(|n| is_broken(n)).collect();
    match broken.first() {
        Some(first) => failure(first, broken.len()),
        None => OperationError {
            code: "AgentPoolFailed".to_owned(),
            message: format!("Agent pool '{}' failed.", pool.id.name),
        },
    }
}
