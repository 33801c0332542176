//! Stopping at any point and going on.

use control_plane::model::{NodeState, PoolSpec, Provisioning};
use control_plane::world::Conditions;

use crate::host::Host;

#[tokio::test]
async fn an_operation_goes_on_after_a_stop_at_any_step() {
    for stop_after in 0..8 {
        let dir = tempfile::tempdir().unwrap();
        let (pool, hardware) = {
            let host = Host::start(dir.path()).await;
            host.ask_for_cluster("c", 2).await;
            host.engine.advance_until_idle().await.unwrap();
            let pool = host.pool_id("c", "nodepool1");
            let off = PoolSpec { name: "nodepool1".to_owned(), vtpm: Some(false), ..PoolSpec::default() };
            host.world.put_pool(pool.clone(), off, Conditions::default()).await.unwrap();
            for _ in 0..stop_after {
                host.engine.advance_to_next().await.unwrap();
            }
            host.stop().await;
            (pool, host.hardware.clone())
        };
        let host = Host::start_on(dir.path(), hardware).await;
        host.engine.advance_until_idle().await.unwrap();
        assert_eq!(host.world.pool(&pool).unwrap().provisioning, Provisioning::Succeeded, "after {stop_after} steps");
        for node in host.world.nodes(&pool) {
            assert!(!node.model.vtpm && matches!(node.state, NodeState::Ready { .. }));
        }
    }
}

#[tokio::test]
async fn what_did_not_survive_is_healed_at_the_start() {
    let dir = tempfile::tempdir().unwrap();
    let (vm, hardware) = {
        let host = Host::start(dir.path()).await;
        host.ask_for_cluster("c", 1).await;
        host.engine.advance_until_idle().await.unwrap();
        let vm = host.world.all_nodes()[0].vm;
        host.stop().await;
        (vm, host.hardware.clone())
    };
    hardware.dead.lock().unwrap().insert(vm);
    let host = Host::start_on(dir.path(), hardware).await;
    host.engine.advance_until_idle().await.unwrap();
    let node = host.world.all_nodes()[0].clone();
    assert!(matches!(node.state, NodeState::Ready { .. }));
    assert_eq!(node.heals, 1);
}
