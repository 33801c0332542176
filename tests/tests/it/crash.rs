//! `kill -9` at any moment: what was acknowledged is there, what was begun is finished.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc;
use std::time::Duration;

use serde_json::{Value, json};

use crate::support::{Slipway, cluster_path, eventually};

/// At this speed three reimages of about five minutes take about five seconds.
const SPEED: &str = "200";
const NODES: u32 = 3;

/// A small deterministic generator (SplitMix64), so that a failure can be repeated.
struct Seeded(u64);

impl Seeded {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (z ^ (z >> 31)) % bound
    }
}

#[test]
fn a_reimage_survives_kill_9_at_random_moments() {
    let mut random = Seeded(20_260_717);
    let mut slipway = Slipway::start("3000");
    slipway.arm().cluster("g", "c", NODES, &json!({ "enableVTPM": true, "enableSecureBoot": true }));
    slipway.ok(&["time", "speed", SPEED]);
    let path = format!("{}/agentPools/nodepool1", cluster_path("g", "c"));
    let mut pool = slipway.arm().get(&path);
    pool["properties"]["securityProfile"]["enableSecureBoot"] = json!(false);
    let answer = slipway.arm().put(&path, &pool);
    let operation = answer.header("azure-asyncoperation").expect("a reimage takes time").to_owned();
    let mut acknowledged: Vec<String> = Vec::new();

    for round in 0..4 {
        acknowledged.extend(write_until_killed(&mut slipway, round, Duration::from_millis(200 + random.below(900))));
        slipway.launch(SPEED);
        let arm = slipway.arm();
        for name in &acknowledged {
            arm.get(&format!("/resourceGroups/{name}"));
        }
        assert_eq!(
            arm.get(&path)["properties"]["securityProfile"]["enableSecureBoot"],
            false,
            "the PUT was acknowledged"
        );
    }
    assert!(!acknowledged.is_empty());

    let status = eventually("the operation ends", || {
        let status = poll(&slipway, &operation);
        (status["status"] != "InProgress").then_some(status)
    });
    assert_eq!(status["status"], "Succeeded", "{status}");
    for node in slipway.nodes("nodepool1") {
        assert_eq!((&node["state"], &node["secureBoot"]), (&json!("Ready"), &json!(false)), "{node}");
        assert_eq!(node["diskGeneration"], 2, "reimaged once, not twice: {node}");
        let name = node["name"].as_str().expect("a name");
        slipway.ok(&["node", "pcrs", name]);
    }
}

/// Creates resource groups one after another until the simulator is killed; gives those that were acknowledged.
fn write_until_killed(slipway: &mut Slipway, round: usize, after: Duration) -> Vec<String> {
    let arm = slipway.arm();
    let stop = AtomicBool::new(false);
    let (tell, told) = mpsc::channel();
    std::thread::scope(|scope| {
        let (arm, stop) = (&arm, &stop);
        scope.spawn(move || {
            for number in 0.. {
                let name = format!("g-{round}-{number}");
                let url = arm.url(&format!("/resourceGroups/{name}?api-version=2024-11-01"));
                let body = json!({ "location": "eastus" }).to_string();
                let answer = arm.try_send("PUT", &url, &arm.headers(), Some(body.as_bytes()));
                if stop.load(Ordering::Relaxed) && answer.is_none() {
                    break;
                }
                if answer.is_some_and(|answer| answer.status == 201) {
                    tell.send(name).expect("the test listens");
                }
            }
        });
        // The one pause that is meant: a random moment of the reimage.
        std::thread::sleep(after);
        stop.store(true, Ordering::Relaxed);
        slipway.kill();
    });
    told.into_iter().collect()
}

/// The operation's status by its old URL; the port has changed since.
fn poll(slipway: &Slipway, operation: &str) -> Value {
    let at = operation.find("/subscriptions/").expect("an absolute URL");
    let url = format!("{}{}", slipway.url(), &operation[at..]);
    let arm = slipway.arm();
    arm.send("GET", &url, &arm.headers(), None).json()
}
