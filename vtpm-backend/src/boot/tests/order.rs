//! The order of events.

use super::*;

/// Register, type and description of every event, long ones cut.
pub(super) fn outline(run: &BootRun) -> Vec<String> {
    let cut = |text: String| text.chars().take(60).collect::<String>();
    let line = |event: &Event| {
        let name = event.event_type.to_string();
        format!("{} {} {}", event.pcr, name.trim_start_matches("EV_").trim_start_matches("EFI_"), event.describe())
    };
    run.events.iter().map(line).map(cut).collect()
}

pub(super) const GOOD: &[&str] = &[
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
    "7 VARIABLE_AUTHORITY MokListRT: CN=Slipway Distribution CA,O",
    "4 BOOT_SERVICES_APPLICATION \\EFI\\ubuntu\\grubx64.efi",
    // The configuration on GRUB's memory disk, then the stub on the EFI system partition.
    "8 IPL grub_cmd: [ -z (hd0,gpt15)/EFI/ubuntu -o ! -e (hd0,gpt",
    "8 IPL grub_cmd: [ -e (hd0,gpt15)/EFI/ubuntu/x86_64-efi/grub.",
    "8 IPL grub_cmd: [ -e (hd0,gpt15)/EFI/ubuntu/grub.cfg ]",
    "8 IPL grub_cmd: source (hd0,gpt15)/EFI/ubuntu/grub.cfg",
    "9 IPL (hd0,gpt15)/EFI/ubuntu/grub.cfg",
    "8 IPL grub_cmd: search.fs_uuid ",
    "8 IPL grub_cmd: set prefix=(hd0,gpt1)/boot/grub",
    // A new prefix makes GRUB read the lists of modules there.
    "9 IPL (hd0,gpt1)/boot/grub/x86_64-efi/command.lst",
    "9 IPL (hd0,gpt1)/boot/grub/x86_64-efi/fs.lst",
    "9 IPL (hd0,gpt1)/boot/grub/x86_64-efi/crypto.lst",
    "9 IPL (hd0,gpt1)/boot/grub/x86_64-efi/terminal.lst",
    "8 IPL grub_cmd: configfile (hd0,gpt1)/boot/grub/grub.cfg",
    "9 IPL (hd0,gpt1)/boot/grub/grub.cfg",
    "8 IPL grub_cmd: [ -s (hd0,gpt1)/boot/grub/grubenv ]",
    "8 IPL grub_cmd: set have_grubenv=true",
    "8 IPL grub_cmd: load_env",
    "9 IPL (hd0,gpt1)/boot/grub/grubenv",
    "8 IPL grub_cmd: [  = 2 ]",
    "8 IPL grub_cmd: [  = 1 ]",
    "8 IPL grub_cmd: [  ]",
    "8 IPL grub_cmd: set default=0",
    "8 IPL grub_cmd: [ xy = xy ]",
    "8 IPL grub_cmd: menuentry_id_option=--id",
    "8 IPL grub_cmd: export menuentry_id_option",
    "8 IPL grub_cmd: [  ]",
    "8 IPL grub_cmd: serial --speed=115200 --unit=0 --word=8 --pa",
    "8 IPL grub_cmd: terminal_input serial",
    "8 IPL grub_cmd: terminal_output serial",
    "8 IPL grub_cmd: [  = 1 ]",
    "8 IPL grub_cmd: [ xy = xy ]",
    "8 IPL grub_cmd: set timeout_style=countdown",
    "8 IPL grub_cmd: set timeout=0",
    "8 IPL grub_cmd: set menu_color_normal=white/black",
    "8 IPL grub_cmd: set menu_color_highlight=black/light-gray",
    "8 IPL grub_cmd: set linux_gfx_mode=auto",
    "8 IPL grub_cmd: export linux_gfx_mode",
    "8 IPL grub_cmd: menuentry Ubuntu --class ubuntu --class gnu-",
    "8 IPL grub_cmd: submenu Advanced options for Ubuntu --id gnu",
    "8 IPL grub_cmd: menuentry UEFI Firmware Settings --id uefi-f",
    "8 IPL grub_cmd: [ -f (hd0,gpt1)/boot/grub/custom.cfg ]",
    "8 IPL grub_cmd: [ -z (hd0,gpt1)/boot/grub -a -f (hd0,gpt1)/b",
    "8 IPL grub_cmd: setparams Ubuntu",
    "8 IPL grub_cmd: recordfail",
    "8 IPL grub_cmd: set recordfail=1",
    "8 IPL grub_cmd: [ -n true ]",
    "8 IPL grub_cmd: [ -z  ]",
    "8 IPL grub_cmd: save_env recordfail",
    "8 IPL grub_cmd: load_video",
    "8 IPL grub_cmd: [ xy = xy ]",
    "8 IPL grub_cmd: insmod all_video",
    "8 IPL grub_cmd: insmod gzio",
    "8 IPL grub_cmd: [ xefi = xxen ]",
    "8 IPL grub_cmd: insmod part_gpt",
    "8 IPL grub_cmd: insmod ext2",
    "8 IPL grub_cmd: search --no-floppy --fs-uuid --set=root ",
    "8 IPL grub_cmd: linux /boot/vmlinuz-5.15.0-",
    "9 IPL /boot/vmlinuz-5.15.0-",
    "4 BOOT_SERVICES_APPLICATION image of ",
    "4 BOOT_SERVICES_APPLICATION image of ",
    "8 IPL kernel_cmdline: /boot/vmlinuz-5.15.0-",
    "8 IPL grub_cmd: initrd /boot/initrd.img-5.15.0-",
    "9 IPL /boot/initrd.img-5.15.0-",
    "5 ACTION Exit Boot Services Invocation",
    "5 ACTION Exit Boot Services Returned with Success",
];

pub(super) fn assert_outline(run: &BootRun, expected: &[&str]) {
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
    assert_eq!(authorities(&run), ["db", "SbatLevel", "MokListRT"]);
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
        .filter(|line| !line.contains("AUTHORITY db") && !line.contains("AUTHORITY MokListRT"))
        .filter(|line| !line.contains("APPLICATION image of"))
        .map(|line| if line.contains("SecureBoot") { "7 VARIABLE_DRIVER_CONFIG SecureBoot = 0" } else { line })
        .map(
            |line| {
                if line.contains("SbatLevel") { "7 VARIABLE_AUTHORITY SbatLevel = sbat,1,2021030218" } else { line }
            },
        )
        .collect();
    assert_outline(&run, &wanted);
    assert_eq!(authorities(&run), ["SbatLevel"]);
    assert_eq!(differing(&run, &good(true)), [4, 7]);
}
