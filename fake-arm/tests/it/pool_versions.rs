//! Agent pools over time: newer node images, upgrades, rollbacks, snapshots, operations that meet.

use std::time::Duration;

use serde_json::{Value, json};

use crate::house::House;
use crate::pools::{cluster, has, properties, refused, shown};
use crate::setup;

const UBUNTU: &str = "AKSUbuntu-2204gen2containerd-";

#[tokio::test]
async fn a_newer_image_comes_with_an_upgrade_only_and_can_be_rolled_back_for_a_week() {
    let house = House::open().await;
    let path = cluster(&house).await;
    let pool = format!("{path}/agentPools/np");
    house.put(&pool, properties(json!({"count": 2}))).await.ok(201);
    house.settle().await;
    let image = async || shown(&house, &pool).await["nodeImageVersion"].as_str().unwrap().to_owned();
    let profile =
        async || house.get(&format!("{pool}/upgradeProfiles/default")).await.ok(200).json()["properties"].clone();
    let old = image().await;
    assert!(old.starts_with(UBUNTU), "{old}");
    assert_eq!(profile().await["latestNodeImageVersion"], old.as_str());
    assert!(profile().await.get("recentlyUsedVersions").is_none());

    house.week().await;
    let new = profile().await["latestNodeImageVersion"].as_str().unwrap().to_owned();
    assert!(new > old, "{new}");
    house.put(&pool, properties(json!({"count": 3, "nodeLabels": {"a": "b"}}))).await.ok(200);
    house.settle().await;
    assert_eq!(image().await, old, "an ordinary update keeps the image, also for new nodes");
    let upgraded = house.send("POST", &format!("{pool}/upgradeNodeImageVersion"), None, &[]).await.ok(202).json();
    assert_eq!(upgraded["properties"]["provisioningState"], "UpgradingNodeImageVersion");
    house.settle().await;
    assert_eq!(image().await, new);
    let preview = format!("{pool}/machines?api-version=2025-08-02-preview");
    let machines = house.get(&preview).await.ok(200).json();
    assert!(machines["value"].as_array().unwrap().iter().all(|m| m["properties"]["nodeImageVersion"] == new.as_str()));

    let used = profile().await["recentlyUsedVersions"].clone();
    assert_eq!((&used[0]["nodeImageVersion"], &used[0]["orchestratorVersion"]), (&json!(old), &json!("1.34.9")));
    let back = properties(json!({"orchestratorVersion": "1.34.9", "nodeImageVersion": old}));
    let rolling = house.put(&pool, back.clone()).await.ok(200).json();
    assert_eq!(rolling["properties"]["provisioningState"], "UpgradingNodeImageVersion");
    house.settle().await;
    assert_eq!(image().await, old);
    assert!(profile().await.get("recentlyUsedVersions").is_none(), "one step back only");

    house.send("POST", &format!("{pool}/upgradeNodeImageVersion"), None, &[]).await.ok(202);
    house.settle().await;
    house.week().await;
    house.week().await;
    refused(&house.put(&pool, back).await, "InvalidParameter", "recently used", &json!("too late"));
}

#[tokio::test]
async fn a_kubernetes_upgrade_brings_the_newest_image_and_can_be_rolled_back() {
    let house = House::open().await;
    let pool = format!("{}/agentPools/np", cluster(&house).await);
    house.put(&pool, properties(json!({"count": 1, "orchestratorVersion": "1.33.13"}))).await.ok(201);
    house.settle().await;
    let before = shown(&house, &pool).await;
    house.week().await;
    let upgrading = house.put(&pool, properties(json!({"orchestratorVersion": "1.34.9"}))).await.ok(200).json();
    assert_eq!(upgrading["properties"]["provisioningState"], "Upgrading");
    house.settle().await;
    assert_ne!(shown(&house, &pool).await["nodeImageVersion"], before["nodeImageVersion"]);
    let down = house.put(&pool, properties(json!({"orchestratorVersion": "1.33.13"}))).await;
    refused(&down, "OperationNotAllowed", "Downgrading", &json!("without the image"));
    let back = json!({"orchestratorVersion": "1.33.13", "nodeImageVersion": before["nodeImageVersion"]});
    house.put(&pool, properties(back)).await.ok(200);
    house.settle().await;
    let after = shown(&house, &pool).await;
    has(
        &after,
        &json!({"currentOrchestratorVersion": "1.33.13", "nodeImageVersion": before["nodeImageVersion"]}),
        "rolled back",
    );
}

