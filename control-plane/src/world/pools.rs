//! Agent pools: desired state in, operation out.

use super::registration::trusted_launch_in_effect;
use super::{Conditions, Put, World, conflict, deletion, guard, record};
use crate::clock::VirtualTime;
use crate::engine::Unit;
use crate::ids::{OperationId, PoolId, StorageKey};
use crate::model::{
    Cluster, EventKind, Operation, OperationKind, OperationTarget, Pool, PoolSettings, PoolSpec, PowerState,
    Provisioning, Subscription,
};
use crate::refusal::{Refusal, RefusalKind};
use crate::resolve::{self, PoolContext};
use crate::rules;
use crate::store::Tx;
use crate::timings::Step;

impl World {
    /// Creates or updates a pool.
    pub async fn put_pool(&self, id: PoolId, spec: PoolSpec, conditions: Conditions) -> Result<Put<Pool>, Refusal> {
        self.transact(move |world, tx, now| put(world, tx, now, id, spec, &conditions)).await
    }
}

/// Creates or updates a pool in a transaction.
pub(super) fn put(
    world: &World,
    tx: &mut Tx<'_>,
    now: VirtualTime,
    id: PoolId,
    spec: PoolSpec,
    conditions: &Conditions,
) -> Result<Put<Pool>, Refusal> {
    let subscription = guard::subscription(tx, id.cluster.group.subscription)?;
    guard::registered(&subscription, "Microsoft.ContainerService", now)?;
    guard::group(tx, &id.cluster.group)?;
    let cluster = guard::parent_cluster(tx, &id.cluster)?;
    let before = tx.get::<Pool>(&id.storage_key());
    conditions.check(before.as_ref().map(|pool| pool.etag))?;
    idle(tx, &subscription, &cluster, before.as_deref())?;
    let feature = trusted_launch_in_effect(&subscription, &conditions.custom_features, now);
    let pools = tx.scan::<Pool>(&id.cluster.children_prefix());
    let asker = Asker { world, subscription: &subscription, feature, first_pool: pools.is_empty() };
    let settings = asker.settle(&ClusterFacts::of(&cluster), &spec, before.as_deref(), false)?;
    rules::judge_pool_in_cluster(&pools, before.as_deref(), &settings, subscription.era)?;
    let change = change_of(before.as_deref(), &settings);
    let target = OperationTarget::Pool(id.clone());
    let operation = deletion::start(tx, now, change.kind, target, cluster.location.clone());
    let ready = now + world.timings().sample(Step::PoolUpdate, &format!("{}/{operation}", id.name));
    let pool = write(tx, now, &id, before.as_deref(), settings, &change, operation, ready, feature);
    tx.touch(Unit::cluster(&id.cluster));
    let subject = format!("{}/{}", id.cluster.name, id.name);
    record(tx, now, EventKind::Requested, Some(subscription.id), subject, change.text.clone());
    Ok(Put { created: before.is_none(), value: tx.put(pool), operation: Some(operation) })
}

/// The parts of a cluster that a pool's settings depend on.
pub(super) struct ClusterFacts<'a> {
    pub(super) location: &'a str,
    pub(super) version_asked: &'a str,
    pub(super) version: &'a str,
    pub(super) virtual_nodes: bool,
    pub(super) windows_profile: bool,
}

impl<'a> ClusterFacts<'a> {
    pub(super) fn of(cluster: &'a Cluster) -> Self {
        ClusterFacts {
            location: &cluster.location,
            version_asked: &cluster.kubernetes_version,
            version: &cluster.current_kubernetes_version,
            virtual_nodes: cluster.virtual_nodes,
            windows_profile: cluster.windows_profile,
        }
    }
}

/// Who asks: the subscription with its era and features.
pub(super) struct Asker<'a> {
    pub(super) world: &'a World,
    pub(super) subscription: &'a Subscription,
    pub(super) feature: bool,
    pub(super) first_pool: bool,
}

impl Asker<'_> {
    /// Fills in the defaults and judges the result.
    pub(super) fn settle(
        &self,
        cluster: &ClusterFacts<'_>,
        spec: &PoolSpec,
        before: Option<&Pool>,
        embedded: bool,
    ) -> Result<PoolSettings, Refusal> {
        let context = PoolContext {
            catalog: self.world.catalog(),
            era: self.subscription.era,
            location: cluster.location,
            cluster_version: cluster.version,
            cluster_version_asked: cluster.version_asked,
            virtual_nodes: cluster.virtual_nodes,
            windows_profile: cluster.windows_profile,
            first_pool: self.first_pool,
            trusted_launch_feature: self.feature,
            before,
            embedded,
        };
        let settings = resolve::resolve_pool(&context, spec)?;
        rules::judge_pool(&context, spec, &settings)?;
        Ok(settings)
    }
}

