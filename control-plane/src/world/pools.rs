//! Agent pools: desired state in, operation out.

use super::registration::trusted_launch_in_effect;
use super::{Conditions, Put, World, conflict, deletion, guard, record};
use crate::catalog::weeks_in;
use crate::clock::VirtualTime;
use crate::engine::Unit;
use crate::ids::{OperationId, PoolId, StorageKey};
use crate::model::{
    Cluster, EventKind, Operation, OperationKind, OperationTarget, Pool, PoolSettings, PoolSpec, PowerState,
    Provisioning, Subscription, UsedVersions,
};
use crate::refusal::{Refusal, RefusalKind};
use crate::resolve::{self, PodNetwork, PoolContext};
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
    let asker = Asker { world, now, subscription: &subscription, feature, first_pool: pools.is_empty() };
    let settings = asker.settle(&ClusterFacts::of(&cluster), &spec, before.as_deref(), Way::AgentPool)?;
    rules::judge_pool_in_cluster(&pools, before.as_deref(), &settings, subscription.era)?;
    let change = change_of(before.as_deref(), &settings);
    let target = OperationTarget::Pool(id.clone());
    let operation = deletion::start(tx, now, change.kind, target, cluster.location.clone());
    let ready = now + world.timings().sample(Step::PoolUpdate, &format!("{}/{operation}", id.name));
    let mut pool = write(tx, now, &id, before.as_deref(), settings, &change, operation, ready, feature);
    if asker.rolls_back(&spec, before.as_deref()) {
        // One step back, not several (azure-aks-docs roll-back-node-pool-version.md).
        pool.previous = None;
    }
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
    pub(super) network: Option<&'a serde_json::Value>,
    pub(super) virtual_nodes: bool,
    pub(super) windows_profile: bool,
}

impl<'a> ClusterFacts<'a> {
    pub(super) fn of(cluster: &'a Cluster) -> Self {
        ClusterFacts {
            location: &cluster.location,
            version_asked: &cluster.kubernetes_version,
            version: &cluster.current_kubernetes_version,
            network: cluster.properties.get("networkProfile"),
            virtual_nodes: cluster.virtual_nodes,
            windows_profile: cluster.windows_profile,
        }
    }
}

/// How a pool is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Way {
    /// Through the agent pool API.
    AgentPool,
    /// In the body of a cluster.
    Embedded,
    /// By an upgrade of its node image.
    NodeImage,
}

/// Who asks: the subscription with its era and features.
pub(super) struct Asker<'a> {
    pub(super) world: &'a World,
    pub(super) now: VirtualTime,
    pub(super) subscription: &'a Subscription,
    pub(super) feature: bool,
    pub(super) first_pool: bool,
}

impl Asker<'_> {
    /// Fills in the defaults and judges the result, once for each size of machines.
    pub(super) fn settle(
        &self,
        cluster: &ClusterFacts<'_>,
        spec: &PoolSpec,
        before: Option<&Pool>,
        way: Way,
    ) -> Result<PoolSettings, Refusal> {
        let context = self.context(cluster, before, way);
        let settings = resolve::resolve_pool(&context, spec)?;
        rules::judge_pool(&context, spec, &settings)?;
        for group in settings.machines.iter().skip(1) {
            let with_size = PoolSettings { vm_size: group.size.clone(), ..settings.clone() };
            rules::judge_pool(&context, spec, &with_size)?;
        }
        Ok(settings)
    }

    /// Whether a request rolls a pool back to what it ran before.
    fn rolls_back(&self, spec: &PoolSpec, before: Option<&Pool>) -> bool {
        let nowhere = ClusterFacts {
            location: "",
            version_asked: "",
            version: "",
            network: None,
            virtual_nodes: false,
            windows_profile: false,
        };
        resolve::Wanted::new(&self.context(&nowhere, before, Way::AgentPool), spec).rolls_back().is_some()
    }

    /// The newest node image that a pool could have.
    pub(super) fn newest_image(&self, cluster: &ClusterFacts<'_>, pool: &Pool) -> Result<String, Refusal> {
        let unchanged = PoolSpec { name: pool.id.name.to_string(), ..PoolSpec::default() };
        resolve::resolve_pool(&self.context(cluster, Some(pool), Way::NodeImage), &unchanged)
            .map(|settings| settings.node_image_version)
    }

    fn context<'c>(&'c self, cluster: &'c ClusterFacts<'c>, before: Option<&'c Pool>, way: Way) -> PoolContext<'c> {
        PoolContext {
            catalog: self.world.catalog(),
            era: self.subscription.era,
            now: self.now,
            image_weeks: weeks_in(self.now.since(self.subscription.added)),
            newest_image: way == Way::NodeImage,
            location: cluster.location,
            cluster_version: cluster.version,
            cluster_version_asked: cluster.version_asked,
            pod_network: PodNetwork::of(self.subscription.era, cluster.network),
            virtual_nodes: cluster.virtual_nodes,
            windows_profile: cluster.windows_profile,
            first_pool: self.first_pool,
            trusted_launch_feature: self.feature,
            before,
            embedded: way == Way::Embedded,
        }
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

/// Names follow what was recorded: a change of version or of FIPS shows `Upgrading`, of the image alone
/// `UpgradingNodeImageVersion`, of the count alone `Scaling`, anything else `Updating`. That a change of the distribution
/// shows what a change of FIPS shows is inferred.
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
    if before.fips != after.fips || before.os_sku != after.os_sku {
        let text = format!("upgrade to node image {}", after.node_image_version);
        return change(OperationKind::Upgrade, Provisioning::Upgrading, text);
    }
    if before.current_orchestrator_version != after.current_orchestrator_version {
        let text = format!("upgrade to Kubernetes {}", after.current_orchestrator_version);
        return change(OperationKind::Upgrade, Provisioning::Upgrading, text);
    }
    if before.node_image_version != after.node_image_version {
        let text = format!("new node image {}", after.node_image_version);
        return change(OperationKind::Upgrade, Provisioning::UpgradingNodeImageVersion, text);
    }
    if before.count != after.count || before.machines != after.machines {
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
            let previous = left_behind(before, &settings, now).or_else(|| before.previous.clone());
            let provisioning = change.state;
            Pool { settings, provisioning, operation, ready_not_before: ready, etag, previous, ..before.clone() }
        }
        None => Pool {
            id: id.clone(),
            settings,
            provisioning: change.state,
            operation,
            ready_not_before: ready,
            etag,
            abort: None,
            present: Vec::new(),
            previous: None,
            reimage: None,
            next_instance: 0,
            made_with_feature: feature,
            image_faults: Vec::new(),
            created: now,
        },
    }
}

/// What a pool that is upgraded leaves behind, to be rolled back to: another Kubernetes version, or another version of the
/// same node image (a change of the distribution cannot be rolled back).
pub(super) fn left_behind(before: &Pool, after: &PoolSettings, now: VirtualTime) -> Option<UsedVersions> {
    let was = &before.settings;
    let upgraded = was.current_orchestrator_version != after.current_orchestrator_version
        || (was.node_image_version != after.node_image_version
            && resolve::definition(&was.node_image_version) == resolve::definition(&after.node_image_version));
    upgraded.then(|| UsedVersions {
        orchestrator_version: was.current_orchestrator_version.clone(),
        node_image_version: was.node_image_version.clone(),
        left: now,
    })
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
