//! `slipway explain`: nodes against their reference, against each other, and against files.

use std::path::Path;

use serde_json::{Value, json};

use crate::support::{Slipway, tool};

/// What differs, as JSON; the exit code says that something does.
fn differing(slipway: &Slipway, args: &[&str]) -> Value {
    let output = slipway.run(&[&["explain"], args, &["--json"]].concat());
    assert_eq!(output.status.code(), Some(4), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).expect("JSON")
}

fn registers_in(explanation: &Value, state: &str) -> Vec<u64> {
    let registers = explanation["registers"].as_array().expect("a list").iter();
    registers
        .filter(|register| register["state"] == state)
        .map(|register| register["pcr"].as_u64().expect("a number"))
        .collect()
}

#[test]
fn nodes_folders_and_real_machines_are_explained() {
    let slipway = Slipway::start("3000");
    slipway.arm().cluster("g", "c", 2, &json!({ "enableVTPM": true }));
    let (first, second) = (slipway.node("nodepool1", 0), slipway.node("nodepool1", 1));

    let same = slipway.json(&["explain", &first]);
    assert_eq!((&same["same"], registers_in(&same, "machine-specific")), (&json!(true), vec![6]), "{same}");
    assert_eq!(same["subject"]["agreement"]["banks"], json!(["sha1", "sha256", "sha384"]));
    let twins = slipway.json(&["explain", &first, "--against", &second]);
    assert_eq!((&twins["same"], registers_in(&twins, "machine-specific")), (&json!(true), vec![6]), "{twins}");
    let text = slipway.ok(&["explain", &first, "--against", &second]);
    assert!(text.contains("UUID: ") && text.contains("the two boots are the same"), "{text}");

    let evidence = |name: &str| slipway.scratch(name).to_str().expect("UTF-8").to_owned();
    let (good, bad) = (evidence("good"), evidence("bad"));
    slipway.ok(&["node", "quote", &first, "--out", &good]);
    slipway.ok(&["node", "tamper", &first, "--component", "grub"]);
    slipway.ok(&["node", "reboot", &first, "--wait"]);
    let tampered = differing(&slipway, &[&first]);
    assert_eq!(registers_in(&tampered, "differs"), [4], "{tampered}");
    let grub = &tampered["registers"][4]["differences"][0];
    assert!(grub["text"].as_str().expect("text").contains("GRUB was replaced: Authenticode digest "), "{grub}");
    let verification = grub["verification"].as_str().expect("the file is at hand");
    assert!(verification.contains("does not verify: ") && verification.contains("Secure Boot refuses it: "), "{grub}");

    slipway.ok(&["node", "quote", &first, "--out", &bad]);
    for args in [[&bad, "--against", &good], [&bad, "--against", "baseline"], [&first, "--against", &second]] {
        assert_eq!(registers_in(&differing(&slipway, &args), "differs"), [4], "{args:?}");
    }
    files_of_other_tools(&slipway, &good, &bad);
    let complaint = slipway.fails(3, &["explain", "nobody"]);
    assert!(complaint.contains("nobody"), "{complaint}");
}

/// What people bring of real machines: Linux's name for the log, what tpm2_eventlog and tpm2_pcrread print.
fn files_of_other_tools(slipway: &Slipway, good: &str, bad: &str) {
    let (good, bad) = (Path::new(good), Path::new(bad));
    let real = slipway.scratch("real");
    std::fs::copy(bad.join("eventlog.bin"), real.join("binary_bios_measurements")).expect("a copy");
    let printed = slipway.scratch("printed");
    std::fs::write(printed.join("eventlog.yaml"), tool(good, "tpm2_eventlog eventlog.bin")).expect("a file");
    let node = slipway.node("nodepool1", 1);
    let tcti = slipway.ok(&["node", "tcti", &node]).trim().to_owned();
    std::fs::write(printed.join("pcrs.txt"), tool(&printed, &format!("tpm2_pcrread -T {tcti} sha256")))
        .expect("a file");
    // The registers are another node's: the UUID in PCR 6 gives it away.
    let explanation =
        differing(slipway, &[real.to_str().expect("UTF-8"), "--against", printed.to_str().expect("UTF-8")]);
    assert_eq!(registers_in(&explanation, "differs"), [4, 6], "{explanation}");
    let agreement = &explanation["against"]["agreement"];
    assert_eq!(
        (&agreement["agrees"], &agreement["disagreements"][0]["pcr"]),
        (&json!(false), &json!(6)),
        "{agreement}"
    );
}

#[test]
fn a_refused_boot_is_explained_up_to_where_it_ended() {
    let slipway = Slipway::start("3000");
    slipway.arm().cluster("g", "c", 1, &json!({ "enableVTPM": true, "enableSecureBoot": true }));
    let node = slipway.node("nodepool1", 0);
    slipway.ok(&["node", "tamper", &node, "--component", "grub"]);
    slipway.fails(1, &["node", "reboot", &node, "--wait"]);
    let output = slipway.run(&["explain", &node]);
    assert_eq!(output.status.code(), Some(4));
    let text = String::from_utf8(output.stdout).expect("text");
    assert!(text.contains("GRUB (Authenticode digest ") && text.contains("does not appear"), "{text}");
    assert!(text.contains("Secure Boot refuses it: "), "{text}");
}
