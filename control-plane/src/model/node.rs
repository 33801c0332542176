//! Nodes: states that carry their data, and pure transitions between them.

use serde::{Deserialize, Serialize};

use crate::clock::VirtualTime;
use crate::hardware::{BootOrder, BootOutcome, Component, Fault, VmId};
use crate::ids::NodeId;

/// What a machine is built from. Two nodes with the same model are interchangeable.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NodeModel {
    /// The node image.
    pub image: String,
    /// The kubelet's version.
    pub kubernetes_version: String,
    /// Secure Boot.
    pub secure_boot: bool,
    /// vTPM.
    pub vtpm: bool,
}

/// What a booting node is in the middle of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Work {
    /// Its first boot.
    Create,
    /// The boot on a fresh disk at the end of a reimage.
    Reimage,
    /// A restart on the same disk.
    Reboot,
    /// A restart after its machine lost power.
    Heal,
    /// The boot after its pool or cluster was started again.
    Start,
}

/// Where a node stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "state")]
pub enum NodeState {
    /// The virtual machine is being allocated.
    Allocating {
        /// When it can boot.
        until: VirtualTime,
    },
    /// Pods are moved away before a reimage.
    Draining {
        /// When it is empty.
        until: VirtualTime,
    },
    /// The OS disk is being replaced.
    Reimaging {
        /// When the new disk is there.
        until: VirtualTime,
    },
    /// The boot chain runs and the node joins its cluster.
    Booting {
        /// When it can be ready; the hardware is asked at this moment.
        until: VirtualTime,
        /// What it is in the middle of.
        work: Work,
    },
    /// It runs and has joined.
    Ready {
        /// Since when.
        since: VirtualTime,
    },
    /// Secure Boot refused a component; nothing runs.
    BootRefused {
        /// When.
        at: VirtualTime,
        /// What was refused.
        component: Component,
        /// Why.
        reason: String,
    },
    /// The machine is being deallocated.
    Stopping {
        /// When it is off.
        until: VirtualTime,
    },
    /// The machine is off.
    Stopped {
        /// Since when.
        since: VirtualTime,
    },
    /// The host could not run the machine: swtpm is missing, or the like.
    HostFault {
        /// When.
        at: VirtualTime,
        /// What the host said.
        reason: String,
    },
    /// The machine is being removed.
    Deleting {
        /// When it is gone.
        until: VirtualTime,
    },
}

/// What can happen to a node.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NodeEvent {
    /// The time of the current state is up; the next step takes until the given moment.
    Elapsed {
        /// When the next step ends.
        next_until: VirtualTime,
    },
    /// The hardware ran the boot chain.
    Booted {
        /// When.
        at: VirtualTime,
        /// How it went.
        outcome: BootOutcome,
    },
    /// The host could not run the machine.
    HostFailed {
        /// When.
        at: VirtualTime,
        /// What the host said.
        reason: String,
    },
    /// Its model is to change: start with draining.
    Reimage {
        /// When it is drained.
        until: VirtualTime,
    },
    /// Replace the OS disk at once, as a scale set's reimage does.
    ReimageNow {
        /// When the new disk is there.
        until: VirtualTime,
    },
    /// Restart on the same disk.
    Reboot {
        /// When it can be ready.
        until: VirtualTime,
    },
    /// Deallocate the machine.
    Stop {
        /// When it is off.
        until: VirtualTime,
    },
    /// The hardware is off.
    PoweredOff {
        /// When.
        at: VirtualTime,
    },
    /// Boot again after a stop.
    Start {
        /// When it can be ready.
        until: VirtualTime,
    },
    /// The machine lost power.
    PowerLost {
        /// When it can be ready again.
        until: VirtualTime,
    },
    /// Remove it.
    Delete {
        /// When it is gone.
        until: VirtualTime,
    },
}

/// The event does not fit the state.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a node that is {state} cannot do this now")]
pub struct OutOfTurn {
    /// The state, in one word.
    pub state: &'static str,
}

