use control_plane::hardware::{BootOutcome, Component, Fault};

use super::*;
use crate::eventlog::{EventData, EventType};
use crate::image::testing::{image, keys, library};
use crate::pcr::{Bank, Digests, PcrIndex};

const UUID_A: Uuid = Uuid::from_u128(0x1111_2222_3333_4444_5555_6666_7777_8888);
const UUID_B: Uuid = Uuid::from_u128(0x9999_2222_3333_4444_5555_6666_7777_8888);

fn boot_with(bios_uuid: Uuid, secure_boot: bool, faults: &[Fault]) -> BootRun {
    boot(&Machine { bios_uuid, secure_boot, image: image(), faults, keys: keys() }).unwrap()
}

fn good(secure_boot: bool) -> BootRun {
    boot_with(UUID_A, secure_boot, &[])
}

fn tampered(component: Component, secure_boot: bool) -> BootRun {
    boot_with(UUID_A, secure_boot, &[Fault::Tampered { component }])
}

fn refused(run: &BootRun) -> (Component, &str) {
    match &run.outcome {
        BootOutcome::Refused { component, reason } => (*component, reason),
        BootOutcome::Booted => panic!("it booted"),
    }
}

fn differing(a: &BootRun, b: &BootRun) -> Vec<u8> {
    a.pcrs.differing(&b.pcrs).into_iter().map(PcrIndex::number).collect()
}

fn authorities(run: &BootRun) -> Vec<String> {
    let names = run.events.iter().filter(|event| event.event_type == EventType::EFI_VARIABLE_AUTHORITY);
    names
        .map(|event| match event.decode() {
            EventData::Variable(variable) => variable.name,
            other => panic!("{other:?}"),
        })
        .collect()
}

fn digests_in(run: &BootRun, pcr: u8, event_type: EventType) -> Vec<Digests> {
    let wanted = |event: &&Event| event.pcr == PcrIndex::new(pcr) && event.event_type == event_type;
    run.events.iter().filter(wanted).map(|event| event.digests).collect()
}

fn applications(run: &BootRun) -> Vec<Digests> {
    digests_in(run, 4, EventType::EFI_BOOT_SERVICES_APPLICATION)
}

fn hash_of(component: Component) -> Digests {
    image().file(component).unwrap().content.authenticode().unwrap()
}

/// Register, type and description of every event, long ones cut.
fn outline(run: &BootRun) -> Vec<String> {
    let cut = |text: String| text.chars().take(60).collect::<String>();
    let line = |event: &Event| {
        let name = event.event_type.to_string();
        format!("{} {} {}", event.pcr, name.trim_start_matches("EV_").trim_start_matches("EFI_"), event.describe())
    };
    run.events.iter().map(line).map(cut).collect()
}

