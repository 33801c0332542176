//! The boot chain is held to what the failure library says of each fault.

use control_plane::faults::{Expected, LIBRARY, Outcome};
use control_plane::hardware::{BootOutcome, Component};
use uuid::Uuid;

use std::sync::Arc;

use super::*;
use crate::boot::engine::FirmwareProfile;
use crate::boot::{BootError, BootRun, Machine, boot};
use crate::eventlog::{EventData, EventLog, EventType};
use crate::image::NodeImage;
use crate::image::testing::{image, keys, library};
use crate::pcr::{Bank, PcrIndex};

/// A distribution that boots a unified kernel image.
const UNIFIED: &str = "AKSAzureContainerLinux-V3gen2TL-202607.13.0";

fn run(faults: &[Fault], secure_boot: bool) -> BootRun {
    try_run(image(), faults, secure_boot).unwrap()
}

fn try_run(image: Arc<NodeImage>, faults: &[Fault], secure_boot: bool) -> Result<BootRun, BootError> {
    let (bios_uuid, firmware) = (Uuid::from_u128(7), FirmwareProfile::azure());
    boot(&Machine { bios_uuid, secure_boot, image, faults, keys: keys(), firmware })
}

fn differing(run: &BootRun, good: &BootRun) -> Vec<u8> {
    run.pcrs.differing(&good.pcrs).into_iter().map(PcrIndex::number).collect()
}

fn outcome(run: &BootRun) -> Outcome {
    match &run.outcome {
        BootOutcome::Booted => Outcome::Boots,
        BootOutcome::Refused { component, .. } => Outcome::Refused(*component),
    }
}

/// The names of the authorities in PCR 7.
fn authorities(run: &BootRun) -> Vec<String> {
    let authorities = run.events.iter().filter(|event| event.event_type == EventType::EFI_VARIABLE_AUTHORITY);
    let name = |event: &crate::eventlog::Event| match event.decode() {
        EventData::Variable(variable) => variable.name,
        other => panic!("{other:?}"),
    };
    authorities.map(name).collect()
}

