//! What firmware does when the boot option has failed.
//!
//! For edk2 the order is that of real boots of Debian's OVMF with a refused shim and a refused GRUB: it goes on to its
//! built-in shell, which Secure Boot refuses after it was measured, and to the fallback path. A shim that refuses again
//! there leaves the machine at its message; when the firmware refused shim, its boot menu opens.

use control_plane::hardware::Component;

use crate::boot::Refusal;
use crate::eventlog::EventType;
use crate::image::{Content, pe};
use crate::uefi::EfiGuid;
use crate::uefi::device_path::{DevicePath, Node};
use crate::uefi::firmware_image::{BOOT_MENU, SHELL};
use crate::uefi::image_load::ImageLoadEvent;

use super::Firmware;
use super::loader::{FALLBACK, find};
use super::profile::AfterRefusal;
use super::session::{LOAD_ADDRESS, Session};
use super::shim;

const SELF: Component = Component::Firmware;

/// Goes on after a refusal; the registers at the refusal are kept first.
pub(super) fn run(session: &mut Session<'_>, refusal: &Refusal) {
    session.mark_refusal();
    match session.profile.after_refusal {
        AfterRefusal::Stop => boot_summary(session, refusal),
        AfterRefusal::NextOption => match refusal.component {
            Component::Shim | Component::Grub => next_option(session, refusal.component),
            // GRUB waits at its menu or prompt.
            _ => {}
        },
    }
}

/// The page that Hyper-V's firmware shows when its only boot option has failed (mu_msvm, `FrontPageStrings.uni`). There
/// is no shell to fall back to and no second boot option; its boot manager shows the page as a program of its own, without
/// signalling another attempt (`DeviceBootManagerLib`, edk2 `EfiBootManagerBoot`). That nothing more is measured, not even
/// that program, is inferred: no log of a refused boot on Azure is public.
fn boot_summary(session: &mut Session<'_>, refusal: &Refusal) {
    session.note("that Azure's firmware measures nothing more after a refusal is inferred; no log of one is public");
    let reason = match refusal.component {
        Component::Shim => refusal.reason.as_str(),
        _ => "The boot loader did not load an operating system.",
    };
    for line in [
        "Virtual Machine Boot Summary",
        "",
        "1. SCSI Disk (0,0)",
        &format!("   {reason}"),
        "",
        "No operating system was loaded. Your virtual machine may be configured incorrectly.",
    ] {
        session.recorder.print(line);
    }
}

fn next_option(session: &mut Session<'_>, refused: Component) {
    if refused == Component::Shim {
        session.recorder.print("BdsDxe: failed to load Boot0001: Access Denied");
    }
    if !session.secure_boot {
        for pcr in [4, 7, 14] {
            session.cannot_predict(pcr, "without Secure Boot the firmware runs its shell after the failed boot option");
        }
        return;
    }
    for text in ["Returning from EFI Application from Boot Option", "Calling EFI Application from Boot Option"] {
        session.recorder.measure(SELF, 4, EventType::EFI_ACTION, text);
    }
    measure_program(session, SHELL, "shell");
    session.recorder.print("BdsDxe: failed to load Boot0002 \"EFI Internal Shell\": Security Violation");
    if refused == Component::Grub {
        if let Some(file) = find(session, FALLBACK) {
            shim_again(session, &file);
        }
        return;
    }
    measure_program(session, BOOT_MENU, "boot menu");
    session.recorder.print("BdsDxe: No bootable option or device was found.");
}

/// The database entry and the partition table were measured in the first attempt.
fn shim_again(session: &mut Session<'_>, file: &super::loader::BootFile) {
    if let Ok(digests) = file.content.authenticode() {
        super::firmware::measure_application(session, Component::Shim, file, digests);
        // It is refused as it was before.
        let _refused = shim::run(session, file);
    }
}

/// Measures a program inside the firmware.
fn measure_program(session: &mut Session<'_>, name: EfiGuid, what: &str) {
    let program = match &session.firmware {
        Firmware::Image(image) => image.program(name).map(Content::new),
        Firmware::Unknown | Firmware::Simulated => None,
    };
    let digests = program.as_ref().and_then(|program| program.authenticode().ok());
    let (Some(program), Some(digests)) = (program, digests) else {
        let reason =
            format!("after the refusal the firmware measures its own {what}, and its image was not given (--firmware)");
        session.cannot_predict(4, reason);
        return;
    };
    let event = ImageLoadEvent {
        location: LOAD_ADDRESS,
        length: program.bytes().len() as u64,
        link_time_address: pe::image_base(program.bytes()).unwrap_or_default(),
        device_path: DevicePath(vec![Node::Other { kind: 4, subtype: 6, data: name.to_bytes().to_vec() }]),
    };
    session.measure_image(SELF, digests, event.encode());
}
