//! Desired state is reached, in the documented order, and operations end when it is.

use std::time::Duration;

use control_plane::hardware::{Component, Fault, HardwareEvent};
use control_plane::model::{NodeState, OperationState, PoolSpec, Provisioning, Work};
use control_plane::refusal::RefusalKind;
use control_plane::world::{Conditions, FaultChange};

use crate::host::{Host, trusted};

#[tokio::test]
async fn a_cluster_is_created_in_about_the_recorded_time() {
    let dir = tempfile::tempdir().unwrap();
    let host = Host::start(dir.path()).await;
    let put = host.ask_for_cluster("c", 1).await;
    assert!(put.created);
    assert_eq!(put.value.provisioning, Provisioning::Creating);
    let advanced = host.engine.advance_until_idle().await.unwrap();
    let cluster = host.world.cluster(&host.cluster_id("c")).unwrap();
    assert_eq!(cluster.provisioning, Provisioning::Succeeded);
    let operation = host.world.operation(put.operation.unwrap()).unwrap();
    let took = operation.state.ended().unwrap().since(operation.started).as_secs();
    assert!((280..350).contains(&took), "{took} s");
    assert!(advanced.steps > 0);
    let nodes = host.world.nodes(&host.pool_id("c", "nodepool1"));
    assert!(matches!(nodes[0].state, NodeState::Ready { .. }), "{:?}", nodes[0].state);
}

#[tokio::test]
async fn a_flag_change_reimages_the_nodes_one_after_another() {
    let dir = tempfile::tempdir().unwrap();
    let host = Host::start(dir.path()).await;
    host.ask_for_cluster("c", 3).await;
    host.engine.advance_until_idle().await.unwrap();
    let pool = host.pool_id("c", "nodepool1");
    let off = PoolSpec { name: "nodepool1".to_owned(), secure_boot: Some(false), ..PoolSpec::default() };
    let put = host.world.put_pool(pool.clone(), off, Conditions::default()).await.unwrap();
    assert_eq!(put.value.provisioning, Provisioning::Updating);
    loop {
        let nodes = host.world.nodes(&pool);
        let moving = nodes.iter().filter(|n| !n.state.is_settled()).count();
        assert!(moving <= 1, "{moving} nodes are being reimaged at once");
        if !host.world.pool(&pool).unwrap().provisioning.is_running() {
            break;
        }
        host.engine.advance_to_next().await.unwrap();
    }
    let operation = host.world.operation(put.operation.unwrap()).unwrap();
    let took = operation.state.ended().unwrap().since(operation.started).as_secs();
    assert!((850..1050).contains(&took), "{took} s; recorded were 914 and 986 s for three nodes");
    for node in host.world.nodes(&pool) {
        assert!(!node.model.secure_boot);
        assert_eq!(node.disk_generation, 2);
    }
}

#[tokio::test]
async fn max_surge_says_how_many_nodes_are_reimaged_side_by_side() {
    let dir = tempfile::tempdir().unwrap();
    let host = Host::start(dir.path()).await;
    host.ask_for_cluster("c", 4).await;
    host.engine.advance_until_idle().await.unwrap();
    let pool = host.pool_id("c", "nodepool1");
    let off = PoolSpec {
        name: "nodepool1".to_owned(),
        secure_boot: Some(false),
        max_surge: Some("50%".to_owned()),
        ..PoolSpec::default()
    };
    let put = host.world.put_pool(pool.clone(), off, Conditions::default()).await.unwrap();
    let mut most = 0;
    while host.world.pool(&pool).unwrap().provisioning.is_running() {
        let nodes = host.world.nodes(&pool);
        most = nodes.iter().filter(|n| !n.state.is_settled()).count().max(most);
        host.engine.advance_to_next().await.unwrap();
    }
    assert_eq!(most, 2);
    let operation = host.world.operation(put.operation.unwrap()).unwrap();
    let took = operation.state.ended().unwrap().since(operation.started).as_secs();
    assert!((560..720).contains(&took), "{took} s for two rounds");
}

