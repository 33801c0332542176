//! Two nodes never share anything that a TPM must not share.

use std::collections::BTreeSet;

use serde_json::json;

use crate::support::{Slipway, tool};

#[test]
fn no_two_nodes_share_a_seed_or_an_attestation_key() {
    let slipway = Slipway::start("3000");
    slipway.arm().cluster("g", "c", 3, &json!({ "enableVTPM": true }));
    let mut seen = BTreeSet::new();
    let mut count = 0;
    let mut look = |slipway: &Slipway, when: &str| {
        for place in 0..3 {
            let node = slipway.node("nodepool1", place);
            let tcti = slipway.ok(&["node", "tcti", &node]).trim().to_owned();
            let dir = slipway.scratch(&format!("{when}-{place}"));
            // Primary keys follow from the seeds: equal seeds would give equal keys.
            tool(&dir, &format!("tpm2_createek -T {tcti} -c ek.ctx -G ecc -u ek.pub -f pem"));
            tool(&dir, &format!("tpm2_flushcontext -T {tcti} -t"));
            tool(&dir, &format!("tpm2_createprimary -T {tcti} -C o -G ecc -c srk.ctx"));
            tool(&dir, &format!("tpm2_readpublic -T {tcti} -c srk.ctx -f pem -o srk.pub"));
            tool(&dir, &format!("tpm2_flushcontext -T {tcti} -t"));
            tool(&dir, &format!("tpm2_readpublic -T {tcti} -c 0x81000003 -f pem -o ak.pub"));
            for key in ["ek.pub", "srk.pub", "ak.pub"] {
                let pem = std::fs::read_to_string(dir.join(key)).expect("the tool wrote it");
                assert!(pem.contains("PUBLIC KEY"), "{pem}");
                count += 1;
                assert!(seen.insert(pem), "{node} shares its {key} ({when})");
            }
        }
    };
    look(&slipway, "new");
    // A reimage is a new disk, and the TPM's state belongs to the disk.
    let path = format!("{}/agentPools/nodepool1", crate::support::cluster_path("g", "c"));
    let mut pool = slipway.arm().get(&path);
    pool["properties"]["securityProfile"]["enableSecureBoot"] = json!(true);
    slipway.arm().put_and_wait(&path, &pool);
    look(&slipway, "reimaged");
    assert_eq!(count, 18);
}
