//! Concurrency as Azure has it: the ETag matrix, two clients racing, deletion during creation, abort.
//!
//! The matrix is that of the AKS documentation (use-etags).

use control_plane::era::Era;
use serde_json::{Value, json};

use crate::house::{House, Reply};
use crate::setup;

const STALE: &str = "\"00000000-0000-0000-0000-000000000000\"";

async fn send(house: &House, method: &str, path: &str, body: Value, headers: &[(&str, &str)]) -> Reply {
    house.send(method, path, (method != "DELETE").then_some(body), headers).await
}

fn pool_body() -> Value {
    json!({"properties": {"count": 1, "mode": "User"}})
}

/// A cluster's tag is a member of its own, a pool's is one of its properties.
async fn tag_of(house: &House, path: &str) -> String {
    let read = house.get(path).await.ok(200).json();
    read["eTag"].as_str().or(read["properties"]["eTag"].as_str()).unwrap().to_owned()
}

/// The rows for something that is not there, then for something that is.
async fn walk(house: &House, path: &str, body: Value) {
    let put = async |headers: &[(&str, &str)]| {
        let reply = send(house, "PUT", path, body.clone(), headers).await;
        house.settle().await;
        reply.status.as_u16()
    };
    assert_eq!(put(&[("if-match", "*")]).await, 412, "PUT If-Match * on nothing");
    assert_eq!(put(&[("if-match", STALE)]).await, 412, "PUT If-Match xyz on nothing");
    assert_eq!(send(house, "DELETE", path, json!({}), &[("if-match", STALE)]).await.status, 204);
    assert_eq!(put(&[("if-none-match", "*")]).await, 201, "PUT If-None-Match * creates");

    let tag = async || format!("\"{}\"", tag_of(house, path).await);
    let before = tag().await;
    assert_eq!(put(&[("if-none-match", "*")]).await, 412, "PUT If-None-Match * on something");
    assert_eq!(put(&[("if-match", STALE)]).await, 412, "PUT If-Match xyz on something else");
    assert_eq!(put(&[("if-none-match", "xyz")]).await, 400, "If-None-Match is empty or *");
    assert_eq!(put(&[("if-match", &before), ("if-none-match", "*")]).await, 400, "both");
    assert_eq!(tag().await, before, "refused requests change nothing");
    assert_eq!(put(&[("if-match", "")]).await, 200);
    assert_eq!(put(&[("if-match", "*")]).await, 200);
    let current = tag().await;
    assert_eq!(put(&[("if-match", &current)]).await, 200);
    assert_eq!(send(house, "DELETE", path, json!({}), &[("if-match", STALE)]).await.status, 412);
    let current = tag().await;
    assert_eq!(send(house, "DELETE", path, json!({}), &[("if-match", &current)]).await.status, 202);
    house.settle().await;
    house.get(path).await.ok(404);
}

#[tokio::test]
async fn the_etag_matrix_holds_for_clusters() {
    let house = House::open().await;
    setup::group(&house).await;
    let path = setup::cluster_path(&house);
    let patch = send(&house, "PATCH", &path, json!({"tags": {}}), &[("if-match", STALE)]).await;
    assert_eq!(patch.status, 404, "{}", patch.text());
    walk(&house, &path, setup::cluster_body()).await;
}

#[tokio::test]
async fn the_etag_matrix_holds_for_pools() {
    let house = House::open().await;
    let path = setup::cluster(&house).await;
    walk(&house, &format!("{path}/agentPools/np2"), pool_body()).await;
}

#[tokio::test]
async fn a_pools_operation_changes_its_own_etag_and_no_other_pools() {
    let house = House::open().await;
    let path = setup::cluster(&house).await;
    let (first, second) = (format!("{path}/agentPools/nodepool1"), format!("{path}/agentPools/np2"));
    house.put(&second, pool_body()).await.ok(201);
    house.settle().await;
    let before = (tag_of(&house, &first).await, tag_of(&house, &second).await);
    let body = json!({"properties": {"count": 2, "mode": "User"}});
    house.put(&second, body).await.ok(200);
    house.settle().await;
    assert_eq!(tag_of(&house, &first).await, before.0);
    assert_ne!(tag_of(&house, &second).await, before.1);
}

#[tokio::test]
async fn of_two_clients_racing_on_a_pool_one_wins() {
    let house = House::open().await;
    let path = setup::cluster(&house).await;
    let pool = format!("{path}/agentPools/nodepool1");
    let body = |count: u32| json!({"properties": {"count": count, "mode": "System"}});
    let (one, other) = tokio::join!(house.put(&pool, body(2)), house.put(&pool, body(3)));
    let mut statuses = [one.status.as_u16(), other.status.as_u16()];
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 409], "{} {}", one.text(), other.text());
    let (lost, won) = if one.status == 409 { (one, 3) } else { (other, 2) };
    assert_eq!(lost.error().1, "OperationNotAllowed");
    house.settle().await;
    assert_eq!(house.get(&pool).await.json()["properties"]["count"], won);
}

