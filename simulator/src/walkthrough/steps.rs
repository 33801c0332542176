//! The steps, in order.

use attestation::{Status, Verdict};
use control_plane::clock::{Pace, Stopwatch};
use control_plane::hardware::Component;
use serde_json::{Value, json};

use super::board::nobody_waits;
use super::scene::{CLUSTER, LOCATION, Scene};
use super::stage::{self, Farewell, Style, shortened, styled};
use super::{chain, evidence_dir};
use crate::api::{Console, NodeView, Tamper, TimeView};
use crate::cli::evidence::{random_nonce, take_quote};
use crate::cli::verify::{self, Demands};
use crate::failure::Failure;

const SYSTEM_POOL: &str = "nodepool1";
const POOL: &str = "mynodepool";
const POOL_NODES: u32 = 3;

/// Plays everything; gives what the last words need.
pub(super) fn play(scene: &Scene<'_>) -> Result<Farewell, Failure> {
    let stopwatch = Stopwatch::start();
    introduce(scene)?;
    create_cluster(scene)?;
    add_pool(scene)?;
    let node = scene.first_node(POOL)?;
    measured_boot(scene, &node)?;
    verified_quote(scene, &node)?;
    secure_boot_off(scene)?;
    let tampered = caught_by_measurement(scene)?;
    refused_by_secure_boot(scene)?;
    let seconds = stopwatch.elapsed().as_secs();
    stage::line("")?;
    stage::line(&styled(Style::Dim, &format!("That took {seconds} s.")))?;
    Ok(Farewell { group: scene.group.clone(), cluster: CLUSTER.to_owned(), pool: POOL.to_owned(), node: tampered.name })
}

fn introduce(scene: &Scene<'_>) -> Result<(), Failure> {
    stage::heading(1, "A simulated Azure")?;
    let time: TimeView = scene.client.get("/time")?;
    let pace = match time.pace {
        Pace::Auto { speed } => format!("one second here is {speed} seconds there"),
        Pace::Explicit => "time moves by command".to_owned(),
    };
    stage::line(&format!("{}, data in {}", scene.status.url, scene.data.root().display()))?;
    stage::line(&format!("virtual time {}; {pace}", time.now))
}

/// A pool as a PUT describes it.
fn pool(count: u32, mode: &str, secure_boot: bool) -> Value {
    json!({
        "count": count,
        "vmSize": "Standard_D2s_v5",
        "osType": "Linux",
        "mode": mode,
        "type": "VirtualMachineScaleSets",
        "securityProfile": { "enableVTPM": true, "enableSecureBoot": secure_boot },
    })
}

fn create_cluster(scene: &Scene<'_>) -> Result<(), Failure> {
    stage::heading(2, "A cluster with Secure Boot and vTPM")?;
    stage::request(&format!(
        "as: az aks create -g {} -n {CLUSTER} --node-count 1 --enable-secure-boot --enable-vtpm",
        scene.group
    ))?;
    scene.create_group()?;
    let mut system = pool(1, "System", true);
    system["name"] = json!(SYSTEM_POOL);
    let body = json!({
        "location": LOCATION,
        "identity": { "type": "SystemAssigned" },
        "properties": { "dnsPrefix": "walkthrough", "enableRBAC": true, "agentPoolProfiles": [system] },
    });
    scene.put_and_watch(&scene.cluster_url(""), &body, SYSTEM_POOL, nobody_waits)
}

fn add_pool(scene: &Scene<'_>) -> Result<(), Failure> {
    stage::heading(3, "A pool of three nodes, each with its own TPM")?;
    stage::request(&format!("as: az aks nodepool add -n {POOL} --node-count 3 --enable-secure-boot --enable-vtpm"))?;
    let body = json!({ "properties": pool(POOL_NODES, "User", true) });
    scene.put_and_watch(&pool_url(scene), &body, POOL, nobody_waits)
}

fn pool_url(scene: &Scene<'_>) -> String {
    scene.cluster_url(&format!("/agentPools/{POOL}"))
}

fn measured_boot(scene: &Scene<'_>, node: &NodeView) -> Result<(), Failure> {
    stage::heading(4, &format!("The measured boot of {}", node.name))?;
    chain::show(scene, node)
}