#[test]
fn every_fault_does_what_the_library_says() {
    let mut wrong = Vec::new();
    for (secure_boot, pick) in [
        (true, (|entry| entry.secure_boot_on) as fn(&control_plane::faults::Entry) -> Expected),
        (false, |entry| entry.secure_boot_off),
    ] {
        let good = run(&[], secure_boot);
        assert_eq!(outcome(&good), Outcome::Boots);
        for entry in &LIBRARY {
            let (expected, bad) = (pick(entry), run(&[entry.fault], secure_boot));
            let found = (outcome(&bad), differing(&bad, &good));
            if found != (expected.outcome, expected.registers.to_vec()) {
                wrong.push(format!("{} (Secure Boot {secure_boot}): {found:?}, not {expected:?}", entry.name));
            }
            for line in expected.console {
                let shows = |run: &BootRun| run.console.iter().any(|shown| shown.contains(line));
                if !shows(&bad) || shows(&good) {
                    wrong.push(format!("{} (Secure Boot {secure_boot}): '{line}': {:#?}", entry.name, bad.console));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

/// The outcomes hold on every distribution; what has no place in a unified kernel image is refused by name.
#[test]
fn other_distributions_agree_about_the_outcome() {
    let mut unfit = Vec::new();
    for name in ["AKSAzureLinux-V3gen2TL-202607.13.0", "AKSUbuntu-2404gen2TLcontainerd-202607.13.0", UNIFIED] {
        let other = library().get(name).unwrap();
        for entry in &LIBRARY {
            match try_run(other.clone(), &[entry.fault], true) {
                Ok(run) => assert_eq!(outcome(&run), entry.secure_boot_on.outcome, "{name}: {}", entry.name),
                Err(BootError::Image(_)) if name == UNIFIED => unfit.push(entry.name),
                Err(error) => panic!("{name}: {}: {error}", entry.name),
            }
        }
    }
    assert_eq!(unfit, ["tampered-grub-config", "tampered-kernel-cmdline", "tampered-initrd", "evil-initrd"]);
}

#[test]
fn every_log_replays_to_the_registers_in_all_banks() {
    for entry in &LIBRARY {
        for secure_boot in [true, false] {
            let run = run(&[entry.fault], secure_boot);
            let log = EventLog::parse(&run.log().encode()).unwrap();
            assert_eq!(log.replay(), run.pcrs, "{}", entry.name);
        }
    }
}

/// What tells refusals apart, as in boots of the real firmware, shim and GRUB.
#[test]
fn refusals_leave_the_traces_that_real_ones_leave() {
    let trace = |fault| authorities(&run(&[fault], true));
    let good = authorities(&run(&[], true));
    assert_eq!(good[..2], ["db", "SbatLevel"]);
    // A broken signature leaves no authority, a revoked hash leaves the one that vouched for it.
    assert!(trace(Fault::Tampered { component: Component::Shim }).is_empty());
    assert_eq!(trace(Fault::RevokedHash { component: Component::Shim }), ["db"]);
    assert!(trace(Fault::RevokedCertificate { component: Component::Shim }).is_empty());
    // shim measures the entry of dbx that decided, and nothing for one that is only unknown.
    assert_eq!(trace(Fault::Tampered { component: Component::Grub }), ["db", "SbatLevel"]);
    for fault in
        [Fault::RevokedHash { component: Component::Grub }, Fault::RevokedCertificate { component: Component::Grub }]
    {
        assert_eq!(trace(fault), ["db", "SbatLevel", "dbx"], "{fault}");
    }
    assert_eq!(trace(Fault::UnsignedKernel), good);
    let revoked = trace(Fault::RevokedHash { component: Component::Kernel });
    assert_eq!(revoked.last().map(String::as_str), Some("dbx"));
    assert_eq!(revoked.len(), good.len() + 1);
}

/// Whoever is refused before GRUB runs leaves GRUB's registers as the power-on left them, also after the refusal.
#[test]
fn nothing_runs_behind_a_refused_boot_loader() {
    for entry in LIBRARY.iter().filter(|entry| entry.secure_boot_on.registers.contains(&8)) {
        let run = run(&[entry.fault], true);
        let (Outcome::Refused(component), Some(at_refusal)) = (outcome(&run), &run.at_refusal) else { continue };
        let grubs = [8, 9].map(|pcr| at_refusal.get(Bank::Sha256, PcrIndex::new(pcr)) == [0; 32]);
        assert_eq!(grubs, [component != Component::Kernel; 2], "{}", entry.name);
        let shims = at_refusal.get(Bank::Sha256, PcrIndex::new(14)) == [0; 32];
        assert_eq!(shims, component == Component::Shim, "{}", entry.name);
    }
}

#[test]
fn the_debugger_is_the_first_thing_in_pcr_7() {
    let run = run(&[Fault::FirmwareDebugMode], true);
    let first = run.events.iter().find(|event| event.pcr == PcrIndex::new(7)).unwrap();
    assert_eq!((first.event_type, first.data.as_slice()), (EventType::EFI_ACTION, b"UEFI Debug Mode".as_slice()));
}

#[test]
fn an_enrolled_stranger_may_bring_a_kernel() {
    let good = run(&[], true);
    let stranger = run(&[Fault::UnknownMok, Fault::UnknownSigner { component: Component::Kernel }], true);
    assert_eq!(outcome(&stranger), Outcome::Boots);
    // The code is the same and so is PCR 4; the file, the signer and the enrolled key are not.
    assert_eq!(differing(&stranger, &good), [7, 9, 14]);
}

#[test]
fn in_setup_mode_nothing_is_verified() {
    let components = [Component::Shim, Component::Grub, Component::Kernel];
    let mut faults: Vec<_> = components.map(|component| Fault::Tampered { component }).to_vec();
    faults.push(Fault::SetupMode);
    let run = run(&faults, true);
    assert_eq!(outcome(&run), Outcome::Boots);
    assert!(run.console.iter().any(|line| line.contains("Secure boot disabled")), "{:#?}", run.console);
}

#[test]
fn changes_of_code_are_measured_whoever_signs_them() {
    let good = run(&[], true);
    let shim = Fault::UnknownSigner { component: Component::Grub };
    let signed = run(&[shim, Fault::Tampered { component: Component::Grub }, Fault::UnknownMok], true);
    assert_eq!(outcome(&signed), Outcome::Boots);
    assert!(differing(&signed, &good).contains(&4));
}

#[test]
fn foreign_keys_are_kept() {
    let dir = tempfile::tempdir().unwrap();
    let first = ForeignKeys::open_or_create(dir.path()).unwrap();
    let second = ForeignKeys::open_or_create(dir.path()).unwrap();
    assert_eq!(first.mok.cert_der, second.mok.cert_der);
    assert_eq!(first.owner.cert_der, second.owner.cert_der);
    assert_ne!(first.owner.cert_der, first.mok.cert_der);
    std::fs::write(dir.path().join("foreign-mok.key.pem"), "junk").unwrap();
    let error = ForeignKeys::open_or_create(dir.path()).unwrap_err().to_string();
    assert!(error.contains("foreign-mok.key.pem is not a PRIVATE KEY"), "{error}");
}

#[test]
fn an_edited_log_lacks_the_command_line_and_a_withheld_one_everything() {
    let run = run(&[], true);
    let style = &FirmwareProfile::azure().log;
    let log = run.log().encode_as(style);
    let shown = |fault| log_shown(log.clone(), &[fault], style).unwrap();
    assert_eq!(shown(Fault::SetupMode), log);
    assert!(shown(Fault::EventLogWithheld).is_empty());
    let edited = EventLog::parse(&shown(Fault::EventLogEdited)).unwrap();
    assert_eq!(edited.events.len() + 1, run.events.len());
    let differing: Vec<_> = edited.replay().differing(&run.pcrs).into_iter().map(PcrIndex::number).collect();
    assert_eq!(differing, [8]);
}
