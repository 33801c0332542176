//! Machines of a pool.

use control_plane::model::{Cluster, Node, NodeState};
use control_plane::refusal::RefusalKind;

use crate::answer;
use crate::error::{Answer, Error};
use crate::scope::Scope;
use crate::wire::ids::{machine_path, scale_set_name, scale_set_path};
use crate::wire::json::{self, Object, document, object};

/// `GET {pool}/machines`.
pub(crate) async fn list(scope: Scope) -> Answer {
    let (cluster, pool) = scope.existing_pool()?;
    let nodes = scope.world().nodes(&pool.id);
    Ok(answer::provider(json::list(&nodes, |node, out| object(out, |o| write(o, &scope, &cluster, node, false)))))
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
    Ok(answer::provider(document(|o| write(o, &scope, &cluster, node, true))))
}

/// Azure writes the name twice at the end of the id when one machine is shown; recorded in `test_aks_machine_cmds`.
fn write(o: &mut Object<'_>, scope: &Scope, cluster: &Cluster, node: &Node, alone: bool) {
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
        let set = scale_set_name(&node.id.pool, &cluster.name_hash);
        o.text("resourceId", format_args!("{}/virtualMachines/{}", scale_set_path(cluster, &set), node.id.instance));
        if scope.form().has_machine_state() {
            o.value("provisioningState", state_of(node));
        }
    });
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
