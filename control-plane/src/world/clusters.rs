//! Managed clusters: desired state in, operation out.

use std::sync::Arc;

use super::pools::{self, Asker, ClusterFacts, Way};
use super::registration::trusted_launch_in_effect;
use super::tags::{laid_over, updated};
use super::{Conditions, Put, World, conflict, creation, deletion, guard, record};
use crate::catalog::Resolved;
use crate::clock::VirtualTime;
use crate::engine::Unit;
use crate::era::Era;
use crate::ids::{ClusterId, GroupId, Name, OperationId, PoolId, StorageKey};
use crate::model::{
    Cluster, ClusterSpec, EventKind, Opaque, Operation, OperationKind, OperationTarget, Pool, PoolSettings, PowerState,
    Provisioning, ResourceGroup, Subscription,
};
use crate::refusal::Refusal;
use crate::rules::{self, ClusterContext};
use crate::store::Tx;
use crate::timings::Step;

/// A pool of the request with its settings and what it was before.
struct Embedded {
    id: PoolId,
    before: Option<Arc<Pool>>,
    settings: PoolSettings,
}

/// One request, looked at from all sides.
struct Request<'a> {
    world: &'a World,
    now: VirtualTime,
    subscription: Arc<Subscription>,
    feature: bool,
    id: ClusterId,
    spec: ClusterSpec,
    before: Option<Arc<Cluster>>,
    version: Resolved,
    location: String,
}

impl World {
    /// Creates or updates a cluster, with the pools that the request embeds.
    pub async fn put_cluster(
        &self,
        id: ClusterId,
        spec: ClusterSpec,
        conditions: Conditions,
    ) -> Result<Put<Cluster>, Refusal> {
        self.transact(move |world, tx, now| put(world, tx, now, id, spec, &conditions)).await
    }

    /// Replaces a cluster's tags.
    pub async fn patch_cluster_tags(
        &self,
        id: &ClusterId,
        tags: Opaque,
        conditions: Conditions,
    ) -> Result<Put<Cluster>, Refusal> {
        let id = id.clone();
        self.transact(move |world, tx, now| {
            let subscription = guard::subscription(tx, id.group.subscription)?;
            let before = tx.get::<Cluster>(&id.storage_key()).ok_or_else(|| guard::cluster_missing(&id))?;
            conditions.check(Some(before.etag))?;
            idle(tx, &subscription, &before)?;
            let target = OperationTarget::Cluster(id.clone());
            let operation = deletion::start(tx, now, OperationKind::Update, target, before.location.clone());
            let etag = tx.fresh_uuid();
            let value = tx.put(Cluster {
                tags: updated(before.tags.clone(), Some(tags)),
                provisioning: Provisioning::Updating,
                operation,
                control_plane_ready: now + world.timings().sample(Step::PoolUpdate, &operation.to_string()),
                etag,
                ..(*before).clone()
            });
            tx.touch(Unit::cluster(&id));
            record(tx, now, EventKind::Requested, Some(subscription.id), id.name.to_string(), "new tags".to_owned());
            Ok(Put { created: false, value, operation: Some(operation) })
        })
        .await
    }
}

/// Creates or updates a cluster in a transaction.
pub(super) fn put(
    world: &World,
    tx: &mut Tx<'_>,
    now: VirtualTime,
    id: ClusterId,
    spec: ClusterSpec,
    conditions: &Conditions,
) -> Result<Put<Cluster>, Refusal> {
    let subscription = guard::subscription(tx, id.group.subscription)?;
    guard::registered(&subscription, "Microsoft.ContainerService", now)?;
    let group = guard::group(tx, &id.group)?;
    let before = tx.get::<Cluster>(&id.storage_key());
    conditions.check(before.as_ref().map(|cluster| cluster.etag))?;
    if let Some(before) = &before {
        pools::running_power(before)?;
        idle(tx, &subscription, before)?;
    }
    let feature = trusted_launch_in_effect(&subscription, &conditions.custom_features, now);
    let location = cluster_location(world, &spec, before.as_deref(), &group)?;
    let version = cluster_version(world, &spec, before.as_deref(), subscription.era, &location)?;
    let spec = if before.is_none() { creation::completed(spec, &version) } else { spec };
    let request = Request { world, now, subscription, feature, id, spec, before, version, location };
    let embedded = request.embedded_pools(tx)?;
    request.judge(tx, &embedded)?;
    Ok(request.write(tx, embedded))
}

