//! Agent pools on the wire: what each kind of pool answers, what is refused with which code. Everything that az
//! adds nothing to; the rest is in the tests with the real az.

use serde_json::{Value, json};

use crate::house::{House, Reply};
use crate::setup;

/// A ready cluster that may have Windows pools.
pub(crate) async fn cluster(house: &House) -> String {
    setup::group(house).await;
    let path = setup::cluster_path(house);
    let mut body = setup::cluster_body();
    body["properties"]["windowsProfile"] = json!({"adminUsername": "azureuser", "adminPassword": "P@ssw0rd123456"});
    house.put(&path, body).await.ok(201);
    house.settle().await;
    path
}

pub(crate) fn properties(members: Value) -> Value {
    json!({ "properties": members })
}

pub(crate) async fn shown(house: &House, pool: &str) -> Value {
    house.get(pool).await.ok(200).json()["properties"].clone()
}

/// Every member of `wanted` is in `found`; null means that it is absent.
#[track_caller]
pub(crate) fn has(found: &Value, wanted: &Value, what: &str) {
    for (name, value) in wanted.as_object().unwrap() {
        assert_eq!(&found[name.as_str()], value, "{name} of {what} in {found}");
    }
}

#[track_caller]
pub(crate) fn refused(reply: &Reply, code: &str, text: &str, asked: &Value) {
    let status = if code == "NotSimulated" { 501 } else { 400 };
    assert_eq!(reply.error(), (status, code.to_owned()), "{asked}: {}", reply.text());
    assert!(reply.text().contains(text), "{asked}: {}", reply.text());
}