#[tokio::test]
async fn a_pool_from_a_snapshot_has_the_snapshots_versions() {
    let house = House::open().await;
    let path = cluster(&house).await;
    let first = format!("{path}/agentPools/nodepool1");
    let pool = format!("{path}/agentPools/np");
    house
        .put(&pool, properties(json!({"count": 1, "osSKU": "AzureLinux", "orchestratorVersion": "1.33.13"})))
        .await
        .ok(201);
    house.settle().await;
    let old = shown(&house, &pool).await["nodeImageVersion"].clone();
    let snapshot = house.path("/resourceGroups/g/providers/Microsoft.ContainerService/snapshots/s");
    let source = json!({"location": "eastus", "properties": {"creationData": {"sourceResourceId": pool}}});
    house.put(&snapshot, source).await.ok(201);
    house.week().await;
    let from = json!({"creationData": {"sourceResourceId": snapshot}});
    let made = format!("{path}/agentPools/made");
    house.put(&made, properties(from.clone())).await.ok(201);
    house.settle().await;
    let wanted = json!({"nodeImageVersion": old, "osSKU": "AzureLinux", "currentOrchestratorVersion": "1.33.13"});
    has(&shown(&house, &made).await, &wanted, "made from the snapshot");

    house.send("POST", &format!("{made}/upgradeNodeImageVersion"), None, &[]).await.ok(202);
    house.settle().await;
    assert_ne!(shown(&house, &made).await["nodeImageVersion"], old);
    let named = [("AKSSnapshotId", snapshot.as_str())];
    house.send("POST", &format!("{made}/upgradeNodeImageVersion"), None, &named).await.ok(202);
    house.settle().await;
    assert_eq!(shown(&house, &made).await["nodeImageVersion"], old);
    let misfit = house.send("POST", &format!("{first}/upgradeNodeImageVersion"), None, &named).await;
    refused(&misfit, "InvalidParameter", "does not fit agent pool", &json!("another image"));
    // The snapshot may go; the pool that names it goes on.
    house.delete(&snapshot).await.ok(200);
    house.put(&made, properties(json!({"count": 2, "creationData": from["creationData"]}))).await.ok(200);
}

