//! What exists in the simulated world: subscriptions, groups, clusters, pools, nodes, operations, events.

mod cluster;
mod event;
mod generic;
mod node;
mod operation;
mod pool;
mod role_assignment;
mod subscription;

pub use cluster::{Cluster, ClusterSpec};
pub use event::{Event, EventKind};
pub use generic::GenericResource;
pub use node::{Node, NodeEvent, NodeModel, NodeState, OutOfTurn, Work};
pub use operation::{Abort, Operation, OperationError, OperationKind, OperationState, OperationTarget};
pub use pool::{
    AutoscalerBounds, GpuDriver, MachineGroup, NodePoolMode, OsDiskType, OsType, Pool, PoolKind, PoolSettings,
    PoolSpec, PowerState, Priority, UsedVersions,
};
pub use role_assignment::{RoleAssignment, is_at_or_below};
pub use subscription::{FeatureState, ProviderState, ResourceGroup, Subscription};

use serde::{Deserialize, Serialize};

/// The life of a cluster or pool as ARM tells it (`properties.provisioningState`).
///
/// Values observed in the public test recordings of Azure/azure-cli-extensions.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[allow(missing_docs, reason = "the variants are the values")]
pub enum Provisioning {
    Creating,
    Updating,
    Upgrading,
    UpgradingNodeImageVersion,
    Scaling,
    Starting,
    Stopping,
    Deleting,
    Succeeded,
    Failed,
    Canceled,
}

impl Provisioning {
    /// Whether an operation is at work on the resource.
    pub fn is_running(self) -> bool {
        !matches!(self, Provisioning::Succeeded | Provisioning::Failed | Provisioning::Canceled)
    }

    /// The value as ARM writes it.
    pub fn as_str(self) -> &'static str {
        match self {
            Provisioning::Creating => "Creating",
            Provisioning::Updating => "Updating",
            Provisioning::Upgrading => "Upgrading",
            Provisioning::UpgradingNodeImageVersion => "UpgradingNodeImageVersion",
            Provisioning::Scaling => "Scaling",
            Provisioning::Starting => "Starting",
            Provisioning::Stopping => "Stopping",
            Provisioning::Deleting => "Deleting",
            Provisioning::Succeeded => "Succeeded",
            Provisioning::Failed => "Failed",
            Provisioning::Canceled => "Canceled",
        }
    }
}

/// JSON that the simulator keeps and gives back but never acts on.
pub type Opaque = serde_json::Map<String, serde_json::Value>;