#[tokio::test]
async fn of_two_clients_that_read_the_same_etag_one_wins() {
    let house = House::open().await;
    let path = setup::cluster(&house).await;
    let pool = format!("{path}/agentPools/nodepool1");
    let tag = format!("\"{}\"", tag_of(&house, &pool).await);
    let headers = [("if-match", tag.as_str())];
    let put = async |count: u32| {
        let body = json!({"properties": {"count": count, "mode": "System"}});
        send(&house, "PUT", &pool, body, &headers).await
    };
    let (one, other) = tokio::join!(put(2), put(3));
    let (lost, won) = if one.status == 412 { (one, 3) } else { (other, 2) };
    assert_eq!(lost.error(), (412, "PreconditionFailed".to_owned()), "the tag is looked at before what is running");
    house.settle().await;
    assert_eq!(house.get(&pool).await.json()["properties"]["count"], won);
}

#[tokio::test]
async fn what_is_being_created_can_be_deleted_or_aborted() {
    let house = House::open().await;
    setup::group(&house).await;
    let path = setup::cluster_path(&house);
    let created = house.put(&path, setup::cluster_body()).await.ok(201);
    let creation = House::local(created.header("azure-asyncoperation").unwrap()).to_owned();
    let aborting = house.send("POST", &format!("{path}/abort"), None, &[]).await.ok(202);
    let abort = House::local(aborting.header("azure-asyncoperation").unwrap()).to_owned();
    house.settle().await;
    assert_eq!(house.get(&creation).await.ok(200).json()["status"], "Canceled");
    assert_eq!(house.get(&abort).await.ok(200).json()["status"], "Succeeded");
    assert_eq!(house.get(&path).await.json()["properties"]["provisioningState"], "Canceled");
    house.delete(&path).await.ok(202);
    house.settle().await;

    let created = house.put(&path, setup::cluster_body()).await.ok(201);
    let creation = House::local(created.header("azure-asyncoperation").unwrap()).to_owned();
    let deletion = house.delete(&path).await.ok(202);
    let deletion = House::local(deletion.header("azure-asyncoperation").unwrap()).to_owned();
    house.settle().await;
    house.get(&path).await.ok(404);
    assert_eq!(house.get(&deletion).await.ok(200).json()["status"], "Succeeded");
    assert_ne!(house.get(&creation).await.ok(200).json()["status"], "InProgress", "nothing runs for ever");
}

/// The texts that were seen from 2022 on, in 2023 and in 2026; each era has its own.
#[tokio::test]
async fn a_second_operation_is_refused_in_the_words_of_the_era() {
    let house = House::open().await;
    let preview = house.preview().id;
    let others = [("ga", Era::Ga), ("2025-08", Era::Y2025M08), ("2026-06", Era::Y2026M06)];
    let mut subscriptions = vec![(Era::Preview, preview), (Era::CURRENT, house.today().id)];
    for (name, era) in others {
        subscriptions.push((era, house.world.add_subscription(name.to_owned(), era).await.unwrap().id));
    }
    for (era, subscription) in subscriptions {
        let group = format!("/subscriptions/{subscription}/resourceGroups/g");
        house.put(&group, json!({"location": "eastus"})).await.ok(201);
        let cluster = format!("{group}/providers/Microsoft.ContainerService/managedClusters/c");
        let mut body = setup::cluster_body();
        body["properties"]["agentPoolProfiles"][0]["securityProfile"] = json!({});
        let refused = async |path: &str, body: &Value| {
            let reply = house.put(path, body.clone()).await;
            assert_eq!(reply.error(), (409, "OperationNotAllowed".to_owned()), "{era}");
            reply.json()["message"].as_str().unwrap().to_owned()
        };
        let old = |text: &str| {
            format!(
                "Operation is not allowed: Another {text} is in progress, please wait for it to finish before starting a \
                 new operation. See https://aka.ms/aks-pending-operation for more details"
            )
        };
        let new = |text: &str| {
            format!("Operation is not allowed because there's an in progress {text} operation (operation ID: ")
        };
        house.put(&cluster, body.clone()).await.ok(201);
        let (pool, pool_body) = (format!("{cluster}/agentPools/np"), pool_body());
        let by_cluster = [refused(&cluster, &body).await, refused(&pool, &pool_body).await];
        house.settle().await;
        house.put(&pool, pool_body.clone()).await.ok(201);
        let by_pool = [refused(&cluster, &body).await, refused(&pool, &pool_body).await];
        house.settle().await;
        for (of_cluster, of_pool) in by_cluster.into_iter().zip(by_pool) {
            if era <= Era::Ga {
                assert_eq!(of_cluster, old("operation (Creating)"), "{era}");
                assert_eq!(of_pool, old("agentpool operation (np - Creating)"), "{era}");
            } else {
                assert!(of_cluster.starts_with(&new("create managed cluster")), "{era}: {of_cluster}");
                assert!(of_pool.starts_with(&new("create agent pool")), "{era}: {of_pool}");
            }
        }
    }
}
