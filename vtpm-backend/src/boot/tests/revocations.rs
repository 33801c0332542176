//! Revoked hashes, as dbx updates bring them.

use super::*;
use crate::uefi::guids;
use crate::uefi::signature::{SignatureDatabase, SignatureList};

/// Boots the good image on a machine whose dbx holds the hash of one component.
fn boot_with_revoked(component: Component) -> BootRun {
    let mut platform = machine(UUID_A, true).platform().unwrap();
    let mut dbx = platform.variables.get(guids::IMAGE_SECURITY_DATABASE, "dbx").unwrap().clone();
    let list = SignatureList::sha256(guids::MICROSOFT_OWNER, &[hash_of(component).sha256]);
    dbx.data.extend(SignatureDatabase { lists: list.into_iter().collect() }.encode());
    platform.variables.set(dbx);
    platform.boot().unwrap()
}

#[test]
fn a_revoked_shim_leaves_its_authority_but_no_image() {
    let run = boot_with_revoked(Component::Shim);
    assert_eq!(refused(&run), (Component::Shim, "The image's hash was denied (DBX)."));
    assert_eq!(authorities(&run), ["db"]);
    assert!(applications(&run).is_empty());
}

#[test]
fn a_revoked_grub_leaves_the_revoking_entry() {
    let run = boot_with_revoked(Component::Grub);
    assert_eq!(refused(&run).0, Component::Grub);
    assert_eq!(authorities(&run), ["db", "SbatLevel", "dbx"]);
    assert_eq!(applications(&run).len(), 1);
    let last = run.events.last().unwrap();
    let EventData::Variable(variable) = last.decode() else { panic!("{last:?}") };
    assert_eq!(variable.data.len(), 48);
}

#[test]
fn a_revoked_kernel_is_measured_once_and_then_the_revoking_entry() {
    let run = boot_with_revoked(Component::Kernel);
    assert_eq!(refused(&run).0, Component::Kernel);
    assert_eq!(authorities(&run), ["db", "SbatLevel", "MokListRT", "dbx"]);
    assert_eq!(applications(&run).len(), 3);
}

#[test]
fn without_a_platform_key_nothing_is_enforced() {
    let mut platform = machine(UUID_A, true).platform().unwrap();
    platform.image = image().with_faults(&[Fault::Tampered { component: Component::Grub }]).unwrap();
    platform.variables.remove(guids::GLOBAL_VARIABLE, "PK");
    let run = platform.boot().unwrap();
    assert_eq!(run.outcome, BootOutcome::Booted);
    assert_eq!(run.events[2].describe(), "SecureBoot = 0");
}

#[test]
fn the_firmware_s_debugger_is_told_before_the_variables() {
    let mut platform = machine(UUID_A, true).platform().unwrap();
    platform.debugger = true;
    let run = platform.boot().unwrap();
    let first = run.events.iter().find(|event| event.pcr == PcrIndex::new(7)).unwrap();
    assert_eq!(first.describe(), "UEFI Debug Mode");
    assert_eq!(differing(&run, &good(true)), [7]);
}
