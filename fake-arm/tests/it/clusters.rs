//! Clusters and pools through their lives.

use serde_json::{Value, json};

use crate::house::House;
use crate::setup;

#[tokio::test]
async fn both_flags_are_always_shown_and_a_read_can_be_written_back() {
    let house = House::open().await;
    let path = setup::cluster(&house).await;
    let pool_path = format!("{path}/agentPools/np2");
    let body = json!({"properties": {"count": 1, "vmSize": "", "mode": "User", "osType": "Linux"}});
    let created = house.put(&pool_path, body).await.ok(201).json();
    assert_eq!(created["properties"]["securityProfile"], json!({"enableVTPM": false, "enableSecureBoot": false}));
    house.settle().await;
    let mut read = house.get(&pool_path).await.ok(200).json();
    read["properties"]["securityProfile"]["enableSecureBoot"] = json!(true);
    house.put(&pool_path, read).await.ok(200);
    house.settle().await;
    let after = house.get(&pool_path).await.ok(200).json();
    assert_eq!(after["properties"]["securityProfile"], json!({"enableVTPM": false, "enableSecureBoot": true}));
    assert_eq!(after["properties"]["provisioningState"], "Succeeded");

    let cluster = house.get(&path).await.ok(200).json();
    let before = cluster.clone();
    house.put(&path, cluster).await.ok(200);
    house.settle().await;
    let mut after = house.get(&path).await.ok(200).json();
    let mut before = before;
    for document in [&mut before, &mut after] {
        document["eTag"] = Value::Null;
        for pool in document["properties"]["agentPoolProfiles"].as_array_mut().unwrap() {
            pool["eTag"] = Value::Null;
        }
    }
    assert_eq!(after, before, "writing back what was read changes nothing");
}

#[tokio::test]
async fn unknown_members_come_back_and_secrets_do_not() {
    let house = House::open().await;
    setup::group(&house).await;
    let path = setup::cluster_path(&house);
    let mut body = setup::cluster_body();
    body["plan"] = json!({"name": "unknown"});
    body["properties"]["futureProfile"] = json!({"a": [1, {"b": null}]});
    body["properties"]["agentPoolProfiles"][0]["futureFlag"] = json!(7);
    body["properties"]["servicePrincipalProfile"] = json!({"clientId": "msi", "secret": "s3cret"});
    house.put(&path, body).await.ok(201);
    let read = house.get(&path).await.ok(200);
    assert!(!read.text().contains("s3cret"));
    let read = read.json();
    assert_eq!(read["plan"], json!({"name": "unknown"}));
    assert_eq!(read["properties"]["futureProfile"], json!({"a": [1, {"b": null}]}));
    assert_eq!(read["properties"]["agentPoolProfiles"][0]["futureFlag"], 7);
}

#[tokio::test]
async fn a_deletion_stays_readable_after_the_cluster_is_gone() {
    let house = House::open().await;
    let path = setup::cluster(&house).await;
    let accepted = house.delete(&path).await.ok(202);
    assert!(accepted.body.is_empty());
    let status = House::local(accepted.header("azure-asyncoperation").unwrap()).to_owned();
    let result = House::local(accepted.header("location").unwrap()).to_owned();
    assert!(result.contains("/operationresults/"));
    assert_eq!(house.get(&status).await.ok(200).json()["status"], "InProgress");
    assert_eq!(house.get(&path).await.ok(200).json()["properties"]["provisioningState"], "Deleting");
    house.settle().await;
    assert_eq!(house.get(&status).await.ok(200).json()["status"], "Succeeded");
    let gone = house.get(&result).await.ok(204);
    assert!(gone.body.is_empty() && gone.header("location").is_some());
    assert_eq!(house.get(&path).await.error(), (404, "ResourceNotFound".to_owned()));
    house.delete(&path).await.ok(204);
    let node_group = house.path("/resourceGroups/MC_g_c_eastus");
    assert_eq!(house.get(&node_group).await.error(), (404, "ResourceGroupNotFound".to_owned()));
}

