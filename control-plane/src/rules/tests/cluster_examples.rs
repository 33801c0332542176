//! Examples for the rules on clusters, on pools among others, on regions, versions and groups.

use std::sync::Arc;

use super::Example;
use super::scene::Scene;
use crate::model::{NodePoolMode, PoolSettings, Provisioning};

macro_rules! example {
    ($scene:ident, $id:literal, |$s:ident| $trip:expr, |$n:ident| $near:expr) => {
        Example { id: $id, scene: Scene::$scene, trip: |$s| $trip, near: |$n| $near }
    };
}

fn fill(s: &mut Scene, pools: usize, nodes: u32) {
    s.pools = (0..pools).map(|i| s.sibling(&format!("p{i}"), NodePoolMode::System, nodes)).collect();
}

fn embed(s: &mut Scene, pools: usize, nodes: u32) {
    let settings = PoolSettings { count: nodes, ..s.embedded_pools[0].1.clone() };
    s.embedded_pools = (0..pools).map(|i| (format!("p{i}"), settings.clone())).collect();
}

/// The deleted or changed pool is the only system pool, beside a user pool.
fn only_system_pool(s: &mut Scene) {
    s.existing().mode = NodePoolMode::System;
    let own = Arc::new(s.before.clone().unwrap());
    s.pools = vec![own, s.sibling("other", NodePoolMode::User, 3)];
}

fn second_system_pool(s: &mut Scene) {
    only_system_pool(s);
    s.pools.push(s.sibling("second", NodePoolMode::System, 3));
}

fn existing_in_cluster(s: &mut Scene) {
    s.exists();
    s.spec.mode = Some(NodePoolMode::User);
}

fn trusted(s: &mut Scene) {
    let mut pool = (*s.pools[0]).clone();
    pool.settings.vtpm = true;
    s.pools[0] = Arc::new(pool);
}