#[tokio::test]
async fn each_kind_of_pool_is_made_as_asked_for_and_stays_so() {
    let house = House::open().await;
    let path = cluster(&house).await;
    let version = "1.33.13";
    let rows = [
        (
            "plain",
            json!({}),
            json!({"count": 1, "mode": "User", "osType": "Linux", "osSKU": "Ubuntu", "maxPods": 250,
            "enableAutoScaling": false, "minCount": null, "maxCount": null, "nodeLabels": null, "nodeTaints": null}),
        ),
        (
            "spot",
            json!({"scaleSetPriority": "Spot", "nodeTaints": ["a=b:NoExecute"], "nodeLabels": {"x": "y"},
                "scaleSetEvictionPolicy": "Deallocate", "spotMaxPrice": 0.5}),
            json!({"scaleSetPriority": "Spot", "scaleSetEvictionPolicy": "Deallocate", "spotMaxPrice": 0.5,
                "nodeTaints": ["a=b:NoExecute", "kubernetes.azure.com/scalesetpriority=spot:NoSchedule"],
                "nodeLabels": {"x": "y", "kubernetes.azure.com/scalesetpriority": "spot"}, "upgradeSettings": {}}),
        ),
        (
            "auto",
            json!({"enableAutoScaling": true, "minCount": 0, "maxCount": 4, "count": 2}),
            json!({"enableAutoScaling": true, "minCount": 0, "maxCount": 4, "count": 2}),
        ),
        (
            "zoned",
            json!({"availabilityZones": ["1", "3"], "count": 3, "tags": {"t": "1"}}),
            json!({"availabilityZones": ["1", "3"], "tags": {"t": "1"}}),
        ),
        (
            "older",
            json!({"orchestratorVersion": version, "osSKU": "AzureLinux", "maxPods": 40, "kubeletDiskType": "OS"}),
            json!({"currentOrchestratorVersion": version, "osSKU": "AzureLinux", "maxPods": 40}),
        ),
        ("fips", json!({"enableFIPS": true, "osSKU": "Ubuntu2204"}), json!({"enableFIPS": true})),
        (
            "noble",
            json!({"osSKU": "ubuntu2404", "securityProfile": {"sshAccess": "disabled"}}),
            json!({"osSKU": "Ubuntu2404", "securityProfile": {"sshAccess": "Disabled", "enableVTPM": false, "enableSecureBoot": false}}),
        ),
        ("arm", json!({"vmSize": "Standard_D2pds_v5"}), json!({"vmSize": "Standard_D2pds_v5"})),
        (
            "gpu",
            json!({"vmSize": "Standard_NC4as_T4_v3", "gpuProfile": {"driver": "None"}}),
            json!({"gpuProfile": {"driver": "None"}}),
        ),
        (
            "win",
            json!({"osType": "Windows", "osSKU": "Windows2025"}),
            json!({"osType": "Windows", "osSKU": "Windows2025", "maxPods": 30}),
        ),
        (
            "disk",
            json!({"vmSize": "Standard_D8ds_v5", "osDiskType": "Ephemeral", "osDiskSizeGB": 200, "enableNodePublicIP": true}),
            json!({"osDiskType": "Ephemeral", "osDiskSizeGB": 200, "enableNodePublicIP": true}),
        ),
        (
            "surge",
            json!({"upgradeSettings": {"maxSurge": "33%", "drainTimeoutInMinutes": 7, "nodeSoakDurationInMinutes": 2}}),
            json!({"upgradeSettings": {"maxSurge": "33%", "maxUnavailable": "0", "drainTimeoutInMinutes": 7,
                "nodeSoakDurationInMinutes": 2}}),
        ),
        (
            "vms",
            json!({"type": "VirtualMachines", "virtualMachinesProfile": {"scale": {"manual": [
                {"size": "Standard_D4s_v3", "count": 1}, {"size": "Standard_D2s_v3", "count": 2}]}}}),
            json!({"type": "VirtualMachines", "count": null, "vmSize": "", "virtualMachineNodesStatus": [
                {"size": "Standard_D4s_v3", "count": 1}, {"size": "Standard_D2s_v3", "count": 2}]}),
        ),
    ];
    for (name, asked, _) in &rows {
        house.put(&format!("{path}/agentPools/{name}"), properties(asked.clone())).await.ok(201);
    }
    house.settle().await;
    for (name, _, wanted) in &rows {
        let pool = format!("{path}/agentPools/{name}");
        let found = shown(&house, &pool).await;
        has(&found, wanted, name);
        assert_eq!(found["provisioningState"], "Succeeded", "{name}");
        // What a client read, it can send back.
        house.put(&pool, properties(found.clone())).await.ok(200);
        house.settle().await;
        let mut again = shown(&house, &pool).await;
        again["eTag"] = found["eTag"].clone();
        assert_eq!(again, found, "{name}");
    }
    let zones =
        |list: Value| -> Vec<Value> { list["value"].as_array().unwrap().iter().map(|m| m["zones"].clone()).collect() };
    let machines = house.get(&format!("{path}/agentPools/zoned/machines")).await.json();
    assert_eq!(zones(machines), [json!(["1"]), json!(["3"]), json!(["1"])]);
    let machines = house.get(&format!("{path}/agentPools/vms/machines")).await.json();
    assert_eq!(machines["value"].as_array().unwrap().len(), 3);
    assert!(machines["value"][0]["properties"]["resourceId"].as_str().unwrap().contains("/virtualMachines/aks-vms-"));
}

