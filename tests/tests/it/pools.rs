//! `az aks nodepool` and `az aks machine`, every command of them, against the running simulator. What each kind of pool
//! answers in detail, and what is refused with which code, is tested without az (`fake-arm/tests/it/pools.rs`).

use serde_json::{Value, json};

use crate::support::{Arm, Az, NEW, Slipway, cluster_path};

/// Group `g` with cluster `c`, which may have Windows pools and runs a Kubernetes version that has a successor.
fn cluster(arm: &Arm) {
    arm.put("/resourceGroups/g", &json!({ "location": "eastus" }));
    let pool = json!({ "name": "nodepool1", "mode": "System", "count": 1, "vmSize": "Standard_D2s_v5" });
    let body = json!({
        "location": "eastus",
        "identity": { "type": "SystemAssigned" },
        "properties": {
            "dnsPrefix": "it",
            "agentPoolProfiles": [pool],
            "windowsProfile": { "adminUsername": "azureuser", "adminPassword": "P@ssw0rd123456" },
        },
    });
    arm.put_and_wait(&cluster_path("g", "c"), &body);
}

/// `az aks nodepool` on the cluster.
struct Pools<'a> {
    az: &'a Az,
}

impl Pools<'_> {
    /// The pool as the command prints it.
    #[track_caller]
    fn ok(&self, command: &str, rest: &str) -> Value {
        self.az.ok(&format!("az aks nodepool {command} -g g --cluster-name c {rest}"))
    }

    /// What the command complains about.
    #[track_caller]
    fn fails(&self, command: &str, rest: &str) -> String {
        self.az.fails(1, &format!("az aks nodepool {command} -g g --cluster-name c {rest}"))
    }
}

/// Every member of `wanted` is in `found`; null means that az prints none.
#[track_caller]
fn has(found: &Value, wanted: &Value) {
    for (name, value) in wanted.as_object().expect("an object") {
        assert_eq!(&found[name.as_str()], value, "{name} in {found}");
    }
}

/// The images, disks and sizes of a pool's nodes as the machines' own side sees them.
fn images(slipway: &Slipway, pool: &str) -> Vec<String> {
    let image = |node: &Value| node["image"].as_str().expect("nodes have images").to_owned();
    let nodes = slipway.nodes(pool);
    assert!(nodes.iter().all(|node| node["state"] == "Ready"), "{nodes:?}");
    nodes.iter().map(image).collect()
}

