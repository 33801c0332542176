//! The failure library, from the command line to the registers.

use serde_json::{Value, json};

use crate::support::{Az, NEW, Slipway};

fn with_one_node() -> (Slipway, String) {
    let slipway = Slipway::start("3000");
    slipway.arm().cluster("g", "c", 1, &json!({ "enableVTPM": true, "enableSecureBoot": true }));
    let node = slipway.node("nodepool1", 0);
    (slipway, node)
}

/// Restarts a node; its exit code and what it ended as.
fn reboot(slipway: &Slipway, node: &str) -> (Option<i32>, Value) {
    let output = slipway.run(&["node", "reboot", node, "--wait", "--json"]);
    (output.status.code(), serde_json::from_slice(&output.stdout).expect("JSON"))
}

fn names(faults: &Value) -> Vec<&str> {
    faults["faults"].as_array().expect("a list").iter().filter_map(Value::as_str).collect()
}

#[test]
fn faults_are_given_shown_and_taken_away() {
    let (slipway, node) = with_one_node();
    let library = slipway.json(&["fault", "list"]);
    assert!(library.as_array().expect("a list").len() >= 20);
    let given = slipway.json(&["node", "fault", &node, "--add", "setup-mode", "evil-initrd"]);
    assert_eq!(names(&given), ["setup-mode", "evil-initrd"]);
    let kept = slipway.json(&["node", "fault", &node, "--remove", "setup-mode"]);
    assert_eq!(names(&kept), ["evil-initrd"]);
    assert_eq!(slipway.ok(&["node", "fault", &node]), "evil-initrd\n");
    let complaint = slipway.fails(2, &["node", "fault", &node, "--add", "gremlins"]);
    assert!(complaint.contains("there is no fault 'gremlins'; one of tampered-shim"), "{complaint}");
    let complaint = slipway.fails(1, &["node", "fault", &node, "--add", "event-log-edited", "event-log-withheld"]);
    assert!(complaint.contains("exclude each other"), "{complaint}");
    let complaint = slipway.fails(1, &["node", "tamper", &node, "--component", "firmware"]);
    assert!(complaint.contains("the firmware is not on the OS disk"), "{complaint}");
    slipway.ok(&["node", "fault", &node, "--clear"]);
    assert!(slipway.ok(&["node", "fault", &node]).contains("has no faults"));
}

#[test]
fn a_refused_boot_leaves_its_trace_on_every_side() {
    let (slipway, node) = with_one_node();
    slipway.ok(&["node", "fault", &node, "--add", "sbat-level-raised"]);
    // What would be refused can be found out before.
    let found = slipway.run(&["node", "sbinfo", &node, "-u", "-m", "-k", "-b", "--json"]);
    assert_eq!(found.status.code(), Some(4));
    let found: Value = serde_json::from_slice(&found.stdout).expect("JSON");
    assert_eq!(found["findings"].as_array().map(Vec::len), Some(1), "{found}");
    assert!(found["findings"][0]["path"].as_str().is_some_and(|path| path.contains("grub")), "{found}");

    let (code, after) = reboot(&slipway, &node);
    assert_eq!(
        (code, &after["state"], &after["refused"]["component"]),
        (Some(1), &json!("BootRefused"), &json!("grub"))
    );
    let console = slipway.ok(&["node", "console", &node]);
    assert!(console.contains("Verification failed: (0x1A) Security Violation"), "{console}");

    let az = Az::new(&slipway, NEW);
    let cluster = az.ok("az aks show -g g -n c")["id"].as_str().expect("an id").to_owned();
    let url = format!("{cluster}/providers/Microsoft.ResourceHealth/availabilityStatuses/current");
    let health = az.ok(&format!("az rest --method get --url {url}?api-version=2025-05-01"));
    assert_eq!(health["properties"]["availabilityState"], "Unavailable", "{health}");
    assert!(health["properties"]["summary"].as_str().is_some_and(|text| text.contains("grub")), "{health}");

    slipway.ok(&["node", "fault", &node, "--clear"]);
    assert_eq!(reboot(&slipway, &node).0, Some(0));
    slipway.ok(&["node", "sbinfo", &node]);
}

#[test]
fn what_boots_all_the_same_is_told_by_the_registers() {
    let (slipway, node) = with_one_node();
    let good = slipway.json(&["node", "pcrs", &node]);
    let differing = |faults: &[&str]| {
        slipway.ok(&[&["node", "fault", &node, "--clear", "--add"], faults].concat());
        assert_eq!(reboot(&slipway, &node).0, Some(0), "{faults:?}");
        let now = slipway.json(&["node", "pcrs", &node]);
        let registers = (0..16).filter(|pcr| now["sha256"][pcr.to_string()] != good["sha256"][pcr.to_string()]);
        registers.collect::<Vec<_>>()
    };
    assert_eq!(differing(&["evil-initrd"]), [9]);
    assert_eq!(differing(&["secure-boot-keys-replaced"]), [7]);
    assert_eq!(differing(&["unsigned-kernel-module"]), [0; 0]);
    assert!(slipway.ok(&["node", "console", &node]).contains("Loading of unsigned module is rejected"));
    assert_eq!(differing(&["event-log-withheld"]), [0; 0]);
    let complaint = slipway.fails(1, &["node", "eventlog", &node]);
    assert!(complaint.contains("event-log-withheld"), "{complaint}");
}

#[test]
fn a_pools_faults_reach_new_nodes_and_fail_its_operation_with_the_components_name() {
    let (slipway, node) = with_one_node();
    let pool = ["pool", "fault", "-g", "g", "--cluster", "c", "--pool", "nodepool1"];
    slipway.ok(&[&pool[..], &["--add", "revoked-by-dbx-hash-kernel"]].concat());
    assert_eq!(slipway.ok(&["node", "fault", &node]), "revoked-by-dbx-hash-kernel\n");
    let az = Az::new(&slipway, NEW);
    let complaint = az.fails(1, "az aks nodepool scale -g g --cluster-name c --name nodepool1 --node-count 2");
    assert!(complaint.contains("kernel"), "{complaint}");
    let failed = az.ok("az aks nodepool show -g g --cluster-name c --name nodepool1");
    assert_eq!(failed["provisioningState"], "Failed");
    slipway.fails(3, &["pool", "fault", "-g", "g", "--cluster", "c", "--pool", "none"]);
}
