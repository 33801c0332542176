//! What is refused, and what a refusal leaves behind.

use super::order::{GOOD, assert_outline, outline};
use super::*;

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
    assert!(
        console.contains("error: bad shim signature.\nLoading initial ramdisk ...\nerror: you need to load the kernel")
    );
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
    let machine = Machine { bios_uuid: UUID_A, secure_boot: true, image: image(), faults: &firmware, keys: keys() };
    assert!(matches!(boot(&machine), Err(ImageError::NotOnDisk(Component::Firmware))));
}

#[test]
fn decisions_come_from_signatures_not_from_the_fault_list() {
    // An image whose bytes were changed by other means is refused just the same.
    let mut other = (*image()).clone();
    other.grub.content = other.grub.content.with_byte(5000, |byte| !byte);
    let machine = Machine { bios_uuid: UUID_A, secure_boot: true, image: Arc::new(other), faults: &[], keys: keys() };
    assert_eq!(refused(&boot(&machine).unwrap()).0, Component::Grub);
    // Signed by the wrong authority is refused, too.
    let mut swapped = (*image()).clone();
    swapped.shim.content = image().grub.content.clone();
    let machine = Machine { bios_uuid: UUID_A, secure_boot: true, image: Arc::new(swapped), faults: &[], keys: keys() };
    assert_eq!(refused(&boot(&machine).unwrap()).0, Component::Shim);
}

#[test]
fn keys_of_another_platform_refuse_shim() {
    let foreign = PlatformKeys::generate(crate::image::testing::NOW).unwrap();
    let machine = Machine { bios_uuid: UUID_A, secure_boot: true, image: image(), faults: &[], keys: &foreign };
    assert_eq!(refused(&boot(&machine).unwrap()).0, Component::Shim);
}
