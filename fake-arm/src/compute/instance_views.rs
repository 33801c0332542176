//! Instance views: what Microsoft.Compute says of scale sets and their machines while they run.
//!
//! Shapes and codes are those of the Microsoft.Compute REST reference (`VirtualMachineScaleSetInstanceView`,
//! `VirtualMachineScaleSetVMInstanceView`). What only the agent in a real guest would tell (`vmAgent`, `osName`) is left
//! out, as it is while the agent has not reported.

use std::collections::BTreeMap;

use control_plane::clock::VirtualTime;
use control_plane::model::{Node, NodeState};

use super::scale_sets::{find, find_machine};
use crate::answer;
use crate::container_service::machines::state_of;
use crate::error::Answer;
use crate::scope::Scope;
use crate::wire::json::{Object, document, object};

/// `GET …/virtualMachineScaleSets/{set}/instanceView`.
pub(crate) async fn of_set(scope: Scope) -> Answer {
    let set = find(&scope)?;
    let mut counts = BTreeMap::new();
    for node in scope.world().nodes(&set.pool.id) {
        *counts.entry(state_of(&node)).or_insert(0_u32) += 1;
    }
    Ok(answer::provider(document(|o| {
        o.object("virtualMachine", |o| {
            o.array("statusesSummary", &counts, |(state, count), out| {
                object(out, |o| {
                    o.text("code", format_args!("ProvisioningState/{}", state.to_lowercase())).value("count", count);
                });
            });
        });
        o.array("statuses", [set.state()], |state, out| {
            object(out, |o| write_provisioning(o, state, set.pool.created));
        });
    })))
}

/// `GET …/virtualMachines/{instance}/instanceView`.
pub(crate) async fn of_machine(scope: Scope) -> Answer {
    let set = find(&scope)?;
    let node = find_machine(&scope, &set)?;
    Ok(answer::provider(document(|o| write(o, &node))))
}

/// The members of a machine's instance view.
pub(super) fn write(o: &mut Object<'_>, node: &Node) {
    o.value("platformUpdateDomain", &0).value("platformFaultDomain", &0);
    o.value("computerName", &node.name);
    o.value("hyperVGeneration", if is_generation_2(&node.model.image) { "V2" } else { "V1" });
    let statuses = [Status::Provisioning(state_of(node))].into_iter().chain(power(&node.state).map(Status::Power));
    o.array("statuses", statuses, |status, out| {
        object(out, |o| match status {
            Status::Provisioning(state) => write_provisioning(o, state, node.created),
            Status::Power(state) => {
                o.text("code", format_args!("PowerState/{state}")).value("level", "Info");
                o.text("displayStatus", format_args!("VM {state}"));
            }
        });
    });
}

enum Status {
    Provisioning(&'static str),
    Power(&'static str),
}

/// The power state; a machine that Secure Boot stopped is powered on and shows the firmware's complaint.
fn power(state: &NodeState) -> Option<&'static str> {
    match state {
        NodeState::Draining { .. } | NodeState::Ready { .. } | NodeState::BootRefused { .. } => Some("running"),
        NodeState::Booting { .. } => Some("starting"),
        NodeState::Stopping { .. } => Some("deallocating"),
        NodeState::Stopped { .. } => Some("deallocated"),
        NodeState::Allocating { .. }
        | NodeState::Reimaging { .. }
        | NodeState::HostFault { .. }
        | NodeState::Deleting { .. } => None,
    }
}

fn write_provisioning(o: &mut Object<'_>, state: &str, time: VirtualTime) {
    let (level, shown) = match state {
        "Succeeded" => ("Info", "Provisioning succeeded"),
        "Failed" => ("Error", "Provisioning failed"),
        other => ("Info", other),
    };
    o.text("code", format_args!("ProvisioningState/{}", state.to_lowercase()));
    o.value("level", level).value("displayStatus", shown).value("time", &time.rfc3339());
}

/// Images without `gen2` in their names are for generation 1, but for those that exist for generation 2 only.
fn is_generation_2(image: &str) -> bool {
    image.contains("gen2") || image.contains("ContainerLinux") || image.contains("OSGuard")
}
