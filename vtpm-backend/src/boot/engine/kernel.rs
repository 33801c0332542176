//! The kernel: what its EFI stub measures, and the first lines of its log.

use control_plane::hardware::Component;

use crate::eventlog::EventType;
use crate::pcr::Digests;

use super::Version;
use super::session::Session;

/// Where the setup header says, relative to 0x200, the version text is (Linux `Documentation/arch/x86/boot.rst`).
const VERSION_POINTER: usize = 0x20e;
/// The tag of the stub's measurement of an initial RAM disk (Linux `INITRD_EVENT_TAG_ID`).
const INITRD_TAG: u32 = 0x8f3b_22ec;
const INITRD_DESCRIPTION: &[u8] = b"Linux initrd\0";

/// The tag of its measurement of the options that it was started with (`LOAD_OPTIONS_EVENT_TAG_ID`).
const OPTIONS_TAG: u32 = 0x8f3b_22ed;
const OPTIONS_DESCRIPTION: &[u8] = b"LOADED_IMAGE::LoadOptions\0";
/// The first kernel whose stub measures its options (commit "efi/libstub: measure EFI LoadOptions").
const MEASURES_OPTIONS: Version = Version::new(6, 2);

/// How a boot loader starts a kernel.
#[derive(Clone, Debug, Default)]
pub(super) struct Start {
    /// What the kernel's log shows as its command line.
    pub(super) command_line: String,
    /// The UEFI load options, when the kernel is started as a UEFI program rather than through the older hand-over
    /// protocol.
    pub(super) load_options: Option<Vec<u8>>,
    /// The hash of what the stub itself loads from its boot loader (LoadFile2) and therefore measures.
    pub(super) initrd: Option<Digests>,
}

/// Starts a kernel.
pub(super) fn run(session: &mut Session<'_>, kernel: &[u8], start: &Start) {
    let text = version(kernel);
    if session.secure_boot {
        session.recorder.print("EFI stub: UEFI Secure Boot is enabled.");
    }
    let number = text.as_deref().and_then(|text| text.parse::<Version>().ok());
    if let Some(options) = &start.load_options
        && number.is_some_and(|number| number >= MEASURES_OPTIONS)
    {
        let event = tagged(OPTIONS_TAG, OPTIONS_DESCRIPTION);
        session.recorder.measure_digest(Component::Kernel, 9, EventType::EVENT_TAG, Digests::of(options), event);
    }
    if let Some(digests) = start.initrd {
        let event = tagged(INITRD_TAG, INITRD_DESCRIPTION);
        session.recorder.measure_digest(Component::Initrd, 9, EventType::EVENT_TAG, digests, event);
    }
    let text = text.unwrap_or_else(|| "(of unknown version)".to_owned());
    let recorder = &mut session.recorder;
    recorder.print(format!("[    0.000000] Linux version {text}"));
    recorder.print(format!("[    0.000000] Command line: {}", start.command_line));
    let state = if session.secure_boot { "enabled" } else { "disabled" };
    recorder.print(format!("[    0.000000] secureboot: Secure boot {state}"));
    if session.secure_boot {
        let text = "Kernel is locked down from EFI Secure Boot mode; see man kernel_lockdown.7";
        recorder.print(format!("[    0.000000] {text}"));
    }
}

/// `TCG_PCClientTaggedEvent`: tag, length, description.
pub(super) fn tagged(tag: u32, description: &[u8]) -> Vec<u8> {
    let mut out = tag.to_le_bytes().to_vec();
    out.extend_from_slice(&(description.len() as u32).to_le_bytes());
    out.extend_from_slice(description);
    out
}

fn version(kernel: &[u8]) -> Option<String> {
    let pointer = kernel.get(VERSION_POINTER..VERSION_POINTER + 2)?;
    let at = 0x200 + usize::from(u16::from_le_bytes([pointer[0], pointer[1]]));
    let text = kernel.get(at..)?.iter().take(200).take_while(|byte| **byte != 0);
    String::from_utf8(text.copied().collect()).ok().filter(|text| !text.is_empty())
}
