//! What the resource provider makes of profiles: the members that it adds to what was asked for.

use serde_json::{Value, json};

use crate::house::House;
use crate::setup;

const IDENTITY: &str = "/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/ids/providers/Microsoft.ManagedIdentity/userAssignedIdentities/control-plane";

/// A cluster with `properties` besides those of [`setup::cluster_body`]: as created, and as it stands.
async fn cluster(house: &House, properties: Value) -> (Value, Value) {
    setup::group(house).await;
    let mut body = setup::cluster_body();
    for (name, value) in properties.as_object().unwrap() {
        body["properties"][name] = value.clone();
    }
    body["identity"] = json!({"type": "UserAssigned", "userAssignedIdentities": {IDENTITY: {}}});
    let path = setup::cluster_path(house);
    let created = house.put(&path, body).await.ok(201).json();
    house.settle().await;
    (created, house.get(&path).await.ok(200).json())
}

fn rich() -> Value {
    json!({
        "oidcIssuerProfile": {"enabled": true},
        "aadProfile": {"managed": true, "enableAzureRBAC": true},
        "apiServerAccessProfile": {"enablePrivateCluster": true},
        "addonProfiles": {
            "azureKeyvaultSecretsProvider": {"enabled": true, "config": {"enableSecretRotation": "true"}},
            "openServiceMesh": {"enabled": true, "config": {}},
        },
        "ingressProfile": {"webAppRouting": {"enabled": true}},
        "autoScalerProfile": {"scan-interval": "30s"},
        "networkProfile": {"networkPlugin": "azure", "networkPluginMode": "overlay", "networkDataplane": "cilium",
            "loadBalancerSku": "standard", "outboundType": "managedNATGateway", "ipFamilies": ["IPv4", "IPv6"]},
    })
}

#[tokio::test]
async fn a_rich_cluster_that_is_read_and_written_back_stays_as_it_is() {
    let house = House::open().await;
    let (_, mut before) = cluster(&house, rich()).await;
    let path = setup::cluster_path(&house);
    house.put(&path, before.clone()).await.ok(200);
    house.settle().await;
    let mut after = house.get(&path).await.ok(200).json();
    for document in [&mut before, &mut after] {
        document["eTag"] = Value::Null;
        document["properties"]["agentPoolProfiles"][0]["eTag"] = Value::Null;
    }
    assert_eq!(after, before);
}

#[tokio::test]
async fn what_azure_makes_is_there_when_the_cluster_stands() {
    let house = House::open().await;
    let (created, stands) = cluster(&house, rich()).await;
    let (new, old) = (&created["properties"], &stands["properties"]);
    let issuer = old["oidcIssuerProfile"]["issuerURL"].as_str().unwrap();
    assert!(issuer.starts_with("https://eastus.oic.prod-aks.azure.com/") && issuer.ends_with('/'), "{issuer}");
    assert_eq!(new["oidcIssuerProfile"], old["oidcIssuerProfile"]);
    let vault = &old["addonProfiles"]["azureKeyvaultSecretsProvider"];
    let vault_id = vault["identity"]["resourceId"].as_str().unwrap();
    assert!(vault_id.ends_with("/userAssignedIdentities/azurekeyvaultsecretsprovider-c"), "{vault_id}");
    assert_eq!(new["addonProfiles"]["azureKeyvaultSecretsProvider"]["identity"], Value::Null);
    assert_eq!(old["addonProfiles"]["openServiceMesh"], json!({"enabled": true, "config": null}));
    assert_eq!(new["ingressProfile"]["webAppRouting"]["identity"], Value::Null);
    assert!(old["ingressProfile"]["webAppRouting"]["identity"]["clientId"].is_string());
    let own = &stands["identity"]["userAssignedIdentities"][IDENTITY];
    assert!(own["clientId"].is_string() && own["principalId"].is_string());
    assert_eq!(created["identity"]["userAssignedIdentities"][IDENTITY]["clientId"], Value::Null);
    assert_eq!(created["eTag"], Value::Null);
    assert!(stands["eTag"].is_string());
    let tenant = house.today().tenant.to_string();
    let aad = json!({"managed": true, "adminGroupObjectIDs": null, "adminUsers": null, "enableAzureRBAC": true, "tenantID": tenant});
    assert_eq!(old["aadProfile"], aad);
}

