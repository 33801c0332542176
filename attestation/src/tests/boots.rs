//! Real boot chains compared with the reference.

use control_plane::hardware::Component;
use vtpm_backend::eventlog::EventLog;

use super::fixture::{booted, good_reference};
use crate::{Baseline, Difference, Part, compare};

fn differences(secure_boot: bool, tampered: &[Component]) -> Vec<Difference> {
    compare(&Baseline::from_reference(&good_reference(secure_boot)), &booted(secure_boot, tampered).log())
}

/// The components at fault, in order, each once.
fn components(differences: &[Difference]) -> Vec<Part> {
    let mut parts: Vec<Part> = Vec::new();
    for difference in differences {
        if !parts.contains(&difference.component) {
            parts.push(difference.component);
        }
    }
    parts
}

#[test]
fn an_untouched_machine_does_not_differ() {
    for secure_boot in [true, false] {
        assert_eq!(differences(secure_boot, &[]), []);
        let log = Baseline::from_log(&booted(secure_boot, &[]).log());
        assert_eq!(compare(&log, &booted(secure_boot, &[]).log()), []);
    }
}

#[test]
fn without_secure_boot_the_changed_component_is_the_first_difference() {
    let expected = [
        (Component::Shim, Part::Shim, 4, "shim was replaced: Authenticode digest "),
        (Component::Grub, Part::Grub, 4, "GRUB was replaced: Authenticode digest "),
        (Component::GrubConfig, Part::GrubConfig, 9, "grub.cfg' (GRUB's configuration) was changed: SHA-256 "),
        (Component::Kernel, Part::Kernel, 9, "(the kernel) was changed: SHA-256 "),
        (Component::Initrd, Part::Initrd, 9, "(the initial RAM disk) was changed: SHA-256 "),
    ];
    for (component, part, pcr, text) in expected {
        let found = differences(false, &[component]);
        let first = found.first().unwrap_or_else(|| panic!("{component} makes no difference"));
        assert_eq!((first.component, first.pcr), (part, pcr), "{component}: {found:#?}");
        assert!(first.text.contains(text), "{component}: {}", first.text);
    }
}

#[test]
fn several_changed_components_come_in_boot_order() {
    let found = differences(false, &[Component::Initrd, Component::Grub, Component::Kernel]);
    assert_eq!(components(&found), [Part::Grub, Part::Kernel, Part::Initrd], "{found:#?}");
    assert!(found.is_sorted_by_key(|difference| difference.index), "{found:#?}");
}

#[test]
fn a_refused_component_ends_the_boot() {
    for (component, part) in [(Component::Shim, Part::Shim), (Component::Grub, Part::Grub)] {
        let found = differences(true, &[component]);
        assert_eq!(found.len(), 1, "{found:#?}");
        assert_eq!(found[0].component, part, "{found:#?}");
        assert!(found[0].text.contains("the boot ended early: "), "{}", found[0].text);
    }
}

#[test]
fn a_refused_kernel_is_measured_and_then_nothing_more() {
    let found = differences(true, &[Component::Kernel]);
    assert_eq!(found[0].component, Part::Kernel, "{found:#?}");
    assert!(found.last().unwrap().text.contains("does not appear"), "{found:#?}");
}

#[test]
fn secure_boot_switched_off_is_the_first_difference() {
    let found = compare(&Baseline::from_reference(&good_reference(true)), &booted(false, &[]).log());
    assert_eq!((found[0].component, found[0].pcr), (Part::SecureBootConfiguration, 7));
    assert_eq!(found[0].text, "PCR 7 differs: Secure Boot is off instead of on");
}

#[test]
fn the_place_of_a_difference_is_its_number_in_the_log() {
    let run = booted(false, &[Component::Grub]);
    let first = differences(false, &[Component::Grub]).remove(0);
    // Behind the header event, which tpm2_eventlog counts as number 0.
    assert_eq!(run.log().events[first.index - 1].pcr.number(), 4);
}

#[test]
fn what_an_event_tells_about_is_deduced_as_the_machine_says() {
    let (told, log) = (good_reference(true), booted(true, &[]).log());
    let (told, deduced) = (Baseline::from_reference(&told), Baseline::from_log(&log));
    // GRUB's own first commands cannot be told from those of its configuration.
    let differing: Vec<_> = told
        .events
        .iter()
        .zip(&deduced.events)
        .filter(|(told, deduced)| told.part != deduced.part && told.event.pcr.number() != 8)
        .map(|(told, deduced)| (told.event.describe(), told.part, deduced.part))
        .collect();
    assert_eq!(differing, []);
}

#[test]
fn references_survive_their_file() {
    let baseline = Baseline::from_reference(&good_reference(true));
    assert_eq!(Baseline::parse(baseline.to_json().as_bytes()).unwrap(), baseline);
    let log = booted(true, &[]).log();
    assert_eq!(Baseline::parse(&log.encode()).unwrap(), Baseline::from_log(&log));
    let other = baseline.to_json().replace("slipway-reference-1", "slipway-reference-2");
    for bad in [other.as_bytes(), b"", b"{", b"{\"format\":\"slipway-reference-1\"}"] {
        assert!(Baseline::parse(bad).is_err());
    }
}

#[test]
fn a_log_of_something_else_entirely_is_compared_as_well() {
    let baseline = Baseline::from_reference(&good_reference(true));
    let nothing = compare(&baseline, &EventLog::default());
    assert_eq!(nothing.len(), 1);
    let everything = compare(&Baseline::default(), &booted(true, &[]).log());
    assert_eq!(everything.len(), booted(true, &[]).events.len());
}

#[test]
fn long_commands_are_shown_where_they_part() {
    let found = differences(false, &[Component::GrubConfig]);
    let line = found.iter().find(|difference| difference.text.contains("command line")).unwrap();
    assert!(line.text.contains(" rw console=tty1") && line.text.contains(" ro console=tty1"), "{}", line.text);
    assert!(found.iter().all(|difference| difference.text.chars().count() < 320), "{found:#?}");
}
