//! The real boot chain over the real TPM.

use super::*;
use crate::eventlog::EventLog;
use crate::pcr::{Bank, PcrIndex};

fn pcr(number: u8) -> PcrIndex {
    PcrIndex::new(number)
}

#[tokio::test]
async fn an_untouched_machine_measures_exactly_its_reference() {
    let dir = tempfile::tempdir().unwrap();
    let bench = bench(dir.path()).await;
    for secure_boot in [true, false] {
        boot(&bench.fleet, BootOrder { secure_boot, ..order(1) }).await;
        let reference = bench.fleet.reference(vm(1)).await.unwrap();
        assert_eq!(reference.pcrs(vm(1).0), bench.fleet.pcrs(vm(1)).await.unwrap());
    }
}

#[tokio::test]
async fn tampering_is_refused_with_secure_boot_and_measured_without() {
    let dir = tempfile::tempdir().unwrap();
    let bench = bench(dir.path()).await;
    let refused = boot(&bench.fleet, tampered(1)).await;
    assert!(matches!(refused.outcome, BootOutcome::Refused { component: Component::Grub, .. }), "{refused:?}");
    assert!(!refused.console.is_empty());
    let log = EventLog::parse(&bench.fleet.event_log(vm(1)).await.unwrap()).unwrap();
    assert_eq!(log.replay(), bench.fleet.pcrs(vm(1)).await.unwrap());

    let booted = boot(&bench.fleet, BootOrder { secure_boot: false, ..tampered(1) }).await;
    assert_eq!(booted.outcome, BootOutcome::Booted);
    let (expected, found) =
        (bench.fleet.reference(vm(1)).await.unwrap().pcrs(vm(1).0), bench.fleet.pcrs(vm(1)).await.unwrap());
    assert_eq!(expected.differing(&found), [pcr(4)]);
}

#[tokio::test]
async fn two_machines_of_one_image_differ_in_their_identity_register_only() {
    let dir = tempfile::tempdir().unwrap();
    let bench = bench(dir.path()).await;
    boot(&bench.fleet, order(1)).await;
    boot(&bench.fleet, order(2)).await;
    let (one, two) = (bench.fleet.pcrs(vm(1)).await.unwrap(), bench.fleet.pcrs(vm(2)).await.unwrap());
    assert_eq!(one.differing(&two), [pcr(6)]);
    // As on every Azure machine: nothing but the separator.
    assert!(hex::encode(one.get(Bank::Sha256, pcr(2))).starts_with("3d458cfe55cc"));
}

#[tokio::test]
async fn an_unknown_image_is_a_fault_that_names_the_machine() {
    let dir = tempfile::tempdir().unwrap();
    let bench = bench(dir.path()).await;
    let fault = bench.fleet.boot(BootOrder { image: "no-such-image".to_owned(), ..order(1) }).await.unwrap_err();
    let text = fault.to_string();
    assert!(text.contains(&order(1).name) && text.contains("no-such-image"), "{text}");
    assert!(!bench.fleet.survived(vm(1)).await.unwrap());
    boot(&bench.fleet, order(1)).await;
}