impl NodeState {
    /// The state in one word, for people.
    pub fn as_str(&self) -> &'static str {
        match self {
            NodeState::Allocating { .. } => "Allocating",
            NodeState::Draining { .. } => "Draining",
            NodeState::Reimaging { .. } => "Reimaging",
            NodeState::Booting { .. } => "Booting",
            NodeState::Ready { .. } => "Ready",
            NodeState::BootRefused { .. } => "BootRefused",
            NodeState::Stopping { .. } => "Stopping",
            NodeState::Stopped { .. } => "Stopped",
            NodeState::HostFault { .. } => "HostFault",
            NodeState::Deleting { .. } => "Deleting",
        }
    }

    /// When the state's own time is up; `None` for states that last.
    pub fn until(&self) -> Option<VirtualTime> {
        match self {
            NodeState::Allocating { until }
            | NodeState::Draining { until }
            | NodeState::Reimaging { until }
            | NodeState::Booting { until, .. }
            | NodeState::Stopping { until }
            | NodeState::Deleting { until } => Some(*until),
            NodeState::Ready { .. }
            | NodeState::BootRefused { .. }
            | NodeState::Stopped { .. }
            | NodeState::HostFault { .. } => None,
        }
    }

    /// Whether the node lasts in this state until something happens to it.
    pub fn is_settled(&self) -> bool {
        self.until().is_none()
    }

    /// The next state, or why there is none. Pure: no clock, no hardware.
    pub fn on(self, event: NodeEvent) -> Result<NodeState, OutOfTurn> {
        use NodeState::{
            Allocating, BootRefused, Booting, Deleting, Draining, HostFault, Ready, Reimaging, Stopped, Stopping,
        };
        let state = self.as_str();
        match (self, event) {
            (Deleting { .. }, _) => Err(OutOfTurn { state }),
            (_, NodeEvent::Delete { until }) => Ok(Deleting { until }),
            (Allocating { .. }, NodeEvent::Elapsed { next_until }) => {
                Ok(Booting { until: next_until, work: Work::Create })
            }
            (Draining { .. }, NodeEvent::Elapsed { next_until }) => Ok(Reimaging { until: next_until }),
            (Reimaging { .. }, NodeEvent::Elapsed { next_until }) => {
                Ok(Booting { until: next_until, work: Work::Reimage })
            }
            (Booting { .. }, NodeEvent::Booted { at, outcome }) => Ok(match outcome {
                BootOutcome::Booted => Ready { since: at },
                BootOutcome::Refused { component, reason } => BootRefused { at, component, reason },
            }),
            (Booting { .. }, NodeEvent::HostFailed { at, reason }) => Ok(HostFault { at, reason }),
            (Ready { .. } | BootRefused { .. } | HostFault { .. }, NodeEvent::Reimage { until }) => {
                Ok(Draining { until })
            }
            (Ready { .. } | BootRefused { .. } | HostFault { .. }, NodeEvent::ReimageNow { until }) => {
                Ok(Reimaging { until })
            }
            (Ready { .. } | BootRefused { .. } | HostFault { .. }, NodeEvent::Reboot { until }) => {
                Ok(Booting { until, work: Work::Reboot })
            }
            (Ready { .. } | BootRefused { .. } | HostFault { .. }, NodeEvent::Stop { until }) => Ok(Stopping { until }),
            (Stopping { .. }, NodeEvent::PoweredOff { at }) => Ok(Stopped { since: at }),
            (Stopped { .. }, NodeEvent::Start { until }) => Ok(Booting { until, work: Work::Start }),
            (Ready { .. } | Draining { .. }, NodeEvent::PowerLost { until }) => Ok(Booting { until, work: Work::Heal }),
            _ => Err(OutOfTurn { state }),
        }
    }
}

/// A node.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Node {
    /// Its id.
    pub id: NodeId,
    /// Its name, e.g. `aks-nodepool1-12345678-vmss000000`.
    pub name: String,
    /// The machine.
    pub vm: VmId,
    /// Its address in the node subnet.
    pub ip: String,
    /// Its VM size; empty in worlds from before pools could mix sizes, where it is the pool's.
    #[serde(default)]
    pub size: String,
    /// The availability zone that it is in.
    #[serde(default)]
    pub zone: Option<String>,
    /// What its machine is built from; becomes the pool's model at creation and at each reimage.
    pub model: NodeModel,
    /// Where it stands.
    pub state: NodeState,
    /// Counts its OS disks, from 1.
    pub disk_generation: u32,
    /// What was done to it, as it will be at its next boot.
    pub faults: Vec<Fault>,
    /// How often it booted.
    pub boots: u32,
    /// How often its machine lost power and was healed.
    pub heals: u32,
    /// When it was created.
    pub created: VirtualTime,
}

impl Node {
    /// What the hardware is asked to boot.
    pub fn boot_order(&self) -> BootOrder {
        BootOrder {
            vm: self.vm,
            name: self.name.clone(),
            disk_generation: self.disk_generation,
            image: self.model.image.clone(),
            secure_boot: self.model.secure_boot,
            vtpm: self.model.vtpm,
            faults: self.faults.clone(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: u64) -> VirtualTime {
        VirtualTime::from_millis(seconds * 1000)
    }

    #[test]
    fn a_node_is_created_and_reimaged_in_order() {
        let booted = |s| NodeEvent::Booted { at: at(s), outcome: BootOutcome::Booted };
        let state = NodeState::Allocating { until: at(1) };
        let state = state.on(NodeEvent::Elapsed { next_until: at(2) }).unwrap();
        assert_eq!(state, NodeState::Booting { until: at(2), work: Work::Create });
        let state = state.on(booted(2)).unwrap();
        let state = state.on(NodeEvent::Reimage { until: at(3) }).unwrap();
        let state = state.on(NodeEvent::Elapsed { next_until: at(4) }).unwrap();
        assert_eq!(state, NodeState::Reimaging { until: at(4) });
        let state = state.on(NodeEvent::Elapsed { next_until: at(5) }).unwrap();
        assert_eq!(state, NodeState::Booting { until: at(5), work: Work::Reimage });
        assert_eq!(state.on(booted(5)).unwrap(), NodeState::Ready { since: at(5) });
    }

    #[test]
    fn what_is_out_of_turn_is_refused() {
        assert!(NodeState::Ready { since: at(1) }.on(NodeEvent::Elapsed { next_until: at(2) }).is_err());
        assert!(NodeState::Allocating { until: at(1) }.on(NodeEvent::Reboot { until: at(2) }).is_err());
        assert!(NodeState::Deleting { until: at(1) }.on(NodeEvent::Delete { until: at(2) }).is_err());
    }

    #[test]
    fn a_refused_boot_leaves_the_node_down_until_it_is_rebooted_or_reimaged() {
        let refused = BootOutcome::Refused { component: Component::Grub, reason: "Security Violation".to_owned() };
        let state = NodeState::Booting { until: at(1), work: Work::Reboot };
        let state = state.on(NodeEvent::Booted { at: at(1), outcome: refused }).unwrap();
        assert!(matches!(state, NodeState::BootRefused { component: Component::Grub, .. }));
        assert!(state.is_settled());
        assert!(state.on(NodeEvent::Reimage { until: at(2) }).is_ok());
    }
}
