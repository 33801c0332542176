//! Agent pools.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{Abort, NodeModel, Opaque, Provisioning};
use crate::clock::VirtualTime;
use crate::hardware::Fault;
use crate::ids::{OperationId, PoolId};

macro_rules! wire_enum {
    ($(#[$doc:meta])* $name:ident { $($variant:ident => $text:literal),+ $(,)? }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
        #[allow(missing_docs, reason = "the variants are the values")]
        pub enum $name { $($variant),+ }

        impl $name {
            /// All values.
            pub const ALL: &'static [$name] = &[$($name::$variant),+];

            /// The value as ARM writes it.
            pub fn as_str(self) -> &'static str {
                match self { $($name::$variant => $text),+ }
            }

            /// Reads a value without regard to case.
            pub fn parse(text: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|v| v.as_str().eq_ignore_ascii_case(text))
            }
        }
    };
}

wire_enum!(/// The operating system of a pool's nodes.
OsType { Linux => "Linux", Windows => "Windows" });
wire_enum!(/// What a pool is for.
NodePoolMode { System => "System", User => "User", Gateway => "Gateway" });
wire_enum!(/// How a pool's machines are grouped.
PoolKind {
    VirtualMachineScaleSets => "VirtualMachineScaleSets",
    AvailabilitySet => "AvailabilitySet",
    VirtualMachines => "VirtualMachines",
});
wire_enum!(/// Where the OS disk is.
OsDiskType { Managed => "Managed", Ephemeral => "Ephemeral" });
wire_enum!(/// Whether the GPU driver is installed.
GpuDriver { Install => "Install", None => "None" });
wire_enum!(/// Whether machines run or are deallocated (`powerState.code`).
PowerState { Running => "Running", Stopped => "Stopped" });
wire_enum!(/// Whether the machines can be evicted.
Priority { Regular => "Regular", Spot => "Spot" });

/// Machines of one size in a pool of type `VirtualMachines`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MachineGroup<N = u32> {
    /// The VM size, as the client wrote it.
    pub size: String,
    /// How many machines.
    pub count: N,
}

/// Between how many nodes the cluster autoscaler may choose.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AutoscalerBounds {
    /// The fewest.
    pub min: u32,
    /// The most.
    pub max: u32,
}

/// Versions that a pool ran before its last upgrade, to which it can be rolled back for a while.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct UsedVersions {
    /// The Kubernetes patch version.
    pub orchestrator_version: String,
    /// The node image.
    pub node_image_version: String,
    /// When the pool left them.
    pub left: VirtualTime,
}

impl UsedVersions {
    /// How long a rollback is possible: seven days (azure-aks-docs roll-back-node-pool-version.md, which counts from the
    /// end of the upgrade).
    pub const KEPT: Duration = Duration::from_secs(7 * 24 * 60 * 60);
}

