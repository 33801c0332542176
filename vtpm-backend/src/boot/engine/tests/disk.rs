//! A whole disk: a partition table, an EFI system partition, a menu with functions and variables.

use std::io::{Cursor, Seek, SeekFrom, Write};

use super::*;
use crate::disk::Kind;
use crate::image::testing::{image, keys};
use crate::uefi::gpt::{Partition, PartitionTable};
use crate::uefi::guids;

const BLOCK: u64 = 512;
const FIRST: u64 = 2048;
const BLOCKS: u64 = 16 * 2048;

/// The start of the disk as partitioning tools write it.
fn table() -> (PartitionTable, Vec<u8>) {
    let table = PartitionTable {
        disk: guids::GLOBAL_VARIABLE,
        blocks: FIRST + BLOCKS + 34,
        partitions: vec![Partition {
            number: 15,
            kind: guids::GPT_ESP,
            unique: guids::SHIM_LOCK,
            first_lba: FIRST,
            last_lba: FIRST + BLOCKS - 1,
            name: "ESP".to_owned(),
        }],
    };
    let event = table.event_data();
    let mut start = vec![0; 34 * BLOCK as usize];
    start[512..512 + 92].copy_from_slice(&event[..92]);
    start[1024 + 14 * 128..1024 + 15 * 128].copy_from_slice(&event[100..]);
    (table, start)
}

/// A disk with Slipway's own shim and GRUB, and these scripts.
fn disk_with(config: &str, more: &[(&str, &[u8])]) -> tempfile::NamedTempFile {
    let mut part = Cursor::new(vec![0; (BLOCKS * BLOCK) as usize]);
    let options = fatfs::FormatVolumeOptions::new().volume_id(0x00c0_ffee);
    fatfs::format_volume(&mut part, options).unwrap();
    part.set_position(0);
    let files = fatfs::FileSystem::new(&mut part, fatfs::FsOptions::new()).unwrap();
    let image = image();
    let write = |path: &str, bytes: &[u8]| {
        let mut folder = files.root_dir();
        let parts: Vec<_> = path.split('/').collect();
        for part in &parts[..parts.len() - 1] {
            folder = folder.create_dir(part).unwrap();
        }
        let mut file = folder.create_file(parts[parts.len() - 1]).unwrap();
        file.write_all(bytes).unwrap();
    };
    write("EFI/BOOT/BOOTX64.EFI", image.file(Component::Shim).unwrap().content.bytes());
    write("EFI/BOOT/grubx64.efi", image.file(Component::Grub).unwrap().content.bytes());
    write("EFI/ubuntu/grub.cfg", config.as_bytes());
    write("boot/vmlinuz", image.file(Component::Kernel).unwrap().content.bytes());
    write("boot/initrd.img", image.file(Component::Initrd).unwrap().content.bytes());
    more.iter().for_each(|(path, bytes)| write(path, bytes));
    drop(files);
    let mut out = tempfile::NamedTempFile::new().unwrap();
    let (_, mut start) = table();
    start.resize((FIRST * BLOCK) as usize, 0);
    out.write_all(&start).unwrap();
    out.write_all(part.get_ref()).unwrap();
    out.write_all(&[0; 34 * BLOCK as usize]).unwrap();
    out
}

fn boot(disk: &Disk, profile: &str) -> Prediction {
    predict(Inputs {
        profile: FirmwareProfile::named(profile).unwrap(),
        variables: Variables::of_keys(keys().databases()),
        firmware: Firmware::Unknown,
        secure_boot: true,
        disk,
        bios_uuid: Some(Uuid::nil()),
        boot_path: None,
        shim_version: None,
        grub_version: None,
        debugger: false,
    })
    .unwrap()
}

fn commands(prediction: &Prediction) -> Vec<String> {
    let command = |event: &Event| match event.decode() {
        EventData::Text(text) if event.pcr == PcrIndex::new(8) => Some(text),
        _ => None,
    };
    let texts = prediction.events.iter().filter_map(command);
    texts.filter_map(|text| Some(text.strip_prefix("grub_cmd: ")?.to_owned())).collect()
}

fn opened(prediction: &Prediction) -> Vec<String> {
    let pcr_9 = prediction.events.iter().filter(|event| event.pcr == PcrIndex::new(9));
    pcr_9.map(|event| event.describe()).collect()
}

/// As `grub-install` and `grub-mkconfig` write them on Debian and Ubuntu, shortened.
const STUB: &str = "search.fs_uuid 00C0-FFEE root \nset prefix=($root)'/boot/grub'\nconfigfile $prefix/grub.cfg\n";
const MENU: &str = r#"if [ -s $prefix/grubenv ]; then
  set have_grubenv=true
  load_env