#[tokio::test]
async fn what_does_not_go_is_refused_with_azures_code() {
    let house = House::open().await;
    let path = cluster(&house).await;
    let taint = "Placing custom taints on system pool is not supported";
    let rows = [
        ("toolongforit1", json!({}), "InvalidParameter", "agentPoolProfile.name is invalid"),
        ("Upper", json!({}), "InvalidParameter", "agentPoolProfile.name is invalid"),
        ("windows", json!({"osType": "Windows"}), "InvalidParameter", "agentPoolProfile.name is invalid"),
        ("p", json!({"count": 1001}), "InvalidParameter", "agentPoolProfile.count was 1001."),
        ("p", json!({"count": 0, "mode": "System"}), "InvalidParameter", "greater or equal to minCount:1"),
        ("p", json!({"enableAutoScaling": true}), "InvalidParameter", "agentPoolProfile.minCount"),
        (
            "p",
            json!({"enableAutoScaling": true, "minCount": 3, "maxCount": 2}),
            "InvalidParameter",
            "agentPoolProfile.maxCount",
        ),
        (
            "p",
            json!({"enableAutoScaling": true, "minCount": 0, "maxCount": 2, "mode": "System"}),
            "InvalidParameter",
            "agentPoolProfile.minCount",
        ),
        ("p", json!({"mode": "System", "scaleSetPriority": "Spot"}), "BadRequest", "scaleSetPriority Spot"),
        (
            "p",
            json!({"scaleSetPriority": "Spot", "upgradeSettings": {"maxSurge": "1"}}),
            "InvalidParameter",
            "Spot pools can't set max surge",
        ),
        (
            "p",
            json!({"scaleSetPriority": "Spot", "spotMaxPrice": 0}),
            "InvalidParameter",
            "agentPoolProfile.spotMaxPrice",
        ),
        (
            "p",
            json!({"upgradeSettings": {"maxSurge": "many"}}),
            "InvalidParameter",
            "agentPoolProfile.upgrade.maxSurge",
        ),
        (
            "p",
            json!({"mode": "System", "upgradeSettings": {"maxUnavailable": "1"}}),
            "InvalidParameter",
            "agentPoolProfile.upgrade.maxUnavailable",
        ),
        ("p", json!({"mode": "System", "nodeTaints": ["a=b:NoSchedule"]}), "SystemPoolHasRestrictedTaint", taint),
        ("p", json!({"nodeTaints": ["nonsense"]}), "InvalidParameter", "agentPoolProfile.nodeTaints"),
        (
            "p",
            json!({"nodeLabels": {"kubernetes.azure.com/mode": "x"}}),
            "BadRequest",
            "preserved by aks system labels",
        ),
        ("p", json!({"availabilityZones": ["9"]}), "AvailabilityZoneNotSupported", "'eastus'"),
        ("p", json!({"vmSize": "Standard_X"}), "BadRequest", "is not allowed in your subscription"),
        ("p", json!({"orchestratorVersion": "1.10"}), "AgentPoolK8sVersionNotSupported", "Version 1.10"),
        (
            "p",
            json!({"orchestratorVersion": "1.36.2"}),
            "NodePoolMcVersionIncompatible",
            "is bigger than control plane version",
        ),
        ("p", json!({"type": "AvailabilitySet"}), "BadRequest", "AgentPool APIs supported only for clusters with VMSS"),
        ("p", json!({"mode": "Machines"}), "InvalidParameter", "mode"),
        (
            "p",
            json!({"creationData": {"sourceResourceId": "/nothing"}}),
            "InvalidParameter",
            "not an existing snapshot",
        ),
        (
            "p",
            json!({"type": "VirtualMachines", "virtualMachinesProfile": {"scale": {"manual": [
            {"size": "Standard_D4s_v3", "count": 1}, {"size": "Standard_NC4as_T4_v3", "count": 1}]}}}),
            "InvalidParameter",
            "similar VM families",
        ),
        (
            "p",
            json!({"type": "VirtualMachines", "virtualMachinesProfile": {"scale": {"autoscale": [
            {"size": "Standard_D4s_v3", "minCount": 1, "maxCount": 2}]}}}),
            "NotSimulated",
            "autoscaler on VirtualMachines",
        ),
    ];
    for (name, asked, code, text) in rows {
        let reply = house.put(&format!("{path}/agentPools/{name}"), properties(asked.clone())).await;
        refused(&reply, code, text, &asked);
    }
    assert_eq!(house.get(&format!("{path}/agentPools")).await.json()["value"].as_array().unwrap().len(), 1);

    let first = format!("{path}/agentPools/nodepool1");
    house
        .put(
            &format!("{path}/agentPools/other"),
            properties(json!({"availabilityZones": ["1"], "enableNodePublicIP": true})),
        )
        .await
        .ok(201);
    house.settle().await;
    for (pool, asked, code, text) in [
        ("nodepool1", json!({"powerState": {"code": "Stopped"}}), "OperationNotAllowed", "system node pool"),
        ("nodepool1", json!({"mode": "User"}), "MustDefineAtLeastOneSystemPool", "at least one system pool"),
        ("other", json!({"availabilityZones": ["2"]}), "PropertyChangeNotAllowed", "'properties.availabilityZones'"),
        (
            "other",
            json!({"enableNodePublicIP": false}),
            "PropertyChangeNotAllowed",
            "'agentPoolProfile.enableNodePublicIP'",
        ),
        ("other", json!({"vmSize": "Standard_D2s_v3"}), "PropertyChangeNotAllowed", "agentPoolProfile.vmSize"),
        ("other", json!({"osType": "Windows"}), "InvalidParameter", "osSKU"),
        (
            "other",
            json!({"nodeImageVersion": "AKSUbuntu-2204gen2containerd-202601.01.0"}),
            "InvalidParameter",
            "recently used",
        ),
    ] {
        let reply = house.put(&format!("{path}/agentPools/{pool}"), properties(asked.clone())).await;
        refused(&reply, code, text, &asked);
    }
    refused(&house.delete(&first).await, "OperationNotAllowed", "at least one system agent pool", &json!("delete"));
    let kubenet = house.path("/resourceGroups/g/providers/Microsoft.ContainerService/managedClusters/kubenet");
    let mut body = setup::cluster_body();
    body["properties"]["windowsProfile"] = json!({"adminUsername": "azureuser"});
    body["properties"]["networkProfile"]["networkPlugin"] = json!("kubenet");
    house.put(&kubenet, body).await.ok(201);
    house.settle().await;
    let windows = json!({"osType": "Windows"});
    let reply = house.put(&format!("{kubenet}/agentPools/win"), properties(windows.clone())).await;
    refused(&reply, "AzureCNIOnlyForWindows", "clusters using Azure-CNI", &windows);
    let name = house.get(&format!("{first}/machines")).await.json()["value"][0]["name"].clone();
    let gone = house.send("POST", &format!("{first}/deleteMachines"), Some(json!({"machineNames": [name]})), &[]).await;
    refused(&gone, "InvalidParameter", "agentPoolProfile.count was 0", &json!("deleteMachines"));
    let made = house.put(&format!("{first}/machines/m"), properties(json!({}))).await;
    refused(&made, "NotSimulated", "one by one", &json!("machines"));
}

