//! Evidence from real TPMs, judged by tpm2-tools and by Slipway's own verifier.

use std::path::Path;

use serde_json::{Value, json};

use crate::support::{Slipway, tool, tool_fails};

const NONCE: &str = "00112233445566778899aabbccddeeff";

/// A cluster with one Secure Boot and vTPM node in `nodepool1`.
fn with_one_node(security: &Value) -> (Slipway, String) {
    let slipway = Slipway::start("3000");
    slipway.arm().cluster("g", "c", 1, security);
    let node = slipway.node("nodepool1", 0);
    (slipway, node)
}

fn trusted_launch() -> Value {
    json!({ "enableVTPM": true, "enableSecureBoot": true })
}

fn quote(slipway: &Slipway, node: &str, name: &str) -> String {
    let dir = slipway.scratch("evidence").join(name);
    let dir = dir.to_str().expect("UTF-8").to_owned();
    slipway.ok(&["node", "quote", node, "--nonce", NONCE, "--out", &dir]);
    dir
}

#[test]
fn tpm2_tools_accept_the_quote_and_the_log_explains_the_registers() {
    let (slipway, node) = with_one_node(&trusted_launch());
    let dir = quote(&slipway, &node, "q");
    let dir = Path::new(&dir);
    let check = "tpm2_checkquote -u ak.pem -m quote.msg -s quote.sig -f quote.pcrs -g sha256 -q";
    tool(dir, &format!("{check} {NONCE}"));
    tool_fails(dir, &format!("{check} ffff2233445566778899aabbccddeeff"));

    let log = slipway.scratch("measured").join("eventlog.bin");
    slipway.ok(&["node", "eventlog", &node, "--format", "binary", "--out", log.to_str().expect("UTF-8")]);
    let yaml = tool(log.parent().expect("a folder"), "tpm2_eventlog eventlog.bin");
    let parsed: Value = serde_yaml_ng::from_str(&yaml).expect("tpm2_eventlog prints YAML");
    let live = slipway.json(&["node", "pcrs", &node]);
    for bank in ["sha1", "sha256", "sha384"] {
        let replayed = parsed["pcrs"][bank].as_object().expect("a bank");
        assert!(replayed.len() >= 9, "{bank}: {replayed:?}");
        for (pcr, value) in replayed {
            assert_eq!(hexadecimal(value), hexadecimal(&live[bank][pcr]), "{bank} PCR {pcr}");
        }
    }
}

/// tpm2_eventlog writes register values as hexadecimal numbers; a YAML reader may take them for large ones.
fn hexadecimal(value: &Value) -> String {
    value.as_str().expect("hexadecimal text").trim_start_matches("0x").to_lowercase()
}

#[test]
fn the_verifier_trusts_a_good_boot_and_names_what_differs_in_a_bad_one() {
    // Without Secure Boot, so that a tampered boot loader runs.
    let (slipway, node) = with_one_node(&json!({ "enableVTPM": true }));
    let good = quote(&slipway, &node, "good");
    let verdict = slipway.json(&["verify", &good, "--nonce", NONCE]);
    assert_eq!(verdict["trusted"], true, "{verdict}");

    let stale = slipway.run(&["verify", &good, "--nonce", "aaaa", "--json"]);
    assert_eq!(stale.status.code(), Some(4));

    slipway.ok(&["node", "tamper", &node, "--component", "grub"]);
    let after = slipway.json(&["node", "reboot", &node, "--wait"]);
    assert_eq!(after["state"], "Ready", "{after}");
    let bad = quote(&slipway, &node, "bad");
    let output = slipway.run(&["verify", &bad, "--nonce", NONCE, "--json"]);
    assert_eq!(output.status.code(), Some(4));
    let verdict = String::from_utf8(output.stdout).expect("text");
    assert!(verdict.contains("grub"), "the component is named: {verdict}");
}

#[test]
fn secure_boot_refuses_a_tampered_boot_loader() {
    let (slipway, node) = with_one_node(&trusted_launch());
    slipway.ok(&["node", "tamper", &node, "--component", "grub"]);
    let rebooted = slipway.run(&["node", "reboot", &node, "--wait", "--json"]);
    assert_eq!(rebooted.status.code(), Some(1), "a refused boot is no success");
    let after: Value = serde_json::from_slice(&rebooted.stdout).expect("JSON");
    assert_eq!(after["state"], "BootRefused", "{after}");
    assert_eq!(after["refused"]["component"], "grub");
    let out = slipway.scratch("evidence").join("refused");
    let complaint = slipway.fails(1, &["node", "quote", &node, "--out", out.to_str().expect("UTF-8")]);
    assert!(complaint.contains("grub"), "{complaint}");
}