#[test]
fn pools_of_every_kind_are_added() {
    let slipway = Slipway::start("3000");
    let az = Az::new(&slipway, NEW);
    cluster(&slipway.arm());
    let pools = Pools { az: &az };
    let rows = [
        (
            "-n spot --priority Spot --eviction-policy Deallocate --spot-max-price 0.5 --labels a=b c=d --tags t=1 \
             --node-taints x=y:NoExecute --zones 1 2 --max-pods 40 --node-osdisk-size 64 --node-count 1",
            json!({ "scaleSetPriority": "Spot", "scaleSetEvictionPolicy": "Deallocate", "spotMaxPrice": 0.5,
                "tags": { "t": "1" }, "availabilityZones": ["1", "2"], "maxPods": 40, "osDiskSizeGb": 64,
                "nodeTaints": ["x=y:NoExecute", "kubernetes.azure.com/scalesetpriority=spot:NoSchedule"],
                "nodeLabels": { "a": "b", "c": "d", "kubernetes.azure.com/scalesetpriority": "spot" } }),
        ),
        (
            "-n auto --enable-cluster-autoscaler --min-count 0 --max-count 4 --node-count 1 --os-sku Ubuntu2204 \
             --enable-fips-image --enable-node-public-ip --max-surge 33% --drain-timeout 7 --node-soak-duration 2",
            json!({ "enableAutoScaling": true, "minCount": 0, "maxCount": 4, "count": 1, "enableFips": true,
                "enableNodePublicIp": true, "osSku": "Ubuntu2204" }),
        ),
        (
            "-n gpu --node-vm-size Standard_NC4as_T4_v3 --gpu-driver none --node-count 1",
            json!({ "vmSize": "Standard_NC4as_T4_v3", "gpuProfile": { "driver": "None" } }),
        ),
        (
            "-n arm --node-vm-size Standard_D2pds_v6 --node-osdisk-type Ephemeral --os-sku AzureLinux --node-count 1",
            json!({ "vmSize": "Standard_D2pds_v6", "osDiskType": "Ephemeral", "osSku": "AzureLinux" }),
        ),
        (
            "-n win --os-type Windows --os-sku Windows2022 --node-count 1",
            json!({ "osType": "Windows", "osSku": "Windows2022", "maxPods": 30 }),
        ),
        (
            "-n system2 --mode System --kubernetes-version 1.33 --os-sku Ubuntu2404 --enable-vtpm --node-count 1 \
             --node-taints CriticalAddonsOnly=true:NoSchedule",
            json!({ "mode": "System", "orchestratorVersion": "1.33", "osSku": "Ubuntu2404",
                "nodeTaints": ["CriticalAddonsOnly=true:NoSchedule"] }),
        ),
    ];
    for (options, wanted) in &rows {
        let added = pools.ok("add", options);
        has(&added, wanted);
        has(&added, &json!({ "provisioningState": "Succeeded", "powerState": { "code": "Running" } }));
    }
    assert!(images(&slipway, "arm")[0].contains("arm64"));
    assert!(images(&slipway, "auto")[0].contains("fips"));
    assert!(images(&slipway, "win")[0].starts_with("AKSWindows-2022"));
    for (options, complaint) in [
        (
            "-n windows7 --os-type Windows",
            "(InvalidParameter) The value of parameter agentPoolProfile.name is invalid.",
        ),
        ("-n p --mode System --priority Spot", "cannot be a system node pool with scaleSetPriority Spot"),
        ("-n p --priority Spot --max-surge 1", "Spot pools can't set max surge."),
        ("-n p --mode System --node-taints a=b:NoSchedule", "(SystemPoolHasRestrictedTaint)"),
    ] {
        let said = pools.fails("add", options);
        assert!(said.contains(complaint), "{options}: {said}");
    }
}

#[test]
fn pools_are_changed_in_place() {
    let slipway = Slipway::start("3000");
    let az = Az::new(&slipway, NEW);
    let arm = slipway.arm();
    cluster(&arm);
    arm.pool("g", "c", "np", 2, &json!({}));
    let pools = Pools { az: &az };
    let ready = json!({ "provisioningState": "Succeeded" });
    for (options, wanted) in [
        ("--enable-cluster-autoscaler --min-count 1 --max-count 3", json!({ "minCount": 1, "maxCount": 3 })),
        ("--update-cluster-autoscaler --min-count 2 --max-count 5", json!({ "minCount": 2, "maxCount": 5 })),
        ("--disable-cluster-autoscaler", json!({ "enableAutoScaling": false, "minCount": null, "maxCount": null })),
        (
            "--labels a=b --tags c=d --node-taints e=f:NoSchedule --max-surge 2",
            json!({ "nodeLabels": { "a": "b" }, "tags": { "c": "d" }, "nodeTaints": ["e=f:NoSchedule"] }),
        ),
        (
            "--labels= --tags= --node-taints= --mode System",
            json!({ "nodeLabels": null, "tags": null, "nodeTaints": null, "mode": "System" }),
        ),
        ("--mode User --enable-fips-image", json!({ "mode": "User", "enableFips": true })),
        ("--disable-fips-image", json!({ "enableFips": false })),
        ("--os-sku AzureLinux", json!({ "osSku": "AzureLinux" })),
    ] {
        let updated = pools.ok("update", &format!("-n np {options}"));
        has(&updated, &wanted);
        has(&updated, &ready);
    }
    // FIPS on, FIPS off, another distribution: three new disks.
    assert!(images(&slipway, "np").iter().all(|image| image.starts_with("AKSAzureLinux-V3gen2-")));
    assert!(slipway.nodes("np").iter().all(|node| node["diskGeneration"] == 4), "{:?}", slipway.nodes("np"));

    let stale = pools.fails("update", "-n np --labels a=b --if-match stale");
    assert!(stale.contains("(PreconditionFailed)"), "{stale}");
    has(&pools.ok("scale", "-n np --node-count 3"), &json!({ "count": 3, "provisioningState": "Succeeded" }));
    let machines = az.ok("az aks machine list -g g --cluster-name c --nodepool-name np");
    assert_eq!(machines.as_array().map(Vec::len), Some(3));
    let name = machines[1]["name"].as_str().expect("machines have names");
    let shown = az.ok(&format!("az aks machine show -g g --cluster-name c --nodepool-name np --machine-name {name}"));
    assert_eq!(shown["properties"]["network"], machines[1]["properties"]["network"]);
    pools.ok("delete-machines", &format!("-n np --machine-names {name}"));
    assert!(slipway.nodes("np").iter().all(|node| node["name"] != name));
    has(&pools.ok("stop", "--nodepool-name np"), &json!({ "powerState": { "code": "Stopped" }, "count": 2 }));
    assert!(slipway.nodes("np").iter().all(|node| node["state"] == "Stopped"));
    has(&pools.ok("start", "--nodepool-name np"), &json!({ "powerState": { "code": "Running" } }));
    assert!(pools.fails("stop", "--nodepool-name nodepool1").contains("system node pools cannot be stopped"));
    let last = pools.fails("delete", "-n nodepool1");
    assert!(last.contains("(OperationNotAllowed) There has to be at least one system agent pool."), "{last}");
    pools.ok("delete", "-n np");
    assert!(slipway.nodes("np").is_empty());
}

