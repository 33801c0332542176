//! One look at a cluster: what is due happens, what follows is started, what has converged ends.

use super::convergence;
use super::jobs::Job;
use super::nodes;
use super::power;
use crate::clock::VirtualTime;
use crate::ids::StorageKey;
use crate::model::{Cluster, Node, Pool, PowerState, Provisioning};
use crate::store::{StoreError, Tx};
use crate::world::World;

/// What a look at a unit leaves to do.
#[derive(Default)]
pub(super) struct Outcome {
    /// When to look again by itself.
    pub(super) due: Option<VirtualTime>,
    /// What the hardware has to do.
    pub(super) jobs: Vec<Job>,
}

impl Outcome {
    /// Notes a timer.
    pub(super) fn at(&mut self, due: VirtualTime) {
        self.due = Some(self.due.map_or(due, |old| old.min(due)));
    }
}

/// What a step may look at.
pub(super) struct Context<'a> {
    pub(super) world: &'a World,
    pub(super) now: VirtualTime,
    pub(super) cluster: &'a Cluster,
}

/// Brings a cluster one step further. Stepping again without time passing changes nothing.
pub(super) async fn cluster(world: &World, key: String, now: VirtualTime) -> Result<Outcome, StoreError> {
    let world_in_tx = world.clone();
    let outcome = world.store().commit(move |tx| {
        tx.note_time(now);
        let mut outcome = Outcome::default();
        if let Some(cluster) = tx.get::<Cluster>(&key) {
            let context = Context { world: &world_in_tx, now, cluster: &cluster };
            step(tx, &context, &mut outcome);
        }
        Ok::<_, std::convert::Infallible>(outcome)
    });
    Ok(outcome.await?.unwrap_or_else(|never| match never {}))
}

fn step(tx: &mut Tx<'_>, context: &Context<'_>, outcome: &mut Outcome) {
    for pool in tx.scan::<Pool>(&context.cluster.id.children_prefix()) {
        pool_step(tx, context, &pool, outcome);
    }
    convergence::cluster(tx, context, outcome);
}

fn pool_step(tx: &mut Tx<'_>, context: &Context<'_>, pool: &Pool, outcome: &mut Outcome) {
    for node in tx.scan::<Node>(&pool.id.children_prefix()) {
        nodes::elapse(tx, context, pool, &node, outcome);
    }
    if pool.provisioning == Provisioning::Deleting {
        nodes::delete_all(tx, context, pool, outcome);
    } else if !wants_power(context, pool) {
        power::stop_all(tx, context, pool, outcome);
    } else if pool.provisioning.is_running() && nodes_may_start(context, pool) {
        power::start_all(tx, context, pool, outcome);
        nodes::match_count(tx, context, pool, outcome);
        nodes::roll_out(tx, context, pool, outcome);
    } else if pool.provisioning.is_running() {
        outcome.at(context.cluster.control_plane_ready);
    }
    // The steps above may have changed the pool (instance numbers).
    if let Some(pool) = tx.get::<Pool>(&pool.id.storage_key()) {
        convergence::pool(tx, context, &pool, outcome);
    }
}

/// Machines run when both their pool and their cluster do.
pub(super) fn wants_power(context: &Context<'_>, pool: &Pool) -> bool {
    context.cluster.power == PowerState::Running && pool.settings.power == PowerState::Running
}

/// Nodes of a new or upgraded cluster wait for its control plane.
fn nodes_may_start(context: &Context<'_>, pool: &Pool) -> bool {
    let cluster = context.cluster;
    pool.operation != cluster.operation || context.now >= cluster.control_plane_ready
}