#[tokio::test]
async fn a_second_operation_is_refused_while_one_runs() {
    let dir = tempfile::tempdir().unwrap();
    let host = Host::start(dir.path()).await;
    host.ask_for_cluster("c", 1).await;
    let refusal =
        host.world.put_pool(host.pool_id("c", "np"), trusted("np", 1), Conditions::default()).await.unwrap_err();
    assert_eq!(refusal.kind, RefusalKind::Conflict);
    assert_eq!(refusal.code, "OperationNotAllowed");
}

#[tokio::test]
async fn a_refused_component_fails_the_operation_with_node_and_component() {
    let dir = tempfile::tempdir().unwrap();
    let host = Host::start(dir.path()).await;
    host.ask_for_cluster("c", 1).await;
    host.engine.advance_until_idle().await.unwrap();
    let pool = host.pool_id("c", "np");
    let put = host.world.put_pool(pool.clone(), trusted("np", 2), Conditions::default()).await.unwrap();
    let grub = Fault::Tampered { component: Component::Grub };
    host.world.change_pool_faults(&pool, FaultChange::add(grub)).await.unwrap();
    host.engine.advance_until_idle().await.unwrap();
    let operation = host.world.operation(put.operation.unwrap()).unwrap();
    let OperationState::Failed { error, .. } = &operation.state else { panic!("{:?}", operation.state) };
    assert!(error.message.contains("grub") && error.message.contains("vmss000000"), "{}", error.message);
    assert_eq!(host.world.pool(&pool).unwrap().provisioning, Provisioning::Failed);
    // The cluster is not touched by its pool's failure.
    assert_eq!(host.world.cluster(&host.cluster_id("c")).unwrap().provisioning, Provisioning::Succeeded);
}

#[tokio::test]
async fn tampering_lasts_until_the_disk_is_replaced() {
    let dir = tempfile::tempdir().unwrap();
    let host = Host::start(dir.path()).await;
    host.ask_for_cluster("c", 1).await;
    host.engine.advance_until_idle().await.unwrap();
    let pool = host.pool_id("c", "nodepool1");
    let node = host.world.nodes(&pool)[0].clone();
    let grub = Fault::Tampered { component: Component::Grub };
    host.world.change_node_faults(&node.id, FaultChange::add(grub)).await.unwrap();
    host.world.reboot_node(&node.id).await.unwrap();
    host.engine.advance_until_idle().await.unwrap();
    let refused = host.world.node(&node.id).unwrap();
    assert!(matches!(refused.state, NodeState::BootRefused { component: Component::Grub, .. }));
    let off = PoolSpec { name: "nodepool1".to_owned(), secure_boot: Some(false), ..PoolSpec::default() };
    host.world.put_pool(pool.clone(), off, Conditions::default()).await.unwrap();
    host.engine.advance_until_idle().await.unwrap();
    let fresh = host.world.node(&node.id).unwrap();
    assert!(matches!(fresh.state, NodeState::Ready { .. }) && fresh.faults.is_empty());
}

#[tokio::test]
async fn scaling_down_takes_the_newest_and_deletion_takes_everything() {
    let dir = tempfile::tempdir().unwrap();
    let host = Host::start(dir.path()).await;
    host.ask_for_cluster("c", 3).await;
    host.engine.advance_until_idle().await.unwrap();
    let pool = host.pool_id("c", "nodepool1");
    let smaller = PoolSpec { name: "nodepool1".to_owned(), count: Some(1), ..PoolSpec::default() };
    host.world.put_pool(pool.clone(), smaller, Conditions::default()).await.unwrap();
    host.engine.advance_until_idle().await.unwrap();
    let left = host.world.nodes(&pool);
    assert_eq!(left.iter().map(|n| n.id.instance).collect::<Vec<_>>(), [0]);
    let deletion = host.world.delete_group(&host.group()).await.unwrap();
    host.engine.advance_until_idle().await.unwrap();
    assert!(matches!(host.world.operation(deletion).unwrap().state, OperationState::Succeeded { .. }));
    assert!(host.world.group(&host.group()).is_none());
    assert!(host.world.all_nodes().is_empty());
    assert!(host.world.groups(host.group().subscription).is_empty(), "the node resource group is left");
    assert_eq!(host.hardware.removed.lock().unwrap().len(), 3);
}