#[tokio::test]
async fn the_autoscalers_bounds_come_and_go_with_it() {
    let house = House::open().await;
    let pool = format!("{}/agentPools/np", cluster(&house).await);
    let put = async |members: Value| {
        house.put(&pool, properties(members)).await;
        house.settle().await;
        let found = shown(&house, &pool).await;
        (found["enableAutoScaling"].clone(), found["minCount"].clone(), found["maxCount"].clone())
    };
    assert_eq!(put(json!({"count": 1})).await, (json!(false), Value::Null, Value::Null));
    assert_eq!(
        put(json!({"enableAutoScaling": true, "minCount": 1, "maxCount": 3})).await,
        (json!(true), json!(1), json!(3))
    );
    assert_eq!(put(json!({"maxCount": 9})).await, (json!(true), json!(1), json!(9)));
    assert_eq!(put(json!({"enableAutoScaling": false})).await, (json!(false), Value::Null, Value::Null));
}

#[tokio::test]
async fn changes_show_the_recorded_states_and_reimage_what_they_must() {
    let house = House::open().await;
    let pool = format!("{}/agentPools/np", cluster(&house).await);
    house.put(&pool, properties(json!({"count": 1, "osSKU": "Ubuntu2204"}))).await.ok(201);
    house.settle().await;
    let mut disk = 1;
    for (asked, state, reimages) in [
        (json!({"enableFIPS": true}), "Upgrading", true),
        (json!({"enableFIPS": false}), "Upgrading", true),
        (json!({"osSKU": "AzureLinux"}), "Upgrading", true),
        (json!({"securityProfile": {"enableVTPM": true}}), "Updating", true),
        (json!({"securityProfile": {"sshAccess": "Disabled"}}), "Updating", false),
        (json!({"nodeTaints": ["a=b:NoSchedule"], "nodeLabels": {"a": "b"}, "tags": {"a": "b"}}), "Updating", false),
        (json!({"mode": "System", "nodeTaints": []}), "Updating", false),
        (json!({"mode": "User"}), "Updating", false),
        (json!({"count": 2}), "Scaling", false),
        (json!({"count": 1}), "Scaling", false),
        (json!({"powerState": {"code": "Stopped"}}), "Stopping", false),
        // The disk is ephemeral: it did not outlive the deallocation.
        (json!({"powerState": {"code": "Running"}}), "Starting", true),
    ] {
        let reply = house.put(&pool, properties(asked.clone())).await.ok(200).json();
        assert_eq!(reply["properties"]["provisioningState"], state, "{asked}");
        house.settle().await;
        assert_eq!(shown(&house, &pool).await["provisioningState"], "Succeeded", "{asked}");
        let node = house.world.all_nodes().into_iter().find(|n| n.id.pool.name.as_str() == "np").unwrap();
        disk += u32::from(reimages);
        assert_eq!(node.disk_generation, disk, "{asked}");
    }
}

