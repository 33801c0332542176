//! What is refused, and what a refusal leaves behind.

use super::order::{GOOD, assert_outline, outline};
use super::*;
use crate::image::{ImageError, PlatformKeys};

#[test]
fn tampered_shim_is_refused_by_the_firmware_without_a_trace() {
    let run = tampered(Component::Shim, true);
    assert_eq!(refused(&run), (Component::Shim, "The image's hash and certificate are not allowed (DB)."));
    assert_outline(&run, &GOOD[..19]);
    assert_eq!(run.console[0], "Virtual Machine Boot Summary");
    assert!(run.console.contains(&"   The image's hash and certificate are not allowed (DB).".to_owned()));
}

#[test]
fn tampered_grub_is_refused_by_shim_and_shows_as_absence() {
    let run = tampered(Component::Grub, true);
    // Nothing else is tried, so that nothing changes after the refusal.
    assert_eq!(run.at_refusal.as_ref(), Some(&run.pcrs));
    assert_eq!(good(true).at_refusal, None);
    assert_eq!(refused(&run), (Component::Grub, "Verification failed: (0x1A) Security Violation"));
    assert_outline(&run, &GOOD[..26]);
    assert_eq!(applications(&run), [hash_of(Component::Shim)]);
    assert!(run.console.contains(&"Failed to load image: Security Policy Violation".to_owned()));
    assert!(run.console.contains(&"   The boot loader did not load an operating system.".to_owned()));
}

#[test]
fn tampered_kernel_is_refused_after_it_was_measured_once() {
    let run = tampered(Component::Kernel, true);
    assert_eq!(refused(&run), (Component::Kernel, "bad shim signature"));
    assert_eq!(applications(&run).len(), 3);
    assert_ne!(applications(&run)[2], hash_of(Component::Kernel));
    assert_eq!(differing(&run, &good(true)), [4, 5, 8, 9]);
    let console = run.console.join("\n");
    assert!(console.contains("error: bad shim signature.\nerror: you need to load the kernel first."), "{console}");
    // GRUB goes on with the entry's commands, but neither the command line nor the RAM disk is reached.
    let last = outline(&run).pop().unwrap();
    assert!(last.starts_with("8 IPL grub_cmd: initrd"), "{last}");
}

#[test]
fn without_secure_boot_a_tampered_component_boots_and_its_digest_tells() {
    let expected = [(Component::Shim, vec![4]), (Component::Grub, vec![4]), (Component::Kernel, vec![9])];
    for (component, registers) in expected {
        let run = tampered(component, false);
        assert_eq!(run.outcome, BootOutcome::Booted, "{component}");
        assert_eq!(differing(&run, &good(false)), registers, "{component}");
        assert_eq!(run.events.len(), good(false).events.len());
    }
}

#[test]
fn unsigned_parts_boot_either_way_and_show_in_pcr_8_and_9() {
    for secure_boot in [true, false] {
        for (component, registers) in [(Component::GrubConfig, vec![8, 9]), (Component::Initrd, vec![9])] {
            let run = tampered(component, secure_boot);
            assert_eq!(run.outcome, BootOutcome::Booted, "{component}");
            assert_eq!(differing(&run, &good(secure_boot)), registers, "{component}");
        }
    }
}

#[test]
fn several_faults_the_first_in_the_chain_decides() {
    let faults = [Component::Kernel, Component::Grub].map(|component| Fault::Tampered { component });
    assert_eq!(refused(&boot_with(UUID_A, true, &faults)).0, Component::Grub);
    let firmware = [Fault::Tampered { component: Component::Firmware }];
    let machine = Machine { faults: &firmware, ..machine(UUID_A, true) };
    assert!(matches!(boot(&machine), Err(BootError::Image(ImageError::NotOnDisk(Component::Firmware)))));
}

#[test]
fn decisions_come_from_signatures_not_from_the_fault_list() {
    // An image whose bytes were changed by other means is refused just the same.
    let content = |component| image().file(component).unwrap().content.clone();
    let refused_with = |component, content| {
        let image = Arc::new(image().with_content(component, content).unwrap());
        refused(&boot(&Machine { image, ..machine(UUID_A, true) }).unwrap()).0
    };
    let changed = content(Component::Grub).with_byte(5000, |byte| !byte);
    assert_eq!(refused_with(Component::Grub, changed), Component::Grub);
    // Signed by the wrong authority is refused, too.
    assert_eq!(refused_with(Component::Shim, content(Component::Grub)), Component::Shim);
}

#[test]
fn keys_of_another_platform_refuse_shim() {
    let foreign = PlatformKeys::generate(crate::image::testing::NOW).unwrap();
    let machine = Machine { keys: &foreign, ..machine(UUID_A, true) };
    assert_eq!(refused(&boot(&machine).unwrap()).0, Component::Shim);
}
