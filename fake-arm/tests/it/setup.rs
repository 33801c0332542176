//! Things that most tests need first.

use serde_json::{Value, json};

use crate::house::House;

/// The body that today's az sends for a cluster with one pool and both flags.
pub(crate) fn cluster_body() -> Value {
    json!({"location": "eastus", "identity": {"type": "SystemAssigned"}, "sku": {"name": "Base", "tier": "Free"},
        "properties": {"kubernetesVersion": "", "dnsPrefix": "c-g-000000", "enableRBAC": true, "disableLocalAccounts": false,
            "agentPoolProfiles": [{"name": "nodepool1", "mode": "System", "count": 1, "vmSize": "", "osType": "Linux",
                "orchestratorVersion": "", "type": "VirtualMachineScaleSets", "enableNodePublicIP": false,
                "enableAutoScaling": false, "scaleSetPriority": "Regular", "nodeTaints": [], "upgradeSettings": {},
                "enableEncryptionAtHost": false, "enableUltraSSD": false, "enableFIPS": false,
                "securityProfile": {"enableVTPM": true, "enableSecureBoot": true}}],
            "linuxProfile": {"adminUsername": "azureuser", "ssh": {"publicKeys": [{"keyData": "ssh-rsa AAAA"}]}},
            "networkProfile": {"loadBalancerSku": "standard", "outboundType": "loadBalancer"}, "addonProfiles": {},
            "storageProfile": {}, "bootstrapProfile": {"artifactSource": "Direct"}}})
}

/// A group `g`.
pub(crate) async fn group(house: &House) {
    house.put(&house.path("/resourcegroups/g"), json!({"location": "East US"})).await.ok(201);
}

/// The path of cluster `c` in group `g`.
pub(crate) fn cluster_path(house: &House) -> String {
    house.path("/resourceGroups/g/providers/Microsoft.ContainerService/managedClusters/c")
}

/// A group `g` with a ready cluster `c`.
pub(crate) async fn cluster(house: &House) -> String {
    group(house).await;
    let path = cluster_path(house);
    house.put(&path, cluster_body()).await.ok(201);
    house.settle().await;
    path
}
