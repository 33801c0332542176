//! The level-triggered engine: looks at what is desired and what is, and takes the next step.
//!
//! A [`Unit`] (a cluster with its pools and nodes, or a resource group that is being deleted) is reconciled whenever it
//! was touched by a transaction or one of its timers is due. Reconciling is one transaction without waiting; what needs
//! hardware (boots, removals) is done outside and its outcome is written by another one. A crash at any point is
//! nothing special: on start every unit is reconciled from what is stored.

mod convergence;
mod driver;
mod groups;
mod jobs;
pub mod names;
mod nodes;
mod power;
mod reconcile;
mod start;
mod stepping;

use std::sync::Arc;

use tokio::sync::{mpsc, watch};

pub use stepping::{Advanced, NotExplicit};

use crate::clock::{Pace, VirtualTime};
use crate::hardware::{Hardware, HardwareEvent};
use crate::ids::{ClusterId, GroupId, StorageKey};
use crate::world::World;

/// What is reconciled as a whole.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Unit {
    /// A cluster with its pools and nodes, by storage key.
    Cluster(String),
    /// A resource group, by storage key.
    Group(String),
}

impl Unit {
    /// The unit of a cluster.
    pub fn cluster(id: &ClusterId) -> Self {
        Unit::Cluster(id.storage_key())
    }

    /// The unit of a group.
    pub fn group(id: &GroupId) -> Self {
        Unit::Group(id.storage_key())
    }
}

/// What the driver tells those who wait for it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Progress {
    /// Nothing is touched, due or with the hardware at `at`.
    quiet_at: Option<VirtualTime>,
    /// How many groups of transactions this takes into account.
    seen: u64,
    /// The next timer.
    next_due: Option<VirtualTime>,
    /// Counts state transitions, for reports.
    steps: u64,
}

/// The running engine.
pub struct Engine {
    world: World,
    progress: watch::Receiver<Progress>,
    stop: watch::Sender<bool>,
    driver: tokio::sync::Mutex<Option<tokio::task::JoinHandle<()>>>,
    /// One stepping command at a time.
    stepping: tokio::sync::Mutex<()>,
}

impl Engine {
    /// Takes over: asks the hardware which machines still run, then goes on from what is stored.
    pub async fn start(
        world: World,
        hardware: Arc<dyn Hardware>,
        events: mpsc::UnboundedReceiver<HardwareEvent>,
    ) -> Arc<Engine> {
        start::heal_what_lost_power(&world, &*hardware).await;
        let (announce, progress) = watch::channel(Progress::default());
        let (stop, stopped) = watch::channel(false);
        let driver = driver::Driver::new(world.clone(), hardware, announce);
        let task = tokio::spawn(driver.run(events, stopped));
        Arc::new(Engine {
            world,
            progress,
            stop,
            driver: tokio::sync::Mutex::new(Some(task)),
            stepping: tokio::sync::Mutex::new(()),
        })
    }

    /// When something happens next by itself; `None` when nothing will.
    pub fn next_due(&self) -> Option<VirtualTime> {
        self.progress.borrow().next_due
    }

    /// Changes how virtual time moves.
    pub fn set_pace(&self, pace: Pace) {
        self.world.clock().set_pace(pace);
    }

    /// Stops driving. What is stored stays as it is, to be taken up again.
    pub async fn shutdown(&self) {
        let _ = self.stop.send(true);
        if let Some(task) = self.driver.lock().await.take() {
            // The task ends by itself; a panic in it has been logged.
            let _ = task.await;
        }
    }
}
