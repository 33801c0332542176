//! Every kind of log that nodes write, read by other people's parsers: tpm2_eventlog (tpm2-tools, C), eventlog-rs
//! (Confidential Containers) and uefi-eventlog (Red Hat). They agree with ours on the number of events and on each
//! event's register, type, digests and size, and on the registers; and these are the TPM's.

use std::path::{Path, PathBuf};

use serde_json::{Value, json};
use vtpm_backend::eventlog::{EventLog, EventType};
use vtpm_backend::pcr::{Bank, PcrBanks, PcrIndex};

use crate::support::{Slipway, build_dir, cluster_path, pool_body, tool};

/// Faults of what the guest hands out: a log that is none, and one that does not explain the registers.
const WITHHELD: &str = "event-log-withheld";
const EDITED: &str = "event-log-edited";

/// One event, as every parser tells it: register, type, digests by bank, bytes of data.
type Event = (u64, u64, Vec<(String, String)>, u64);

fn program() -> PathBuf {
    let target = build_dir().parent().expect("a target folder").to_owned();
    let program = target.join("parsers/debug/eventlog-parsers");
    let build = "cargo build --manifest-path tests/parsers/Cargo.toml --target-dir target/parsers";
    assert!(program.exists(), "{} is missing: run '{build}' first (./test does)", program.display());
    program
}

fn ours(log: &EventLog) -> Vec<Event> {
    let event = |event: &vtpm_backend::eventlog::Event| {
        let digests = Bank::ALL.map(|bank| (bank.name().to_owned(), hex::encode(event.digests.get(bank))));
        (u64::from(event.pcr.number()), u64::from(event.event_type.0), digests.to_vec(), event.data.len() as u64)
    };
    log.events.iter().map(event).collect()
}

fn sorted(mut digests: Vec<(String, String)>) -> Vec<(String, String)> {
    digests.sort();
    digests
}

/// What one of the two crates read.
fn crates(read: &Value) -> Vec<Event> {
    let events = read["events"].as_array().expect("a list").iter();
    let text = |value: &Value| value.as_str().expect("text").to_owned();
    let number = |value: &Value| value.as_u64().expect("a number");
    let event = |event: &Value| {
        let digests = event["digests"].as_object().expect("digests").iter();
        let digests = sorted(digests.map(|(bank, value)| (bank.clone(), text(value))).collect());
        (number(&event["pcr"]), number(&event["type"]), digests, number(&event["bytes"]))
    };
    events.map(event).collect()
}

/// What tpm2_eventlog read; its first event is the header.
fn tpm2_tools(read: &Value) -> Vec<Event> {
    let text = |value: &Value| value.as_str().expect("text").to_owned();
    let number = |value: &Value| value.as_u64().expect("a number");
    let event = |event: &Value| {
        let digests = event["Digests"].as_array().expect("digests").iter();
        let digests = sorted(digests.map(|digest| (text(&digest["AlgorithmId"]), text(&digest["Digest"]))).collect());
        let event_type = EventType::from_name(&text(&event["EventType"])).expect("a type of the specification");
        (number(&event["PCRIndex"]), u64::from(event_type.0), digests, number(&event["EventSize"]))
    };
    read["events"].as_array().expect("a list").iter().skip(1).map(event).collect()
}

/// All parsers read the log in `dir` and agree on it, and on the registers that it gives. Returns these.
fn agree(what: &str, dir: &Path) -> PcrBanks {
    let bytes = std::fs::read(dir.join("eventlog.bin")).expect("the log was written");
    let log = EventLog::parse(&bytes).expect("our own log");
    let (own, registers) = (ours(&log), log.replay());
    assert!(own.len() >= 10, "{what}: {} events", own.len());

    let output = std::process::Command::new(program()).arg(dir.join("eventlog.bin")).output().expect("it starts");
    assert!(output.status.success(), "{what}: {}", String::from_utf8_lossy(&output.stderr));
    let read: Value = serde_json::from_slice(&output.stdout).expect("JSON");
    for parser in ["eventlog-rs", "uefi-eventlog"] {
        assert_eq!(crates(&read[parser]), own, "{what}: {parser}");
    }
    let yaml: Value = serde_yaml_ng::from_str(&tool(dir, "tpm2_eventlog eventlog.bin")).expect("YAML");
    assert_eq!(tpm2_tools(&yaml), own, "{what}: tpm2_eventlog");

    let touched = |pcr: &PcrIndex| log.events.iter().any(|event| event.pcr == *pcr);
    for (bank, pcr) in
        Bank::ALL.into_iter().flat_map(|bank| PcrIndex::all().filter(touched).map(move |pcr| (bank, pcr)))
    {
        let value = hex::encode(registers.get(bank, pcr));
        let name = pcr.number().to_string();
        assert_eq!(read["uefi-eventlog"]["pcrs"][bank.name()][&name], value, "{what}: uefi-eventlog, {bank} PCR {pcr}");
        let replayed = yaml["pcrs"][bank.name()][&name].as_str().expect("it replays the register");
        assert_eq!(replayed.trim_start_matches("0x"), value, "{what}: tpm2_eventlog, {bank} PCR {pcr}");
    }
    registers
}

