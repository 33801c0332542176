//! What hangs off clusters: operations by name, commands, snapshots, maintenance windows, role bindings.

use serde_json::json;

use crate::house::House;
use crate::setup;

#[tokio::test]
async fn operations_are_found_by_latest_and_by_id() {
    let house = House::open().await;
    let path = setup::cluster(&house).await;
    let latest = house.get(&format!("{path}/operations/latest")).await.ok(200).json();
    assert_eq!(latest["status"], "Succeeded");
    let id = latest["name"].as_str().unwrap().to_owned();
    assert!(latest["id"].as_str().unwrap().ends_with(&format!("/operations/{id}")));
    let pool = format!("{path}/agentPools/np2");
    house.put(&pool, json!({"properties": {"count": 1, "mode": "User"}})).await.ok(201);
    let running = house.get(&format!("{pool}/operations/latest")).await.ok(200).json();
    assert_eq!(running["status"], "InProgress");
    assert!(running.get("endTime").is_none());
    assert_eq!(house.get(&format!("{path}/operations/{id}")).await.ok(200).json()["name"], id);
    let of_pool = running["name"].as_str().unwrap();
    house.get(&format!("{path}/operations/{of_pool}")).await.ok(200);
    assert_eq!(house.get(&format!("{pool}/operations/{id}")).await.error(), (404, "NotFound".to_owned()));
    assert_eq!(house.get(&format!("{path}/operations/nope")).await.error(), (404, "NotFound".to_owned()));
}

#[tokio::test]
async fn commands_are_answered_from_the_world_or_refused_in_the_log() {
    let house = House::open().await;
    let path = setup::cluster(&house).await;
    let run = async |command: &str| {
        let body = json!({"command": command, "context": ""});
        let accepted = house.send("POST", &format!("{path}/runCommand"), Some(body), &[]).await.ok(202);
        house.get(House::local(accepted.header("location").unwrap())).await.ok(200).json()["properties"].clone()
    };
    let nodes = run("kubectl get nodes").await;
    assert_eq!((&nodes["provisioningState"], &nodes["exitCode"]), (&json!("Succeeded"), &json!(0)));
    let logs = nodes["logs"].as_str().unwrap();
    assert!(logs.starts_with("NAME") && logs.contains("aks-nodepool1-") && logs.contains("   Ready   "), "{logs}");
    let other = run("helm list").await;
    assert_eq!(other["exitCode"], 1);
    assert!(other["logs"].as_str().unwrap().contains("'helm list' was not run"));
    house.send("POST", &format!("{path}/stop"), None, &[]).await.ok(202);
    house.settle().await;
    assert_eq!(run("kubectl get nodes").await["provisioningState"], "Failed");
    let none = house.send("POST", &format!("{path}/runCommand"), Some(json!({})), &[]).await;
    assert_eq!(none.error(), (400, "InvalidRequestContent".to_owned()));
    house.get(&format!("{path}/commandResults/nope")).await.ok(404);
}

#[tokio::test]
async fn what_is_kept_below_a_cluster_goes_with_it() {
    let house = House::open().await;
    let path = setup::cluster(&house).await;
    let windows = format!("{path}/maintenanceConfigurations");
    let one = format!("{windows}/default");
    let missing = house.get(&one).await;
    assert_eq!(missing.error(), (404, "NotFound".to_owned()));
    assert!(missing.text().contains("GetMaintenanceConfiguration_NotFound"), "{}", missing.text());
    let body = json!({"properties": {"timeInWeek": [{"day": "Monday", "hourSlots": [1]}]}});
    let made = house.put(&one, body.clone()).await.ok(201).json();
    assert_eq!(made["properties"], body["properties"]);
    assert_eq!(house.get(&windows).await.ok(200).json()["value"][0]["name"], "default");
    let binding = format!("{path}/trustedAccessRoleBindings/b");
    house.get(&binding).await.ok(404);
    house.put(&binding, json!({"properties": {"sourceResourceId": "/x", "roles": ["r"]}})).await.ok(201);
    house.delete(&path).await.ok(202);
    house.settle().await;
    assert_eq!(house.get(&one).await.error(), (404, "ResourceNotFound".to_owned()));
    house.put(&path, setup::cluster_body()).await.ok(201);
    assert_eq!(house.get(&windows).await.ok(200).json()["value"], json!([]));
}

#[tokio::test]
async fn snapshots_remember_their_pool() {
    let house = House::open().await;
    let path = setup::cluster(&house).await;
    let snapshots = house.path("/resourceGroups/g/providers/Microsoft.ContainerService/snapshots");
    let body =
        |source: &str| json!({"location": "eastus", "properties": {"creationData": {"sourceResourceId": source}}});
    let bad = house.put(&format!("{snapshots}/s"), body("/nowhere")).await;
    assert_eq!(bad.error(), (400, "InvalidParameter".to_owned()));
    let made = house.put(&format!("{snapshots}/s"), body(&format!("{path}/agentPools/nodepool1"))).await.ok(201).json();
    assert_eq!(made["properties"]["snapshotType"], "NodePool");
    assert!(made["properties"]["nodeImageVersion"].as_str().unwrap().starts_with("AKS"));
    let all = house.get(&house.path("/providers/Microsoft.ContainerService/snapshots")).await.ok(200).json();
    assert_eq!(all["value"][0]["name"], "s");
    house.delete(&format!("{snapshots}/s")).await.ok(200);
    house.get(&format!("{snapshots}/s")).await.ok(404);
}

#[tokio::test]
async fn small_reads_are_served_and_the_rest_refused_by_name() {
    let house = House::open().await;
    let path = setup::cluster(&house).await;
    let roles = house.path("/providers/Microsoft.ContainerService/locations/eastus/trustedAccessRoles");
    assert!(house.get(&roles).await.ok(200).json()["value"][0]["name"].is_string());
    let outbound = house.get(&format!("{path}/outboundNetworkDependenciesEndpoints")).await.ok(200).json();
    assert!(outbound["value"].as_array().unwrap().len() > 2);
    let refused = house.send("POST", &format!("{path}/resetAADProfile"), Some(json!({})), &[]).await;
    assert_eq!(refused.error(), (501, "NotSimulated".to_owned()));
    assert!(refused.text().contains("resetting the Entra profile"));
}