#[tokio::test]
async fn one_operation_runs_on_a_pool_and_a_later_deletion_overrides_it() {
    let house = House::open().await;
    let path = cluster(&house).await;
    let (pool, other) = (format!("{path}/agentPools/np"), format!("{path}/agentPools/other"));
    let created = house.put(&pool, properties(json!({"count": 1}))).await.ok(201);
    let creation = House::local(created.header("azure-asyncoperation").unwrap()).to_owned();
    let busy = house.put(&pool, properties(json!({"count": 2}))).await;
    assert_eq!(busy.error(), (409, "OperationNotAllowed".to_owned()));
    let id = house.get(&creation).await.json()["name"].as_str().unwrap().to_owned();
    let text = busy.json()["message"].as_str().unwrap().to_owned();
    assert!(
        text.starts_with("Operation is not allowed because there's an in progress create agent pool operation"),
        "{text}"
    );
    assert!(text.contains(&id), "{text}");
    let machines =
        house.send("POST", &format!("{pool}/deleteMachines"), Some(json!({"machineNames": ["x"]})), &[]).await;
    assert_eq!(machines.error(), (409, "OperationNotAllowed".to_owned()));
    let image = house.send("POST", &format!("{pool}/upgradeNodeImageVersion"), None, &[]).await;
    assert_eq!(image.error(), (409, "OperationNotAllowed".to_owned()));
    // Other pools of the cluster are free, the cluster itself is not.
    house.put(&other, properties(json!({"count": 1}))).await.ok(201);
    assert_eq!(house.put(&path, setup::cluster_body()).await.error().0, 409);

    let deletion = house.delete(&pool).await.ok(202);
    let deletion = House::local(deletion.header("azure-asyncoperation").unwrap()).to_owned();
    let status = house.get(&creation).await.ok(200).json();
    assert_eq!((&status["status"], &status["error"]["code"]), (&json!("Canceled"), &json!("Canceled")));
    let by = house.get(&deletion).await.json()["name"].as_str().unwrap().to_owned();
    assert_eq!(
        status["error"]["message"],
        format!("The operation was overriden and canceled by a later operation {by}.")
    );
    assert_eq!(
        house.delete(&pool).await.ok(202).header("azure-asyncoperation").map(House::local),
        Some(deletion.as_str())
    );
    house.settle().await;
    house.get(&pool).await.ok(404);
    assert_eq!(house.get(&deletion).await.json()["status"], "Succeeded");
    assert_eq!(shown(&house, &other).await["provisioningState"], "Succeeded");
    house.delete(&pool).await.ok(204);
}

#[tokio::test]
async fn an_aborted_pool_is_canceled_and_goes_on_with_the_next_operation() {
    let house = House::open().await;
    let pool = format!("{}/agentPools/np", cluster(&house).await);
    house.put(&pool, properties(json!({"count": 1}))).await.ok(201);
    house.settle().await;
    house.put(&pool, properties(json!({"count": 3}))).await.ok(200);
    house.send("POST", &format!("{pool}/abort"), None, &[]).await.ok(202);
    house.engine.advance(Duration::from_secs(10)).await.unwrap();
    assert_eq!(shown(&house, &pool).await["provisioningState"], "Canceled");
    refused(
        &house.put(&pool, properties(json!({"powerState": {"code": "Stopped"}}))).await,
        "OperationNotAllowed",
        "Canceled",
        &json!("stop"),
    );
    house.put(&pool, properties(json!({"count": 2}))).await.ok(200);
    house.settle().await;
    let found = shown(&house, &pool).await;
    has(&found, &json!({"provisioningState": "Succeeded", "count": 2}), "np");
    assert_eq!(house.get(&format!("{pool}/machines")).await.json()["value"].as_array().unwrap().len(), 2);
    let idle = house.send("POST", &format!("{pool}/abort"), None, &[]).await;
    assert_eq!(idle.error(), (409, "OperationNotAllowed".to_owned()));
}

#[tokio::test]
async fn a_stopped_pool_can_be_upgraded_and_shows_it_when_it_is_started() {
    let house = House::open().await;
    let pool = format!("{}/agentPools/np", cluster(&house).await);
    let made = json!({"count": 1, "vmSize": "Standard_D2s_v5", "osDiskType": "Managed"});
    house.put(&pool, properties(made)).await.ok(201);
    house.settle().await;
    house.week().await;
    for step in [json!({"powerState": {"code": "Stopped"}}), Value::Null, json!({"powerState": {"code": "Running"}})] {
        match step {
            Value::Null => house.send("POST", &format!("{pool}/upgradeNodeImageVersion"), None, &[]).await.ok(202),
            step => house.put(&pool, properties(step)).await.ok(200),
        };
        house.settle().await;
        assert_eq!(shown(&house, &pool).await["provisioningState"], "Succeeded");
    }
    let image = shown(&house, &pool).await["nodeImageVersion"].clone();
    let node = house.world.all_nodes().into_iter().find(|n| n.id.pool.name.as_str() == "np").unwrap();
    assert_eq!((image.as_str(), node.disk_generation), (Some(node.model.image.as_str()), 2));
}