const GOOD: &[&str] = &[
    "0 S_CRTM_VERSION (empty text)",
    "0 PLATFORM_FIRMWARE_BLOB firmware, 0x4e0000 bytes at 0x10000",
    "7 VARIABLE_DRIVER_CONFIG SecureBoot = 1",
    "7 VARIABLE_DRIVER_CONFIG PK, ",
    "7 VARIABLE_DRIVER_CONFIG KEK, ",
    "7 VARIABLE_DRIVER_CONFIG db, ",
    "7 VARIABLE_DRIVER_CONFIG dbx, 20264 bytes",
    "7 SEPARATOR separator",
    "6 COMPACT_HASH UUID: 11112222-3333-4444-5555-666677778888",
    "1 VARIABLE_BOOT BootOrder, 2 bytes",
    "1 VARIABLE_BOOT Boot0001, ",
    "4 ACTION Calling EFI Application from Boot Option",
    "0 SEPARATOR separator",
    "1 SEPARATOR separator",
    "2 SEPARATOR separator",
    "3 SEPARATOR separator",
    "4 SEPARATOR separator",
    "5 SEPARATOR separator",
    "6 SEPARATOR separator",
    "7 VARIABLE_AUTHORITY db: ",
    "5 GPT_EVENT disk ",
    "4 BOOT_SERVICES_APPLICATION AcpiEx(VMBus,,)/VenHw(9b17e5a2-0",
    "14 IPL MokList",
    "14 IPL MokListX",
    "7 VARIABLE_AUTHORITY SbatLevel = sbat,1,2023012900; shim,2; ",
    "14 IPL MokListTrusted",
    "7 VARIABLE_AUTHORITY Shim: ",
    "4 BOOT_SERVICES_APPLICATION \\EFI\\ubuntu\\grubx64.efi",
    "8 IPL grub_cmd: [ -z (hd0,gpt15)/EFI/ubuntu -o ! -e (hd0,gpt",
    "8 IPL grub_cmd: [ -e (hd0,gpt15)/EFI/ubuntu/x86_64-efi/grub.",
    "8 IPL grub_cmd: [ -e (hd0,gpt15)/EFI/ubuntu/grub.cfg ]",
    "8 IPL grub_cmd: source (hd0,gpt15)/EFI/ubuntu/grub.cfg",
    "9 IPL (hd0,gpt15)/EFI/ubuntu/grub.cfg",
    "8 IPL grub_cmd: search.fs_uuid ",
    "8 IPL grub_cmd: set prefix=(hd0,gpt1)/boot/grub",
    "8 IPL grub_cmd: configfile (hd0,gpt1)/boot/grub/grub.cfg",
    "9 IPL (hd0,gpt1)/boot/grub/grub.cfg",
    "8 IPL grub_cmd: [ -s (hd0,gpt1)/boot/grub/grubenv ]",
    "8 IPL grub_cmd: [  ]",
    "8 IPL grub_cmd: set default=0",
    "8 IPL grub_cmd: [ xy = xy ]",
    "8 IPL grub_cmd: menuentry_id_option=--id",
    "8 IPL grub_cmd: export menuentry_id_option",
    "8 IPL grub_cmd: serial --speed=115200 --unit=0 --word=8 --pa",
    "8 IPL grub_cmd: terminal_input serial",
    "8 IPL grub_cmd: terminal_output serial",
    "8 IPL grub_cmd: set timeout=0",
    "8 IPL grub_cmd: menuentry Ubuntu --class ubuntu --class gnu-",
    "8 IPL grub_cmd: setparams Ubuntu",
    "8 IPL grub_cmd: insmod gzio",
    "8 IPL grub_cmd: insmod part_gpt",
    "8 IPL grub_cmd: insmod ext2",
    "8 IPL grub_cmd: search --no-floppy --fs-uuid --set=root ",
    "8 IPL grub_cmd: echo Loading Linux 5.15.0-",
    "8 IPL grub_cmd: linux /boot/vmlinuz-5.15.0-",
    "9 IPL /boot/vmlinuz-5.15.0-",
    "4 BOOT_SERVICES_APPLICATION image of ",
    "4 BOOT_SERVICES_APPLICATION image of ",
    "8 IPL kernel_cmdline: /boot/vmlinuz-5.15.0-",
    "8 IPL grub_cmd: echo Loading initial ramdisk ...",
    "8 IPL grub_cmd: initrd /boot/initrd.img-5.15.0-",
    "9 IPL /boot/initrd.img-5.15.0-",
    "5 ACTION Exit Boot Services Invocation",
    "5 ACTION Exit Boot Services Returned with Success",
];

fn assert_outline(run: &BootRun, expected: &[&str]) {
    let outline = outline(run);
    for (i, (got, wanted)) in outline.iter().zip(expected).enumerate() {
        assert!(got.starts_with(wanted), "event {}: '{got}', not '{wanted}…'", i + 1);
    }
    assert_eq!(outline.len(), expected.len(), "{outline:#?}");
}

#[test]
fn a_good_boot_measures_in_the_known_order() {
    let run = good(true);
    assert_eq!(run.outcome, BootOutcome::Booted);
    assert_outline(&run, GOOD);
    assert_eq!(authorities(&run), ["db", "SbatLevel", "Shim"]);
    let kernel = hash_of(Component::Kernel);
    assert_eq!(applications(&run), [hash_of(Component::Shim), hash_of(Component::Grub), kernel, kernel]);
    assert!(run.console.contains(&"EFI stub: UEFI Secure Boot is enabled.".to_owned()));
}