/// A node's last boot: every parser reads its log, which explains the TPM in every bank.
fn look(slipway: &Slipway, node: &str, what: &str) {
    let dir = slipway.scratch(what);
    let log = dir.join("eventlog.bin");
    slipway.ok(&["node", "eventlog", node, "--format", "binary", "--out", log.to_str().expect("UTF-8")]);
    if what == WITHHELD {
        assert!(std::fs::read(&log).expect("it was written").is_empty(), "{what}: there is no log");
        return;
    }
    let replayed = agree(what, &dir);
    let mut live = slipway.json(&["node", "pcrs", node]);
    live.as_object_mut().expect("banks").retain(|bank, _| bank.starts_with("sha"));
    let live: PcrBanks = serde_json::from_value(live).expect("registers");
    assert_eq!(replayed == live, what != EDITED, "{what}: whether the log explains the TPM");
}

/// One node of an image (by its pool's osSKU) boots untouched, then with every fault of the failure library.
fn parsers_agree_on(sku: &str, secure_boot: bool) {
    let slipway = Slipway::start("3000");
    slipway.arm().cluster("g", "c", 1, &json!({ "enableVTPM": true }));
    let mut body = pool_body(1, &json!({ "enableVTPM": true, "enableSecureBoot": secure_boot }));
    body["properties"]["osSKU"] = json!(sku);
    slipway.arm().put_and_wait(&format!("{}/agentPools/pool", cluster_path("g", "c")), &body);
    let node = slipway.node("pool", 0);
    look(&slipway, &node, "good");
    let faults = slipway.json(&["fault", "list"]);
    for fault in faults.as_array().expect("a list") {
        let (name, expected) =
            (fault["name"].as_str().expect("a name"), &fault[mode(secure_boot)]["differingRegisters"]);
        slipway.ok(&["node", "fault", &node, "--clear", "--add", name]);
        // Whether it boots or is refused is not the question here.
        slipway.run(&["node", "reboot", &node, "--wait"]);
        look(&slipway, &node, name);
        explained(&slipway, &node, name, expected);
    }
}

/// Where the failure library says what a fault does.
fn mode(secure_boot: bool) -> &'static str {
    if secure_boot { "secureBootOn" } else { "secureBootOff" }
}

/// `slipway explain` finds differences in exactly the registers that the failure library names.
fn explained(slipway: &Slipway, node: &str, fault: &str, expected: &Value) {
    let output = slipway.run(&["explain", node, "--json"]);
    let explanation: Value = serde_json::from_slice(&output.stdout).expect("an explanation");
    let registers = explanation["registers"].as_array().expect("a list").iter();
    let differing = registers.filter(|register| register["state"] == "differs").map(|register| register["pcr"].clone());
    // A log that was edited differs where it was edited, whatever the TPM holds.
    let edited = json!([8]);
    let expected = if fault == EDITED { &edited } else { expected };
    assert_eq!(&Value::Array(differing.collect()), expected, "{fault}: {explanation}");
    assert_eq!(output.status.code(), Some(if expected == &json!([]) { 0 } else { 4 }), "{fault}");
}

#[test]
fn independent_parsers_agree_on_every_log_of_ubuntu_22_04_with_secure_boot() {
    parsers_agree_on("Ubuntu2204", true);
}

#[test]
fn independent_parsers_agree_on_every_log_of_ubuntu_24_04() {
    parsers_agree_on("Ubuntu2404", false);
}

#[test]
fn independent_parsers_agree_on_every_log_of_azure_linux() {
    parsers_agree_on("AzureLinux", false);
}
