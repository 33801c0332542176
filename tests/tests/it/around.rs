//! What lies around clusters, under the newest az: groups, generic resources, providers, templates, scale sets, network,
//! identities, roles, security, regions, tags.

use serde_json::{Value, json};

use crate::support::{Az, NEW, Slipway, column, shows};

const TEMPLATE: &str = r#"{
  "$schema": "https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#",
  "contentVersion": "1.0.0.0",
  "parameters": { "name": { "type": "string" }, "count": { "type": "int", "defaultValue": 1 } },
  "variables": { "pool": "[concat(parameters('name'), '/extra')]" }, // az sends comments along
  "resources": [
    { "type": "Microsoft.ContainerService/managedClusters", "apiVersion": "2026-06-01",
      "name": "[parameters('name')]", "location": "[resourceGroup().location]",
      "identity": { "type": "SystemAssigned" },
      "properties": { "dnsPrefix": "[parameters('name')]", "agentPoolProfiles": [
        { "name": "nodepool1", "mode": "System", "count": "[parameters('count')]", "vmSize": "Standard_D2s_v5" }] } },
    { "type": "Microsoft.ContainerService/managedClusters/agentPools", "apiVersion": "2026-06-01",
      "name": "[variables('pool')]",
      "dependsOn": ["[resourceId('Microsoft.ContainerService/managedClusters', parameters('name'))]"],
      "properties": { "count": 1, "vmSize": "Standard_D2s_v5", "mode": "User",
        "securityProfile": { "enableVTPM": true, "enableSecureBoot": true } } }
  ],
  "outputs": { "fqdn": { "type": "string", "value": "[reference(parameters('name')).fqdn]" } }
}"#;

#[test]
fn templates_groups_and_generic_resources() {
    let slipway = Slipway::start("3000");
    let az = Az::new(&slipway, NEW);
    az.ok("az group create -n g -l eastus --tags env=test");
    az.ok("az group wait -n g --exists --interval 1 --timeout 30");
    let updated = az.ok("az group update -n g --set tags.x=y");
    assert_eq!(updated["tags"], json!({"env": "test", "x": "y"}));
    assert_eq!(az.ok("az group list --tag env=other"), json!([]));

    let file = slipway.scratch("templates").join("cluster.json");
    std::fs::write(&file, TEMPLATE).expect("the scratch folder can be written");
    let deployment = format!("-g g --template-file {} --parameters name=demo", file.display());
    az.ok(&format!("az deployment group validate {deployment}"));
    let before = az.ok(&format!("az deployment group what-if {deployment} --no-pretty-print"));
    assert_eq!(column(&before["changes"], "changeType"), ["Create", "Create"]);
    let made = az.ok(&format!("az deployment group create -n first {deployment}"));
    let fqdn = made["properties"]["outputs"]["fqdn"]["value"].as_str().expect("an output");
    assert!(fqdn.starts_with("demo-"), "{fqdn}");
    let after = az.ok(&format!("az deployment group what-if {deployment} --no-pretty-print"));
    let changes = column(&after["changes"], "changeType");
    assert!(changes.iter().all(|change| change != "Create"), "{after}");
    let refused = az.fails(1, &format!("az deployment group create {deployment} --parameters count=2000"));
    assert!(refused.contains("InvalidTemplateDeployment"), "{refused}");

    generic_resources(&az);
    az.ok("az group delete -n g --yes");
    az.fails(3, "az group show -n g");
}

fn generic_resources(az: &Az) {
    let clusters = az.ok("az resource list --resource-type Microsoft.ContainerService/managedClusters");
    assert_eq!(column(&clusters, "name"), ["demo"]);
    let kinds = column(&az.ok("az resource list -g MC_g_demo_eastus"), "type");
    for kind in [
        "Microsoft.Compute/virtualMachineScaleSets",
        "Microsoft.Network/loadBalancers",
        "Microsoft.Network/publicIPAddresses",
        "Microsoft.Network/networkSecurityGroups",
        "Microsoft.Network/virtualNetworks",
        "Microsoft.ManagedIdentity/userAssignedIdentities",
    ] {
        assert!(kinds.contains(&json!(kind)), "{kind} is not in {kinds:?}");
    }
    let shown = az.ok("az resource show -g g -n demo --resource-type Microsoft.ContainerService/managedClusters");
    assert_eq!(shown["properties"]["provisioningState"], "Succeeded");
    az.ok("az identity create -g g -n spare");
    az.ok("az resource tag -g g -n spare --resource-type Microsoft.ManagedIdentity/userAssignedIdentities --tags k=v");
    assert_eq!(column(&az.ok("az resource list --tag k=v"), "name"), ["spare"]);
    az.ok("az resource delete -g g -n spare --resource-type Microsoft.ManagedIdentity/userAssignedIdentities");
    let left =
        az.ok("az rest --url \"/subscriptions/{subscriptionId}/resourceGroups/g/resources?api-version=2021-04-01\"");
    assert_eq!(column(&left["value"], "name"), ["demo"]);
}