#[test]
fn secure_boot_off_leaves_out_authorities_and_the_kernel() {
    let run = good(false);
    assert_eq!(run.outcome, BootOutcome::Booted);
    let wanted: Vec<_> = GOOD
        .iter()
        .filter(|line| !line.contains("AUTHORITY db") && !line.contains("AUTHORITY Shim"))
        .filter(|line| !line.contains("APPLICATION image of"))
        .map(|line| if line.contains("SecureBoot") { "7 VARIABLE_DRIVER_CONFIG SecureBoot = 0" } else { line })
        .map(|line| if line.contains("SbatLevel") { "7 VARIABLE_AUTHORITY SbatLevel = sbat,1,2021030218" } else { line })
        .collect();
    assert_outline(&run, &wanted);
    assert_eq!(authorities(&run), ["SbatLevel"]);
    assert_eq!(differing(&run, &good(true)), [4, 7]);
}

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
    let machine = Machine { bios_uuid: UUID_A, secure_boot: true, image: other, faults: &[], keys: keys() };
    assert_eq!(differing(&good(true), &boot(&machine).unwrap()), [1, 4, 5, 8, 9]);
}

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
    assert!(console.contains("error: bad shim signature.\nLoading initial ramdisk ...\nerror: you need to load the kernel"));
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
    let machine =
        Machine { bios_uuid: UUID_A, secure_boot: true, image: image(), faults: &firmware, keys: keys() };
    assert!(matches!(boot(&machine), Err(ImageError::NotOnDisk(Component::Firmware))));
}

#[test]
fn decisions_come_from_signatures_not_from_the_fault_list() {
    // An image whose bytes were changed by other means is refused just the same.
    let mut other = (*image()).clone();
    other.grub.content = other.grub.content.with_byte(5000, |byte| !byte);
    let machine =
        Machine { bios_uuid: UUID_A, secure_boot: true, image: Arc::new(other), faults: &[], keys: keys() };
    assert_eq!(refused(&boot(&machine).unwrap()).0, Component::Grub);
    // Signed by the wrong authority is refused, too.
    let mut swapped = (*image()).clone();
    swapped.shim.content = image().grub.content.clone();
    let machine =
        Machine { bios_uuid: UUID_A, secure_boot: true, image: Arc::new(swapped), faults: &[], keys: keys() };
    assert_eq!(refused(&boot(&machine).unwrap()).0, Component::Shim);
}

#[test]
fn keys_of_another_platform_refuse_shim() {
    let foreign = PlatformKeys::generate(crate::image::testing::NOW).unwrap();
    let machine = Machine { bios_uuid: UUID_A, secure_boot: true, image: image(), faults: &[], keys: &foreign };
    assert_eq!(refused(&boot(&machine).unwrap()).0, Component::Shim);
}

#[test]
fn azure_linux_boots_through_the_same_chain() {
    let azure_linux = library().get("AKSAzureLinux-V3gen2TL-202607.13.0").unwrap();
    let machine = Machine { bios_uuid: UUID_A, secure_boot: true, image: azure_linux, faults: &[], keys: keys() };
    let run = boot(&machine).unwrap();
    assert_eq!(run.outcome, BootOutcome::Booted);
    assert_eq!(run.events.len(), GOOD.len());
}

#[test]
fn the_reference_is_the_good_boot_and_names_culprits() {
    for secure_boot in [true, false] {
        let reference = reference(&image(), secure_boot, keys());
        let run = good(secure_boot);
        assert_eq!(reference.pcrs(UUID_A), run.pcrs);
        let specific: Vec<_> = reference.events.iter().filter(|expected| expected.machine_specific).collect();
        assert_eq!(specific.len(), 1);
        assert_eq!(specific[0].event.pcr, PcrIndex::new(6));
        assert_eq!(reference.events.len(), run.events.len());
    }
    let reference = reference(&image(), false, keys());
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
        text.lines().filter(|line| line.contains("EventType:") || line.contains("PCRIndex:")).map(str::to_owned).collect()
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
