//! The cost of a new node: its swtpm process, its keys, its measured boot.

use control_plane::clock::Stopwatch;
use serde_json::{Value, json};

use super::cpu;
use super::report::NodeCost;
use super::subject::{CLUSTER, GROUP, Subject};
use crate::api::{Advance, Nodes, TimeView};
use crate::failure::Failure;

/// Boots nodes with Secure Boot and vTPM. Time is explicit: only work takes time, no waiting.
pub(super) fn boot(subject: &Subject, count: u32) -> Result<NodeCost, Failure> {
    let arm = subject.arm();
    // The first node makes the keys and images that all others share.
    let url = arm.cluster_url(GROUP, CLUSTER, "");
    let pool = pool(1, "System");
    let mut embedded = pool["properties"].clone();
    embedded["name"] = json!("nodepool1");
    let cluster = json!({
        "location": "eastus",
        "identity": { "type": "SystemAssigned" },
        "properties": { "dnsPrefix": "bench", "agentPoolProfiles": [embedded] },
    });
    let first = timed(subject, || arm.put(&url, &cluster).map(drop))?;
    let url = arm.cluster_url(GROUP, CLUSTER, "/agentPools/many");
    let many = timed(subject, || arm.put(&url, &self::pool(count, "User")).map(drop))?;
    let nodes = subject.client().get::<Nodes>("/nodes")?.nodes;
    let ready = nodes.iter().filter(|node| node.pool == "many" && node.state == "Ready").count();
    if u32::try_from(ready) != Ok(count) {
        return Err(Failure::Failed(format!("only {ready} of {count} nodes got ready")));
    }
    Ok(NodeCost::new(count, first, many))
}

fn pool(count: u32, mode: &str) -> Value {
    json!({ "properties": {
        "count": count,
        "vmSize": "Standard_D2s_v5",
        "osType": "Linux",
        "mode": mode,
        "type": "VirtualMachineScaleSets",
        "securityProfile": { "enableVTPM": true, "enableSecureBoot": true },
    } })
}

/// Wall and CPU time (server and swtpm processes) of a request and everything that follows from it.
fn timed(
    subject: &Subject,
    request: impl FnOnce() -> Result<(), Failure>,
) -> Result<(std::time::Duration, std::time::Duration), Failure> {
    let before = cpu::with_children(subject.pid(), subject.data())?;
    let stopwatch = Stopwatch::start();
    request()?;
    let _: TimeView = subject.client().post("/time/advance", &Advance::UntilIdle)?;
    let wall = stopwatch.elapsed();
    Ok((wall, cpu::with_children(subject.pid(), subject.data())?.saturating_sub(before)))
}
