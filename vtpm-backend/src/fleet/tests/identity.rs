//! Every machine is its own TPM.

use super::*;
use crate::tpm::{CreatePrimary, FlushContext, KeyPublic, ReadPublic, endorsement_key, handle, run};

struct Identity {
    ek: Vec<u8>,
    ak: KeyPublic,
}

async fn identity(fleet: &Fleet, number: u128) -> Identity {
    let mut tpm = fleet.machine(vm(number)).lock().await.tpm().unwrap();
    let template = endorsement_key();
    let ek = run(&mut tpm, &CreatePrimary { hierarchy: handle::ENDORSEMENT, template }).await.unwrap();
    run(&mut tpm, &FlushContext(ek.handle)).await.unwrap();
    Identity { ek: ek.public, ak: run(&mut tpm, &ReadPublic(handle::AK)).await.unwrap() }
}

#[tokio::test]
async fn machines_never_share_a_seed_or_a_key() {
    let dir = tempfile::tempdir().unwrap();
    let bench = bench(dir.path()).await;
    boot(&bench.fleet, order(1)).await;
    boot(&bench.fleet, order(2)).await;
    let (one, two) = (identity(&bench.fleet, 1).await, identity(&bench.fleet, 2).await);
    // Both keys are functions of the endorsement seed: equal seeds would make them equal.
    assert_ne!(one.ek, two.ek);
    assert_ne!(one.ak.public, two.ak.public);
    assert_ne!(one.ak.name, two.ak.name);
}

#[tokio::test]
async fn a_reboot_keeps_the_identity_and_a_new_disk_brings_a_new_one() {
    let dir = tempfile::tempdir().unwrap();
    let bench = bench(dir.path()).await;
    boot(&bench.fleet, order(1)).await;
    let first = identity(&bench.fleet, 1).await;
    boot(&bench.fleet, order(1)).await;
    let rebooted = identity(&bench.fleet, 1).await;
    assert_eq!((&first.ek, &first.ak), (&rebooted.ek, &rebooted.ak));

    boot(&bench.fleet, BootOrder { disk_generation: 2, ..order(1) }).await;
    let reimaged = identity(&bench.fleet, 1).await;
    assert_ne!(first.ek, reimaged.ek);
    assert_ne!(first.ak.name, reimaged.ak.name);
    let node = dir.path().join("nodes").join(vm(1).to_string());
    assert!(node.join("disk-2").is_dir() && !node.join("disk-1").exists());
}

#[tokio::test]
async fn state_is_for_its_owner_alone() {
    use std::os::unix::fs::PermissionsExt;
    let dir = tempfile::tempdir().unwrap();
    let bench = bench(dir.path()).await;
    boot(&bench.fleet, order(1)).await;
    let disk = dir.path().join("nodes").join(vm(1).to_string()).join("disk-1");
    assert_eq!(disk.metadata().unwrap().permissions().mode() & 0o777, 0o700);
    let state = disk.join("tpm2-00.permall").metadata().unwrap();
    assert_eq!(state.permissions().mode() & 0o777, 0o600);
}
