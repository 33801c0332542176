//! Asking whether writes would be accepted, without making them: what ARM calls preflight.

use super::{Conditions, World, clusters, internal, pools};
use crate::clock::VirtualTime;
use crate::ids::{ClusterId, PoolId, StorageKey};
use crate::model::{Cluster, ClusterSpec, Pool, PoolSpec, Provisioning};
use crate::refusal::Refusal;
use crate::store::Tx;

/// A write that is only tried.
#[derive(Clone, Debug)]
pub enum Draft {
    /// `PUT` of a cluster.
    Cluster(ClusterId, Box<ClusterSpec>),
    /// `PUT` of a pool.
    Pool(PoolId, Box<PoolSpec>),
}

impl Draft {
    fn cluster(&self) -> &ClusterId {
        match self {
            Draft::Cluster(id, _) => id,
            Draft::Pool(id, _) => &id.cluster,
        }
    }
}

impl World {
    /// Tries writes one after the other, each on the world that the earlier ones would leave once they are done, and
    /// takes everything back. Gives the place and the reason of each one that would be refused.
    ///
    /// Operations that run now are taken as ended: whether a resource is busy shows when it is written.
    pub async fn preflight(&self, drafts: Vec<Draft>) -> Vec<(usize, Refusal)> {
        let world = self.clone();
        // A transaction that ends in `Err` changes nothing: the findings come back that way.
        let outcome = self.store().commit(move |tx| Err::<(), _>(try_all(&world, tx, drafts)));
        match outcome.await {
            Ok(Ok(())) => Vec::new(),
            Ok(Err(findings)) => findings,
            Err(fault) => vec![(0, internal(&fault))],
        }
    }
}

fn try_all(world: &World, tx: &mut Tx<'_>, drafts: Vec<Draft>) -> Vec<(usize, Refusal)> {
    let now = world.now();
    let mut findings = Vec::new();
    for (index, draft) in drafts.into_iter().enumerate() {
        settle(tx, draft.cluster());
        if let Err(refusal) = try_one(world, tx, now, draft) {
            findings.push((index, refusal));
        }
    }
    findings
}

fn try_one(world: &World, tx: &mut Tx<'_>, now: VirtualTime, draft: Draft) -> Result<(), Refusal> {
    let conditions = Conditions::default();
    match draft {
        Draft::Cluster(id, spec) => clusters::put(world, tx, now, id, *spec, &conditions).map(|_| ()),
        Draft::Pool(id, spec) => pools::put(world, tx, now, id, *spec, &conditions).map(|_| ()),
    }
}

/// Ends, in this transaction, whatever runs on a cluster and its pools.
fn settle(tx: &mut Tx<'_>, id: &ClusterId) {
    let done = |state: Provisioning| state.is_running() && state != Provisioning::Deleting;
    if let Some(cluster) = tx.get::<Cluster>(&id.storage_key()).filter(|cluster| done(cluster.provisioning)) {
        tx.put(Cluster { provisioning: Provisioning::Succeeded, ..(*cluster).clone() });
    }
    for pool in tx.scan::<Pool>(&id.children_prefix()) {
        if done(pool.provisioning) {
            tx.put(Pool { provisioning: Provisioning::Succeeded, ..(*pool).clone() });
        }
    }
}
