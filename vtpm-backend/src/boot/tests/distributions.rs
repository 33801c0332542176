//! Every distribution boots through its own chain, and its log explains its registers.

use super::*;
use crate::eventlog::EventLog;
use crate::image::testing::library;
use crate::pcr::Bank;

const IMAGES: [&str; 6] = [
    "AKSUbuntu-2204gen2TLcontainerd-202607.13.0",
    "AKSUbuntu-2404gen2TLcontainerd-202607.13.0",
    "AKSAzureLinux-V2gen2TL-202607.13.0",
    "AKSAzureLinux-V3gen2TL-202607.13.0",
    "AKSAzureContainerLinux-202607.13.0",
    "AzureLinuxOSGuard-V3gen2TL-202607.13.0",
];

fn boot_image(name: &str, secure_boot: bool, faults: &[Fault]) -> BootRun {
    let image = library().get(name).unwrap();
    boot(&Machine { image, faults, ..machine(UUID_A, secure_boot) }).unwrap()
}

/// What `tpm2_eventlog` computes from a log.
fn tpm2_eventlog(log: &[u8]) -> String {
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), log).unwrap();
    let output = std::process::Command::new("tpm2_eventlog").arg(file.path()).output();
    let output = output.expect("tpm2_eventlog is missing: install tpm2-tools");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn every_distribution_boots_and_its_log_replays() {
    for name in IMAGES {
        for secure_boot in [true, false] {
            let run = boot_image(name, secure_boot, &[]);
            assert_eq!(run.outcome, BootOutcome::Booted, "{name}: {:#?}", run.console);
            let bytes = run.log().encode();
            assert_eq!(EventLog::parse(&bytes).unwrap().replay(), run.pcrs, "{name}");
            let yaml = tpm2_eventlog(&bytes);
            for bank in Bank::ALL {
                for pcr in (0..=9).chain([11, 14]).filter(|pcr| run.events.iter().any(|e| e.pcr.number() == *pcr)) {
                    let value = hex::encode(run.pcrs.get(bank, PcrIndex::new(pcr)));
                    assert!(yaml.contains(&format!("{pcr:<2} : 0x{value}\n")), "{name}: {bank} {pcr}");
                }
            }
        }
    }
}

#[test]
fn the_menus_are_followed_to_the_kernel() {
    for name in &IMAGES[..4] {
        let run = boot_image(name, true, &[]);
        let image = library().get(name).unwrap();
        let kernel = &image.file(Component::Kernel).unwrap().path;
        let line = run.events.iter().map(Event::describe).find(|text| text.starts_with("kernel_cmdline: "));
        let line = line.unwrap();
        assert!(line.starts_with(&format!("kernel_cmdline: {kernel} ")) && line.contains("root=PARTUUID="), "{line}");
        assert!(run.console.iter().all(|line| !line.starts_with("error")), "{name}: {:#?}", run.console);
        let release = &image.distribution.kernel_release;
        assert!(run.console.iter().any(|line| line.contains(&format!("Linux version {release} "))), "{name}");
    }
}

/// GRUB 2.06 asks shim about the kernel twice, 2.12 once, and then the kernel's own stub measures what it is given.
#[test]
fn grub_2_12_differs_from_2_06() {
    let count = |name: &str, pcr, event_type| digests_in(&boot_image(name, true, &[]), pcr, event_type).len();
    let (jammy, noble) = (IMAGES[0], IMAGES[1]);
    assert_eq!(count(jammy, 4, EventType::EFI_BOOT_SERVICES_APPLICATION), 4);
    assert_eq!(count(noble, 4, EventType::EFI_BOOT_SERVICES_APPLICATION), 3);
    assert_eq!(count(jammy, 9, EventType::EVENT_TAG), 0);
    assert_eq!(count(noble, 9, EventType::EVENT_TAG), 2);
}

#[test]
fn each_vendor_s_shim_trusts_its_own_kernels_only() {
    let ubuntu = library().get(IMAGES[0]).unwrap();
    let kernel = ubuntu.file(Component::Kernel).unwrap().content.clone();
    let azure_linux = library().get(IMAGES[3]).unwrap().with_content(Component::Kernel, kernel).unwrap();
    let run = boot(&Machine { image: Arc::new(azure_linux), ..machine(UUID_A, true) }).unwrap();
    assert_eq!(refused(&run).0, Component::Kernel);
    assert_eq!(authorities(&boot_image(IMAGES[3], true, &[])), ["db", "SbatLevel", "MokListRT"]);
}