#[tokio::test]
async fn a_second_operation_is_refused_flat_and_pretty() {
    let house = House::open().await;
    let path = setup::cluster(&house).await;
    let pool = format!("{path}/agentPools/np2");
    let body = json!({"properties": {"count": 1, "mode": "User"}});
    house.put(&pool, body.clone()).await.ok(201);
    let refused = house.put(&pool, body).await.ok(409);
    assert_eq!(refused.error().1, "OperationNotAllowed");
    assert!(refused.text().starts_with("{\n  \"code\": "), "{}", refused.text());
    assert_eq!(refused.header("content-type"), Some("application/json"));
}

#[tokio::test]
async fn rules_speak_through_the_provider() {
    let house = House::open().await;
    let path = setup::cluster(&house).await;
    let body = json!({"properties": {"count": 1, "mode": "User", "vmSize": "Standard_D2_v3", "securityProfile": {"enableVTPM": true}}});
    let refused = house.put(&format!("{path}/agentPools/old"), body).await.ok(400);
    assert_eq!(refused.error().1, "TrustedLaunchIncompatibleWithConfig", "{}", refused.text());
}

#[tokio::test]
async fn etags_are_checked() {
    let house = House::open().await;
    let path = setup::cluster(&house).await;
    let read = house.get(&path).await.json();
    let stale =
        house.send("PUT", &path, Some(read.clone()), &[("if-match", "\"00000000-0000-0000-0000-000000000000\"")]).await;
    assert_eq!(stale.status, 412, "{}", stale.text());
    let tag = format!("\"{}\"", read["eTag"].as_str().unwrap());
    house.send("PUT", &path, Some(read), &[("if-match", tag.as_str())]).await.ok(200);
    let tags = house.send("PATCH", &path, Some(json!({"tags": {"a": "b"}})), &[]).await;
    assert_eq!(tags.error().0, 409, "an operation runs");
    house.settle().await;
    house.send("PATCH", &path, Some(json!({"tags": {"a": "b"}})), &[]).await.ok(200);
    assert_eq!(house.get(&path).await.json()["tags"], json!({"a": "b"}));
}

#[tokio::test]
async fn credentials_are_a_kubeconfig_in_base64() {
    use base64::Engine;
    let house = House::open().await;
    let path = setup::cluster(&house).await;
    let reply = house.send("POST", &format!("{path}/listClusterAdminCredential"), None, &[]).await.ok(200).json();
    assert_eq!(reply["kubeconfigs"][0]["name"], "clusterAdmin");
    let text = base64::prelude::BASE64_STANDARD.decode(reply["kubeconfigs"][0]["value"].as_str().unwrap()).unwrap();
    assert_eq!(text, b"kubeconfig of c for clusterAdmin");
}

#[tokio::test]
async fn lists_and_what_lies_below_a_cluster_are_served() {
    let house = House::open().await;
    let path = setup::cluster(&house).await;
    let in_group = house.path("/resourceGroups/g/providers/Microsoft.ContainerService/managedClusters");
    for list in [house.path("/providers/Microsoft.ContainerService/managedClusters"), in_group] {
        assert_eq!(house.get(&list).await.ok(200).json()["value"].as_array().unwrap().len(), 1, "{list}");
    }
    let versions = house.get(&format!("{path}/availableAgentPoolVersions")).await.ok(200).json();
    let versions = versions["properties"]["agentPoolVersions"].as_array().unwrap();
    assert!(versions.iter().any(|v| v["default"] == true));
    let sets = house.path("/resourceGroups/MC_g_c_eastus/providers/Microsoft.Compute/virtualMachineScaleSets");
    let found = house.get(&sets).await.ok(200).json();
    let set = &found["value"][0];
    assert_eq!(
        set["properties"]["virtualMachineProfile"]["securityProfile"],
        json!({"uefiSettings": {"secureBootEnabled": true, "vTpmEnabled": true}, "securityType": "TrustedLaunch"})
    );
    let name = set["name"].as_str().unwrap();
    let machines = house.get(&format!("{sets}/{name}/virtualMachines")).await.ok(200).json();
    assert_eq!(machines["value"][0]["properties"]["latestModelApplied"], true);
    house.get(&format!("{sets}/{name}/virtualMachines/0")).await.ok(200);
}

