//! Something to judge, with everything around it.

use std::sync::Arc;

use uuid::Uuid;

use crate::catalog::Catalog;
use crate::clock::VirtualTime;
use crate::era::Era;
use crate::ids::{ClusterId, GroupId, Name, OperationId, PoolId, SubscriptionId};
use crate::model::{Cluster, ClusterSpec, NodePoolMode, Opaque, Pool, PoolSettings, PoolSpec, Provisioning};
use crate::refusal::Refusal;
use crate::resolve::{PodNetwork, PoolContext, resolve_pool};
use crate::rules::{self, ClusterContext};

/// What is judged.
#[derive(Clone, Copy, Debug)]
pub(super) enum Subject {
    Pool,
    InCluster,
    Deletion,
    Cluster,
    Version,
    Place,
    Move,
    Group,
}

#[derive(Debug)]
pub(super) struct Scene {
    pub(super) subject: Subject,
    pub(super) era: Era,
    pub(super) spec: PoolSpec,
    pub(super) before: Option<Pool>,
    pub(super) cluster_version: String,
    pub(super) now: VirtualTime,
    pub(super) feature: bool,
    pub(super) virtual_nodes: bool,
    pub(super) windows_profile: bool,
    pub(super) azure_cni: bool,
    pub(super) first_pool: bool,
    pub(super) embedded: bool,
    /// The cluster's pools.
    pub(super) pools: Vec<Arc<Pool>>,
    pub(super) cluster: ClusterSpec,
    pub(super) cluster_name: String,
    pub(super) cluster_before: Option<Cluster>,
    pub(super) clusters: usize,
    /// The pools that a cluster request embeds.
    pub(super) embedded_pools: Vec<(String, PoolSettings)>,
    /// A region, a version or a group's name.
    pub(super) text: String,
}

impl Scene {
    fn new(subject: Subject, era: Era) -> Scene {
        let version = Catalog::builtin().resolve_version(era, "").unwrap().patch;
        Scene {
            subject,
            era,
            spec: PoolSpec {
                name: "userpool".into(),
                mode: Some(NodePoolMode::User),
                count: Some(3),
                vm_size: Some("Standard_D4s_v3".into()),
                secure_boot: Some(true),
                vtpm: Some(true),
                ..PoolSpec::default()
            },
            before: None,
            cluster_version: version,
            now: VirtualTime::from_millis(0),
            feature: true,
            virtual_nodes: false,
            windows_profile: true,
            azure_cni: true,
            first_pool: false,
            embedded: false,
            pools: Vec::new(),
            cluster: ClusterSpec { location: "eastus".into(), pools: Some(Vec::new()), ..ClusterSpec::default() },
            cluster_name: "my-cluster_1".into(),
            cluster_before: None,
            clusters: 1,
            embedded_pools: Vec::new(),
            text: String::new(),
        }
    }

    /// A new pool with both flags.
    pub(super) fn pool(era: Era) -> Scene {
        Scene::new(Subject::Pool, era)
    }

    /// A new pool without flags.
    pub(super) fn plain(era: Era) -> Scene {
        let mut scene = Scene::pool(era);
        (scene.spec.secure_boot, scene.spec.vtpm) = (None, None);
        scene
    }

    /// An existing pool without flags, and a request that changes nothing.
    pub(super) fn update(era: Era) -> Scene {
        let mut scene = Scene::plain(era);
        scene.exists();
        scene
    }

    /// A new pool beside a system pool.
    pub(super) fn in_cluster(era: Era) -> Scene {
        let mut scene = Scene::new(Subject::InCluster, era);
        scene.pools = vec![scene.sibling("systempool", NodePoolMode::System, 3)];
        scene
    }

    /// The deletion of a user pool beside a system pool.
    pub(super) fn deletion(era: Era) -> Scene {
        let mut scene = Scene::in_cluster(era);
        scene.subject = Subject::Deletion;
        scene.exists();
        scene.pools.push(Arc::new(scene.before.clone().unwrap()));
        scene
    }

    /// A new cluster with one system pool.
    pub(super) fn cluster(era: Era) -> Scene {
        let mut scene = Scene::new(Subject::Cluster, era);
        let pool = scene.sibling("nodepool1", NodePoolMode::System, 3);
        scene.embedded_pools = vec![("nodepool1".into(), pool.settings.clone())];
        scene
    }

    /// An existing cluster with one system pool, and a request that changes nothing.
    pub(super) fn cluster_update(era: Era) -> Scene {
        let mut scene = Scene::cluster(era);
        scene.cluster_before = Some(scene.existing_cluster());
        scene.pools = vec![scene.sibling("nodepool1", NodePoolMode::System, 3)];
        scene.embedded_pools = Vec::new();
        scene.cluster.pools = None;
        scene
    }

    pub(super) fn version(era: Era) -> Scene {
        Scene::new(Subject::Version, era)
    }

    pub(super) fn place(era: Era) -> Scene {
        Scene { text: "East US".into(), ..Scene::new(Subject::Place, era) }
    }

    pub(super) fn move_(era: Era) -> Scene {
        let mut scene = Scene::new(Subject::Move, era);
        scene.cluster_before = Some(scene.existing_cluster());
        scene.text = "eastus".into();
        scene
    }

    pub(super) fn group(era: Era) -> Scene {
        Scene { text: "my-group_(1).x".into(), ..Scene::new(Subject::Group, era) }
    }

    /// Makes the pool of the present request exist, and starts over with a request that changes nothing.
    pub(super) fn exists(&mut self) {
        let settings = self.resolve().unwrap();
        self.before = Some(pool(&self.spec.name, settings));
        self.spec = PoolSpec { name: self.spec.name.clone(), ..PoolSpec::default() };
    }

