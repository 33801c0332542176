//! Asynchronous operations.

use serde::{Deserialize, Serialize};

use crate::clock::VirtualTime;
use crate::ids::{ClusterId, GroupId, OperationId, PoolId, SubscriptionId};

/// What an operation works on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OperationTarget {
    /// A resource group.
    Group(GroupId),
    /// A managed cluster and, on creation and deletion, everything below it.
    Cluster(ClusterId),
    /// An agent pool.
    Pool(PoolId),
}

impl OperationTarget {
    /// The subscription the target lives in.
    pub fn subscription(&self) -> SubscriptionId {
        match self {
            OperationTarget::Group(group) => group.subscription,
            OperationTarget::Cluster(cluster) => cluster.group.subscription,
            OperationTarget::Pool(pool) => pool.cluster.group.subscription,
        }
    }
}

/// What an operation does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[allow(missing_docs, reason = "the variants are the values")]
pub enum OperationKind {
    Create,
    Update,
    Upgrade,
    Scale,
    Delete,
    Stop,
    Start,
    Abort,
    RotateCertificates,
    Reimage,
}

/// An abort of an operation: the operation ends Canceled, and its resource with it, when the abort is done.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Abort {
    /// The abort's own operation.
    pub operation: OperationId,
    /// When it is done.
    pub due: VirtualTime,
}

/// An error that an operation ended with.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OperationError {
    /// Azure's error code.
    pub code: String,
    /// The text for the client.
    pub message: String,
}

/// Where an operation stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "status")]
pub enum OperationState {
    /// At work.
    InProgress,
    /// Done.
    Succeeded {
        /// When.
        ended: VirtualTime,
    },
    /// Given up.
    Failed {
        /// When.
        ended: VirtualTime,
        /// Why.
        error: OperationError,
    },
    /// Aborted by a client, or overridden by a later operation.
    Canceled {
        /// When.
        ended: VirtualTime,
        /// The later operation.
        #[serde(default)]
        by: Option<OperationId>,
    },
}

impl OperationState {
    /// The value as ARM writes it.
    pub fn as_str(&self) -> &'static str {
        match self {
            OperationState::InProgress => "InProgress",
            OperationState::Succeeded { .. } => "Succeeded",
            OperationState::Failed { .. } => "Failed",
            OperationState::Canceled { .. } => "Canceled",
        }
    }

    /// When it ended, if it has.
    pub fn ended(&self) -> Option<VirtualTime> {
        match self {
            OperationState::InProgress => None,
            OperationState::Succeeded { ended }
            | OperationState::Failed { ended, .. }
            | OperationState::Canceled { ended, .. } => Some(*ended),
        }
    }
}

/// An asynchronous operation. It ends when its target has converged.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Operation {
    /// Its id.
    pub id: OperationId,
    /// What it does.
    pub kind: OperationKind,
    /// What it works on.
    pub target: OperationTarget,
    /// The region in its status URL.
    pub location: String,
    /// When it was accepted.
    pub started: VirtualTime,
    /// Where it stands.
    pub state: OperationState,
}