fi
set default="${saved_entry}"
if [ x"${feature_menuentry_id}" = xy ]; then
  menuentry_id_option="--id"
else
  menuentry_id_option=""
fi
export menuentry_id_option
function recordfail {
  set recordfail=1
  if [ -n "${have_grubenv}" ]; then save_env recordfail; fi
}
function load_video {
  if [ x$feature_all_video_module = xy ]; then
    insmod all_video
  fi
}
if loadfont unicode ; then
  set gfxmode=auto
fi
submenu 'Advanced options' $menuentry_id_option 'advanced' {
	menuentry 'Ubuntu, with Linux 6.8' --class os $menuentry_id_option 'six-eight' {
		recordfail
		load_video
		for x in a b; do true $x; done
		linux /boot/vmlinuz root=LABEL="a b" ro "quiet splash"
		initrd /boot/initrd.img
	}
}
"#;

const GRUBENV: &[u8] = b"# GRUB Environment Block\nsaved_entry=advanced>six-eight\n####";

#[test]
fn a_debian_menu_is_followed() {
    let files: [(&str, &[u8]); 3] = [
        ("boot/grub/grub.cfg", MENU.as_bytes()),
        ("boot/grub/grubenv", GRUBENV),
        ("boot/grub/x86_64-efi/command.lst", b"list"),
    ];
    let file = disk_with(STUB, &files);
    let disk = Disk::open_image(file.path()).unwrap();
    assert_eq!(disk.esp().unwrap().kind("/boot/GRUB").unwrap(), Some(Kind::Folder));
    let prediction = boot(&disk, "azure");
    assert_eq!(prediction.outcome, BootOutcome::Booted, "{prediction:?}");
    let wanted = [
        "search.fs_uuid 00C0-FFEE root",
        "set prefix=(hd0,gpt15)/boot/grub",
        "configfile (hd0,gpt15)/boot/grub/grub.cfg",
        "[ -s (hd0,gpt15)/boot/grub/grubenv ]",
        "set have_grubenv=true",
        "load_env",
        "set default=advanced>six-eight",
        "[ xy = xy ]",
        "menuentry_id_option=--id",
        "export menuentry_id_option",
        "loadfont unicode",
    ];
    let all = commands(&prediction);
    let from = all.iter().position(|command| command.starts_with("search.fs_uuid")).unwrap();
    assert_eq!(all[from..from + wanted.len()], wanted);
    let entry = &all[from + wanted.len()..];
    assert!(entry[0].starts_with("submenu Advanced options --id advanced {\n\tmenuentry 'Ubuntu"), "{}", entry[0]);
    assert_eq!(entry[1], "setparams Advanced options");
    assert!(entry[2].starts_with("menuentry Ubuntu, with Linux 6.8 --class os --id six-eight {\n\t\trecordfail"));
    assert_eq!(
        entry[3..],
        [
            "setparams Ubuntu, with Linux 6.8",
            "recordfail",
            "set recordfail=1",
            "[ -n  ]",
            "load_video",
            "[ xy = xy ]",
            "insmod all_video",
            "true a",
            "true b",
            "linux /boot/vmlinuz root=LABEL=a b ro quiet splash",
            "initrd /boot/initrd.img",
        ]
    );
    let described: Vec<_> = prediction.events.iter().map(Event::describe).collect();
    let line = r#"kernel_cmdline: /boot/vmlinuz "root=LABEL=a b" ro "quiet splash""#;
    assert!(described.iter().any(|text| text == line));
    assert_eq!(
        opened(&prediction),
        [
            "(hd0,gpt15)/EFI/ubuntu/grub.cfg",
            "(hd0,gpt15)/boot/grub/x86_64-efi/command.lst",
            "(hd0,gpt15)/boot/grub/grub.cfg",
            "(hd0,gpt15)/boot/grub/grubenv",
            "/boot/vmlinuz",
            "/boot/initrd.img",
        ]
    );
    let unpredicted: Vec<_> = prediction.unpredicted.keys().copied().collect();
    assert_eq!(unpredicted, [0, 1]);
}