/// What a client asks a pool to be. `None` means "default" at creation and "unchanged" on an update.
#[derive(Clone, Debug, Default)]
pub struct PoolSpec {
    /// The pool's name.
    pub name: String,
    /// What it is for.
    pub mode: Option<NodePoolMode>,
    /// How many nodes; any number is accepted here, the rules judge it.
    pub count: Option<i64>,
    /// The VM size, as the client wrote it; empty means default.
    pub vm_size: Option<String>,
    /// The operating system.
    pub os_type: Option<OsType>,
    /// The distribution (`Ubuntu`, `AzureLinux`, …), as the client wrote it.
    pub os_sku: Option<String>,
    /// How its machines are grouped.
    pub kind: Option<PoolKind>,
    /// Its Kubernetes version: empty (the cluster's), `1.34` or `1.34.9`.
    pub orchestrator_version: Option<String>,
    /// FIPS-validated image.
    pub fips: Option<bool>,
    /// Secure Boot.
    pub secure_boot: Option<bool>,
    /// vTPM.
    pub vtpm: Option<bool>,
    /// OS disk placement.
    pub os_disk_type: Option<OsDiskType>,
    /// OS disk size in GiB; 0 means default.
    pub os_disk_size_gb: Option<i64>,
    /// Pods per node.
    pub max_pods: Option<i64>,
    /// GPU driver installation.
    pub gpu_driver: Option<GpuDriver>,
    /// `OCIContainer`, `KataVmIsolation`, …
    pub workload_runtime: Option<String>,
    /// Regular or Spot.
    pub priority: Option<Priority>,
    /// Whether its machines run: stopping and starting a pool is a PUT of `powerState`.
    pub power: Option<PowerState>,
    /// A node image version sent back by a client that read it before. Another one than the pool's asks for a rollback.
    pub node_image_version: Option<String>,
    /// The node image of the snapshot from which the pool is made or upgraded.
    pub snapshot_image: Option<String>,
    /// Whether the cluster autoscaler chooses the count.
    pub autoscaling: Option<bool>,
    /// The autoscaler's lower bound; any number is accepted here, the rules judge it.
    pub min_count: Option<i64>,
    /// The autoscaler's upper bound; any number is accepted here, the rules judge it.
    pub max_count: Option<i64>,
    /// The sizes of a pool of type `VirtualMachines`; size and count of the pool follow from them.
    pub machines: Option<Vec<MachineGroup<i64>>>,
    /// Availability zones.
    pub zones: Option<Vec<String>>,
    /// The most that a Spot machine may cost; looked at by the rules only.
    pub spot_max_price: Option<f64>,
    /// How many nodes more there are during an upgrade, as a number or a percentage.
    pub max_surge: Option<String>,
    /// How many nodes fewer there are during an upgrade, as a number or a percentage.
    pub max_unavailable: Option<String>,
    /// Taints; `None` leaves them, an empty list clears them.
    pub taints: Option<Vec<String>>,
    /// Labels; `None` leaves them, an empty map clears them.
    pub labels: Option<Opaque>,
    /// Tags; `None` leaves them, an empty map clears them.
    pub tags: Option<Opaque>,
    /// Members that the simulator does not act on.
    pub properties: Opaque,
}

/// What a pool is to be, with every default filled in: the desired state.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PoolSettings {
    /// What it is for.
    pub mode: NodePoolMode,
    /// How many nodes.
    pub count: u32,
    /// The VM size as the client wrote it, or the default.
    pub vm_size: String,
    /// The operating system.
    pub os_type: OsType,
    /// The distribution.
    pub os_sku: String,
    /// How its machines are grouped.
    pub kind: PoolKind,
    /// The version as asked for.
    pub orchestrator_version: String,
    /// The patch version that runs.
    pub current_orchestrator_version: String,
    /// FIPS-validated image.
    pub fips: bool,
    /// Secure Boot.
    pub secure_boot: bool,
    /// vTPM.
    pub vtpm: bool,
    /// OS disk placement.
    pub os_disk_type: OsDiskType,
    /// OS disk size in GiB.
    pub os_disk_size_gb: u32,
    /// Pods per node.
    pub max_pods: u32,
    /// GPU driver installation; `None` on sizes without a GPU.
    pub gpu_driver: Option<GpuDriver>,
    /// The workload runtime, if it was asked for.
    pub workload_runtime: Option<String>,
    /// Regular or Spot.
    pub priority: Priority,
    /// Whether its machines run.
    pub power: PowerState,
    /// Taints.
    pub taints: Vec<String>,
    /// Labels.
    pub labels: Opaque,
    /// Tags.
    pub tags: Opaque,
    /// The node image, e.g. `AKSUbuntu-2204gen2TLcontainerd-202607.13.0`.
    pub node_image_version: String,
    /// The cluster autoscaler's bounds, while it is on.
    #[serde(default)]
    pub autoscaler: Option<AutoscalerBounds>,
    /// The sizes of a pool of type `VirtualMachines`, never empty there; empty in pools of one size.
    #[serde(default)]
    pub machines: Vec<MachineGroup>,
    /// Availability zones, over which the machines are spread.
    #[serde(default)]
    pub zones: Vec<String>,
    /// How many nodes more there are during an upgrade: a number, a percentage, or empty for none.
    #[serde(default)]
    pub max_surge: String,
    /// How many nodes fewer there are during an upgrade: a number, a percentage, or empty for none.
    #[serde(default)]
    pub max_unavailable: String,
    /// Members that the simulator does not act on.
    pub properties: Opaque,
}

