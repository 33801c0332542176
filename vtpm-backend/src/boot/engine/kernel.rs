//! The kernel: what its EFI stub measures, and the first lines of its log.

use control_plane::hardware::Component;

use crate::eventlog::EventType;
use crate::image::Content;
use crate::pcr::Digests;

use super::session::Session;

/// Where the setup header says, relative to 0x200, the version text is (Linux `Documentation/arch/x86/boot.rst`).
const VERSION_POINTER: usize = 0x20e;
/// The tag of the stub's measurement of an initial RAM disk (Linux `INITRD_EVENT_TAG_ID`).
const INITRD_TAG: u32 = 0x8f3b_22ec;
const INITRD_DESCRIPTION: &[u8] = b"Linux initrd\0";

/// Starts a kernel. `initrd` is what the stub loads itself from its boot loader (LoadFile2) and therefore measures.
pub(super) fn run(session: &mut Session<'_>, kernel: &Content, command_line: &str, initrd: Option<&[u8]>) {
    if session.secure_boot {
        session.recorder.print("EFI stub: UEFI Secure Boot is enabled.");
    }
    if let Some(initrd) = initrd {
        let mut data = INITRD_TAG.to_le_bytes().to_vec();
        data.extend_from_slice(&(INITRD_DESCRIPTION.len() as u32).to_le_bytes());
        data.extend_from_slice(INITRD_DESCRIPTION);
        let event_type = EventType::EVENT_TAG;
        let digests = Digests::of(initrd);
        session.recorder.measure_digest(Component::Initrd, 9, event_type, digests, data);
        session.note(
            "GRUB 2.12 hands the initrd to the kernel's EFI stub, which measures it (Linux 5.18 and later; inferred)",
        );
    }
    let version = version(kernel.bytes()).unwrap_or_else(|| "(of unknown version)".to_owned());
    let recorder = &mut session.recorder;
    recorder.print(format!("[    0.000000] Linux version {version}"));
    recorder.print(format!("[    0.000000] Command line: BOOT_IMAGE={command_line}"));
    let state = if session.secure_boot { "enabled" } else { "disabled" };
    recorder.print(format!("[    0.000000] secureboot: Secure boot {state}"));
}

fn version(kernel: &[u8]) -> Option<String> {
    let pointer = kernel.get(VERSION_POINTER..VERSION_POINTER + 2)?;
    let at = 0x200 + usize::from(u16::from_le_bytes([pointer[0], pointer[1]]));
    let text = kernel.get(at..)?.iter().take(200).take_while(|byte| **byte != 0);
    String::from_utf8(text.copied().collect()).ok().filter(|text| !text.is_empty())
}