const UNIFIED: &str = IMAGES[4];

/// shim, systemd-boot, the unified kernel image through shim; its sections in PCR 11; the kernel's own stub in PCR 9.
#[test]
fn a_unified_kernel_image_measures_its_sections() {
    let run = boot_image(UNIFIED, true, &[]);
    assert_eq!(authorities(&run), ["db", "SbatLevel", "MokListRT"]);
    assert_eq!(applications(&run).len(), 3);
    let names: Vec<_> = run.events.iter().filter(|e| e.pcr == PcrIndex::new(11)).map(|e| e.data.clone()).collect();
    let name = |text: &str| text.encode_utf16().chain([0]).flat_map(u16::to_le_bytes).collect::<Vec<u8>>();
    let sections = [".linux", ".osrel", ".cmdline", ".initrd", ".uname", ".sbat"];
    let wanted: Vec<_> = sections.iter().flat_map(|section| [name(section), name(section)]).collect();
    assert_eq!(names, wanted);
    // As systemd documents it: the name with its NUL, then the content, of each section.
    let image = library().get(UNIFIED).unwrap();
    let bytes = image.file(Component::Kernel).unwrap().content.bytes().to_vec();
    let mut register = [0; 32].to_vec();
    for section in sections {
        let content = crate::image::pe::section(&bytes, section).unwrap().unwrap();
        for data in [[section.as_bytes(), b"\0"].concat().as_slice(), content] {
            register = Bank::Sha256.hash(&[&register, &Bank::Sha256.hash(&[data])]);
        }
    }
    assert_eq!(run.pcrs.get(Bank::Sha256, PcrIndex::new(11)), register);
    for pcr in [8, 12, 13] {
        assert_eq!(run.pcrs.get(Bank::Sha256, PcrIndex::new(pcr)), [0; 32], "{pcr}");
    }
    assert_eq!(digests_in(&run, 9, EventType::EVENT_TAG).len(), 2);
    assert_eq!(digests_in(&run, 5, EventType::EVENT_TAG).len(), 1);
}

/// Without Secure Boot the firmware loads, and measures, the kernel inside as well.
#[test]
fn without_secure_boot_the_kernel_inside_is_measured_too() {
    let (on, off) = (boot_image(UNIFIED, true, &[]), boot_image(UNIFIED, false, &[]));
    assert_eq!(applications(&off)[..3], applications(&on)[..]);
    assert_eq!(applications(&off).len(), 4);
    assert_eq!(differing(&on, &off), [4, 7]);
}

#[test]
fn a_tampered_unified_kernel_image_is_refused_after_it_was_measured() {
    let fault = [Fault::Tampered { component: Component::Kernel }];
    let run = boot_image(UNIFIED, true, &fault);
    let (component, reason) = refused(&run);
    assert_eq!(component, Component::Kernel);
    assert!(
        reason.starts_with(r"Error loading \EFI\Linux\vmlinuz-uki-") && reason.ends_with("Access denied"),
        "{reason}"
    );
    assert_eq!(applications(&run).len(), 3);
    assert_eq!(differing(&run, &boot_image(UNIFIED, true, &[])), [4, 5, 9, 11]);
    let off = boot_image(UNIFIED, false, &fault);
    assert_eq!(off.outcome, BootOutcome::Booted);
    let loader = boot_image(UNIFIED, true, &[Fault::Tampered { component: Component::Grub }]);
    assert_eq!(refused(&loader).0, Component::Grub);
}

/// The older and newer firmware of Azure's machines differ in what the public logs show to differ.
#[test]
fn firmware_profiles_can_be_chosen_for_nodes() {
    let with = |name: &str| {
        let firmware = FirmwareProfile::named(name).unwrap();
        boot(&Machine { firmware, ..machine(UUID_A, true) }).unwrap()
    };
    assert_eq!(differing(&with("azure"), &with("azure-newer")), [6]);
    assert_eq!(differing(&with("azure"), &with("azure-older")), [0, 1, 4]);
    for name in ["azure-newer", "azure-older"] {
        let reference = reference(&image(), true, keys(), FirmwareProfile::named(name).unwrap()).unwrap();
        assert_eq!(reference.pcrs(UUID_A), with(name).pcrs, "{name}");
    }
}