#[test]
fn tpm2_tools_reach_the_tpm_and_can_neither_reset_nor_stop_it() {
    let (slipway, node) = with_one_node(&trusted_launch());
    let tcti = slipway.ok(&["node", "tcti", &node]).trim().to_owned();
    let dir = slipway.scratch("tools");
    let random = tool(&dir, &format!("tpm2_getrandom -T {tcti} --hex 8"));
    assert_eq!(random.trim().len(), 16);
    let before = slipway.json(&["node", "pcrs", &node]);
    assert!(tool(&dir, &format!("tpm2_getcap -T {tcti} handles-persistent")).contains("0x81000003"));
    // Whatever these answer, the registers stay as they were and the TPM goes on working.
    for line in ["tpm2_shutdown -c", "tpm2_startup -c", "tpm2_clear"] {
        let (program, rest) = line.split_once(' ').unwrap_or((line, ""));
        let _ = std::process::Command::new(program).args(["-T", &tcti]).args(rest.split_whitespace()).output();
    }
    tool(&dir, &format!("tpm2_getrandom -T {tcti} --hex 8"));
    let mut after = slipway.json(&["node", "pcrs", &node]);
    assert_eq!(before, after);
    // Azure's firmware switches the platform hierarchy off before it hands over.
    let variable = tool(&dir, &format!("tpm2_getcap -T {tcti} properties-variable"));
    let ph_enable = variable.lines().find(|line| line.trim().starts_with("phEnable:")).expect("it is told");
    assert_eq!(ph_enable.split_whitespace().last(), Some("0"), "{variable}");
    // What a guest may do, it can.
    let digest = "0".repeat(64);
    tool(&dir, &format!("tpm2_pcrextend -T {tcti} 14:sha256={digest}"));
    after = slipway.json(&["node", "pcrs", &node]);
    assert_ne!(before["sha256"]["14"], after["sha256"]["14"]);
}

#[test]
fn a_node_without_vtpm_says_so() {
    let (slipway, node) = with_one_node(&json!({ "enableVTPM": false, "enableSecureBoot": true }));
    for command in ["pcrs", "eventlog", "tcti"] {
        let complaint = slipway.fails(1, &["node", command, &node]);
        assert!(complaint.contains("vTPM"), "{command}: {complaint}");
    }
    assert!(!slipway.ok(&["node", "console", &node]).is_empty(), "every machine has a console");
    let complaint = slipway.fails(3, &["node", "show", "nobody"]);
    assert!(complaint.contains("slipway node list"), "{complaint}");
}

#[test]
fn a_killed_tpm_is_noticed_and_the_node_is_healed() {
    let (slipway, node) = with_one_node(&trusted_launch());
    slipway.ok(&["node", "pcrs", &node]);
    let shown = slipway.json(&["node", "show", &node]);
    let pid = shown["tpm"]["pid"].as_u64().expect("the TPM is awake");
    let status = std::process::Command::new("kill").args(["-9", &pid.to_string()]).status().expect("kill starts");
    assert!(status.success());
    let healed = crate::support::eventually("the node is healed", || {
        let node = slipway.json(&["node", "show", &node]);
        (node["heals"] == 1 && node["state"] == "Ready").then_some(node)
    });
    assert_eq!(healed["boots"].as_u64(), shown["boots"].as_u64().map(|boots| boots + 1));
    let dir = quote(&slipway, &node, "healed");
    // The sudden end of a TPM is no secret either: its clock is not certain for a while, which is told but no reason to
    // distrust. All else holds.
    let verdict = slipway.json(&["verify", &dir, "--nonce", NONCE]);
    assert_eq!(verdict["trusted"], true, "{verdict}");
    let checks = verdict["checks"].as_array().expect("checks").iter();
    let others: Vec<_> =
        checks.filter(|check| check["status"] != "ok").map(|check| (&check["name"], &check["status"])).collect();
    let clock = (&json!("clock"), &json!("warning"));
    assert!(others.is_empty() || others == [clock], "{verdict}");
}
