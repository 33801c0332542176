//! The commands of the trusted-launch article, and those around them, as printed, typed into the real az.

use serde_json::{Value, json};

use crate::support::{Az, NEW, OLD, Slipway};

/// Fast enough that az, not Azure's pace, decides how long a command takes.
const SPEED: &str = "3000";

fn security(pool: &Value) -> (bool, bool) {
    let flag = |name: &str| pool["securityProfile"][name].as_bool().expect("both flags are always there");
    (flag("enableVtpm"), flag("enableSecureBoot"))
}

/// Before the article begins: an account that needs no login, and a resource group.
fn before(az: &Az, slipway: &Slipway) {
    let account = az.ok("az account show");
    assert_eq!(account["id"], slipway.subscription(0));
    assert_eq!(account["isDefault"], true);
    let created = az.ok("az group create --name myResourceGroup --location eastus");
    assert_eq!(created["properties"]["provisioningState"], "Succeeded");
}

/// "Deploy new cluster" to "Disable Secure Boot / vTPM on an existing node pool", verbatim. The article goes on with
/// another cluster's name (`myCluster`) half-way; that one is made by hand.
fn the_article(az: &Az, slipway: &Slipway) {
    let cluster = az
        .ok("az aks create --name myAKSCluster --resource-group myResourceGroup --node-count 1 --enable-secure-boot \
         --enable-vtpm --generate-ssh-keys");
    assert_eq!(cluster["provisioningState"], "Succeeded");
    assert_eq!(security(&cluster["agentPoolProfiles"][0]), (true, true));
    az.ok("az aks get-credentials --resource-group myResourceGroup --name myAKSCluster");
    kubeconfig(az, slipway);

    let pool = az
        .ok("az aks nodepool add --resource-group myResourceGroup --cluster-name myAKSCluster --name mynodepool \
         --node-count 3 --enable-vtpm");
    assert_eq!((security(&pool), &pool["count"]), ((true, false), &json!(3)));
    // The same name again: the article shows two ways to add it.
    az.ok("az aks nodepool delete --resource-group myResourceGroup --cluster-name myAKSCluster --name mynodepool");
    let pool = az
        .ok("az aks nodepool add --resource-group myResourceGroup --cluster-name myAKSCluster --name mynodepool \
         --node-count 3 --enable-vtpm --enable-secure-boot");
    assert_eq!(security(&pool), (true, true));

    let arm = slipway.arm();
    let vtpm = json!({ "enableVTPM": true });
    arm.cluster("myResourceGroup", "myCluster", 1, &vtpm);
    arm.pool("myResourceGroup", "myCluster", "mynodepool", 1, &vtpm);
    update(az, "--enable-secure-boot --enable-vtpm", (true, true));
    update(az, "--disable-secure-boot", (true, false));
    update(az, "--disable-vtpm", (false, false));
}

fn update(az: &Az, flags: &str, expected: (bool, bool)) {
    let pool = az.ok(&format!(
        "az aks nodepool update --cluster-name myCluster --resource-group myResourceGroup --name mynodepool {flags}"
    ));
    assert_eq!(security(&pool), expected, "{flags}");
    assert_eq!(pool["provisioningState"], "Succeeded");
}

fn kubeconfig(az: &Az, slipway: &Slipway) {
    let text = std::fs::read_to_string(az.home().join(".kube/config")).expect("az wrote ~/.kube/config");
    let config: serde_yaml_ng::Value = serde_yaml_ng::from_str(&text).expect("a kubeconfig is YAML");
    assert_eq!(config["current-context"], "myAKSCluster");
    let server = config["clusters"][0]["cluster"]["server"].as_str().expect("a server").to_owned();
    let token = config["users"][0]["user"]["token"].as_str().expect("a token");
    let bearer = format!("Bearer {token}");
    let url = format!("{server}/api/v1/nodes");
    let answer = slipway.arm().send("GET", &url, &[("authorization", &bearer)], None);
    assert_eq!(answer.status, 501);
    let status = answer.json();
    assert_eq!((&status["kind"], &status["apiVersion"]), (&json!("Status"), &json!("v1")));
    assert!(status["message"].as_str().is_some_and(|m| m.contains("myAKSCluster")), "{status}");
}

#[test]
fn the_general_availability_article_with_the_newest_az() {
    let slipway = Slipway::start(SPEED);
    let az = Az::new(&slipway, NEW);
    before(&az, &slipway);
    the_article(&az, &slipway);
    // Nothing of all this happened outside the data directory and the user's own ~/.ssh and ~/.kube.
    assert!(!az.home().join(".azure").exists());
}

#[test]
fn the_general_availability_article_with_the_oldest_az() {
    let slipway = Slipway::start(SPEED);
    let az = Az::new(&slipway, OLD);
    before(&az, &slipway);
    the_article(&az, &slipway);
}
