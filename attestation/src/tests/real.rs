//! Evidence of a real TPM: a fleet's machine with its own swtpm, quoted through tpm2-tss.

use std::sync::Arc;

use control_plane::hardware::{BootOrder, Component, Fault, Hardware, VmId};
use tokio::sync::mpsc;
use uuid::Uuid;
use vtpm_backend::evidence::Selection;
use vtpm_backend::fleet::{Fleet, FleetConfig};

use super::fixture::{IMAGE, NOW};
use crate::{About, Baseline, CheckName, Evidence, Part, Policy, Status, verify};

const NONCE: &[u8] = &[0xab; 20];

fn order(vm: VmId, faults: Vec<Fault>) -> BootOrder {
    BootOrder {
        vm,
        name: "aks-nodepool1-12345678-vmss000000".into(),
        disk_generation: 1,
        image: IMAGE.into(),
        secure_boot: false,
        vtpm: true,
        faults,
    }
}

async fn evidence(fleet: &Fleet, vm: VmId) -> Evidence {
    let quote = fleet.quote(vm, NONCE, &Selection::default()).await.unwrap();
    let log = fleet.event_log(vm).await.unwrap();
    Evidence::new(&quote, log, fleet.ca().await.unwrap().chain_pem(), About::default())
}

async fn policy(fleet: &Fleet, vm: VmId) -> Policy {
    Policy {
        roots: vec![fleet.ca().await.unwrap().root_der().to_vec()],
        intermediates: Vec::new(),
        at_unix: Some(NOW),
        nonce: Some(NONCE.to_vec()),
        secure_boot: Some(false),
        baseline: Some(Baseline::from_reference(&fleet.reference(vm).await.unwrap())),
        live: Some(fleet.pcrs(vm).await.unwrap()),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_real_quote_is_trusted_and_a_tampered_boot_loader_is_named() {
    let dir = tempfile::tempdir().unwrap();
    let (sender, _events) = mpsc::unbounded_channel();
    let fleet = Fleet::open(FleetConfig::new(dir.path(), Arc::new(|| NOW)), sender).await.unwrap();
    let vm = VmId(Uuid::from_u128(7));

    fleet.boot(order(vm, Vec::new())).await.unwrap();
    let good = evidence(&fleet, vm).await;
    let verdict = verify(&good, &policy(&fleet, vm).await);
    assert!(verdict.checks.iter().all(|check| check.status == Status::Ok), "{verdict}");
    tpm2_tools_agree(&good);

    fleet.boot(order(vm, vec![Fault::Tampered { component: Component::Grub }])).await.unwrap();
    let verdict = verify(&evidence(&fleet, vm).await, &policy(&fleet, vm).await);
    let failed: Vec<_> = verdict.checks.iter().filter(|c| c.status == Status::Failed).map(|c| c.name).collect();
    assert_eq!(failed, [CheckName::BootChain], "{verdict}");
    assert_eq!(verdict.differences[0].component, Part::Grub, "{verdict}");
    fleet.shutdown().await;
}

/// The files of the evidence are what `tpm2_checkquote` and `tpm2_eventlog` read.
fn tpm2_tools_agree(evidence: &Evidence) {
    let dir = tempfile::tempdir().unwrap();
    evidence.write(dir.path()).unwrap();
    let nonce = hex::encode(NONCE);
    let quote =
        ["-u", "ak.pem", "-m", "quote.msg", "-s", "quote.sig", "-f", "quote.pcrs", "-g", "sha256", "-q", &nonce];
    for (program, arguments) in [("tpm2_checkquote", &quote[..]), ("tpm2_eventlog", &["eventlog.bin"])] {
        let output = std::process::Command::new(program)
            .args(arguments)
            .current_dir(dir.path())
            .output()
            .expect("tpm2-tools are installed with swtpm");
        assert!(output.status.success(), "{program}: {}", String::from_utf8_lossy(&output.stderr));
    }
}