/// Ubuntu's and Azure's layout: GRUB's files, kernel and initrd on a root file system of their own.
#[test]
fn a_root_file_system_of_its_own_is_found_by_its_uuid() {
    const UUID: &str = "11111111-2222-3333-4444-555555555555";
    let (dir, image) = (tempfile::tempdir().unwrap(), image());
    let root = dir.path().join("root");
    fs::create_dir_all(root.join("boot/grub")).unwrap();
    fs::write(root.join("boot/vmlinuz"), image.file(Component::Kernel).unwrap().content.bytes()).unwrap();
    fs::write(root.join("boot/grub/grub.cfg"), "menuentry 'Linux' {\n\tlinux /boot/vmlinuz ro\n}\n").unwrap();
    let made = std::process::Command::new("mkfs.ext4")
        .args(["-q", "-F", "-U", UUID, "-L", "cloudimg", "-d"])
        .arg(&root)
        .arg(dir.path().join("root.img"))
        .arg("16M")
        .status();
    assert!(made.expect("mkfs.ext4 of the package e2fsprogs is needed").success());
    let files = fs::read(dir.path().join("root.img")).unwrap();

    let stub =
        format!("search.fs_uuid {UUID} root hd0,gpt1\nset prefix=($root)/boot/grub\nconfigfile $prefix/grub.cfg\n");
    let mut disk = disk_with(&stub, &[]);
    // Partition 1 lies behind the EFI system partition.
    let mut entry = [0; 128];
    entry[..16].copy_from_slice(&guids::GPT_LINUX.to_bytes());
    entry[32..40].copy_from_slice(&(FIRST + BLOCKS).to_le_bytes());
    entry[40..48].copy_from_slice(&(FIRST + BLOCKS + files.len() as u64 / BLOCK - 1).to_le_bytes());
    disk.seek(SeekFrom::Start(1024)).unwrap();
    disk.write_all(&entry).unwrap();
    disk.seek(SeekFrom::Start((FIRST + BLOCKS) * BLOCK)).unwrap();
    disk.write_all(&files).unwrap();

    let disk = Disk::open_image(disk.path()).unwrap();
    assert_eq!((disk.esp, disk.volume(1).unwrap().label.as_deref()), (15, Some("cloudimg")));
    let prediction = boot(&disk, "azure");
    assert_eq!(prediction.outcome, BootOutcome::Booted, "{:?}", prediction.console);
    assert_eq!(opened(&prediction)[1..], ["(hd0,gpt1)/boot/grub/grub.cfg", "/boot/vmlinuz"]);
    assert_eq!(disk.volume(1).unwrap().list("/boot").unwrap(), ["grub", "vmlinuz"]);
    assert_eq!(disk.volume(1).unwrap().kind("/boot/vmlinuz/x").unwrap(), None);
}

#[test]
fn the_partition_table_is_measured_as_it_stands_on_the_disk() {
    let file = disk_with("linux /boot/vmlinuz\nboot\n", &[]);
    let disk = Disk::open_image(file.path()).unwrap();
    let prediction = boot(&disk, "azure-older");
    let gpt = prediction.events.iter().find(|event| event.event_type == EventType::EFI_GPT_EVENT);
    assert_eq!(gpt.unwrap().data, table().0.event_data());
    // Nothing about the machine is unknown to this profile.
    assert!(prediction.unpredicted.is_empty(), "{:?}", prediction.unpredicted);
    let calling = prediction.events.iter().any(|event| event.describe().starts_with("Calling"));
    assert!(!calling);
}

#[test]
fn profiles_differ_where_they_should() {
    let file = disk_with("linux /boot/vmlinuz\nboot\n", &[]);
    let disk = Disk::open_image(file.path()).unwrap();
    let differing = |a: &str, b: &str| {
        let differing = boot(&disk, a).pcrs.differing(&boot(&disk, b).pcrs);
        differing.into_iter().map(PcrIndex::number).collect::<Vec<_>>()
    };
    assert_eq!(differing("azure", "azure-newer"), [6]);
    assert_eq!(differing("azure", "azure-older"), [0, 4]);
}

#[test]
fn a_failed_entry_leaves_grub_waiting() {
    let config =
        "menuentry 'gone' {\n linux /boot/none\n echo after\n}\nmenuentry 'there' {\n linux /boot/vmlinuz\n}\n";
    let file = disk_with(config, &[]);
    let disk = Disk::open_image(file.path()).unwrap();
    let prediction = boot(&disk, "azure");
    assert!(matches!(&prediction.outcome, BootOutcome::Refused { component: Component::GrubConfig, .. }));
    assert_eq!(commands(&prediction).last().unwrap(), "echo after");
    let with_fallback = disk_with(&format!("set fallback=1\n{config}"), &[]);
    let disk = Disk::open_image(with_fallback.path()).unwrap();
    assert_eq!(boot(&disk, "azure").outcome, BootOutcome::Booted);
}

#[test]
fn what_is_not_followed_is_said() {
    let config = "frobnicate\nlinux /boot/vmlinuz\nboot\n";
    let file = disk_with(config, &[]);
    let disk = Disk::open_image(file.path()).unwrap();
    let prediction = boot(&disk, "azure");
    assert!(commands(&prediction).contains(&"frobnicate".to_owned()));
    assert!(prediction.notes.contains(&"GRUB: the command 'frobnicate' is not followed".to_owned()));
}