impl Request<'_> {
    fn embedded_pools(&self, tx: &Tx<'_>) -> Result<Vec<Embedded>, Refusal> {
        let existing = tx.scan::<Pool>(&self.id.children_prefix());
        let mut embedded = Vec::new();
        for spec in self.spec.pools.iter().flatten() {
            let id = PoolId { cluster: self.id.clone(), name: Name::new(spec.name.clone()) };
            let before = existing.iter().find(|pool| pool.id == id).cloned();
            let asker = Asker {
                world: self.world,
                now: self.now,
                subscription: &self.subscription,
                feature: self.feature,
                first_pool: existing.is_empty() && embedded.is_empty(),
            };
            let settings = asker.settle(&self.facts(), spec, before.as_deref(), Way::Embedded)?;
            embedded.push(Embedded { id, before, settings });
        }
        Ok(embedded)
    }

    fn facts(&self) -> ClusterFacts<'_> {
        let before = self.before.as_deref();
        ClusterFacts {
            location: &self.location,
            version_asked: &self.version.asked,
            version: &self.version.patch,
            network: self
                .spec
                .properties
                .get("networkProfile")
                .or_else(|| before.and_then(|c| c.properties.get("networkProfile"))),
            virtual_nodes: self.spec.virtual_nodes.unwrap_or(before.is_some_and(|c| c.virtual_nodes)),
            windows_profile: self.spec.windows_profile.unwrap_or(before.is_some_and(|c| c.windows_profile)),
        }
    }

    fn judge(&self, tx: &Tx<'_>, embedded: &[Embedded]) -> Result<(), Refusal> {
        let existing = tx.scan::<Pool>(&self.id.children_prefix());
        let context = ClusterContext {
            catalog: self.world.catalog(),
            era: self.subscription.era,
            before: self.before.as_deref(),
            name: self.id.name.as_str(),
            existing_pools: &existing,
            clusters_in_subscription: tx.scan::<Cluster>(&self.subscription.id.children_prefix()).len(),
        };
        let named: Vec<_> = embedded.iter().map(|e| (e.id.name.as_str(), &e.settings)).collect();
        rules::judge_cluster(&context, &self.spec, &named)
    }

    fn write(self, tx: &mut Tx<'_>, embedded: Vec<Embedded>) -> Put<Cluster> {
        let created = self.before.is_none();
        let upgrade = self.before.as_ref().is_some_and(|c| c.current_kubernetes_version != self.version.patch);
        let (kind, state, step, text) = if created {
            (OperationKind::Create, Provisioning::Creating, Step::ControlPlaneCreate, "create".to_owned())
        } else if upgrade {
            let text = format!("upgrade to Kubernetes {}", self.version.patch);
            (OperationKind::Upgrade, Provisioning::Upgrading, Step::ControlPlaneUpgrade, text)
        } else {
            (OperationKind::Update, Provisioning::Updating, Step::ControlPlaneUpdate, "update".to_owned())
        };
        let (id, now) = (self.id.clone(), self.now);
        let target = OperationTarget::Cluster(id.clone());
        let operation = deletion::start(tx, now, kind, target, self.location.clone());
        let ready = now + self.world.timings().sample(step, &format!("{}/{operation}", id.name));
        self.write_pools(tx, embedded, operation, ready);
        let subscription = Some(self.subscription.id);
        let base = match self.before.as_deref().cloned() {
            Some(before) => before,
            None => self.new_cluster(tx),
        };
        let etag = tx.fresh_uuid();
        let cluster =
            Cluster { provisioning: state, operation, control_plane_ready: ready, etag, ..self.changed(base) };
        if created {
            tx.put(node_group(&cluster));
        }
        tx.touch(Unit::cluster(&id));
        record(tx, now, EventKind::Requested, subscription, id.name.to_string(), text);
        Put { created, value: tx.put(cluster), operation: Some(operation) }
    }

    /// Pools that the request changes take part in the cluster's operation; an operation on a cluster changes the ETags
    /// of all its pools.
    fn write_pools(&self, tx: &mut Tx<'_>, embedded: Vec<Embedded>, operation: OperationId, ready: VirtualTime) {
        for pool in tx.scan::<Pool>(&self.id.children_prefix()) {
            let etag = tx.fresh_uuid();
            tx.put(Pool { etag, ..(*pool).clone() });
        }
        for Embedded { id, before, settings } in embedded {
            if before.as_ref().is_some_and(|pool| pool.settings == settings) {
                continue;
            }
            let change = pools::change_of(before.as_deref(), &settings);
            let before = before.as_deref();
            let pool = pools::write(tx, self.now, &id, before, settings, &change, operation, ready, self.feature);
            tx.put(pool);
        }
    }

    /// The cluster with what the request asks for.
    fn changed(self, base: Cluster) -> Cluster {
        let facts_virtual_nodes = self.facts().virtual_nodes;
        let facts_windows = self.facts().windows_profile;
        Cluster {
            tags: updated(base.tags, self.spec.tags),
            kubernetes_version: self.version.asked,
            current_kubernetes_version: self.version.patch,
            virtual_nodes: facts_virtual_nodes,
            windows_profile: facts_windows,
            properties: laid_over(base.properties, self.spec.properties),
            envelope: laid_over(base.envelope, self.spec.envelope),
            ..base
        }
    }

    fn new_cluster(&self, tx: &mut Tx<'_>) -> Cluster {
        let unique = tx.fresh_uuid();
        let hex = unique.simple().to_string();
        let id = &self.id;
        let default_group = || format!("MC_{}_{}_{}", id.group.name, id.name, self.location);
        Cluster {
            id: id.clone(),
            location: self.location.clone(),
            tags: None,
            kubernetes_version: self.version.asked.clone(),
            current_kubernetes_version: self.version.patch.clone(),
            dns_prefix: self.spec.dns_prefix.clone().filter(|p| !p.is_empty()).unwrap_or_else(|| dns_prefix(id)),
            dns_suffix: hex[..8].to_owned(),
            node_resource_group: self
                .spec
                .node_resource_group
                .clone()
                .filter(|g| !g.is_empty())
                .unwrap_or_else(|| shortened(default_group(), 80)),
            virtual_nodes: false,
            windows_profile: false,
            provisioning: Provisioning::Creating,
            power: PowerState::Running,
            abort: None,
            operation: OperationId(unique),
            control_plane_ready: self.now,
            etag: unique,
            resource_uid: hex[8..].to_owned(),
            name_hash: format!("{:08}", unique.as_u128() % 100_000_000),
            principal_id: tx.fresh_uuid(),
            kubelet_identity: (tx.fresh_uuid(), tx.fresh_uuid()),
            created: self.now,
            properties: Opaque::new(),
            envelope: Opaque::new(),
        }
    }
}

