//! Resource health of clusters, scale sets and machines, with machines that boot and machines that are refused.

use control_plane::hardware::{Component, Fault};
use control_plane::world::FaultChange;
use serde_json::{Value, json};

use crate::house::House;
use crate::setup;

const CURRENT: &str = "providers/Microsoft.ResourceHealth/availabilityStatuses/current";

async fn health(house: &House, resource: &str) -> Value {
    house.get(&format!("{resource}/{CURRENT}")).await.ok(200).json()
}

#[tokio::test]
async fn a_refused_boot_shows_in_the_health_of_machine_scale_set_and_cluster() {
    let house = House::open().await;
    let cluster = setup::cluster(&house).await;
    let sets = house.path("/resourceGroups/MC_g_c_eastus/providers/Microsoft.Compute/virtualMachineScaleSets");
    let set = house.get(&sets).await.ok(200).json()["value"][0]["id"].as_str().unwrap().to_owned();
    let machine = format!("{set}/virtualMachines/0");
    for resource in [&machine, &set, &cluster] {
        let healthy = health(&house, resource).await;
        assert_eq!(healthy["properties"]["availabilityState"], "Available", "{healthy}");
        assert_eq!(healthy["type"], "Microsoft.ResourceHealth/AvailabilityStatuses");
    }
    let healthy = health(&house, &machine).await;
    let text = "There aren't any known Azure platform problems affecting this virtual machine.";
    assert_eq!(healthy["properties"]["summary"], text);
    assert_eq!((&healthy["name"], &healthy["location"]), (&json!("current"), &json!("eastus")));

    let node = house.world.all_nodes()[0].clone();
    let grub = Fault::Tampered { component: Component::Grub };
    house.world.change_node_faults(&node.id, FaultChange::add(grub)).await.unwrap();
    house.world.reboot_node(&node.id).await.unwrap();
    house.settle().await;
    for resource in [&machine, &set, &cluster] {
        let refused = health(&house, resource).await["properties"].clone();
        assert_eq!(refused["availabilityState"], "Unavailable", "{refused}");
        assert_eq!(refused["context"], "Customer Initiated");
        let summary = refused["summary"].as_str().unwrap();
        assert!(summary.contains("preventing the Virtual Machine from booting securely"), "{summary}");
        assert!(summary.contains(&format!("The grub of {}: Security Violation", node.name)), "{summary}");
    }
    let statuses = |path: String| format!("{path}/providers/Microsoft.ResourceHealth/availabilityStatuses");
    let all = house.get(&statuses(house.path(""))).await.ok(200).json();
    assert_eq!(all["value"].as_array().unwrap().len(), 2);
    let in_group = house.get(&statuses(house.path("/resourceGroups/g"))).await.ok(200).json();
    assert_eq!(
        in_group["value"][0]["id"],
        format!("{}/{CURRENT}", cluster.replace("resourceGroups", "resourcegroups"))
    );
}

#[tokio::test]
async fn a_cluster_with_one_refused_node_of_two_is_degraded_and_what_is_not_there_is_not_found() {
    let house = House::open().await;
    let cluster = setup::cluster(&house).await;
    let pool = house.world.all_nodes()[0].id.pool.clone();
    let grub = Fault::Tampered { component: Component::Grub };
    house.world.change_pool_faults(&pool, FaultChange::add(grub)).await.unwrap();
    let body = house.get(&format!("{cluster}/agentPools/nodepool1")).await.ok(200).json();
    let mut body = json!({ "properties": body["properties"] });
    body["properties"]["count"] = json!(2);
    house.put(&format!("{cluster}/agentPools/nodepool1"), body).await;
    house.settle().await;
    let degraded = health(&house, &cluster).await["properties"].clone();
    assert_eq!(degraded["availabilityState"], "Degraded", "{degraded}");
    assert!(degraded["summary"].as_str().unwrap().starts_with("1 of 2 virtual machines are not available."));
    let failed = house.get(&format!("{cluster}/agentPools/nodepool1")).await.ok(200).json();
    assert_eq!(failed["properties"]["provisioningState"], "Failed");

    let missing = house.get(&format!("{cluster}x/{CURRENT}")).await;
    assert_eq!(missing.error(), (404, "ResourceNotFound".to_owned()));
    let vault = house.path("/resourceGroups/g/providers/Microsoft.KeyVault/vaults/v");
    assert_eq!(house.get(&format!("{vault}/{CURRENT}")).await.error(), (404, "ResourceTypeNotSupported".to_owned()));
}
