//! What outlives an orderly restart, and who may have a data directory.

use serde_json::json;

use crate::support::{Slipway, cluster_path};

#[test]
fn everything_is_there_again_and_no_register_has_changed() {
    let mut slipway = Slipway::start("3000");
    slipway.arm().cluster("g", "c", 2, &json!({ "enableVTPM": true, "enableSecureBoot": true }));
    let node = slipway.node("nodepool1", 0);
    let before = (
        slipway.json(&["subscription", "list"]),
        slipway.json(&["node", "pcrs", &node]),
        slipway.arm().get(&cluster_path("g", "c")),
    );
    let token = slipway.ok(&["token"]);
    let url = slipway.url().to_owned();
    slipway.stop();
    assert!(!slipway.data().join("run.json").exists());
    let complaint = slipway.fails(1, &["node", "list"]);
    assert!(complaint.contains("no simulator is running") && complaint.contains("slipway up"), "{complaint}");

    slipway.launch("3000");
    let after = (
        slipway.json(&["subscription", "list"]),
        slipway.json(&["node", "pcrs", &node]),
        slipway.arm().get(&cluster_path("g", "c")),
    );
    assert_eq!(before, after);
    assert_ne!(url, "", "the port may have changed, the world has not");
    // A token from before is still good: az keeps it for a day.
    let bearer = format!("Bearer {}", token.trim());
    let list = slipway.arm().url("/resourceGroups?api-version=2024-11-01");
    assert_eq!(slipway.arm().send("GET", &list, &[("authorization", &bearer)], None).status, 200);
}

#[test]
fn a_second_simulator_on_the_same_folder_is_told_who_has_it() {
    let slipway = Slipway::start("3000");
    let complaint = slipway.fails(1, &["up", "--listen", "127.0.0.1:0"]);
    assert!(complaint.contains(&slipway.pid().to_string()) && complaint.contains(slipway.url()), "{complaint}");
}

#[test]
fn a_stale_run_file_is_recognised() {
    let mut slipway = Slipway::start("3000");
    slipway.kill();
    assert!(slipway.data().join("run.json").exists(), "kill -9 leaves it behind");
    let complaint = slipway.fails(1, &["status"]);
    assert!(complaint.contains("no simulator is running"), "{complaint}");
    slipway.launch("3000");
    slipway.ok(&["status"]);
}

#[test]
fn the_control_api_wants_its_secret() {
    let slipway = Slipway::start("explicit");
    let arm = slipway.arm();
    let url = format!("{}/_slipway/v1/nodes", slipway.url());
    for headers in [vec![], vec![("authorization", "Bearer wrong")], arm.headers().to_vec()] {
        let answer = arm.send("GET", &url, &headers, None);
        assert_eq!((answer.status, answer.code().as_str()), (401, "Unauthorized"));
    }
    let secret = std::fs::read_to_string(slipway.data().join("control.secret")).expect("its owner can read it");
    let bearer = format!("Bearer {secret}");
    assert_eq!(arm.send("GET", &url, &[("authorization", &bearer)], None).status, 200);
}