#[test]
fn the_machines_behind_a_pool() {
    let slipway = Slipway::start("3000");
    let (az, arm) = (Az::new(&slipway, NEW), slipway.arm());
    arm.cluster("g", "c", 2, &json!({"enableVTPM": true, "enableSecureBoot": true}));
    let sets = az.ok("az vmss list -g MC_g_c_eastus");
    let set = sets[0]["name"].as_str().expect("a scale set").to_owned();
    shows(
        "the scale set",
        &sets[0],
        &[
            ("/sku/capacity", json!(2)),
            ("/virtualMachineProfile/securityProfile/securityType", json!("TrustedLaunch")),
            ("/virtualMachineProfile/securityProfile/uefiSettings/secureBootEnabled", json!(true)),
            ("/virtualMachineProfile/securityProfile/uefiSettings/vTpmEnabled", json!(true)),
        ],
    );
    let of_set = format!("-g MC_g_c_eastus -n {set}");
    let instances = az.ok(&format!("az vmss list-instances {of_set}"));
    assert_eq!(column(&instances, "instanceId"), ["0", "1"]);
    assert_eq!(instances[0]["securityProfile"]["uefiSettings"]["vTpmEnabled"], true);
    let view = az.ok(&format!("az vmss get-instance-view {of_set}"));
    let running = json!([{"code": "ProvisioningState/succeeded", "count": 2}]);
    assert_eq!(view["virtualMachine"]["statusesSummary"], running);
    let view = az.ok(&format!("az vmss get-instance-view {of_set} --instance-id 1"));
    shows(
        "an instance",
        &view,
        &[
            ("/hyperVGeneration", json!("V2")),
            ("/statuses/0/code", json!("ProvisioningState/succeeded")),
            ("/statuses/1/code", json!("PowerState/running")),
        ],
    );

    // A reimage is a new boot from a new disk, of that machine and no other.
    let life = |place: usize| {
        let node = &slipway.nodes("nodepool1")[place];
        (node["boots"].clone(), node["diskGeneration"].clone())
    };
    let before = (life(0), life(1));
    az.ok(&format!("az vmss reimage {of_set} --instance-ids 0"));
    let after = (life(0), life(1));
    assert_eq!(after.1, before.1, "the other one stays");
    let more = |new: &Value, old: &Value| new.as_u64().zip(old.as_u64()).is_some_and(|(new, old)| new > old);
    assert!(more(&after.0.0, &before.0.0) && more(&after.0.1, &before.0.1), "{before:?} {after:?}");
    let refused = az.fails(1, &format!("az vmss reimage {of_set} --instance-ids 7"));
    assert!(refused.contains("is not an active Virtual Machine Scale Set VM instanceId"), "{refused}");
    for command in ["delete-instances", "restart"] {
        let refused = az.fails(1, &format!("az vmss {command} {of_set} --instance-ids 0"));
        assert!(refused.contains("NotSimulated"), "{command}: {refused}");
    }
}

#[test]
fn network_identities_roles_and_reads_of_the_subscription() {
    let slipway = Slipway::start("3000");
    let (az, arm) = (Az::new(&slipway, NEW), slipway.arm());
    arm.cluster("g", "c", 1, &json!({"enableVTPM": true}));
    let balancers = az.ok("az network lb list -g MC_g_c_eastus");
    assert_eq!(column(&balancers, "name"), ["kubernetes"]);
    let address = &balancers[0]["frontendIPConfigurations"][0]["publicIPAddress"]["id"];
    let addresses = az.ok("az network public-ip list -g MC_g_c_eastus");
    assert_eq!(&addresses[0]["id"], address);
    let networks = az.ok("az network vnet list -g MC_g_c_eastus");
    assert_eq!(networks[0]["subnets"][0]["name"], "aks-subnet");
    assert_eq!(az.ok("az network nsg list").as_array().map(Vec::len), Some(1));

    let made = az.ok("az identity create -g g -n mine");
    assert_eq!(az.ok("az identity show -g g -n mine")["principalId"], made["principalId"]);
    let mut all = column(&az.ok("az identity list"), "name");
    all.sort_by_key(Value::to_string);
    assert_eq!(all, ["c-agentpool", "mine"]);
    let principal = made["principalId"].as_str().expect("a principal");
    let scope = format!("/subscriptions/{}/resourceGroups/g", slipway.subscription(0));
    az.ok(&format!(
        "az role assignment create --assignee-object-id {principal} --assignee-principal-type ServicePrincipal \
         --role Contributor --scope {scope}"
    ));
    let roles = az.ok(&format!("az role assignment list --scope {scope}"));
    let found = roles.as_array().is_some_and(|all| all.iter().any(|one| one["principalId"] == principal));
    assert!(found, "{roles}");

    assert_eq!(az.ok("az security alert list"), json!([]));
    assert_eq!(az.ok("az security assessment list"), json!([]));
    assert!(column(&az.ok("az account list-locations"), "name").contains(&json!("eastus")));
    let skus = az.ok("az vm list-skus -l eastus --size Standard_D2s_v5");
    let capability = |name: &str| {
        let all = skus[0]["capabilities"].as_array().into_iter().flatten();
        all.filter(|one| one["name"] == name).map(|one| one["value"].clone()).next()
    };
    assert_eq!(capability("HyperVGenerations"), Some(json!("V1,V2")), "{skus}");
    assert_eq!(capability("TrustedLaunchDisabled"), None);
    let usage = az.ok("az vm list-usage -l eastus");
    assert!(usage.as_array().is_some_and(|all| all.iter().any(|one| one["currentValue"] != "0")), "{usage}");
    az.ok(&format!("az tag create --resource-id {scope} --tags q=r"));
    assert!(column(&az.ok("az tag list"), "tagName").contains(&json!("q")));
    az.ok("az provider unregister -n Microsoft.KeyVault");
    assert_eq!(az.ok("az provider show -n Microsoft.KeyVault")["registrationState"], "Unregistered");
}
