//! The gateway's own resources.

use serde_json::json;

use crate::house::House;
use crate::setup;

#[tokio::test]
async fn a_group_is_made_seen_and_deleted() {
    let house = House::open().await;
    let path = house.path("/resourceGroups/MyGroup");
    house.send("HEAD", &path, None, &[]).await.ok(404);
    let made = house.put(&path, json!({"location": "East US", "tags": {"a": "b"}})).await.ok(201).json();
    assert_eq!(made["id"], json!(house.path("/resourceGroups/MyGroup")));
    assert_eq!(made["location"], "eastus");
    house.put(&path, json!({"location": "eastus"})).await.ok(200);
    let head = house.send("HEAD", &house.path("/resourcegroups/mygroup"), None, &[]).await.ok(204);
    assert!(head.body.is_empty());
    let filtered = |filter: &str| house.path(&format!("/resourcegroups?api-version=2024-11-01&$filter={filter}"));
    let found = house.get(&filtered("tagname%20eq%20%27a%27%20and%20tagvalue%20eq%20%27b%27")).await.ok(200).json();
    assert_eq!(found["value"].as_array().unwrap().len(), 1);
    let found = house.get(&filtered("tagname%20eq%20%27a%27%20and%20tagvalue%20eq%20%27x%27")).await.ok(200).json();
    assert!(found["value"].as_array().unwrap().is_empty());

    let accepted = house.delete(&path).await.ok(202);
    let poll = House::local(accepted.header("location").unwrap()).to_owned();
    assert!(poll.contains("/operationresults/"));
    house.settle().await;
    house.get(&poll).await.ok(200);
    assert_eq!(house.get(&path).await.error(), (404, "ResourceGroupNotFound".to_owned()));
    assert_eq!(house.delete(&path).await.error(), (404, "ResourceGroupNotFound".to_owned()));
}

#[tokio::test]
async fn deleting_a_group_takes_its_clusters_along() {
    let house = House::open().await;
    let path = setup::cluster(&house).await;
    let accepted = house.delete(&house.path("/resourcegroups/g")).await.ok(202);
    let poll = House::local(accepted.header("location").unwrap()).to_owned();
    let waiting = house.get(&poll).await.ok(202);
    assert_eq!(waiting.header("retry-after-ms"), Some("200"));
    assert!(waiting.header("location").is_some());
    house.settle().await;
    house.get(&poll).await.ok(200);
    assert_eq!(house.get(&path).await.status, 404);
}

#[tokio::test]
async fn features_take_minutes_and_providers_are_listed() {
    let house = House::open().await;
    let feature = format!(
        "/subscriptions/{}/providers/Microsoft.Features/providers/Microsoft.ContainerService/features/TrustedLaunchPreview",
        house.preview().id
    );
    let state = |reply: serde_json::Value| reply["properties"]["state"].as_str().unwrap().to_owned();
    assert_eq!(state(house.get(&feature).await.ok(200).json()), "NotRegistered");
    let asked = house.send("POST", &format!("{feature}/register"), None, &[]).await.ok(200).json();
    assert_eq!(asked["name"], "Microsoft.ContainerService/TrustedLaunchPreview");
    assert_eq!(asked["type"], "Microsoft.Features/providers/features");
    assert_eq!(asked.as_object().unwrap().keys().collect::<Vec<_>>(), ["properties", "id", "type", "name"]);
    assert_eq!(state(asked), "Registering");
    house.engine.advance(std::time::Duration::from_secs(3600)).await.unwrap();
    assert_eq!(state(house.get(&feature).await.ok(200).json()), "Registered");
    let unknown = feature.replace("TrustedLaunchPreview", "Nonsense");
    assert_eq!(house.get(&unknown).await.status, 404);

    let provider = house.get(&house.path("/providers/Microsoft.ContainerService")).await.ok(200).json();
    assert_eq!(provider["registrationState"], "Registered");
    let kind =
        provider["resourceTypes"].as_array().unwrap().iter().find(|t| t["resourceType"] == "managedClusters").unwrap();
    assert!(kind["apiVersions"].as_array().unwrap().contains(&json!("2026-06-01")));
    house.send("POST", &house.path("/providers/Microsoft.ContainerService/register"), None, &[]).await.ok(200);
    assert_eq!(
        house.get(&house.path("/providers/Microsoft.Nonsense")).await.error(),
        (404, "InvalidResourceNamespace".to_owned())
    );
}