fn verified_quote(scene: &Scene<'_>, node: &NodeView) -> Result<(), Failure> {
    stage::heading(5, "A quote with a fresh nonce, judged")?;
    let verdict = judge(scene, node, "good")?;
    if !verdict.trusted {
        return Err(Failure::Failed(format!("an untouched node is not trusted: {}", verdict.summary)));
    }
    stage::line(&styled(Style::Green, &verdict.summary))
}

fn secure_boot_off(scene: &Scene<'_>) -> Result<(), Failure> {
    stage::heading(6, "Secure Boot off: the nodes are reimaged, one after another")?;
    stage::request(&format!("as: az aks nodepool update -n {POOL} --disable-secure-boot"))?;
    let mut pool = scene.arm.get(&pool_url(scene))?;
    pool["properties"]["securityProfile"]["enableSecureBoot"] = json!(false);
    scene.put_and_watch(&pool_url(scene), &pool, POOL, |node| node.secure_boot)
}

fn caught_by_measurement(scene: &Scene<'_>) -> Result<NodeView, Failure> {
    stage::heading(7, "A boot loader is tampered with; without Secure Boot it runs, but it is measured")?;
    let node = tamper_and_reboot(scene, POOL)?;
    if node.state != "Ready" {
        return Err(Failure::Failed(format!("{} is {} after its restart", node.name, node.state)));
    }
    let verdict = judge(scene, &node, "tampered")?;
    if verdict.trusted {
        return Err(Failure::Failed(format!("the tampered boot loader of {} was not noticed", node.name)));
    }
    stage::line(&styled(Style::Red, &verdict.summary))?;
    Ok(node)
}

fn refused_by_secure_boot(scene: &Scene<'_>) -> Result<(), Failure> {
    stage::heading(8, "The same on a node with Secure Boot: it is not even started")?;
    let node = tamper_and_reboot(scene, SYSTEM_POOL)?;
    let Some(refused) = &node.refused else {
        return Err(Failure::Failed(format!("{} booted a tampered boot loader under Secure Boot", node.name)));
    };
    let console: Console = scene.client.get(&scene.node_path(&node, "/console"))?;
    for line in console.lines.iter().filter(|line| !line.trim().is_empty()) {
        stage::request(&shortened(&format!("│ {line}")))?;
    }
    stage::line(&styled(Style::Red, &format!("{} was refused: {}", refused.component, refused.reason)))
}

/// Changes one byte of GRUB on the disk of a pool's first node and restarts it.
fn tamper_and_reboot(scene: &Scene<'_>, pool: &str) -> Result<NodeView, Failure> {
    let node = scene.first_node(pool)?;
    stage::request(&format!("slipway node tamper {} --component grub, then a restart", node.name))?;
    let _: NodeView = scene.client.post(&scene.node_path(&node, "/tamper"), &Tamper { component: Component::Grub })?;
    scene.reboot_and_watch(&node)
}

/// Quotes a node with a fresh nonce and judges what it says.
fn judge(scene: &Scene<'_>, node: &NodeView, name: &str) -> Result<Verdict, Failure> {
    let dir = evidence_dir(scene.data, name)?;
    let nonce = random_nonce()?;
    stage::request(&format!("slipway node quote {} --nonce {nonce} --out {}", node.name, dir.display()))?;
    take_quote(scene.data, scene.client, &scene.node_path(node, ""), &nonce, &dir)?;
    stage::request(&format!("slipway verify {} --nonce {nonce}", dir.display()))?;
    let demands = Demands { nonce: Some(nonce), secure_boot: Some(node.secure_boot), ..Demands::default() };
    let verdict = verify::judge(scene.data, &dir, &demands)?;
    // All checks of a good boot are worth seeing once; of a bad one, what failed.
    let shown = verdict.checks.iter().filter(|check| verdict.trusted || check.status != Status::Ok);
    for check in shown {
        let (mark, style) = match check.status {
            Status::Ok => ("✓", Style::Green),
            Status::Failed => ("✗", Style::Red),
            Status::Warning => ("!", Style::Dim),
            Status::NotRun => ("·", Style::Dim),
        };
        let text = format!("{:<18} {}", check.name.as_str(), check.detail);
        stage::line(&format!("{} {}", styled(style, mark), shortened(&text)))?;
    }
    let held = verdict.checks.iter().filter(|check| check.status == Status::Ok).count();
    if !verdict.trusted {
        stage::line(&format!("{} {held} other checks hold: quote and log are genuine", styled(Style::Green, "✓")))?;
    }
    Ok(verdict)
}