async fn post(house: &House, uri: &str, body: Option<Value>) -> crate::house::Reply {
    house.send("POST", uri, body, &[]).await
}

#[tokio::test]
async fn clusters_and_pools_are_stopped_started_and_aborted() {
    let house = House::open().await;
    let path = setup::cluster(&house).await;
    let accepted = post(&house, &format!("{path}/stop"), None).await.ok(202);
    assert!(accepted.body.is_empty() && accepted.header("location").is_some());
    house.settle().await;
    assert_eq!(house.get(&path).await.json()["properties"]["powerState"]["code"], "Stopped");
    post(&house, &format!("{path}/stop"), None).await.ok(204);
    post(&house, &format!("{path}/start"), None).await.ok(202);
    house.settle().await;
    assert_eq!(house.get(&path).await.json()["properties"]["powerState"]["code"], "Running");

    let pool = format!("{path}/agentPools/np2");
    house.put(&pool, json!({"properties": {"count": 2, "mode": "User"}})).await.ok(201);
    let aborting = post(&house, &format!("{pool}/abort"), None).await.ok(202);
    assert_eq!(aborting.json()["name"], "np2");
    assert!(aborting.header("azure-asyncoperation").is_some() && aborting.header("location").is_some());
    house.settle().await;
    assert_eq!(house.get(&pool).await.json()["properties"]["provisioningState"], "Canceled");
    let image = post(&house, &format!("{pool}/upgradeNodeImageVersion"), None).await.ok(202);
    assert_eq!(image.json()["properties"]["provisioningState"], "UpgradingNodeImageVersion");
    house.settle().await;
    let machines = house.get(&format!("{pool}/machines")).await.ok(200).json();
    let name = machines["value"][0]["name"].clone();
    post(&house, &format!("{pool}/deleteMachines"), Some(json!({"machineNames": [name]}))).await.ok(202);
    house.settle().await;
    assert_eq!(house.get(&pool).await.json()["properties"]["count"], 1);
}

#[tokio::test]
async fn a_scale_set_can_be_reimaged() {
    let house = House::open().await;
    setup::cluster(&house).await;
    let sets = house.path("/resourceGroups/MC_g_c_eastus/providers/Microsoft.Compute/virtualMachineScaleSets");
    let name = house.get(&sets).await.json()["value"][0]["name"].as_str().unwrap().to_owned();
    let instances = json!({"instanceIds": ["0"]});
    let accepted = post(&house, &format!("{sets}/{name}/reimage"), Some(instances)).await.ok(202);
    let status = House::local(accepted.header("azure-asyncoperation").unwrap()).to_owned();
    assert_eq!(house.get(&status).await.ok(200).json()["status"], "InProgress");
    house.settle().await;
    assert_eq!(house.get(&status).await.ok(200).json()["status"], "Succeeded");
    let wrong = post(&house, &format!("{sets}/{name}/reimage"), Some(json!({"instanceIds": ["x"]}))).await;
    assert_eq!(wrong.error().0, 400);
}

#[tokio::test]
async fn long_lists_come_in_pages() {
    let house = House::open().await;
    setup::group(&house).await;
    let all = house.path("/resourceGroups/g/providers/Microsoft.ContainerService/managedClusters");
    let mut body = setup::cluster_body();
    body["properties"]["agentPoolProfiles"][0]["securityProfile"] = json!({});
    for number in 0..251 {
        house.put(&format!("{all}/c{number:03}"), body.clone()).await.ok(201);
    }
    let first = house.get(&all).await.ok(200).json();
    assert_eq!(first["value"].as_array().map(Vec::len), Some(250));
    let next = first["nextLink"].as_str().unwrap().to_owned();
    assert!(next.contains("?%24skipToken=") && next.contains("&api-version=2026-06-01"), "{next}");
    // What comes and goes meanwhile neither repeats an item nor hides one.
    house.put(&format!("{all}/a"), body).await.ok(201);
    let second = house.get(House::local(&next)).await.ok(200).json();
    assert_eq!(second["value"].as_array().map(Vec::len), Some(1), "{second}");
    assert_eq!((&second["value"][0]["name"], second.get("nextLink")), (&json!("c250"), None));
}