#[tokio::test]
async fn everything_in_a_group_is_listed() {
    let house = House::open().await;
    setup::cluster(&house).await;
    let list = house
        .get(&house.path("/resources?api-version=2024-11-01&$filter=resourceGroup%20eq%20%27g%27&$expand=createdTime"))
        .await
        .ok(200)
        .json();
    assert_eq!(list["value"][0]["type"], "Microsoft.ContainerService/managedClusters");
    let sets = house.get(&house.path("/resources?api-version=2024-11-01&$filter=resourceType%20eq%20%27Microsoft.Compute/virtualMachineScaleSets%27")).await.ok(200).json();
    assert_eq!(sets["value"].as_array().unwrap().len(), 1);
    let node_group = house.get(&house.path("/resourceGroups/MC_g_c_eastus")).await.ok(200).json();
    assert!(node_group["managedBy"].as_str().unwrap().ends_with("/managedClusters/c"));
}

#[tokio::test]
async fn kept_resources_come_back() {
    let house = House::open().await;
    setup::group(&house).await;
    let identity = house.path("/resourcegroups/g/providers/Microsoft.ManagedIdentity/userAssignedIdentities/i");
    let made = house.put(&identity, json!({"location": "eastus", "tags": {}})).await.ok(201).json();
    assert_eq!(made["type"], "Microsoft.ManagedIdentity/userAssignedIdentities");
    assert!(made["properties"]["principalId"].is_string());
    assert_eq!(house.get(&identity).await.ok(200).json(), made);
    let network = house.path("/resourceGroups/g/providers/Microsoft.Network/virtualNetworks/v");
    let body = json!({"location": "eastus", "properties": {"addressSpace": {"addressPrefixes": ["10.0.0.0/8"]}, "subnets": [{"name": "one", "properties": {"addressPrefix": "10.1.0.0/16"}}]}});
    house.put(&network, body).await.ok(201);
    house.put(&format!("{network}/subnets/two"), json!({"properties": {"addressPrefix": "10.2.0.0/16"}})).await.ok(201);
    let read = house.get(&network).await.ok(200).json();
    let ids: Vec<_> = read["properties"]["subnets"]
        .as_array()
        .unwrap()
        .iter()
        .map(|s| s["id"].as_str().unwrap().to_owned())
        .collect();
    assert!(ids[0].ends_with("/virtualNetworks/v/subnets/one") && ids[1].ends_with("/subnets/two"), "{ids:?}");
    for name in ["one", "two"] {
        house.get(&format!("{network}/subnets/{name}")).await.ok(200);
    }
    assert_eq!(house.get(&format!("{network}/subnets/three")).await.error(), (404, "ResourceNotFound".to_owned()));
    house.delete(&identity).await.ok(200);
    house.delete(&identity).await.ok(204);
}

#[tokio::test]
async fn subscriptions_tenants_regions_and_sizes_are_listed() {
    let house = House::open().await;
    let list = house.get("/subscriptions?api-version=2022-12-01").await.ok(200).json();
    assert_eq!(list["value"].as_array().unwrap().len(), 2);
    assert_eq!(list["value"][0]["state"], "Enabled");
    assert_eq!(house.get("/tenants").await.ok(200).json()["value"][0]["tenantId"], json!(house.world.tenant()));
    let regions = house.get(&house.path("/locations")).await.ok(200).json();
    assert!(regions["value"].as_array().unwrap().iter().any(|r| r["name"] == "eastus"));
    let skus = house
        .get(
            &house
                .path("/providers/Microsoft.Compute/skus?api-version=2019-04-01&$filter=location%20eq%20%27eastus%27"),
        )
        .await
        .ok(200)
        .json();
    let all = skus["value"].as_array().unwrap();
    assert!(all.iter().all(|sku| { sku["capabilities"].as_array().unwrap().iter().all(|c| c["value"].is_string()) }));
    house.get(&house.path("/providers/Microsoft.Compute/locations/eastus/vmSizes")).await.ok(200);
}

#[tokio::test]
async fn every_answer_carries_the_common_headers() {
    let house = House::open().await;
    let reply = house
        .send(
            "GET",
            &house.path(""),
            None,
            &[("x-ms-client-request-id", "abc"), ("x-ms-return-client-request-id", "true")],
        )
        .await
        .ok(200);
    for name in [
        "x-ms-request-id",
        "x-ms-correlation-request-id",
        "x-ms-routing-request-id",
        "cache-control",
        "strict-transport-security",
        "x-content-type-options",
    ] {
        assert!(reply.header(name).is_some(), "{name}");
    }
    assert_eq!(reply.header("x-ms-client-request-id"), Some("abc"));
    let missing = house.get("/nowhere").await;
    assert!(missing.header("x-ms-request-id").is_some());
}
