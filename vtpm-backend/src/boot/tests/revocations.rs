//! Revoked hashes, as dbx updates bring them.

use super::*;
use crate::uefi::guids;
use crate::uefi::signature::SignatureList;

/// Boots the good image on a machine whose dbx holds the hash of one component.
fn boot_with_revoked(component: Component) -> (Recorder, Result<(), Refusal>) {
    let mut databases = keys().databases().clone();
    let list = SignatureList::sha256(guids::MICROSOFT_OWNER, &[hash_of(component).sha256]);
    databases.dbx.lists.extend(list);
    run(&Platform { bios_uuid: UUID_A, secure_boot: true, image: &image(), databases: &databases })
}

/// The names of the authorities after the separator, and how many applications were started.
fn traces(recorder: &Recorder) -> (Vec<String>, usize) {
    let events: Vec<_> = recorder.events.iter().map(|recorded| recorded.event.clone()).collect();
    let run = BootRun { events, pcrs: recorder.pcrs.clone(), outcome: BootOutcome::Booted, console: Vec::new() };
    (authorities(&run), applications(&run).len())
}

#[test]
fn a_revoked_shim_leaves_its_authority_but_no_image() {
    let (recorder, result) = boot_with_revoked(Component::Shim);
    let refusal = result.unwrap_err();
    assert_eq!(refusal.component, Component::Shim);
    assert_eq!(refusal.reason, "The image's hash was denied (DBX).");
    assert_eq!(traces(&recorder), (vec!["db".to_owned()], 0));
}

#[test]
fn a_revoked_grub_leaves_the_revoking_entry() {
    let (recorder, result) = boot_with_revoked(Component::Grub);
    assert_eq!(result.unwrap_err().component, Component::Grub);
    let names = ["db", "SbatLevel", "dbx"].map(str::to_owned).to_vec();
    assert_eq!(traces(&recorder), (names, 1));
    let last = &recorder.events.last().unwrap().event;
    let EventData::Variable(variable) = last.decode() else { panic!("{last:?}") };
    assert_eq!(variable.data.len(), 48);
}

#[test]
fn a_revoked_kernel_is_measured_once_and_then_the_revoking_entry() {
    let (recorder, result) = boot_with_revoked(Component::Kernel);
    assert_eq!(result.unwrap_err().component, Component::Kernel);
    let names = ["db", "SbatLevel", "Shim", "dbx"].map(str::to_owned).to_vec();
    assert_eq!(traces(&recorder), (names, 3));
}
