//! Managed clusters.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{Abort, Opaque, PoolSpec, PowerState, Provisioning};
use crate::clock::VirtualTime;
use crate::ids::{ClusterId, OperationId};

/// What a client asks a cluster to be. Empty and absent members mean "default" or, on an update, "unchanged".
#[derive(Clone, Debug, Default)]
pub struct ClusterSpec {
    /// The region, as the client wrote it.
    pub location: String,
    /// Tags; `None` leaves them, an empty map clears them.
    pub tags: Option<Opaque>,
    /// The Kubernetes version: empty (default), `1.34` (latest patch) or `1.34.9`.
    pub kubernetes_version: Option<String>,
    /// The DNS prefix; fixed at creation.
    pub dns_prefix: Option<String>,
    /// The name of the node resource group; fixed at creation.
    pub node_resource_group: Option<String>,
    /// Whether the virtual node add-on (`aciConnectorLinux`) is on.
    pub virtual_nodes: Option<bool>,
    /// Whether the cluster was asked for with Windows credentials, which a Windows pool needs.
    pub windows_profile: Option<bool>,
    /// The pools embedded in the request; `None` leaves all pools as they are.
    pub pools: Option<Vec<PoolSpec>>,
    /// Members of `properties` that the simulator does not act on.
    pub properties: Opaque,
    /// Top-level members (`identity`, `sku`, `kind`, …) that the simulator does not act on.
    pub envelope: Opaque,
}

/// A managed cluster.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Cluster {
    /// Its id.
    pub id: ClusterId,
    /// Its region, normalised.
    pub location: String,
    /// Its tags, `None` when it has none.
    pub tags: Option<Opaque>,
    /// The version as the client asked for it (`1.34` or `1.34.9`), default filled in.
    pub kubernetes_version: String,
    /// The patch version that runs.
    pub current_kubernetes_version: String,
    /// The DNS prefix.
    pub dns_prefix: String,
    /// Eight characters that make the FQDN unique.
    pub dns_suffix: String,
    /// The node resource group's name.
    pub node_resource_group: String,
    /// Whether the virtual node add-on is on.
    pub virtual_nodes: bool,
    /// Whether Windows credentials were given.
    pub windows_profile: bool,
    /// Where it stands.
    pub provisioning: Provisioning,
    /// Whether its control plane and machines run.
    pub power: PowerState,
    /// A running abort.
    pub abort: Option<Abort>,
    /// The running or last operation.
    pub operation: OperationId,
    /// When the control plane part of the running operation is done. The operation ends when this has passed and
    /// every pool has converged.
    pub control_plane_ready: VirtualTime,
    /// Changes with every operation on the cluster or on one of its pools' cluster-side state.
    pub etag: Uuid,
    /// 24 hexadecimal digits, unique per cluster life.
    pub resource_uid: String,
    /// Eight digits in the names of scale sets and nodes.
    pub name_hash: String,
    /// The system-assigned identity's principal.
    pub principal_id: Uuid,
    /// The kubelet identity's client and object ids.
    pub kubelet_identity: (Uuid, Uuid),
    /// When it was created.
    pub created: VirtualTime,
    /// Members of `properties` that the simulator does not act on.
    pub properties: Opaque,
    /// Top-level members that the simulator does not act on.
    pub envelope: Opaque,
}
