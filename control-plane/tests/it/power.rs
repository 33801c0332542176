//! Stopping, starting, and replacing machines.

use control_plane::model::{NodeState, OperationState, PoolSpec, PowerState, Provisioning};
use control_plane::world::Conditions;

use crate::host::{Host, trusted};

async fn running(host: &Host, nodes: i64) {
    host.ask_for_cluster("c", nodes).await;
    host.engine.advance_until_idle().await.unwrap();
}

#[tokio::test]
async fn a_stopped_cluster_takes_only_start_and_delete() {
    let dir = tempfile::tempdir().unwrap();
    let host = Host::start(dir.path()).await;
    running(&host, 2).await;
    let id = host.cluster_id("c");
    let stop = host.world.stop_cluster(&id, Conditions::default()).await.unwrap().unwrap();
    assert_eq!(host.world.cluster(&id).unwrap().provisioning, Provisioning::Stopping);
    host.engine.advance_until_idle().await.unwrap();
    let operation = host.world.operation(stop).unwrap();
    let took = operation.state.ended().unwrap().since(operation.started).as_secs();
    assert!((87..=124).contains(&took), "{took} s; recorded were 87-124 s");
    let pool = host.pool_id("c", "nodepool1");
    assert!(host.world.nodes(&pool).iter().all(|n| matches!(n.state, NodeState::Stopped { .. })));
    let refusal = host.world.put_pool(host.pool_id("c", "np"), trusted("np", 1), Conditions::default()).await;
    assert_eq!(refusal.unwrap_err().code, "OperationNotAllowed");
    assert_eq!(host.world.stop_cluster(&id, Conditions::default()).await.unwrap(), None);
    let start = host.world.start_cluster(&id, Conditions::default()).await.unwrap().unwrap();
    host.engine.advance_until_idle().await.unwrap();
    let operation = host.world.operation(start).unwrap();
    let took = operation.state.ended().unwrap().since(operation.started).as_secs();
    assert!((170..=345).contains(&took), "{took} s; recorded were 170-345 s");
    assert!(host.world.nodes(&pool).iter().all(|n| matches!(n.state, NodeState::Ready { .. })));
}

#[tokio::test]
async fn a_pool_is_stopped_and_started_by_its_power_state() {
    let dir = tempfile::tempdir().unwrap();
    let host = Host::start(dir.path()).await;
    running(&host, 1).await;
    let pool = host.pool_id("c", "np");
    host.world.put_pool(pool.clone(), trusted("np", 2), Conditions::default()).await.unwrap();
    host.engine.advance_until_idle().await.unwrap();
    for (power, on_the_way) in
        [(PowerState::Stopped, Provisioning::Stopping), (PowerState::Running, Provisioning::Starting)]
    {
        let spec = PoolSpec { name: "np".to_owned(), power: Some(power), ..PoolSpec::default() };
        let put = host.world.put_pool(pool.clone(), spec, Conditions::default()).await.unwrap();
        assert_eq!(put.value.provisioning, on_the_way);
        host.engine.advance_until_idle().await.unwrap();
        let on = host.world.nodes(&pool).iter().all(|n| matches!(n.state, NodeState::Ready { .. }));
        assert_eq!(on, power == PowerState::Running);
        assert_eq!(host.world.pool(&pool).unwrap().provisioning, Provisioning::Succeeded);
    }
}

#[tokio::test]
async fn machines_are_deleted_by_name_and_reimaged_by_instance() {
    let dir = tempfile::tempdir().unwrap();
    let host = Host::start(dir.path()).await;
    running(&host, 3).await;
    let pool = host.pool_id("c", "nodepool1");
    let middle = host.world.nodes(&pool)[1].name.clone();
    assert!(host.world.delete_machines(&pool, vec!["nobody".to_owned()]).await.is_err());
    host.world.delete_machines(&pool, vec![middle]).await.unwrap();
    host.engine.advance_until_idle().await.unwrap();
    let left: Vec<_> = host.world.nodes(&pool).iter().map(|n| n.id.instance).collect();
    assert_eq!(left, [0, 2]);
    assert_eq!(host.world.pool(&pool).unwrap().settings.count, 2);
    let operation = host.world.reimage_instances(&pool, Some(vec![2])).await.unwrap();
    host.engine.advance_until_idle().await.unwrap();
    assert!(matches!(host.world.operation(operation).unwrap().state, OperationState::Succeeded { .. }));
    let disks: Vec<_> = host.world.nodes(&pool).iter().map(|n| n.disk_generation).collect();
    assert_eq!(disks, [1, 2]);
}