#[test]
fn versions_and_images_go_forward_and_back() {
    let slipway = Slipway::start("3000");
    let az = Az::new(&slipway, NEW);
    let arm = slipway.arm();
    cluster(&arm);
    let path = format!("{}/agentPools/np", cluster_path("g", "c"));
    let older = json!({ "properties": { "count": 2, "orchestratorVersion": "1.33.13",
        "securityProfile": { "enableVTPM": true, "enableSecureBoot": true } } });
    arm.put_and_wait(&path, &older);
    let pools = Pools { az: &az };
    let pool = pools.ok("show", "-n np");
    let (id, old) = (text(&pool["id"]), text(&pool["nodeImageVersion"]));
    let snapshot = az.ok(&format!("az aks nodepool snapshot create -g g -n s --nodepool-id {id}"));
    has(&snapshot, &json!({ "nodeImageVersion": old, "kubernetesVersion": "1.33.13" }));
    let kernel = |slipway: &Slipway| slipway.json(&["node", "pcrs", &slipway.node("np", 0)])["sha256"]["4"].clone();
    let registers = kernel(&slipway);

    slipway.ok(&["time", "explicit"]);
    slipway.ok(&["time", "advance", "8d"]);
    slipway.ok(&["time", "speed", "3000"]);
    let upgrades = pools.ok("get-upgrades", "-n np");
    let new = text(&upgrades["latestNodeImageVersion"]);
    assert!(new > old, "{new} after {old}");
    assert_eq!(upgrades["upgrades"][0]["kubernetesVersion"], "1.34.9");
    pools.ok("upgrade", "-n np --node-image-only");
    assert_eq!(images(&slipway, "np"), [new.as_str(); 2]);
    assert_ne!(kernel(&slipway), registers, "another kernel was measured");

    let used = pools.ok("get-rollback-versions", "-n np");
    has(&used[0], &json!({ "nodeImageVersion": old, "orchestratorVersion": "1.33.13" }));
    has(&pools.ok("rollback", "-n np"), &json!({ "nodeImageVersion": old }));
    assert_eq!(images(&slipway, "np"), [old.as_str(); 2]);
    assert_eq!(kernel(&slipway), registers, "the same bytes give the same registers");
    let upgraded = pools.ok("upgrade", "-n np --kubernetes-version 1.34.9 --max-surge 1 --yes");
    has(&upgraded, &json!({ "currentOrchestratorVersion": "1.34.9", "nodeImageVersion": new }));
    has(&pools.ok("rollback", "-n np"), &json!({ "currentOrchestratorVersion": "1.33.13", "nodeImageVersion": old }));
    assert!(pools.fails("rollback", "-n np").contains("No rollback versions available"));

    let snapshot = text(&az.ok("az aks nodepool snapshot list -g g")[0]["id"]);
    let made = pools.ok("add", &format!("-n made --snapshot-id {snapshot} --enable-vtpm --node-count 1"));
    has(&made, &json!({ "nodeImageVersion": old, "currentOrchestratorVersion": "1.33.13" }));
    assert_eq!(images(&slipway, "made"), [old.as_str()]);
    az.ok("az aks nodepool snapshot delete -g g -n s --yes");
    az.fails(3, "az aks nodepool snapshot show -g g -n s");
}