/// az's own default: ten characters of the name, sixteen of the group, six of the subscription.
fn dns_prefix(id: &ClusterId) -> String {
    let part = |text: &str, count: usize| -> String {
        text.chars().filter(|c| c.is_ascii_alphanumeric() || *c == '-').take(count).collect()
    };
    let subscription = id.group.subscription.to_string();
    format!("{}-{}-{}", part(id.name.as_str(), 10), part(id.group.name.as_str(), 16), part(&subscription, 6))
}

fn shortened(text: String, max: usize) -> String {
    text.chars().take(max).collect()
}

fn node_group(cluster: &Cluster) -> ResourceGroup {
    ResourceGroup {
        id: GroupId {
            subscription: cluster.id.group.subscription,
            name: Name::new(cluster.node_resource_group.clone()),
        },
        location: cluster.location.clone(),
        tags: cluster.tags.clone(),
        managed_by: Some(cluster.id.clone()),
        deleting: false,
        opaque: Opaque::new(),
    }
}

fn cluster_location(
    world: &World,
    spec: &ClusterSpec,
    before: Option<&Cluster>,
    group: &ResourceGroup,
) -> Result<String, Refusal> {
    match (before, spec.location.as_str()) {
        (Some(before), "") => Ok(before.location.clone()),
        (None, "") => Ok(group.location.clone()),
        (before, asked) => {
            let location = rules::cluster_location(world.catalog(), asked)?;
            rules::judge_cluster_location(before, &location)?;
            Ok(location)
        }
    }
}

/// The version that the request amounts to: empty means the default for a new cluster, the present one otherwise. A
/// minor version that already runs keeps its patch.
fn cluster_version(
    world: &World,
    spec: &ClusterSpec,
    before: Option<&Cluster>,
    era: Era,
    location: &str,
) -> Result<Resolved, Refusal> {
    let asked = spec.kubernetes_version.as_deref().unwrap_or("");
    match before {
        Some(before) if asked.is_empty() || asked == before.kubernetes_version => {
            Ok(Resolved { asked: before.kubernetes_version.clone(), patch: before.current_kubernetes_version.clone() })
        }
        _ => rules::cluster_version(world.catalog(), era, location, asked),
    }
}

/// Refuses while an operation runs on the cluster or on one of its pools.
pub(super) fn idle(tx: &Tx<'_>, subscription: &Subscription, cluster: &Cluster) -> Result<(), Refusal> {
    pools::not_deleting(cluster)?;
    if cluster.provisioning.is_running() {
        let operation = tx.get::<Operation>(&cluster.operation.storage_key());
        return Err(conflict::cluster_busy(subscription.era, cluster, operation.as_deref()));
    }
    let pools = tx.scan::<Pool>(&cluster.id.children_prefix());
    match pools.iter().find(|pool| pool.provisioning.is_running()) {
        Some(pool) => {
            let operation = tx.get::<Operation>(&pool.operation.storage_key());
            Err(conflict::pool_busy(subscription.era, pool, operation.as_deref()))
        }
        None => Ok(()),
    }
}
