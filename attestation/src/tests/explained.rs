//! Why two boots differ: nodes, and logs of machines that Slipway did not make.

use control_plane::hardware::Component;
use vtpm_backend::eventlog::{Event, EventLog, EventType, HardwareLog};
use vtpm_backend::pcr::{Bank, Digests, PcrBanks, PcrIndex};
use vtpm_backend::uefi::device_path::{DevicePath, Node};
use vtpm_backend::uefi::image_load::ImageLoadEvent;

use super::fixture::{Recipe, booted, good_reference};
use crate::{Against, Baseline, Boot, Explanation, Part, RegisterState, Registers, explain};

fn node(secure_boot: bool, tampered: &[Component]) -> Boot {
    let run = booted(secure_boot, tampered);
    Boot::of_node("node", &run.log().encode(), &run.pcrs).unwrap()
}

fn baseline(secure_boot: bool) -> Against {
    Against::Baseline { name: "good".into(), baseline: Baseline::from_reference(&good_reference(secure_boot)) }
}

fn in_state(explanation: &Explanation, state: RegisterState) -> Vec<u8> {
    explanation.registers.iter().filter(|register| register.state == state).map(|register| register.pcr).collect()
}

fn text(explanation: &Explanation, pcr: u8) -> &str {
    let register = explanation.registers.iter().find(|register| register.pcr == pcr).unwrap();
    &register.differences[0].difference.text
}

#[test]
fn a_good_boot_is_the_same_as_its_reference_but_for_the_machine() {
    for secure_boot in [true, false] {
        let explanation = explain(&node(secure_boot, &[]), &baseline(secure_boot)).unwrap();
        assert!(explanation.same, "{explanation}");
        assert_eq!(in_state(&explanation, RegisterState::MachineSpecific), [6], "{explanation}");
        assert_eq!(in_state(&explanation, RegisterState::Differs), [] as [u8; 0]);
        assert!(explanation.to_string().contains("the two boots are the same"), "{explanation}");
    }
}

#[test]
fn a_tampered_boot_loader_differs_in_its_register_and_is_named() {
    let mut explanation = explain(&node(false, &[Component::Grub]), &baseline(false)).unwrap();
    assert!(!explanation.same);
    assert_eq!(in_state(&explanation, RegisterState::Differs), [4]);
    assert!(text(&explanation, 4).starts_with("PCR 4 differs: GRUB was replaced: Authenticode digest "));
    assert_eq!(explanation.summary, "the boots differ in PCR 4; first of all in GRUB");
    explanation.note(Part::Grub, "it would not verify");
    let report = explanation.to_string();
    assert!(report.contains("GRUB was replaced") && report.contains("\n            it would not verify\n"), "{report}");
    let json = serde_json::to_value(&explanation).unwrap();
    let register = &json["registers"][4];
    assert_eq!((&register["state"], &register["differences"][0]["change"]), (&"differs".into(), &"changed".into()));
    assert_eq!(register["differences"][0]["verification"], "it would not verify");
}

#[test]
fn a_boot_that_ended_early_is_explained_in_every_register() {
    let explanation = explain(&node(true, &[Component::Grub]), &baseline(true)).unwrap();
    let differing = in_state(&explanation, RegisterState::Differs);
    assert!([4, 7, 8, 9].iter().all(|pcr| differing.contains(pcr)), "{explanation}");
    for pcr in differing {
        assert!(text(&explanation, pcr).contains("does not appear"), "{explanation}");
    }
    let report = explanation.to_string();
    assert!(report.contains(" more, because the log ends there\n") && report.lines().count() < 40, "{report}");
}

