use std::collections::BTreeSet;

use super::*;

#[test]
fn names_are_kebab_case_and_lead_back_to_their_faults() {
    let mut names = BTreeSet::new();
    for entry in &LIBRARY {
        assert!(entry.name.chars().all(|c| c.is_ascii_lowercase() || c == '-'), "{}", entry.name);
        assert!(names.insert(entry.name), "{} twice", entry.name);
        assert_eq!(entry.name.parse(), Ok(entry.fault));
        assert_eq!(entry.fault.to_string(), entry.name);
        let stored = serde_json::to_string(&entry.fault).unwrap();
        assert_eq!(serde_json::from_str::<Fault>(&stored).unwrap(), entry.fault);
    }
}

#[test]
fn unknown_names_list_the_known_ones() {
    let error = "tampered-grubb".parse::<Fault>().unwrap_err().to_string();
    assert!(error.starts_with("there is no fault 'tampered-grubb'; one of tampered-shim, tampered-grub,"), "{error}");
}

#[test]
fn conflicts_are_explained() {
    let all_alone = LIBRARY.iter().all(|entry| check(&[entry.fault], true).is_ok());
    assert!(all_alone);
    let error = check(&[Fault::KeysReplaced, Fault::SetupMode], true).unwrap_err().to_string();
    assert!(error.starts_with("setup-mode and secure-boot-keys-replaced exclude each other: "), "{error}");
    let error = check(&[Fault::EventLogWithheld], false).unwrap_err().to_string();
    assert!(error.contains("vTPM off"), "{error}");
    let firmware = Fault::Tampered { component: Component::Firmware };
    assert_eq!(check(&[firmware], true), Err(Conflict::NotOnDisk));
}

#[test]
fn registers_are_ascending_and_refusals_leave_traces() {
    for entry in &LIBRARY {
        for expected in [entry.secure_boot_on, entry.secure_boot_off] {
            assert!(expected.registers.is_sorted(), "{}", entry.name);
            let refused = matches!(expected.outcome, Outcome::Refused(_));
            assert!(!refused || !(expected.registers.is_empty() || expected.console.is_empty()), "{}", entry.name);
        }
        let off = entry.secure_boot_off.outcome;
        assert_eq!(off, Outcome::Boots, "{}: nothing is verified without Secure Boot", entry.name);
    }
}

#[test]
fn docs_faults_is_the_rendered_library() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/FAULTS.md");
    let page = render_markdown();
    if std::env::var_os("UPDATE_DOCS").is_some() {
        std::fs::write(path, &page).unwrap();
    }
    let written = std::fs::read_to_string(path).unwrap_or_default();
    assert!(written == page, "docs/FAULTS.md is out of date: UPDATE_DOCS=1 cargo test -p control-plane docs_faults");
}
