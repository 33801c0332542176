//! What needs hardware: done outside of transactions, its outcome written by one.

use crate::clock::VirtualTime;
use crate::engine::Unit;
use crate::hardware::{BootOrder, BootOutcome, BootReport, Hardware, HardwareFault, VmId};
use crate::ids::{NodeId, StorageKey};
use crate::model::{EventKind, Node, NodeEvent, NodeState};
use crate::refusal::Refusal;
use crate::store::Tx;
use crate::world::{World, record};

/// Something for the hardware to do.
#[derive(Clone, Debug)]
pub(super) struct Job {
    pub(super) node: NodeId,
    pub(super) kind: JobKind,
}

#[derive(Clone, Debug)]
pub(super) enum JobKind {
    /// Run the boot chain; the boot is due at this moment.
    Boot { order: BootOrder, at: VirtualTime },
    /// Switch the machine off; it is due at this moment.
    PowerOff { vm: VmId, at: VirtualTime },
    /// Take the machine away.
    Remove { vm: VmId },
}

enum Done {
    Booted(BootOrder, VirtualTime, Result<BootReport, HardwareFault>),
    PoweredOff(VirtualTime, Result<(), HardwareFault>),
    Removed(Result<(), HardwareFault>),
}

impl Job {
    pub(super) fn key(&self) -> String {
        self.node.storage_key()
    }
}

/// Does all jobs side by side, then writes their outcomes in the jobs' order, so that histories repeat.
pub(super) async fn perform(world: &World, hardware: &dyn Hardware, jobs: &[Job]) {
    let mut running = Vec::new();
    for job in jobs {
        running.push(start(hardware, job));
    }
    let outcomes = join_all(running).await;
    for (job, done) in jobs.iter().zip(outcomes) {
        let node = job.node.clone();
        let outcome = world.transact(move |_, tx, now| write(tx, now, &node, done)).await;
        if let Err(refusal) = outcome {
            tracing::error!(%refusal, node = %job.key(), "the outcome could not be stored; it will be done again");
        }
    }
}

async fn start(hardware: &dyn Hardware, job: &Job) -> Done {
    match &job.kind {
        JobKind::Boot { order, at } => Done::Booted(order.clone(), *at, hardware.boot(order.clone()).await),
        JobKind::PowerOff { vm, at } => Done::PoweredOff(*at, hardware.power_off(*vm).await),
        JobKind::Remove { vm } => Done::Removed(hardware.remove(*vm).await),
    }
}

async fn join_all<F: Future>(futures: Vec<F>) -> Vec<F::Output> {
    let mut pinned: Vec<_> = futures.into_iter().map(Box::pin).collect();
    let mut outputs: Vec<Option<F::Output>> = pinned.iter().map(|_| None).collect();
    std::future::poll_fn(|context| {
        let mut pending = false;
        for (future, output) in pinned.iter_mut().zip(outputs.iter_mut()) {
            if output.is_none() {
                match future.as_mut().poll(context) {
                    std::task::Poll::Ready(value) => *output = Some(value),
                    std::task::Poll::Pending => pending = true,
                }
            }
        }
        if pending { std::task::Poll::Pending } else { std::task::Poll::Ready(()) }
    })
    .await;
    outputs.into_iter().flatten().collect()
}

fn write(tx: &mut Tx<'_>, now: VirtualTime, id: &NodeId, done: Done) -> Result<(), Refusal> {
    tx.touch(Unit::cluster(&id.pool.cluster));
    match done {
        Done::Booted(order, at, outcome) => booted(tx, now, id, &order, at, outcome),
        Done::PoweredOff(at, outcome) => {
            // A machine that cannot be switched off in an orderly way is off all the same.
            if let Err(fault) = outcome {
                tracing::warn!(%fault, node = %id.storage_key(), "the machine was not switched off in an orderly way");
            }
            powered_off(tx, now, id, at);
        }
        Done::Removed(Ok(())) => tx.delete::<Node>(&id.storage_key()),
        Done::Removed(Err(fault)) => {
            tracing::error!(%fault, node = %id.storage_key(), "the machine was not removed")
        }
    }
    Ok(())
}

fn powered_off(tx: &mut Tx<'_>, now: VirtualTime, id: &NodeId, at: VirtualTime) {
    let Some(node) = tx.get::<Node>(&id.storage_key()) else { return };
    if let Ok(state) = node.state.clone().on(NodeEvent::PoweredOff { at }) {
        let subscription = Some(id.pool.cluster.group.subscription);
        record(tx, now, EventKind::NodeState, subscription, node.name.clone(), "Stopped".to_owned());
        tx.put(Node { state, ..(*node).clone() });
    }
}

fn booted(
    tx: &mut Tx<'_>,
    now: VirtualTime,
    id: &NodeId,
    order: &BootOrder,
    at: VirtualTime,
    outcome: Result<BootReport, HardwareFault>,
) {
    let Some(node) = tx.get::<Node>(&id.storage_key()) else {
        return;
    };
    let mut node = (*node).clone();
    // Something else was decided meanwhile (deleted, tampered with again): this boot does not count.
    if !matches!(node.state, NodeState::Booting { until, .. } if until == at) || node.boot_order() != *order {
        return;
    }
    let (event, text) = match outcome {
        Ok(report) => {
            node.boots += 1;
            let text = match &report.outcome {
                BootOutcome::Booted => "Ready".to_owned(),
                BootOutcome::Refused { component, reason } => {
                    format!("boot refused: {component}: {reason}")
                }
            };
            (NodeEvent::Booted { at, outcome: report.outcome }, text)
        }
        Err(fault) => {
            let text = format!("the host cannot run it: {fault}");
            (NodeEvent::HostFailed { at, reason: fault.to_string() }, text)
        }
    };
    if let Ok(state) = node.state.clone().on(event) {
        node.state = state;
        let subscription = Some(id.pool.cluster.group.subscription);
        record(tx, now, EventKind::NodeState, subscription, node.name.clone(), text);
        tx.put(node);
    }
}
