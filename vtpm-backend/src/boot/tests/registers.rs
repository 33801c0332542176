//! Registers, logs and references.

use super::*;
use crate::image::testing::library;
use crate::pcr::Bank;

#[test]
fn registers_log_and_replay_agree() {
    for component in [None, Some(Component::Shim), Some(Component::Grub), Some(Component::Kernel)] {
        for secure_boot in [true, false] {
            let fault = component.map(|component| Fault::Tampered { component });
            let run = boot_with(UUID_A, secure_boot, fault.as_slice());
            let log = EventLog::parse(&run.log().encode()).unwrap();
            assert_eq!(log.events, run.events);
            assert_eq!(log.replay(), run.pcrs);
        }
    }
}

#[test]
fn separators_alone_make_pcr_2_and_3() {
    let run = good(true);
    for pcr in [2, 3] {
        let value = hex::encode(run.pcrs.get(Bank::Sha256, PcrIndex::new(pcr)));
        assert_eq!(value, "3d458cfe55cc03ea1f443f1562beec8df51c75e14a9fcf9a7234a13f198e7969");
    }
    for pcr in [10, 11, 12, 13, 15, 16, 23] {
        assert_eq!(run.pcrs.get(Bank::Sha256, PcrIndex::new(pcr)), [0; 32]);
    }
}

#[test]
fn two_nodes_of_one_image_differ_in_pcr_6_only() {
    assert_eq!(differing(&good(true), &boot_with(UUID_B, true, &[])), [6]);
    assert_eq!(good(true), good(true));
}

#[test]
fn another_image_differs_where_its_files_do() {
    let other = library().get("AKSUbuntu-2204gen2TLcontainerd-202608.01.0").unwrap();
    let machine = Machine { image: other, ..machine(UUID_A, true) };
    assert_eq!(differing(&good(true), &boot(&machine).unwrap()), [1, 4, 5, 8, 9]);
}

#[test]
fn the_reference_is_the_good_boot_and_names_culprits() {
    for secure_boot in [true, false] {
        let reference = reference(&image(), secure_boot, keys(), FirmwareProfile::azure()).unwrap();
        let run = good(secure_boot);
        assert_eq!(reference.pcrs(UUID_A), run.pcrs);
        let specific: Vec<_> = reference.events.iter().filter(|expected| expected.machine_specific).collect();
        assert_eq!(specific.len(), 1);
        assert_eq!(specific[0].event.pcr, PcrIndex::new(6));
        assert_eq!(reference.events.len(), run.events.len());
    }
    let reference = reference(&image(), false, keys(), FirmwareProfile::azure()).unwrap();
    for component in Component::ALL.into_iter().skip(1) {
        let run = tampered(component, false);
        let first = run
            .events
            .iter()
            .zip(&reference.events)
            .find(|(event, expected)| **event != expected.event && !expected.machine_specific);
        assert_eq!(first.unwrap().1.subject, component);
    }
}

#[test]
fn tpm2_eventlog_reads_the_log_and_computes_the_same_registers() {
    let run = good(true);
    let log = run.log();
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("eventlog");
    std::fs::write(&path, log.encode()).unwrap();
    let output = std::process::Command::new("tpm2_eventlog")
        .arg(&path)
        .output()
        .expect("tpm2_eventlog is missing: install tpm2-tools");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let text = String::from_utf8(output.stdout).unwrap();
    let types = |text: &str| -> Vec<String> {
        text.lines()
            .filter(|line| line.contains("EventType:") || line.contains("PCRIndex:"))
            .map(str::to_owned)
            .collect()
    };
    assert_eq!(types(&text), types(&log.to_yaml()));
    for bank in Bank::ALL {
        for pcr in [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 14] {
            let value = hex::encode(run.pcrs.get(bank, PcrIndex::new(pcr)));
            assert!(text.contains(&format!("{pcr:<2} : 0x{value}")), "{bank}:{pcr}\n{text}");
        }
    }
}

proptest::proptest! {
    #![proptest_config(proptest::prelude::ProptestConfig::with_cases(64))]
    #[test]
    fn mutated_real_logs_never_panic(at in proptest::prelude::any::<proptest::sample::Index>(), to in proptest::prelude::any::<u8>()) {
        static LOG: std::sync::OnceLock<Vec<u8>> = std::sync::OnceLock::new();
        let mut bytes = LOG.get_or_init(|| good(true).log().encode()).clone();
        let at = at.index(bytes.len());
        bytes[at] = to;
        if let Ok(log) = EventLog::parse(&bytes) {
            log.replay();
            log.to_yaml();
        }
    }
}