#[test]
fn two_machines_of_one_image_differ_in_the_register_of_the_machine() {
    let mut other = node(true, &[]);
    let log = other.log.as_mut().unwrap();
    let uuid = log.events.iter_mut().find(|event| event.event_type == EventType::COMPACT_HASH).unwrap();
    uuid.data = b"UUID: of another".to_vec();
    uuid.digests.iter_mut().for_each(|digest| digest.value.fill(7));
    other.registers = Registers::default();
    let explanation = explain(&node(true, &[]), &Against::Boot(other)).unwrap();
    assert!(explanation.same, "{explanation}");
    assert_eq!(in_state(&explanation, RegisterState::MachineSpecific), [6]);
    assert!(text(&explanation, 6).contains("UUID: of another"), "{explanation}");
}

#[test]
fn a_log_that_does_not_explain_its_registers_is_not_the_same_as_anything() {
    let run = booted(true, &[]);
    let mut pcrs = run.pcrs.clone();
    pcrs.extend(PcrIndex::new(4), &Digests::of(b"unlogged"));
    pcrs.extend(PcrIndex::new(10), &Digests::of(b"IMA"));
    let boot = Boot::of_node("node", &run.log().encode(), &pcrs).unwrap();
    let explanation = explain(&boot, &baseline(true)).unwrap();
    assert!(
        !explanation.same && explanation.summary.contains("does not explain its registers: PCR 4"),
        "{explanation}"
    );
    let agreement = explanation.subject.agreement.as_ref().unwrap();
    assert_eq!(
        (agreement.disagreements.len(), agreement.extended_later.as_slice()),
        (3, [PcrIndex::new(10)].as_slice())
    );
    assert!(explanation.to_string().contains("but the logs do not say why"), "{explanation}");
}

#[test]
fn evidence_in_a_folder_and_a_printed_log_are_boots_too() {
    let temp = tempfile::tempdir().unwrap();
    let write = |name: &str, tampered: &[Component]| {
        let dir = temp.path().join(name);
        Recipe::default().evidence(&booted(false, tampered)).write(&dir).unwrap();
        dir
    };
    let (good, bad) = (write("good", &[]), write("bad", &[Component::Kernel]));
    let explanation = explain(&Boot::read(&bad).unwrap(), &Against::Boot(Boot::read(&good).unwrap())).unwrap();
    assert_eq!(in_state(&explanation, RegisterState::Differs), [9], "{explanation}");
    assert!(text(&explanation, 9).contains("(the kernel) was changed"), "{explanation}");
    assert_eq!(explanation.subject.quote.as_ref().unwrap().matches, Some(true), "{explanation}");

    let printed = temp.path().join("eventlog.yaml");
    std::fs::write(&printed, booted(false, &[]).log().to_yaml()).unwrap();
    let same = explain(&Boot::read(&printed).unwrap(), &Against::Boot(Boot::read(&good).unwrap())).unwrap();
    assert!(same.same, "{same}");

    // The quote is of other values than those beside it.
    std::fs::copy(bad.join("quote.pcrs"), good.join("quote.pcrs")).unwrap();
    let forged = explain(&Boot::read(&good).unwrap(), &baseline(false)).unwrap();
    assert!(!forged.same && forged.to_string().contains("OTHER values"), "{forged}");
    let nothing = Boot::read(temp.path()).map(|boot| boot.registers);
    assert!(nothing.is_ok(), "the printed log is there: {nothing:?}");
    std::fs::remove_file(printed).unwrap();
    assert!(Boot::read(temp.path()).unwrap_err().to_string().contains("binary_bios_measurements"));
}

#[test]
fn what_tpm2_eventlog_prints_is_read_as_the_log_itself() {
    let log = booted(true, &[]).log().encode();
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join("log"), &log).unwrap();
    let printed = std::process::Command::new("tpm2_eventlog").arg(dir.path().join("log")).output().unwrap();
    let (printed, binary) = (Boot::of_log("yaml", &printed.stdout).unwrap(), HardwareLog::parse(&log).unwrap());
    let of = printed.log.as_ref().unwrap();
    assert_eq!(of.algorithms, binary.algorithms);
    for (read, event) in of.events.iter().zip(&binary.events) {
        assert_eq!((read.pcr, read.event_type, &read.digests), (event.pcr, event.event_type, &event.digests));
    }
    assert_eq!(of.events.len(), binary.events.len());
    let explanation = explain(&printed, &baseline(true)).unwrap();
    assert!(explanation.same, "{explanation}");
}

