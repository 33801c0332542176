//! Machines of a pool.

use control_plane::model::{Cluster, Node, NodeState, Pool, PoolKind};
use control_plane::refusal::RefusalKind;

use crate::answer;
use crate::error::{Answer, Error};
use crate::scope::Scope;
use crate::wire::ids::{GroupPath, machine_path, node_group, scale_set_name, scale_set_path};
use crate::wire::json::{self, Object, document, object};

/// `GET {pool}/machines`.
pub(crate) async fn list(scope: Scope) -> Answer {
    let (cluster, pool) = scope.existing_pool()?;
    let nodes = scope.world().nodes(&pool.id);
    Ok(answer::provider(json::list(&nodes, |node, out| {
        object(out, |o| write(o, &scope, (&cluster, &pool), node, false))
    })))
}

/// `GET {pool}/machines/{machine}`.
pub(crate) async fn show(scope: Scope) -> Answer {
    let (cluster, pool) = scope.existing_pool()?;
    let name = scope.param("machine");
    let nodes = scope.world().nodes(&pool.id);
    let node = nodes.iter().find(|node| node.name.eq_ignore_ascii_case(name)).ok_or_else(|| {
        let text = format!("Could not find the machine {name} in agent pool {}.", pool.id.name);
        Error::provider(RefusalKind::NotFound, "NotFound", text)
    })?;
    Ok(answer::provider(document(|o| write(o, &scope, (&cluster, &pool), node, true))))
}

/// Azure writes the name twice at the end of the id when one machine is shown; recorded in `test_aks_machine_cmds`.
fn write(o: &mut Object<'_>, scope: &Scope, (cluster, pool): (&Cluster, &Pool), node: &Node, alone: bool) {
    let path = machine_path(&node.id, &node.name);
    if alone {
        o.text("id", format_args!("{path}/{}", node.name));
    } else {
        o.value("id", &path);
    }
    o.value("name", &node.name).value("type", "Microsoft.ContainerService/managedClusters/agentPools/machines");
    o.object("properties", |o| {
        o.object("network", |o| {
            o.array("ipAddresses", [&node.ip], |ip, out| {
                object(out, |o| {
                    o.value("ip", ip).value("family", "IPv4");
                });
            });
        });
        write_resource_id(o, cluster, pool, node);
        if scope.form().has_machine_image() {
            o.value("nodeImageVersion", &node.model.image);
        }
        if scope.form().has_machine_state() {
            o.value("provisioningState", state_of(node));
        }
    });
    o.maybe("zones", node.zone.as_ref().map(|zone| [zone]));
}

/// Machines of a pool of type `VirtualMachines` are in no scale set (the machine's own name is inferred to be the node's).
fn write_resource_id(o: &mut Object<'_>, cluster: &Cluster, pool: &Pool, node: &Node) {
    if pool.settings.kind == PoolKind::VirtualMachines {
        let group = node_group(cluster);
        let path = format_args!("{}/providers/Microsoft.Compute/virtualMachines/{}", GroupPath(&group), node.name);
        o.text("resourceId", path);
        return;
    }
    let set = scale_set_name(&node.id.pool, &cluster.name_hash);
    o.text("resourceId", format_args!("{}/virtualMachines/{}", scale_set_path(cluster, &set), node.id.instance));
}

/// `PUT` and `DELETE {pool}/machines/{machine}`: machines of their own, which only pools of mode `Machines` have.
pub(crate) async fn change(scope: Scope) -> Answer {
    let (_, pool) = scope.existing_pool()?;
    let text = format!("machines that are made one by one (agent pool '{}' has a count)", pool.id.name);
    Err(Error::not_simulated(&text, "Scale the agent pool instead, or delete single machines with deleteMachines."))
}

/// A machine's own provisioning state, which newer api-versions show (the mapping is inferred).
pub(crate) fn state_of(node: &Node) -> &'static str {
    match &node.state {
        NodeState::Allocating { .. } => "Creating",
        NodeState::Draining { .. }
        | NodeState::Reimaging { .. }
        | NodeState::Booting { .. }
        | NodeState::Stopping { .. } => "Updating",
        NodeState::Ready { .. } | NodeState::Stopped { .. } => "Succeeded",
        NodeState::BootRefused { .. } | NodeState::HostFault { .. } => "Failed",
        NodeState::Deleting { .. } => "Deleting",
    }
}