/// Refuses while an operation runs on the pool or on its cluster.
pub(super) fn idle(
    tx: &Tx<'_>,
    subscription: &Subscription,
    cluster: &Cluster,
    pool: Option<&Pool>,
) -> Result<(), Refusal> {
    not_deleting(cluster)?;
    if cluster.provisioning.is_running() {
        let operation = tx.get::<Operation>(&cluster.operation.storage_key());
        return Err(conflict::cluster_busy(subscription.era, cluster, operation.as_deref()));
    }
    running_power(cluster)?;
    match pool {
        Some(pool) if pool.provisioning.is_running() => {
            let operation = tx.get::<Operation>(&pool.operation.storage_key());
            Err(conflict::pool_busy(subscription.era, pool, operation.as_deref()))
        }
        _ => Ok(()),
    }
}

/// What a write of a pool amounts to.
pub(super) struct Change {
    pub(super) kind: OperationKind,
    pub(super) state: Provisioning,
    pub(super) text: String,
}

/// Names follow what was recorded: a change of version shows `Upgrading`, of the image alone
/// `UpgradingNodeImageVersion`, of the count alone `Scaling`, anything else `Updating`.
pub(super) fn change_of(before: Option<&Pool>, after: &PoolSettings) -> Change {
    let change = |kind, state, text: String| Change { kind, state, text };
    let Some(before) = before.map(|pool| &pool.settings) else {
        return change(OperationKind::Create, Provisioning::Creating, format!("create with {} nodes", after.count));
    };
    let flags = [("Secure Boot", before.secure_boot, after.secure_boot), ("vTPM", before.vtpm, after.vtpm)];
    let flips: Vec<_> = flags
        .iter()
        .filter(|(_, was, is)| was != is)
        .map(|(name, _, is)| format!("{name} {}", if *is { "on" } else { "off" }))
        .collect();
    if !flips.is_empty() {
        return change(OperationKind::Update, Provisioning::Updating, format!("update: {}", flips.join(", ")));
    }
    if before.power != after.power {
        return match after.power {
            PowerState::Stopped => change(OperationKind::Stop, Provisioning::Stopping, "stop".to_owned()),
            PowerState::Running => change(OperationKind::Start, Provisioning::Starting, "start".to_owned()),
        };
    }
    if before.current_orchestrator_version != after.current_orchestrator_version {
        let text = format!("upgrade to Kubernetes {}", after.current_orchestrator_version);
        return change(OperationKind::Upgrade, Provisioning::Upgrading, text);
    }
    if before.node_image_version != after.node_image_version {
        let text = format!("new node image {}", after.node_image_version);
        return change(OperationKind::Upgrade, Provisioning::UpgradingNodeImageVersion, text);
    }
    if before.count != after.count {
        let text = format!("scale from {} to {} nodes", before.count, after.count);
        return change(OperationKind::Scale, Provisioning::Scaling, text);
    }
    change(OperationKind::Update, Provisioning::Updating, "update".to_owned())
}

#[expect(clippy::too_many_arguments, reason = "these are the parts of a pool")]
pub(super) fn write(
    tx: &mut Tx<'_>,
    now: VirtualTime,
    id: &PoolId,
    before: Option<&Pool>,
    settings: PoolSettings,
    change: &Change,
    operation: OperationId,
    ready: VirtualTime,
    feature: bool,
) -> Pool {
    let etag = tx.fresh_uuid();
    match before {
        Some(before) => {
            Pool { settings, provisioning: change.state, operation, ready_not_before: ready, etag, ..before.clone() }
        }
        None => Pool {
            id: id.clone(),
            settings,
            provisioning: change.state,
            operation,
            ready_not_before: ready,
            etag,
            abort: None,
            reimage: None,
            next_instance: 0,
            made_with_feature: feature,
            image_faults: Vec::new(),
            created: now,
        },
    }
}

/// A stopped cluster can only be started or deleted (azure-aks-docs start-stop-cluster.md). The text is inferred.
pub(super) fn running_power(cluster: &Cluster) -> Result<(), Refusal> {
    if cluster.power == PowerState::Stopped {
        let message = format!(
            "Managed cluster '{}' is stopped, so this operation is not allowed. Start the cluster first.",
            cluster.id.name
        );
        return Err(Refusal::provider(RefusalKind::Conflict, "OperationNotAllowed", message));
    }
    Ok(())
}

/// A cluster that is being deleted cannot be changed.
pub(super) fn not_deleting(cluster: &Cluster) -> Result<(), Refusal> {
    if cluster.provisioning == Provisioning::Deleting {
        let message = format!("Managed cluster '{}' is being deleted.", cluster.id.name);
        return Err(Refusal::provider(RefusalKind::Conflict, "OperationNotAllowed", message));
    }
    Ok(())
}