/// As on Fedora and its descendants: the menu comes from files, the newest first.
#[test]
fn boot_loader_specification_entries_are_followed() {
    let entry = |version: &str| {
        format!(
            "title Linux {version}\nversion {version}\nlinux /boot/vmlinuz\ninitrd /boot/initrd.img\noptions ro $more\n"
        )
    };
    let (old, new) = (entry("6.6.9"), entry("6.6.10"));
    let files: [(&str, &[u8]); 2] =
        [("loader/entries/a-6.6.9.conf", old.as_bytes()), ("loader/entries/a-6.6.10.conf", new.as_bytes())];
    let file = disk_with("set more=quiet\nblscfg\n", &files);
    let disk = Disk::open_image(file.path()).unwrap();
    let prediction = boot(&disk, "azure");
    assert_eq!(prediction.outcome, BootOutcome::Booted, "{:?}", prediction.console);
    let all = commands(&prediction);
    let from = all.iter().position(|command| command == "blscfg").unwrap();
    assert_eq!(
        all[from + 1..],
        [
            "setparams Linux 6.6.10",
            "load_video",
            "set gfxpayload=keep",
            "insmod gzio",
            "linux (hd0,gpt15)/boot/vmlinuz ro quiet",
            "initrd (hd0,gpt15)/boot/initrd.img",
        ]
    );
    assert!(opened(&prediction).contains(&"(hd0,gpt15)/loader/entries/a-6.6.10.conf".to_owned()));
    // In which order they lie on the disk is not known here.
    assert!(prediction.unpredicted[&9].contains("/loader/entries"));
    let one = disk_with("blscfg\n", &files[..1]);
    let prediction = boot(&Disk::open_image(one.path()).unwrap(), "azure");
    assert!(!prediction.unpredicted.contains_key(&9) && prediction.outcome == BootOutcome::Booted);
}

#[test]
fn another_program_is_started_through_the_firmware() {
    let file = disk_with("chainloader /EFI/BOOT/BOOTX64.EFI\nboot\n", &[]);
    let disk = Disk::open_image(file.path()).unwrap();
    let prediction = boot(&disk, "azure");
    let applications = |prediction: &Prediction| {
        let is_application = |event: &&Event| event.event_type == EventType::EFI_BOOT_SERVICES_APPLICATION;
        prediction.events.iter().filter(is_application).count()
    };
    // shim starts GRUB, which starts shim, until it is enough.
    assert!(matches!(prediction.outcome, BootOutcome::Refused { .. }));
    assert!(applications(&prediction) > 3);
    // Signed by nobody in db: shim agrees, the firmware does not.
    let file = disk_with("chainloader /EFI/BOOT/grubx64.efi\nboot\n", &[]);
    let prediction = boot(&Disk::open_image(file.path()).unwrap(), "azure");
    assert!(matches!(&prediction.outcome, BootOutcome::Refused { component: Component::Kernel, .. }));
    assert_eq!(applications(&prediction), 3);
    assert!(prediction.console.contains(&"error: cannot load image.".to_owned()));
}

#[test]
fn disks_that_cannot_be_used_say_why() {
    let empty = tempfile::NamedTempFile::new().unwrap();
    let error = Disk::open_image(empty.path()).unwrap_err().to_string();
    assert!(error.contains("no usable GUID partition table"), "{error}");
    let (_, mut start) = table();
    start.resize(((FIRST + BLOCKS) * BLOCK) as usize, 0);
    fs::write(empty.path(), start).unwrap();
    let error = Disk::open_image(empty.path()).unwrap_err().to_string();
    assert!(error.contains("no partition holds a FAT"), "{error}");
    let missing = Disk::open_image(&PathBuf::from("/nonexistent/disk"));
    assert!(missing.unwrap_err().to_string().starts_with("/nonexistent/disk: "));
}

#[test]
fn nothing_to_boot_and_no_platform_key() {
    let empty = tempfile::tempdir().unwrap();
    let disk = Disk::of_folders(empty.path(), 1, None).unwrap();
    let inputs = |secure_boot| Inputs {
        profile: FirmwareProfile::named("ovmf").unwrap(),
        variables: Variables::default(),
        firmware: Firmware::Unknown,
        secure_boot,
        disk: &disk,
        bios_uuid: None,
        boot_path: None,
        shim_version: None,
        grub_version: None,
        debugger: false,
    };
    let error = predict(inputs(false)).unwrap_err().to_string();
    assert!(error.contains(r"\EFI\BOOT\BOOTX64.EFI"), "{error}");
    assert!(matches!(predict(inputs(true)), Err(PredictError::NoPlatformKey)));
}