#[test]
fn machines_of_several_sizes_live_in_one_pool() {
    let slipway = Slipway::start("3000");
    let az = Az::new(&slipway, NEW);
    cluster(&slipway.arm());
    let pools = Pools { az: &az };
    let manual = |pool: &Value| {
        let profiles = pool["virtualMachinesProfile"]["scale"]["manual"].as_array().expect("profiles").iter();
        profiles.map(|p| (text(&p["size"]), p["count"].as_u64().expect("a count"))).collect::<Vec<_>>()
    };
    let (small, large) = ("Standard_D2s_v3".to_owned(), "Standard_D4s_v3".to_owned());
    let added = pools.ok("add", "-n vms --vm-set-type VirtualMachines --vm-sizes Standard_D4s_v3 --node-count 1");
    assert_eq!(manual(&added), [(large.clone(), 1)]);
    assert_eq!(manual(&pools.ok("scale", "-n vms --node-count 2")), [(large.clone(), 2)]);
    let grown = pools.ok("manual-scale add", "-n vms --vm-sizes Standard_D2s_v3 --node-count 1");
    assert_eq!(manual(&grown), [(large, 2), (small.clone(), 1)]);
    assert_eq!(slipway.nodes("vms").len(), 3);
    let changed = pools.ok(
        "manual-scale update",
        "-n vms --current-vm-sizes Standard_D4s_v3 --vm-sizes Standard_D8s_v3 --node-count 1",
    );
    assert_eq!(manual(&changed), [("standard_d8s_v3".to_owned(), 1), (small.clone(), 1)]);
    let left = pools.ok("manual-scale delete", "-n vms --current-vm-sizes Standard_D8s_v3 --yes");
    assert_eq!(manual(&left), [(small, 1)]);
    assert_eq!(slipway.nodes("vms").len(), 1);

    // While an operation runs: refused, aborted, waited for.
    slipway.ok(&["time", "explicit"]);
    pools.ok("scale", "-n vms --node-count 4 --no-wait");
    let busy = pools.fails("update", "-n vms --labels a=b");
    assert!(
        busy.contains("(OperationNotAllowed)") && busy.contains("in progress scale agent pool operation"),
        "{busy}"
    );
    slipway.ok(&["time", "speed", "20"]);
    pools.ok("operation-abort", "--nodepool-name vms");
    has(&pools.ok("show", "-n vms"), &json!({ "provisioningState": "Canceled" }));
    slipway.ok(&["time", "speed", "3000"]);
    pools.ok("update", "-n vms --labels a=b --no-wait");
    pools.ok("wait", "-n vms --updated --interval 1 --timeout 60");
    assert_eq!(slipway.nodes("vms").len(), 4, "the next operation finishes what the aborted one began");
    let versions = az.ok("az aks get-versions -l eastus");
    assert!(versions["values"].as_array().is_some_and(|values| values.len() > 3), "{versions}");
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_else(|| panic!("no text: {value}")).to_owned()
}
