//! The preview article: a subscription in era `preview`, where the feature has to be registered first.

use serde_json::json;

use crate::support::{Arm, Az, NEW, Slipway, cluster_path, pool_body};

const FEATURE: &str = r#"--namespace "Microsoft.ContainerService" --name "TrustedLaunchPreview""#;

#[test]
fn the_preview_article_with_the_newest_az() {
    let slipway = Slipway::start("3000");
    let az = Az::new(&slipway, NEW);
    let preview = slipway.subscription(1);
    az.ok(&format!("az account set --subscription {preview}"));
    assert_eq!(az.ok("az account show")["id"], preview);
    az.ok("az --version");
    az.ok("az extension add --name aks-preview");
    az.ok("az extension update --name aks-preview");

    // A pool from before the registration, which can never be switched on.
    let arm = Arm::new(&slipway, &preview);
    arm.cluster("old", "old", 1, &json!({}));

    slipway.ok(&["time", "explicit"]);
    let registered = az.ok(&format!("az feature register {FEATURE}"));
    assert_eq!(registered["properties"]["state"], "Registering");
    slipway.ok(&["time", "advance", "10s"]);
    let shown = az.ok(&format!("az feature show {FEATURE}"));
    assert_eq!(shown["properties"]["state"], "Registering", "it takes minutes");
    slipway.ok(&["time", "advance", "20m"]);
    assert_eq!(az.ok(&format!("az feature show {FEATURE}"))["properties"]["state"], "Registered");
    slipway.ok(&["time", "speed", "3000"]);

    // Registered, but not yet known to the resource provider.
    let too_early = arm.request("PUT", &pool("old", "early"), Some(&pool_body(1, &json!({ "enableVTPM": true }))));
    assert_eq!(too_early.status, 400, "{too_early:?}");
    az.ok(r#"az provider register --namespace "Microsoft.ContainerService" --wait"#);

    az.ok("az group create --name myResourceGroup --location eastus");
    let cluster = az
        .ok("az aks create --name myAKSCluster --resource-group myResourceGroup --node-count 1 --enable-secure-boot \
         --enable-vtpm --enable-managed-identity --generate-ssh-keys");
    assert_eq!(cluster["agentPoolProfiles"][0]["securityProfile"]["enableSecureBoot"], true);
    az.ok("az aks get-credentials --resource-group myResourceGroup --name myAKSCluster");

    // As misprinted, with an en dash before cluster-name: az itself refuses it.
    az.fails(
        2,
        "az aks nodepool add --resource-group myResourceGroup -\u{2013}cluster-name myAKSCluster --name mynodepool \
         --node-count 3 --enable-vtpm",
    );
    let added = az
        .ok("az aks nodepool add --resource-group myResourceGroup --cluster-name myAKSCluster --name mynodepool \
         --node-count 3 --enable-vtpm");
    assert_eq!(added["securityProfile"]["enableVtpm"], true);

    let refused = az.fails(
        1,
        "az aks nodepool update --cluster-name old --resource-group old --name nodepool1 --enable-secure-boot \
         --enable-vtpm",
    );
    assert!(refused.contains("TrustedLaunchIncompatibleWithConfig"), "{refused}");
    az.ok(&format!("az feature unregister {FEATURE}"));
}

fn pool(cluster: &str, pool: &str) -> String {
    format!("{}/agentPools/{pool}", cluster_path(cluster, cluster))
}
