//! What a machine's state says about its health, and how machines add up.

use std::sync::Arc;

use control_plane::clock::VirtualTime;
use control_plane::model::{Node, NodeState};

const NOT_APPLICABLE: &str = "Not Applicable";
const CUSTOMER: &str = "Customer Initiated";
const AVAILABLE: &str = "Available";
const UNAVAILABLE: &str = "Unavailable";
const HEALTHY: &str = "There aren't any known Azure platform problems affecting this virtual machine.";
/// The documented text of the annotation `VirtualMachineFailedToSecureBoot`, of which only the machine's kind is left out.
const NOT_SECURE: &str = "Guest activity such as unsigned booting components lead to a guest OS issue preventing the \
    Virtual Machine from booting securely. You can attempt to retry deployment after ensuring trusted publishers sign \
    the OS boot components.";

/// The health of a resource.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Status {
    /// `Available`, `Unavailable` or `Degraded`.
    pub(super) state: &'static str,
    pub(super) summary: String,
    pub(super) reason_type: &'static str,
    pub(super) category: &'static str,
    pub(super) context: &'static str,
    /// Since when; `None` for what is changing now.
    pub(super) since: Option<VirtualTime>,
}

impl Status {
    fn available(summary: impl Into<String>, since: Option<VirtualTime>) -> Status {
        Status {
            state: AVAILABLE,
            summary: summary.into(),
            reason_type: "",
            category: NOT_APPLICABLE,
            context: NOT_APPLICABLE,
            since,
        }
    }

    fn by_customer(summary: impl Into<String>, since: Option<VirtualTime>) -> Status {
        Status {
            state: UNAVAILABLE,
            summary: summary.into(),
            reason_type: CUSTOMER,
            category: NOT_APPLICABLE,
            context: CUSTOMER,
            since,
        }
    }

    /// One machine.
    pub(super) fn of_machine(node: &Node) -> Status {
        match &node.state {
            NodeState::Ready { since } => Status::available(HEALTHY, Some(*since)),
            NodeState::Draining { .. } => Status::available(HEALTHY, None),
            NodeState::BootRefused { at, component, reason } => {
                Status::by_customer(format!("{NOT_SECURE} (The {component} of {}: {reason})", node.name), Some(*at))
            }
            NodeState::HostFault { at, reason } => Status {
                state: UNAVAILABLE,
                summary: format!("The host cannot run this virtual machine: {reason}"),
                reason_type: "Unplanned",
                category: "Unplanned",
                context: "Platform Initiated",
                since: Some(*at),
            },
            NodeState::Stopped { since } => Status::by_customer(
                "This virtual machine is stopped and deallocated as requested by an authorized user or process.",
                Some(*since),
            ),
            NodeState::Allocating { .. }
            | NodeState::Reimaging { .. }
            | NodeState::Booting { .. }
            | NodeState::Stopping { .. }
            | NodeState::Deleting { .. } => Status::by_customer(
                "An operation that an authorized user or process asked for is going on for this virtual machine.",
                None,
            ),
        }
    }

    /// A resource that consists of machines: degraded when some of them are not available. `what` names it.
    pub(super) fn of_all(nodes: &[Arc<Node>], what: &str) -> Status {
        let statuses: Vec<_> = nodes.iter().map(|node| Status::of_machine(node)).collect();
        let since = statuses.iter().filter_map(|status| status.since).max();
        let mut down = statuses.into_iter().filter(|status| status.state != AVAILABLE);
        let Some(first) = down.next() else {
            let summary = format!("There aren't any known Azure platform problems affecting this {what}.");
            return Status::available(summary, since);
        };
        let count = 1 + down.count();
        let state = if count == nodes.len() { UNAVAILABLE } else { "Degraded" };
        let summary = format!("{count} of {} virtual machines are not available. {}", nodes.len(), first.summary);
        Status { state, summary, ..first }
    }
}