pub(super) const EXAMPLES: &[Example] = &[
    example!(
        deletion,
        "last-pool",
        |s| {
            s.pools.remove(0);
        },
        |s| only_user_beside_system(s)
    ),
    example!(deletion, "last-pool", |s| deleting_sibling(s), |s| { only_user_beside_system(s) }),
    example!(deletion, "last-system-pool", |s| only_system_pool(s), |s| { second_system_pool(s) }),
    example!(
        in_cluster,
        "last-system-pool-mode",
        |s| {
            existing_in_cluster(s);
            only_system_pool(s)
        },
        |s| {
            existing_in_cluster(s);
            second_system_pool(s)
        }
    ),
    example!(in_cluster, "pool-limit", |s| fill(s, 100, 1), |s| fill(s, 99, 1)),
    example!(
        in_cluster,
        "node-limit",
        |s| {
            fill(s, 5, 1000);
            s.spec.count = Some(1)
        },
        |s| {
            fill(s, 4, 1000);
            s.spec.count = Some(1000)
        }
    ),
    example!(cluster, "cluster-name", |s| s.cluster_name = "-x".into(), |s| s.cluster_name = "x".into()),
    example!(cluster, "cluster-name", |s| s.cluster_name = "a".repeat(64), |s| s.cluster_name = "a".repeat(63)),
    example!(cluster, "cluster-name", |s| s.cluster_name = "a.b".into(), |s| s.cluster_name = "a_b-c".into()),
    example!(cluster, "cluster-quota", |s| s.clusters = 5000, |s| s.clusters = 4999),
    example!(cluster, "dns-prefix", |s| s.cluster.dns_prefix = Some("a_b".into()), |s| {
        s.cluster.dns_prefix = Some("a".repeat(54))
    }),
    example!(cluster_update, "dns-prefix-fixed", |s| s.cluster.dns_prefix = Some("other".into()), |s| {
        s.cluster.dns_prefix = Some("MY-prefix".into())
    }),
    example!(cluster, "node-resource-group", |s| s.cluster.node_resource_group = Some("a".repeat(81)), |s| {
        s.cluster.node_resource_group = Some("a".repeat(80))
    }),
    example!(
        cluster_update,
        "node-resource-group-fixed",
        |s| s.cluster.node_resource_group = Some("other".into()),
        |s| { s.cluster.node_resource_group = Some("mc_group_my-cluster_1_eastus".into()) }
    ),
    example!(
        cluster,
        "cluster-pool-names",
        |s| {
            let twin = s.embedded_pools[0].1.clone();
            s.embedded_pools.push(("NODEPOOL1".into(), twin))
        },
        |s| {
            let twin = s.embedded_pools[0].1.clone();
            s.embedded_pools.push(("nodepool2".into(), twin))
        }
    ),
    example!(cluster, "cluster-system-pool", |s| s.embedded_pools[0].1.mode = NodePoolMode::User, |s| embed(s, 2, 1)),
    example!(cluster, "cluster-system-pool", |s| s.embedded_pools.clear(), |s| embed(s, 1, 1)),
    example!(cluster, "cluster-pool-limit", |s| embed(s, 101, 1), |s| { embed(s, 100, 1) }),
    example!(cluster, "cluster-node-limit", |s| embed(s, 6, 1000), |s| { embed(s, 5, 1000) }),
    example!(cluster_update, "cluster-upgrade-path", |s| upgrade(s, 2), |s| upgrade(s, 1)),
    example!(cluster_update, "cluster-upgrade-path", |s| downgrade(s), |s| upgrade(s, 0)),
    example!(
        cluster_update,
        "virtual-nodes-trusted-launch",
        |s| {
            trusted(s);
            s.cluster.virtual_nodes = Some(true)
        },
        |s| {
            trusted(s);
            s.cluster.virtual_nodes = Some(false)
        }
    ),
    example!(
        cluster_update,
        "virtual-nodes-trusted-launch",
        |s| {
            trusted(s);
            s.cluster.virtual_nodes = Some(true)
        },
        |s| s.cluster.virtual_nodes = Some(true)
    ),
    example!(move_, "cluster-moved", |s| s.text = "westus2".into(), |s| { s.text = "eastUS".into() }),
    example!(place, "cluster-location", |s| s.text = "atlantis".into(), |s| s.text = "West Europe".into()),
    example!(version, "cluster-kubernetes-unsupported", |s| s.text = "1.99".into(), |s| {
        s.text = s.cluster_version.clone()
    }),
    example!(group, "group-name-length", |s| s.text = "a".repeat(91), |s| s.text = "a".repeat(90)),
    example!(group, "group-name-length", |s| s.text = String::new(), |s| s.text = "a".into()),
    example!(group, "group-name-characters", |s| s.text = "a b%".into(), |s| s.text = "äb".into()),
    example!(group, "group-name-end", |s| s.text = "group.".into(), |s| { s.text = ".group".into() }),
];

fn only_user_beside_system(s: &mut Scene) {
    s.existing().mode = NodePoolMode::User;
}

fn deleting_sibling(s: &mut Scene) {
    let mut sibling = (*s.pools[0]).clone();
    sibling.provisioning = Provisioning::Deleting;
    s.pools[0] = Arc::new(sibling);
}

/// An upgrade of a cluster on the era's oldest version by this many minor versions.
fn upgrade(s: &mut Scene, minors: usize) {
    let catalog = crate::catalog::Catalog::builtin();
    let all = catalog.versions(s.era, "eastus");
    let from = &all[0].patches.last().unwrap().version;
    let before = s.cluster_before.as_mut().unwrap();
    (before.kubernetes_version, before.current_kubernetes_version) = (from.clone(), from.clone());
    s.cluster.kubernetes_version = Some(all[minors].minor.clone());
}

fn downgrade(s: &mut Scene) {
    let catalog = crate::catalog::Catalog::builtin();
    s.cluster.kubernetes_version = Some(catalog.versions(s.era, "eastus")[0].minor.clone());
}