#[tokio::test]
async fn a_node_that_loses_power_shows_it_and_is_healed() {
    let dir = tempfile::tempdir().unwrap();
    let host = Host::start(dir.path()).await;
    host.ask_for_cluster("c", 1).await;
    host.engine.advance_until_idle().await.unwrap();
    let node = host.world.nodes(&host.pool_id("c", "nodepool1"))[0].clone();
    let mut changed = host.world.watch();
    changed.mark_unchanged();
    host.events.send(HardwareEvent::PowerLost(node.vm)).unwrap();
    changed.changed().await.unwrap();
    let down = host.world.node(&node.id).unwrap();
    assert!(matches!(down.state, NodeState::Booting { work: Work::Heal, .. }), "{:?}", down.state);
    host.engine.advance(Duration::from_secs(300)).await.unwrap();
    let healed = host.world.node(&node.id).unwrap();
    assert!(matches!(healed.state, NodeState::Ready { .. }));
    assert_eq!((healed.heals, healed.boots), (1, 2));
}

#[tokio::test]
async fn the_same_seed_and_commands_give_the_same_history() {
    let mut histories = Vec::new();
    for _ in 0..2 {
        let dir = tempfile::tempdir().unwrap();
        let host = Host::start(dir.path()).await;
        let start = host.world.now();
        host.ask_for_cluster("c", 3).await;
        host.engine.advance_until_idle().await.unwrap();
        let events = host.world.events_after(0, 1000);
        let history: Vec<_> = events
            .iter()
            .map(|e| (e.at.since(start), e.subject.clone(), e.text.replace(&start.to_string(), "")))
            .collect();
        histories.push((history, host.world.all_nodes().iter().map(|n| (n.name.clone(), n.vm)).collect::<Vec<_>>()));
    }
    assert_eq!(histories[0], histories[1]);
}

#[tokio::test]
async fn a_pools_faults_reach_its_nodes_and_every_new_disk_until_they_are_removed() {
    let dir = tempfile::tempdir().unwrap();
    let host = Host::start(dir.path()).await;
    host.ask_for_cluster("c", 1).await;
    host.engine.advance_until_idle().await.unwrap();
    let pool = host.pool_id("c", "nodepool1");
    let faults = || host.world.nodes(&pool).iter().map(|node| node.faults.clone()).collect::<Vec<_>>();
    let scale = |count| PoolSpec { name: "nodepool1".to_owned(), count: Some(count), ..PoolSpec::default() };
    host.world.change_pool_faults(&pool, FaultChange::add(Fault::EvilInitrd)).await.unwrap();
    host.world.put_pool(pool.clone(), scale(2), Conditions::default()).await.unwrap();
    host.engine.advance_until_idle().await.unwrap();
    assert_eq!(faults(), [[Fault::EvilInitrd], [Fault::EvilInitrd]]);

    let one = host.world.nodes(&pool)[0].id.clone();
    host.world.change_node_faults(&one, FaultChange::add(Fault::SetupMode)).await.unwrap();
    let conflict = host.world.change_pool_faults(&pool, FaultChange::add(Fault::KeysReplaced)).await.unwrap_err();
    assert!(conflict.message.contains("vmss000000: setup-mode and secure-boot-keys-replaced"), "{}", conflict.message);
    assert_eq!(host.world.pool(&pool).unwrap().image_faults, [Fault::EvilInitrd]);

    let remove = FaultChange { remove: vec![Fault::EvilInitrd], ..FaultChange::default() };
    host.world.change_pool_faults(&pool, remove).await.unwrap();
    assert_eq!(faults(), [vec![Fault::SetupMode], vec![]]);
    host.world.change_node_faults(&one, FaultChange { clear: true, ..FaultChange::default() }).await.unwrap();
    assert_eq!(faults(), [vec![], vec![]]);
}
