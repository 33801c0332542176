//! systemd-stub: the program in front of the kernel in a unified kernel image (systemd `src/boot/efi/stub.c`, version 255;
//! `docs/TPM2_PCR_MEASUREMENTS.md`).
//!
//! It measures the sections of its own image into PCR 11, in a fixed order, then starts the kernel with the command line
//! that is inside. It also says to the system which register it used (variable `StubPcrKernelImage`); that is in no log.

use control_plane::hardware::Component;

use crate::disk::Kind;
use crate::eventlog::EventType;
use crate::image::{Content, pe};
use crate::pcr::Digests;
use crate::uefi::EfiGuid;
use crate::uefi::device_path::{DevicePath, Node};
use crate::uefi::image_load::ImageLoadEvent;
use crate::uefi::variable::utf16;

use super::kernel;
use super::loader::BootFile;
use super::session::{LOAD_ADDRESS, Session};

/// `TPM2_PCR_KERNEL_BOOT`.
const PCR: u8 = 11;
/// The sections that are measured, in the order of `unified_sections`; signatures of the measurements are not.
const SECTIONS: [(&str, Component); 12] = [
    (".linux", Component::Kernel),
    (".osrel", Component::Kernel),
    (".cmdline", Component::Kernel),
    (".initrd", Component::Initrd),
    (".ucode", Component::Initrd),
    (".splash", Component::Kernel),
    (".dtb", Component::Kernel),
    (".uname", Component::Kernel),
    (".sbat", Component::Kernel),
    (".pcrpkey", Component::Kernel),
    (".dtbauto", Component::Kernel),
    (".hwids", Component::Kernel),
];
/// Sections that the stub packs into an initial RAM disk of its own making.
const PACKED: [&str; 3] = [".pcrsig", ".pcrpkey", ".ucode"];
/// `STUB_PAYLOAD_GUID`, by which the kernel inside is named as an image.
const PAYLOAD: EfiGuid = EfiGuid(uuid::Uuid::from_u128(0x55c5d1f8_04cd_46b5_8a20_e56cbb3052d0));

/// Runs a unified kernel image that was verified and started.
pub(super) fn run(session: &mut Session<'_>, file: &BootFile) {
    let image = &file.content;
    for (name, subject) in SECTIONS {
        if let Some(section) = section(image, name) {
            measure(session, subject, name, Digests::of(&[name.as_bytes(), b"\0"].concat()));
            measure(session, subject, name, section.digests());
        }
    }
    extras(session, file);
    let text = |name| section(image, name).map(|part| String::from_utf8_lossy(part.bytes()).into_owned());
    let command_line = mangled(&text(".cmdline").unwrap_or_default());
    let initrd = section(image, ".initrd").map(|initrd| initrd.digests());
    if PACKED.iter().any(|name| section(image, name).is_some()) {
        let reason = format!("{} carries sections that its stub packs into another initial RAM disk", file.path);
        session.cannot_predict(9, reason);
    }
    let Some(kernel) = section(image, ".linux") else {
        return;
    };
    start_kernel(session, &kernel);
    let load_options = [utf16(&command_line), vec![0, 0]].concat();
    let start = kernel::Start { load_options: Some(load_options), initrd, command_line };
    kernel::run(session, kernel.bytes(), &start);
}

/// The kernel inside is loaded by the firmware. Under Secure Boot the stub vouches for it in the firmware's place
/// (`install_security_override`), which keeps the firmware from measuring it; otherwise it is in PCR 4.
fn start_kernel(session: &mut Session<'_>, kernel: &Content) {
    if session.secure_boot {
        return;
    }
    let Ok(digests) = kernel.authenticode() else {
        session.cannot_predict(4, "the kernel inside the unified kernel image is no PE image");
        return;
    };
    let event = ImageLoadEvent {
        location: LOAD_ADDRESS,
        length: kernel.bytes().len() as u64,
        link_time_address: pe::image_base(kernel.bytes()).unwrap_or_default(),
        device_path: DevicePath(vec![Node::Other { kind: 4, subtype: 3, data: PAYLOAD.to_bytes().to_vec() }]),
    };
    session.measure_image(Component::Kernel, digests, event.encode());
}

fn section(image: &Content, name: &str) -> Option<std::sync::Arc<Content>> {
    let range = pe::section_range(image.bytes(), name).ok().flatten()?;
    image.part(range).filter(|part| !part.bytes().is_empty())
}

/// The log shows the section's name as UTF-16 with a NUL, for its name and for its content.
fn measure(session: &mut Session<'_>, subject: Component, name: &str, digests: Digests) {
    let data = [utf16(name), vec![0, 0]].concat();
    session.recorder.measure_digest(subject, PCR, EventType::IPL, digests, data);
}

/// Credentials and extensions beside the image would be packed and measured into PCR 12 and 13.
fn extras(session: &mut Session<'_>, file: &BootFile) {
    let Some(esp) = session.disk.esp() else {
        return;
    };
    for folder in [format!("{}.extra.d", file.path), r"\loader\credentials".to_owned()] {
        if session.kind(esp, &folder) != Some(Kind::Folder) {
            continue;
        }
        for name in session.list(esp, &folder) {
            let pcr = match name.rsplit('.').next() {
                Some("cred" | "efi") => 12,
                Some("raw") => 13,
                _ => continue,
            };
            for pcr in [pcr, 9] {
                session.cannot_predict(pcr, format!("{folder} holds {name}, which is not followed"));
            }
        }
    }
}

/// What the kernel is given: control characters are blanks, and there are none at the ends (`mangle_stub_cmdline`).
fn mangled(text: &str) -> String {
    let text = text.trim_end_matches('\0');
    text.replace(|c: char| c.is_ascii_control(), " ").trim_matches(' ').to_owned()
}
