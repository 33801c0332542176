//! When an operation ends: its resource has become what was asked for, or cannot.

use super::groups;
use super::reconcile::{Context, Outcome};
use crate::clock::VirtualTime;
use crate::ids::{GroupId, Name, OperationId, StorageKey};
use crate::model::{
    Cluster, EventKind, Node, NodeState, Operation, OperationError, OperationState, OperationTarget, Pool,
    Provisioning, ResourceGroup,
};
use crate::store::Tx;
use crate::world::record;

/// Ends a pool's part of its operation if it has converged or failed.
pub(super) fn pool(tx: &mut Tx<'_>, context: &Context<'_>, pool: &Pool, outcome: &mut Outcome) {
    if !pool.provisioning.is_running() {
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
    let broken: Vec<_> = nodes.iter().filter(|n| !matches!(n.state, NodeState::Ready { .. })).collect();
    if let Some(first) = broken.first() {
        let error = failure(first, broken.len());
        tx.put(Pool { provisioning: Provisioning::Failed, ..pool.clone() });
        end_if_own(tx, context, pool, Some(error));
        return;
    }
    let wanted = pool.settings.node_model();
    let converged = nodes.len() == pool.settings.count as usize && nodes.iter().all(|n| n.model == wanted);
    if converged {
        tx.put(Pool { provisioning: Provisioning::Succeeded, ..pool.clone() });
        end_if_own(tx, context, pool, None);
    }
}

/// Ends a cluster's operation when its control plane and all pools have converged.
pub(super) fn cluster(tx: &mut Tx<'_>, context: &Context<'_>, outcome: &mut Outcome) {
    let cluster = context.cluster;
    if !cluster.provisioning.is_running() {
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

fn delete_cluster(tx: &mut Tx<'_>, context: &Context<'_>) {
    let cluster = context.cluster;
    let group =
        GroupId { subscription: cluster.id.group.subscription, name: Name::new(cluster.node_resource_group.clone()) };
    tx.delete::<ResourceGroup>(&group.storage_key());
    tx.delete::<Cluster>(&cluster.id.storage_key());
    tx.touch(groups::unit_of(cluster));
    end_operation(tx, context.now, cluster.operation, context.now, None);
}

/// The moment at which the last part became what was asked for; the operation's end, however late we look.
fn last_change(tx: &Tx<'_>, cluster: &Cluster, now: VirtualTime) -> VirtualTime {
    let nodes = tx.scan::<Node>(&cluster.id.children_prefix());
    nodes.iter().filter_map(|n| settled_at(n)).fold(cluster.control_plane_ready, VirtualTime::max).min(now)
}

fn settled_at(node: &Node) -> Option<VirtualTime> {
    match &node.state {
        NodeState::Ready { since } => Some(*since),
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
    let subject = match &operation.target {
        OperationTarget::Group(group) => group.name.to_string(),
        OperationTarget::Cluster(cluster) => cluster.name.to_string(),
        OperationTarget::Pool(pool) => format!("{}/{}", pool.cluster.name, pool.name),
    };
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
    let broken: Vec<_> = nodes.iter().filter(|n| !matches!(n.state, NodeState::Ready { .. })).collect();
    match broken.first() {
        Some(first) => failure(first, broken.len()),
        None => OperationError {
            code: "AgentPoolFailed".to_owned(),
            message: format!("Agent pool '{}' failed.", pool.id.name),
        },
    }
}
