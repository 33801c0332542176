//! A world in a temporary directory, with explicit time and pretended hardware.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::{Arc, Mutex};

use control_plane::clock::Pace;
use control_plane::engine::Engine;
use control_plane::hardware::{
    BootOrder, BootOutcome, BootReport, Component, Fault, Hardware, HardwareEvent, HardwareFuture, VmId,
};
use control_plane::ids::{ClusterId, GroupId, Name, PoolId};
use control_plane::model::{Cluster, ClusterSpec, NodePoolMode, PoolSpec};
use control_plane::world::{Conditions, GroupSpec, Put, World, WorldConfig};
use tokio::sync::mpsc;

/// Hardware that boots everything at once and refuses what was tampered with when Secure Boot is on.
#[derive(Default)]
pub struct Pretend {
    pub booted: Mutex<Vec<BootOrder>>,
    pub removed: Mutex<BTreeSet<VmId>>,
    pub dead: Mutex<BTreeSet<VmId>>,
}

impl Hardware for Pretend {
    fn boot(&self, order: BootOrder) -> HardwareFuture<'_, BootReport> {
        let tampered = order.faults.iter().find_map(|fault| match fault {
            Fault::Tampered { component } => Some(*component),
            _ => None,
        });
        let outcome = match tampered {
            Some(component @ (Component::Shim | Component::Grub | Component::Kernel)) if order.secure_boot => {
                BootOutcome::Refused { component, reason: "Security Violation".to_owned() }
            }
            _ => BootOutcome::Booted,
        };
        self.dead.lock().unwrap().remove(&order.vm);
        self.booted.lock().unwrap().push(order);
        Box::pin(async move { Ok(BootReport { outcome, console: Vec::new() }) })
    }

    fn power_off(&self, _: VmId) -> HardwareFuture<'_, ()> {
        Box::pin(async { Ok(()) })
    }

    fn remove(&self, vm: VmId) -> HardwareFuture<'_, ()> {
        self.removed.lock().unwrap().insert(vm);
        Box::pin(async { Ok(()) })
    }

    fn survived(&self, vm: VmId) -> HardwareFuture<'_, bool> {
        let alive = !self.dead.lock().unwrap().contains(&vm);
        Box::pin(async move { Ok(alive) })
    }
}

/// A running world.
pub struct Host {
    pub world: World,
    pub engine: Arc<Engine>,
    pub hardware: Arc<Pretend>,
    pub events: mpsc::UnboundedSender<HardwareEvent>,
}

impl Host {
    pub async fn start(dir: &Path) -> Host {
        Host::start_on(dir, Arc::new(Pretend::default())).await
    }

    pub async fn start_on(dir: &Path, hardware: Arc<Pretend>) -> Host {
        let config = WorldConfig { dir: dir.to_owned(), seed: 7, pace: Pace::Explicit };
        let world = World::open(config).await.unwrap();
        let (events, received) = mpsc::unbounded_channel();
        let engine = Engine::start(world.clone(), hardware.clone() as Arc<dyn Hardware>, received).await;
        Host { world, engine, hardware, events }
    }

    /// Stops as a crash would, but lets go of the disk.
    pub async fn stop(&self) {
        self.engine.shutdown().await;
        self.world.close().await;
    }

    pub fn group(&self) -> GroupId {
        GroupId { subscription: self.world.subscriptions()[0].id, name: Name::new("rg") }
    }

    pub fn cluster_id(&self, name: &str) -> ClusterId {
        ClusterId { group: self.group(), name: Name::new(name) }
    }

    pub fn pool_id(&self, cluster: &str, pool: &str) -> PoolId {
        PoolId { cluster: self.cluster_id(cluster), name: Name::new(pool) }
    }

    /// Asks for a group and a cluster with one trusted-launch pool; time does not move.
    pub async fn ask_for_cluster(&self, name: &str, nodes: i64) -> Put<Cluster> {
        let group = GroupSpec { location: "eastus".to_owned(), ..GroupSpec::default() };
        self.world.put_group(self.group(), group).await.unwrap();
        let pool = PoolSpec { mode: Some(NodePoolMode::System), ..trusted("nodepool1", nodes) };
        let spec = ClusterSpec { location: "eastus".to_owned(), pools: Some(vec![pool]), ..ClusterSpec::default() };
        self.world.put_cluster(self.cluster_id(name), spec, Conditions::default()).await.unwrap()
    }
}

/// A pool with both flags.
pub fn trusted(name: &str, nodes: i64) -> PoolSpec {
    PoolSpec {
        name: name.to_owned(),
        count: Some(nodes),
        vm_size: Some("Standard_D2s_v3".to_owned()),
        secure_boot: Some(true),
        vtpm: Some(true),
        ..PoolSpec::default()
    }
}