#[tokio::test]
async fn a_private_cluster_has_names_of_its_own() {
    let house = House::open().await;
    let (created, stands) = cluster(&house, rich()).await;
    let properties = &stands["properties"];
    let profile =
        json!({"enablePrivateCluster": true, "privateDNSZone": "system", "enablePrivateClusterPublicFQDN": true});
    assert_eq!(properties["apiServerAccessProfile"], profile);
    assert!(properties["fqdn"].is_string());
    assert!(properties["privateFQDN"].as_str().unwrap().ends_with(".privatelink.eastus.azmk8s.io"));
    assert!(properties["azurePortalFQDN"].as_str().unwrap().ends_with("-priv.portal.hcp.eastus.azmk8s.io"));
    assert_eq!(created["properties"]["privateLinkResources"][0]["id"], Value::Null);
    assert!(
        properties["privateLinkResources"][0]["id"].as_str().unwrap().ends_with("/privateLinkResources/management")
    );

    let mut update = stands.clone();
    update["properties"]["apiServerAccessProfile"]["enablePrivateClusterPublicFQDN"] = json!(false);
    let path = setup::cluster_path(&house);
    house.put(&path, update).await.ok(200);
    house.settle().await;
    assert_eq!(house.get(&path).await.json()["properties"]["fqdn"], Value::Null);
}

#[tokio::test]
async fn the_network_follows_plugin_outbound_type_and_families() {
    let house = House::open().await;
    let (_, stands) = cluster(&house, rich()).await;
    let network = &stands["properties"]["networkProfile"];
    assert_eq!((&network["networkPolicy"], &network["networkDataplane"]), (&json!("cilium"), &json!("cilium")));
    assert_eq!(network["loadBalancerProfile"], json!({"backendPoolType": "nodeIPConfiguration"}));
    assert_eq!(network["natGatewayProfile"]["idleTimeoutInMinutes"], 4);
    assert_eq!(network["natGatewayProfile"]["effectiveOutboundIPs"].as_array().unwrap().len(), 1);
    assert_eq!(network["podCidrs"].as_array().unwrap().len(), 2);
    assert!(network["serviceCidrs"][1].as_str().unwrap().ends_with("::/108"));
    assert_eq!(stands["properties"]["windowsProfile"], json!({"adminUsername": "azureuser", "enableCSIProxy": true}));
    assert_eq!(stands["properties"]["agentPoolProfiles"][0]["maxPods"], 250);
}

#[tokio::test]
async fn old_api_versions_have_only_the_members_of_their_time() {
    let house = House::open().await;
    setup::cluster(&house).await;
    let read = async |api: &str| {
        let path = setup::cluster_path(&house);
        house.get(&format!("{path}?api-version={api}")).await.ok(200).json()
    };
    let old = read("2021-10-01").await;
    for absent in ["currentKubernetesVersion", "storageProfile", "oidcIssuerProfile", "resourceUID", "metricsProfile"] {
        assert_eq!(old["properties"][absent], Value::Null, "{absent}");
    }
    assert_eq!(old["sku"], json!({"name": "Base", "tier": "Free"}), "as it was asked for");
    let mid_2023 = read("2023-05-02-preview").await;
    assert_eq!(mid_2023["properties"]["networkProfile"]["networkPolicy"], Value::Null);
    assert_eq!(mid_2023["properties"]["autoUpgradeProfile"], Value::Null);
    assert_eq!(read("2025-05-01").await["kind"], Value::Null);
    let new = read("2026-06-01").await;
    assert_eq!(new["kind"], "Base");
    assert_eq!(new["properties"]["nodeProvisioningProfile"], json!({"mode": "Manual", "defaultNodePools": "Auto"}));
    let preview = read("2026-05-02-preview").await;
    assert_eq!(preview["properties"]["hostedSystemProfile"], json!({"enabled": false}));
    assert_eq!(preview["properties"]["agentPoolProfiles"][0]["upgradeStrategy"], "Rolling");
    assert_eq!(preview["properties"]["agentPoolProfiles"][0]["securityProfile"]["sshAccess"], "LocalUser");
    assert_eq!(new["properties"]["agentPoolProfiles"][0]["upgradeStrategy"], Value::Null);
}

#[tokio::test]
async fn the_autoscalers_settings_are_all_there_once_one_is() {
    let house = House::open().await;
    let (_, stands) = cluster(&house, rich()).await;
    let settings = &stands["properties"]["autoScalerProfile"];
    assert_eq!((&settings["scan-interval"], &settings["expander"]), (&json!("30s"), &json!("random")));
    assert_eq!(settings["ignore-daemonsets-utilization"], false);
    assert_eq!(settings.as_object().unwrap().len(), 20);
}