    /// As [`Scene::exists`], under a control plane that is newer by this many minor versions; the request names a
    /// patch of the pool's own minor version that the catalog has.
    pub(super) fn exists_at_newer_control_plane(&mut self, minors: u32) {
        let catalog = Catalog::builtin();
        let minor = &catalog.versions(self.era, "eastus").iter().find(|minor| minor.default).unwrap().minor;
        let version = crate::catalog::KubernetesVersion::parse(minor).unwrap();
        self.exists();
        let settings = self.existing();
        settings.orchestrator_version = format!("{minor}.0");
        settings.current_orchestrator_version = format!("{minor}.0");
        self.spec.orchestrator_version = Some(minor.clone());
        self.cluster_version = format!("1.{}.0", version.minor + minors);
    }

    /// The settings of the existing pool, to be changed.
    pub(super) fn existing(&mut self) -> &mut PoolSettings {
        &mut self.before.as_mut().unwrap().settings
    }

    pub(super) fn sibling(&self, name: &str, mode: NodePoolMode, count: u32) -> Arc<Pool> {
        let mut plain = Scene::plain(self.era);
        plain.spec.name = name.to_owned();
        let settings = PoolSettings { mode, count, ..plain.resolve().unwrap() };
        Arc::new(pool(name, settings))
    }

    pub(super) fn context<'a>(&'a self, catalog: &'a Catalog) -> PoolContext<'a> {
        PoolContext {
            catalog,
            era: self.era,
            now: self.now,
            image_weeks: 0,
            newest_image: false,
            location: "eastus",
            cluster_version: &self.cluster_version,
            cluster_version_asked: &self.cluster_version,
            pod_network: if self.azure_cni { PodNetwork::Overlay } else { PodNetwork::Kubenet },
            virtual_nodes: self.virtual_nodes,
            windows_profile: self.windows_profile,
            first_pool: self.first_pool,
            trusted_launch_feature: self.feature,
            before: self.before.as_ref(),
            embedded: self.embedded,
        }
    }

    pub(super) fn resolve(&self) -> Result<PoolSettings, Refusal> {
        resolve_pool(&self.context(&Catalog::builtin()), &self.spec)
    }

    pub(super) fn judge(&self) -> Result<(), Refusal> {
        let catalog = Catalog::builtin();
        match self.subject {
            Subject::Pool => {
                let settings = self.resolve()?;
                rules::judge_pool(&self.context(&catalog), &self.spec, &settings)
            }
            Subject::InCluster => {
                let settings = self.resolve()?;
                rules::judge_pool_in_cluster(&self.pools, self.before.as_ref(), &settings, self.era)
            }
            Subject::Deletion => rules::judge_pool_delete(&self.pools, self.before.as_ref().unwrap(), self.era),
            Subject::Cluster => {
                let context = ClusterContext {
                    catalog: &catalog,
                    era: self.era,
                    before: self.cluster_before.as_ref(),
                    name: &self.cluster_name,
                    existing_pools: &self.pools,
                    clusters_in_subscription: self.clusters,
                };
                let pools: Vec<_> = self.embedded_pools.iter().map(|(name, s)| (name.as_str(), s)).collect();
                rules::judge_cluster(&context, &self.cluster, &pools)
            }
            Subject::Version => rules::cluster_version(&catalog, self.era, "eastus", &self.text).map(|_| ()),
            Subject::Place => rules::cluster_location(&catalog, &self.text).map(|_| ()),
            Subject::Move => rules::judge_cluster_location(self.cluster_before.as_ref(), &self.text),
            Subject::Group => rules::judge_group_name(&self.text),
        }
    }

    fn existing_cluster(&self) -> Cluster {
        Cluster {
            abort: None,
            power: crate::model::PowerState::Running,
            id: cluster_id(),
            location: "eastus".into(),
            tags: None,
            kubernetes_version: self.cluster_version.clone(),
            current_kubernetes_version: self.cluster_version.clone(),
            dns_prefix: "my-prefix".into(),
            dns_suffix: "abcdefgh".into(),
            node_resource_group: "MC_group_my-cluster_1_eastus".into(),
            virtual_nodes: false,
            windows_profile: false,
            provisioning: Provisioning::Succeeded,
            operation: OperationId(Uuid::nil()),
            control_plane_ready: VirtualTime::from_millis(0),
            etag: Uuid::nil(),
            resource_uid: String::new(),
            name_hash: "12345678".into(),
            principal_id: Uuid::nil(),
            kubelet_identity: (Uuid::nil(), Uuid::nil()),
            created: VirtualTime::from_millis(0),
            properties: Opaque::new(),
            envelope: Opaque::new(),
        }
    }
}

fn cluster_id() -> ClusterId {
    let group = GroupId { subscription: SubscriptionId(Uuid::nil()), name: Name::new("group") };
    ClusterId { group, name: Name::new("my-cluster_1") }
}

pub(super) fn pool(name: &str, settings: PoolSettings) -> Pool {
    Pool {
        abort: None,
        present: Vec::new(),
        previous: None,
        reimage: None,
        id: PoolId { cluster: cluster_id(), name: Name::new(name) },
        settings,
        provisioning: Provisioning::Succeeded,
        operation: OperationId(Uuid::nil()),
        ready_not_before: VirtualTime::from_millis(0),
        etag: Uuid::nil(),
        next_instance: 3,
        made_with_feature: true,
        image_faults: Vec::new(),
        created: VirtualTime::from_millis(0),
    }
}