fn image(path: &str, content: &[u8]) -> Event {
    let device_path = DevicePath(vec![Node::File(path.to_owned())]);
    let load = ImageLoadEvent { location: 0x6d00_0000, length: 9, link_time_address: 0, device_path };
    let data = load.encode();
    Event {
        digests: Digests::of(content),
        data,
        ..Event::of_data(PcrIndex::new(4), EventType::EFI_BOOT_SERVICES_APPLICATION, [])
    }
}

/// A log with SHA-256 alone, as many machines have.
fn sha256_log(events: Vec<Event>) -> HardwareLog {
    let mut log = HardwareLog::parse(&EventLog { events }.encode()).unwrap();
    log.algorithms.retain(|algorithm| algorithm.0 == Bank::Sha256.alg_id());
    log.events.iter_mut().for_each(|event| event.digests.retain(|digest| digest.algorithm.0 == Bank::Sha256.alg_id()));
    log
}

fn foreign(name: &str, events: Vec<Event>) -> Boot {
    let mut pcrs = PcrBanks::new();
    events.iter().filter(|event| event.is_extended()).for_each(|event| pcrs.extend(event.pcr, &event.digests));
    let text: String = PcrIndex::all()
        .map(|pcr| format!("    {:<2}: 0x{}\n", pcr.number(), hex::encode_upper(pcrs.get(Bank::Sha256, pcr))))
        .collect();
    let registers = Registers::parse(format!("  sha256:\n{text}").as_bytes()).unwrap();
    Boot { name: name.into(), log: Some(sha256_log(events)), registers, quote: None }
}

/// Windows: its boot manager and loader in PCR 4, its own log in PCR 11 to 14 as tagged events.
fn windows(loader: &[u8], boot_manager_settings: &[u8]) -> Vec<Event> {
    let pcr = PcrIndex::new;
    vec![
        Event::of_data(pcr(0), EventType::S_CRTM_VERSION, *b"1\0\0\0"),
        Event::of_data(pcr(1), EventType::EFI_HANDOFF_TABLES, [1; 16]),
        Event::of_data(pcr(4), EventType::EFI_ACTION, *b"Calling EFI Application from Boot Option"),
        Event::of_data(pcr(4), EventType::SEPARATOR, [0; 4]),
        image(r"\EFI\Microsoft\Boot\bootmgfw.efi", b"boot manager"),
        image(r"\Windows\system32\winload.efi", loader),
        Event::of_data(pcr(11), EventType::EVENT_TAG, boot_manager_settings),
    ]
}

#[test]
fn logs_of_other_systems_fall_back_to_what_the_log_says() {
    let good = foreign("good", windows(b"winload", &[1; 40]));
    let same = explain(&good, &Against::Boot(good.clone())).unwrap();
    assert!(same.same, "{same}");
    let bad = foreign("bad", windows(b"winload, patched", &[2; 40]));
    let explanation = explain(&bad, &Against::Boot(good.clone())).unwrap();
    assert_eq!(in_state(&explanation, RegisterState::Differs), [4, 11], "{explanation}");
    let winload = r"PCR 4 differs: the boot loader (\Windows\system32\winload.efi) was replaced: Authenticode digest ";
    assert!(text(&explanation, 4).starts_with(winload), "{explanation}");
    assert!(text(&explanation, 11).contains("EV_EVENT_TAG (40 bytes) has other content: SHA-256 "), "{explanation}");

    // A machine's own tables, and the address at which an image was loaded, are no reason.
    let mut elsewhere = windows(b"winload", &[1; 40]);
    elsewhere[1] = Event::of_data(PcrIndex::new(1), EventType::EFI_HANDOFF_TABLES, [9; 16]);
    elsewhere[5].data[0] ^= 0xff;
    let explanation = explain(&foreign("elsewhere", elsewhere), &Against::Boot(good)).unwrap();
    assert!(explanation.same && in_state(&explanation, RegisterState::MachineSpecific) == [1], "{explanation}");
}

