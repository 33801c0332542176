//! The commands of az around the articles, and the ways to log in for those who do not want `slipway env`.

use serde_json::json;

use crate::support::{Az, NEW, Slipway};

#[test]
fn listing_waiting_deleting() {
    let slipway = Slipway::start("3000");
    let az = Az::new(&slipway, NEW);
    assert_eq!(az.ok("az account list").as_array().map(Vec::len), Some(2));
    let ga = slipway.json(&["subscription", "add", "--era", "ga", "--name", "Third"]);
    assert_eq!(az.ok("az account list").as_array().map(Vec::len), Some(3), "az sees a new subscription at once");
    assert_eq!(ga["era"], "ga");

    assert_eq!(az.ok("az group exists -n g"), json!(false));
    az.ok("az group create -n g -l eastus --tags a=b");
    assert_eq!(az.ok("az group exists -n g"), json!(true));
    assert_eq!(az.ok("az group show -n g")["tags"]["a"], "b");
    assert_eq!(az.ok("az group list")[0]["name"], "g");
    let versions = az.ok("az aks get-versions -l eastus");
    assert!(versions["values"].as_array().is_some_and(|v| v.iter().any(|v| v["isDefault"] == true)), "{versions}");
    assert_eq!(az.ok("az provider show -n Microsoft.ContainerService")["registrationState"], "Registered");
    assert!(az.ok("az provider list").as_array().is_some_and(|all| all.len() > 3));
    assert!(az.ok("az feature list --namespace Microsoft.ContainerService").is_array());

    az.ok("az aks create -n c -g g --node-count 1 --enable-vtpm --generate-ssh-keys --no-wait");
    az.ok("az aks wait -n c -g g --created --interval 1 --timeout 60");
    assert_eq!(az.ok("az aks show -n c -g g")["provisioningState"], "Succeeded");
    assert_eq!(az.ok("az aks list")[0]["name"], "c");
    az.ok("az aks nodepool add -g g --cluster-name c -n p --node-count 1 --enable-vtpm --no-wait");
    az.ok("az aks nodepool wait -g g --cluster-name c -n p --created --interval 1 --timeout 60");
    let pools = az.ok("az aks nodepool list -g g --cluster-name c");
    assert_eq!(pools.as_array().map(Vec::len), Some(2));
    assert_eq!(az.ok("az aks nodepool show -g g --cluster-name c -n p")["mode"], "User");
    az.ok("az aks nodepool delete -g g --cluster-name c -n p --no-wait");
    az.fails(3, "az aks show -n nowhere -g g");
    az.ok("az aks delete -n c -g g --yes");
    az.ok("az group delete -n g --yes");
    assert_eq!(az.ok("az group list"), json!([]));
}

#[test]
fn a_refusal_is_printed_in_azures_words() {
    let slipway = Slipway::start("3000");
    let az = Az::new(&slipway, NEW);
    az.ok("az group create -n g -l eastus");
    let refused =
        az.fails(1, "az aks create -n c -g g --enable-vtpm --node-vm-size Standard_D2ps_v5 --generate-ssh-keys");
    assert!(refused.contains("TrustedLaunchIncompatibleWithConfig"), "{refused}");
}

#[test]
fn a_cloud_can_be_registered_and_logged_in_to_by_hand() {
    let slipway = Slipway::start("3000");
    let mut az = Az::new(&slipway, NEW);
    let written = std::path::Path::new(az.variable("AZURE_CONFIG_DIR")).join("service_principal_entries.json");
    let text = std::fs::read_to_string(written).expect("slipway wrote it");
    let entries: serde_json::Value = serde_json::from_str(&text).expect("JSON");
    let entry = |name: &str| entries[0][name].as_str().expect("text").to_owned();
    let own = slipway.scratch("own-azure");
    az.set("AZURE_CONFIG_DIR", own.to_str().expect("UTF-8"));

    az.ok(&format!("az cloud register -n AksSim --endpoint-resource-manager {}", slipway.url()));
    az.ok("az cloud set -n AksSim");
    az.ok("az config set core.instance_discovery=false");
    let login = |secret: &str| {
        let (id, tenant) = (entry("client_id"), entry("tenant"));
        format!("az login --service-principal -u {id} -p {secret} --tenant {tenant}")
    };
    let wrong = az.fails(1, &login("wrong"));
    assert!(wrong.contains("AADSTS7000215"), "{wrong}");
    let subscriptions = az.ok(&login(&entry("client_secret")));
    assert_eq!(subscriptions.as_array().map(Vec::len), Some(2));
    assert_eq!(az.ok("az group list"), json!([]));
}
