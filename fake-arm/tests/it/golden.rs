//! Answers beside those of real Azure.

use serde_json::{Value, json};

use crate::house::House;
use crate::setup;
use crate::shape::assert_like;

/// The api-version of the recordings.
const RECORDED: &str = "2024-06-02-preview";
const FEATURE: (&str, &str) = ("AKSHTTPCustomFeatures", "Microsoft.ContainerService/TrustedLaunchPreview");

macro_rules! golden {
    ($name:literal) => {
        serde_json::from_str::<Value>(include_str!(concat!("golden/", $name, ".json"))).unwrap()
    };
}

async fn recorded_cluster(house: &House) -> String {
    let base = format!("/subscriptions/{}/resourceGroups/group", house.preview().id);
    house.put(&base, json!({"location": "westus2"})).await.ok(201);
    format!("{base}/providers/Microsoft.ContainerService/managedClusters/cluster")
}

#[tokio::test]
async fn a_cluster_and_a_pool_look_as_recorded_from_creation_to_the_end() {
    let house = House::open().await;
    let path = recorded_cluster(&house).await;
    let uri = format!("{path}?api-version={RECORDED}");

    let created = house.send("PUT", &uri, Some(golden!("cluster_put")), &[FEATURE]).await.ok(201);
    assert_like(&created.json(), &golden!("cluster_created"), &[]);
    assert_eq!(created.header("content-type"), Some("application/json"));
    assert_eq!(created.header("location"), None);
    assert_eq!(created.header("retry-after"), None);
    let status_url = House::local(created.header("azure-asyncoperation").unwrap()).to_owned();

    let running = house.get(&status_url).await.ok(200);
    assert_like(&running.json(), &golden!("operation_running"), &[]);
    assert_eq!(running.json()["status"], "InProgress");
    assert_eq!(running.header("retry-after-ms"), Some("200"));
    house.settle().await;
    let done = house.get(&status_url).await.ok(200);
    assert_like(&done.json(), &golden!("operation_succeeded"), &[]);
    assert_eq!(done.json()["status"], "Succeeded");
    assert_eq!(done.header("retry-after-ms"), None);
    let end = done.json()["endTime"].as_str().unwrap().to_owned();
    assert_eq!(end.len(), "2024-03-05T04:08:33.7234637Z".len(), "{end}");

    let ready = house.get(&uri).await.ok(200).json();
    assert_like(&ready, &golden!("cluster_ready"), &[]);
    assert!(ready["id"].as_str().unwrap().contains("/resourcegroups/group/providers/Microsoft.ContainerService/"));
    assert_eq!(ready["type"], "Microsoft.ContainerService/ManagedClusters");
    assert_eq!(ready["properties"]["networkProfile"]["networkPlugin"], "kubenet");

    let pools = house.get(&format!("{path}/agentPools?api-version={RECORDED}")).await.ok(200).json();
    assert_like(&pools, &golden!("pools"), &[".nextLink"]);
    let second = house.get(House::local(pools["nextLink"].as_str().unwrap())).await.ok(200).json();
    assert_eq!(second, json!({"value": []}));

    let uri = format!("{path}/agentPools/c000003?api-version={RECORDED}");
    let pool = house.send("PUT", &uri, Some(golden!("pool_put")), &[FEATURE]).await.ok(201);
    assert_like(&pool.json(), &golden!("pool_created"), &[]);
    house.settle().await;
    // az writes back what it read; the recorded body has the version of its own day.
    let mut body = golden!("pool_update_put");
    body["properties"]["orchestratorVersion"] = pool.json()["properties"]["orchestratorVersion"].clone();
    let update = house.send("PUT", &uri, Some(body), &[FEATURE]).await.ok(200);
    assert_like(&update.json(), &golden!("pool_created"), &[]);
    assert_eq!(update.json()["properties"]["securityProfile"]["enableVTPM"], false);
    house.settle().await;

    let machines =
        house.get(&format!("{path}/agentPools/c000003/machines?api-version={RECORDED}")).await.ok(200).json();
    assert_like(&machines, &golden!("machines"), &[]);
    assert_eq!(machines["value"].as_array().unwrap().len(), 3);
    let name = machines["value"][0]["name"].as_str().unwrap();
    let machine =
        house.get(&format!("{path}/agentPools/c000003/machines/{name}?api-version={RECORDED}")).await.ok(200).json();
    assert_like(&machine, &golden!("machine"), &[]);
    assert!(machine["id"].as_str().unwrap().ends_with(&format!("/machines/{name}/{name}")));
}

#[tokio::test]
async fn the_gateway_words_what_is_missing_as_recorded() {
    let house = House::open().await;
    let path = recorded_cluster(&house).await;
    let missing = house.get(&path).await.ok(404);
    assert_eq!(missing.json(), golden!("cluster_missing"));
    assert_eq!(missing.header("content-type"), Some("application/json; charset=utf-8"));
    assert_eq!(missing.header("x-ms-failure-cause"), Some("gateway"));
}

#[tokio::test]
async fn groups_profiles_and_versions_look_as_recorded() {
    let house = House::open().await;
    let path = setup::cluster(&house).await;
    house.put(&house.path("/resourcegroups/tagged"), json!({"location": "westus2", "tags": {"product": "azurecli", "cause": "automation", "test": "t", "date": "d", "module": "m"}})).await.ok(201);
    let group = house.get(&house.path("/resourcegroups/tagged")).await.ok(200).json();
    assert_like(&group, &golden!("group"), &[]);

    let profile = house.get(&format!("{path}/upgradeProfiles/default?api-version=2024-10-01")).await.ok(200).json();
    let control_plane = &profile["properties"]["controlPlaneProfile"];
    assert_eq!(profile["type"], golden!("upgrade_profile_cluster")["type"]);
    assert!(profile["id"].as_str().unwrap().ends_with("/upgradeprofiles/default"));
    assert!(control_plane["kubernetesVersion"].is_string() && profile["properties"]["agentPoolProfiles"].is_null());
    let profile = house.get(&format!("{path}/agentPools/nodepool1/upgradeProfiles/default")).await.ok(200).json();
    assert_eq!(profile["type"], golden!("upgrade_profile_pool")["type"]);
    assert!(profile["properties"]["latestNodeImageVersion"].as_str().unwrap().contains("TL"));

    let versions = house
        .get(&house.path("/providers/Microsoft.ContainerService/locations/eastus/kubernetesVersions"))
        .await
        .ok(200)
        .json();
    let recorded = golden!("kubernetes_versions");
    assert_eq!(
        versions.as_object().unwrap().keys().collect::<Vec<_>>(),
        recorded.as_object().unwrap().keys().collect::<Vec<_>>()
    );
    let defaults = versions["values"].as_array().unwrap().iter().filter(|v| v["isDefault"] == true).count();
    assert_eq!(defaults, 1);
}
