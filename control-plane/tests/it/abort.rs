//! Aborting what runs, and deleting what is being made.

use std::time::Duration;

use control_plane::model::{OperationState, Provisioning};
use control_plane::world::Conditions;

use crate::host::{Host, trusted};

#[tokio::test]
async fn an_aborted_creation_ends_canceled_within_seconds() {
    let dir = tempfile::tempdir().unwrap();
    let host = Host::start(dir.path()).await;
    let creation = host.ask_for_cluster("c", 1).await.operation.unwrap();
    host.engine.advance(Duration::from_secs(30)).await.unwrap();
    let (cluster, abort) = host.world.abort_cluster(&host.cluster_id("c")).await.unwrap();
    assert_eq!(cluster.provisioning, Provisioning::Creating);
    host.engine.advance(Duration::from_secs(10)).await.unwrap();
    assert_eq!(host.world.cluster(&host.cluster_id("c")).unwrap().provisioning, Provisioning::Canceled);
    assert!(matches!(host.world.operation(creation).unwrap().state, OperationState::Canceled { .. }));
    assert!(matches!(host.world.operation(abort).unwrap().state, OperationState::Succeeded { .. }));
    assert!(host.world.abort_cluster(&host.cluster_id("c")).await.is_err(), "nothing runs any more");
}

#[tokio::test]
async fn an_aborted_pool_leaves_its_cluster_alone() {
    let dir = tempfile::tempdir().unwrap();
    let host = Host::start(dir.path()).await;
    host.ask_for_cluster("c", 1).await;
    host.engine.advance_until_idle().await.unwrap();
    let pool = host.pool_id("c", "np");
    host.world.put_pool(pool.clone(), trusted("np", 2), Conditions::default()).await.unwrap();
    host.engine.advance(Duration::from_secs(20)).await.unwrap();
    host.world.abort_pool(&pool).await.unwrap();
    host.engine.advance_until_idle().await.unwrap();
    assert_eq!(host.world.pool(&pool).unwrap().provisioning, Provisioning::Canceled);
    assert_eq!(host.world.cluster(&host.cluster_id("c")).unwrap().provisioning, Provisioning::Succeeded);
    // A new operation may start from there.
    host.world.put_pool(pool.clone(), trusted("np", 2), Conditions::default()).await.unwrap();
    host.engine.advance_until_idle().await.unwrap();
    assert_eq!(host.world.pool(&pool).unwrap().provisioning, Provisioning::Succeeded);
}

#[tokio::test]
async fn a_cluster_can_be_deleted_while_it_is_being_created() {
    let dir = tempfile::tempdir().unwrap();
    let host = Host::start(dir.path()).await;
    let creation = host.ask_for_cluster("c", 1).await.operation.unwrap();
    host.engine.advance(Duration::from_secs(150)).await.unwrap();
    host.world.delete_cluster(&host.cluster_id("c"), Conditions::default()).await.unwrap();
    host.engine.advance_until_idle().await.unwrap();
    assert!(host.world.cluster(&host.cluster_id("c")).is_none());
    assert!(host.world.all_nodes().is_empty());
    assert!(matches!(host.world.operation(creation).unwrap().state, OperationState::Canceled { .. }));
}