#[test]
fn a_unified_kernel_image_is_compared_section_by_section() {
    let fedora = |cmdline: &[u8]| {
        let section = |name: &str, content: &[u8]| Event {
            digests: Digests::of(content),
            ..Event::of_data(PcrIndex::new(11), EventType::IPL, format!("{name}\0"))
        };
        vec![
            image(r"\EFI\fedora\shimx64.efi", b"shim"),
            image(r"\EFI\Linux\fedora-6.17.efi", b"uki"),
            section(".linux", b"kernel"),
            section(".cmdline", cmdline),
            section(".initrd", b"initrd"),
        ]
    };
    let good = Against::Boot(foreign("good", fedora(b"quiet")));
    let explanation = explain(&foreign("bad", fedora(b"quiet init=/bin/sh")), &good).unwrap();
    assert_eq!(in_state(&explanation, RegisterState::Differs), [11], "{explanation}");
    let first = &explanation.registers.iter().find(|register| register.pcr == 11).unwrap().differences[0].difference;
    assert_eq!(first.component, Part::Kernel);
    assert!(first.text.contains(".cmdline"), "{explanation}");
}

#[test]
fn registers_alone_tell_which_differ() {
    let alone = |tampered: &[Component]| Boot {
        name: "registers".into(),
        registers: Registers::of_node(&booted(false, tampered).pcrs),
        ..Boot::default()
    };
    let explanation = explain(&alone(&[Component::Initrd]), &Against::Boot(alone(&[]))).unwrap();
    assert_eq!(in_state(&explanation, RegisterState::Differs), [9]);
    let error = explain(&Boot { name: "empty".into(), ..Boot::default() }, &baseline(true)).unwrap_err();
    assert!(error.to_string().contains("nothing is known of empty"), "{error}");
    let sha1 = Registers::parse(format!("sha1:\n 0: 0x{}\n", "00".repeat(20)).as_bytes()).unwrap();
    let sha1 = Against::Boot(Boot { name: "old".into(), registers: sha1, ..Boot::default() });
    let error = explain(&foreign("new", windows(b"", &[])), &sha1).unwrap_err();
    assert!(error.to_string().contains("no bank in common"), "{error}");
}

#[test]
fn a_real_machines_log_can_be_explained() {
    let log = include_bytes!("../../../vtpm-backend/tests/data/lenovo-fedora.bin");
    let good = Boot::of_log("a Lenovo with Fedora", log).unwrap();
    assert!(explain(&good, &Against::Boot(good.clone())).unwrap().same);
    let mut bad = good.clone();
    let events = &mut bad.log.as_mut().unwrap().events;
    let boot = events.iter_mut().find(|event| event.event_type == EventType::EFI_VARIABLE_BOOT).unwrap();
    boot.digests.iter_mut().for_each(|digest| digest.value.fill(1));
    let shim = events.iter_mut().find(|event| event.event_type == EventType::EFI_BOOT_SERVICES_APPLICATION).unwrap();
    shim.digests.iter_mut().for_each(|digest| digest.value.fill(2));
    let explanation = explain(&bad, &Against::Boot(good)).unwrap();
    assert_eq!(in_state(&explanation, RegisterState::Differs), [4], "{explanation}");
    assert_eq!(in_state(&explanation, RegisterState::MachineSpecific), [5], "{explanation}");
    assert!(text(&explanation, 4).contains("shim was replaced"), "{explanation}");
    // A simulated node is another machine in every respect; it is told event by event all the same.
    let other = explain(&bad, &baseline(true)).unwrap();
    assert!(!other.same && other.registers.iter().any(|register| register.differences.len() > 3), "{other}");
}