#[tokio::test]
async fn sizes_of_a_virtual_machines_pool_come_and_go_with_their_machines() {
    let house = House::open().await;
    let pool = format!("{}/agentPools/vms", cluster(&house).await);
    let sizes = async |manual: Value| {
        let profile = json!({"type": "VirtualMachines", "virtualMachinesProfile": {"scale": {"manual": manual}}});
        let was = house.get(&pool).await.json()["properties"]["virtualMachineNodesStatus"].clone();
        let reply = house.put(&pool, properties(profile)).await;
        assert!(reply.status.is_success(), "{}", reply.text());
        let state = if was.is_null() { "Creating" } else { "Scaling" };
        has(&reply.json()["properties"], &json!({"provisioningState": state, "virtualMachineNodesStatus": was}), "vms");
        house.settle().await;
        let mut sizes: Vec<_> = house
            .world
            .all_nodes()
            .iter()
            .filter(|n| n.id.pool.name.as_str() == "vms")
            .map(|n| n.size.clone())
            .collect();
        sizes.sort();
        sizes
    };
    let (small, large) = ("Standard_D2s_v3", "Standard_D4s_v3");
    assert_eq!(sizes(json!([{"size": large, "count": 1}])).await, [large]);
    assert_eq!(sizes(json!([{"size": large, "count": 1}, {"size": small, "count": 2}])).await, [small, small, large]);
    assert_eq!(sizes(json!([{"size": large, "count": 2}, {"size": small, "count": 1}])).await, [small, large, large]);
    assert_eq!(sizes(json!([{"size": small, "count": 1}])).await, [small]);
}

#[tokio::test]
async fn unknown_properties_are_kept_at_any_depth() {
    let house = House::open().await;
    let pool = format!("{}/agentPools/np", cluster(&house).await);
    let unknown = json!({"count": 1, "brandNew": {"a": [1, {"b": null}]}, "securityProfile": {"enableVTPM": true, "new": {"x": 1}},
        "upgradeSettings": {"maxSurge": "1", "new": true}, "gpuProfile": {"new": 1}, "networkProfile": {"new": [1]}});
    house.put(&pool, properties(unknown.clone())).await.ok(201);
    house.settle().await;
    // A client that does not know them does not lose them.
    house.put(&pool, properties(json!({"count": 2}))).await.ok(200);
    house.settle().await;
    let found = shown(&house, &pool).await;
    has(
        &found,
        &json!({"brandNew": unknown["brandNew"], "gpuProfile": {"new": 1}, "networkProfile": {"new": [1]}}),
        "np",
    );
    assert_eq!(found["securityProfile"]["new"], json!({"x": 1}));
    assert_eq!(found["upgradeSettings"], json!({"maxSurge": "1", "maxUnavailable": "0", "new": true}));
}
