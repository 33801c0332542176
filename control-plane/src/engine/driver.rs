//! The driver: one task that owns the timers and decides what is reconciled next.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use tokio::sync::{mpsc, watch};

use super::jobs::{self, Job};
use super::{Progress, Unit, groups, reconcile, start};
use crate::clock::VirtualTime;
use crate::hardware::{Hardware, HardwareEvent};
use crate::store::StoreError;
use crate::world::World;

/// Timers and work in progress.
pub(super) struct Driver {
    world: World,
    hardware: Arc<dyn Hardware>,
    announce: watch::Sender<Progress>,
    timers: BTreeSet<(VirtualTime, Unit)>,
    due: BTreeMap<Unit, VirtualTime>,
    dirty: BTreeSet<Unit>,
    busy: BTreeSet<String>,
    done: mpsc::UnboundedSender<Vec<Job>>,
    finished: mpsc::UnboundedReceiver<Vec<Job>>,
    steps: u64,
    seen: u64,
}

impl Driver {
    pub(super) fn new(world: World, hardware: Arc<dyn Hardware>, announce: watch::Sender<Progress>) -> Self {
        let (done, finished) = mpsc::unbounded_channel();
        Driver {
            world,
            hardware,
            announce,
            timers: BTreeSet::new(),
            due: BTreeMap::new(),
            dirty: BTreeSet::new(),
            busy: BTreeSet::new(),
            done,
            finished,
            steps: 0,
            seen: 0,
        }
    }

    pub(super) async fn run(
        mut self,
        mut events: mpsc::UnboundedReceiver<HardwareEvent>,
        mut stopped: watch::Receiver<bool>,
    ) {
        self.dirty = start::all_units(&self.world);
        let mut committed = self.world.watch();
        committed.mark_unchanged();
        let mut moves = self.world.clock().moves();
        let mut events_open = true;
        loop {
            self.look();
            if let Err(fault) = self.pump().await {
                tracing::error!(%fault, "the engine cannot write; it tries again");
                tokio::time::sleep(std::time::Duration::from_secs(1)).await;
            }
            let next = self.timers.first().map(|(due, _)| *due);
            tokio::select! {
                biased;
                _ = stopped.changed() => return,
                Some(jobs) = self.finished.recv() => self.settle(&jobs),
                event = events.recv(), if events_open => match event {
                    Some(HardwareEvent::PowerLost(vm)) => start::power_lost(&self.world, vm).await,
                    None => events_open = false,
                },
                _ = committed.changed() => {}
                _ = moves.changed() => {}
                () = wait_for(&self.world, next) => {}
            }
        }
    }

    /// Reconciles what is touched or due until nothing is, and hands out what needs hardware.
    async fn pump(&mut self) -> Result<(), StoreError> {
        loop {
            let now = self.world.now();
            while let Some((due, unit)) = self.timers.first().cloned() {
                if due > now {
                    break;
                }
                self.timers.remove(&(due, unit.clone()));
                self.due.remove(&unit);
                self.dirty.insert(unit);
            }
            if self.dirty.is_empty() {
                break;
            }
            let mut jobs = Vec::new();
            while let Some(unit) = self.dirty.pop_first() {
                let again = unit.clone();
                match self.step(unit, now).await {
                    Ok(found) => jobs.extend(found),
                    Err(fault) => {
                        self.dirty.insert(again);
                        return Err(fault);
                    }
                }
            }
            self.hand_out(jobs);
            self.look();
        }
        self.report();
        Ok(())
    }

    /// Takes in what was touched.
    fn look(&mut self) {
        // The count is read first: what it counts has been touched already.
        self.seen = *self.world.watch().borrow();
        self.dirty.append(&mut self.world.store().take_touched());
    }

    async fn step(&mut self, unit: Unit, now: VirtualTime) -> Result<Vec<Job>, StoreError> {
        self.steps += 1;
        let outcome = match &unit {
            Unit::Cluster(key) => reconcile::cluster(&self.world, key.clone(), now).await?,
            Unit::Group(key) => groups::group(&self.world, key.clone(), now).await?,
        };
        self.schedule(unit, outcome.due);
        Ok(outcome.jobs)
    }

    fn schedule(&mut self, unit: Unit, due: Option<VirtualTime>) {
        if let Some(old) = self.due.remove(&unit) {
            self.timers.remove(&(old, unit.clone()));
        }
        if let Some(due) = due {
            self.timers.insert((due, unit.clone()));
            self.due.insert(unit, due);
        }
    }

    /// Starts the jobs that are not under way yet.
    fn hand_out(&mut self, jobs: Vec<Job>) {
        let fresh: Vec<Job> = jobs.into_iter().filter(|job| self.busy.insert(job.key())).collect();
        if fresh.is_empty() {
            return;
        }
        let (world, hardware, done) = (self.world.clone(), Arc::clone(&self.hardware), self.done.clone());
        tokio::spawn(async move {
            jobs::perform(&world, &*hardware, &fresh).await;
            // The receiver goes away only at shutdown.
            let _ = done.send(fresh);
        });
    }

    fn settle(&mut self, jobs: &[Job]) {
        for job in jobs {
            self.busy.remove(&job.key());
            self.dirty.insert(Unit::cluster(&job.node.pool.cluster));
        }
    }

    fn report(&self) {
        let now = self.world.now();
        let next_due = self.timers.first().map(|(due, _)| *due);
        // While machines boot, or with time running, nobody may conclude that all is done.
        let quiet = self.busy.is_empty() && self.dirty.is_empty() && next_due.is_none_or(|due| due > now);
        self.announce.send_replace(Progress {
            quiet_at: quiet.then_some(now),
            seen: self.seen,
            next_due,
            steps: self.steps,
        });
    }
}

async fn wait_for(world: &World, due: Option<VirtualTime>) {
    match due {
        Some(due) => world.clock().sleep_until(due).await,
        None => std::future::pending().await,
    }
}