impl PoolSettings {
    /// Whether either trusted-launch flag is set.
    pub fn wants_trusted_launch(&self) -> bool {
        self.secure_boot || self.vtpm
    }

    /// Whether the node image is built for trusted launch (its definition carries `TL`).
    pub fn has_trusted_launch_image(&self) -> bool {
        self.node_image_version.split('-').nth(1).is_some_and(|definition| definition.contains("TL"))
            || self.node_image_version.starts_with("AKSAzureContainerLinux")
    }

    /// How many machines of which size there are to be.
    pub fn groups(&self) -> Vec<MachineGroup> {
        if self.machines.is_empty() {
            vec![MachineGroup { size: self.vm_size.clone(), count: self.count }]
        } else {
            self.machines.clone()
        }
    }

    /// How many nodes are upgraded or reimaged side by side: max surge and max unavailable together, at least one.
    /// Percentages are of all nodes, rounded up (azure-mgmt-containerservice 41.6, model AgentPoolUpgradeSettings).
    pub fn upgraded_together(&self) -> usize {
        let nodes = |text: &str| match text.strip_suffix('%') {
            Some(percent) => percent.parse::<usize>().map_or(0, |p| (self.count as usize * p).div_ceil(100)),
            None => text.parse().unwrap_or(0),
        };
        (nodes(&self.max_surge) + nodes(&self.max_unavailable)).max(1)
    }

    /// The part of the settings that a machine is built from: nodes whose model differs are reimaged.
    pub fn node_model(&self) -> NodeModel {
        NodeModel {
            image: self.node_image_version.clone(),
            kubernetes_version: self.current_orchestrator_version.clone(),
            secure_boot: self.secure_boot,
            vtpm: self.vtpm,
        }
    }
}

/// An agent pool.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Pool {
    /// Its id.
    pub id: PoolId,
    /// The desired state.
    pub settings: PoolSettings,
    /// Where it stands.
    pub provisioning: Provisioning,
    /// The running or last operation.
    pub operation: OperationId,
    /// When the resource provider's own part of the running operation is done.
    pub ready_not_before: VirtualTime,
    /// Changes with every operation on the pool, and with every operation on its cluster.
    pub etag: Uuid,
    /// The next scale set instance number; numbers are not reused.
    pub next_instance: u32,
    /// Whether the feature TrustedLaunchPreview was in effect when the pool was made (era preview).
    pub made_with_feature: bool,
    /// A running abort.
    pub abort: Option<Abort>,
    /// The machines that the last operation that succeeded left, in a pool of type `VirtualMachines`.
    #[serde(default)]
    pub present: Vec<MachineGroup>,
    /// What it ran before its last upgrade.
    #[serde(default)]
    pub previous: Option<UsedVersions>,
    /// A running reimage of single machines, asked for at the scale set.
    pub reimage: Option<OperationId>,
    /// What is done to every new machine and disk of this pool.
    pub image_faults: Vec<Fault>,
    /// When it was created.
    pub created: VirtualTime,
}

impl Pool {
    /// What the pool can be rolled back to at this moment.
    pub fn rollback(&self, now: VirtualTime) -> Option<&UsedVersions> {
        self.previous.as_ref().filter(|used| now.since(used.left) <= UsedVersions::KEPT)
    }
}
