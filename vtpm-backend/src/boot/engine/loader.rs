//! Which file the firmware starts, and what that file is.

use std::sync::Arc;

use control_plane::hardware::Component;

use crate::boot::Refusal;
use crate::disk::Kind;
use crate::image::{Content, pe};
use crate::uefi::device_path::Node;
use crate::uefi::guids;
use crate::uefi::load_option::LoadOption;
use crate::uefi::var_store::Variables;
use crate::uefi::variable::from_utf16;

use super::session::Session;
use super::{grub, shim, systemd_boot, systemd_stub};

/// Where firmware looks when no boot option leads anywhere (UEFI 2.10, 3.5.1.1).
pub(super) const FALLBACK: &str = r"\EFI\BOOT\BOOTX64.EFI";
/// Most programs that are started one by another: a boot loader may start itself.
const PROGRAMS_MAX: usize = 8;
/// shim's program that makes boot options, next to the fallback path.
const FALLBACK_MAKER: &str = r"\EFI\BOOT\fbx64.efi";

/// A file to start, with its path on the EFI system partition, with backslashes.
#[derive(Clone, Debug)]
pub(super) struct BootFile {
    pub(super) path: String,
    pub(super) content: Arc<Content>,
}

/// The numbers in BootOrder.
pub(super) fn boot_order(variables: &Variables) -> Vec<u16> {
    variables
        .data(guids::GLOBAL_VARIABLE, "BootOrder")
        .chunks_exact(2)
        .map(|pair| u16::from_le_bytes([pair[0], pair[1]]))
        .collect()
}

/// The file that the firmware will start.
///
/// The error says where was looked.
pub(super) fn boot_file(session: &mut Session<'_>) -> Result<BootFile, String> {
    let disk = session.disk;
    let esp = disk.esp().ok_or("the disk has no EFI system partition")?;
    if let Some(path) = session.boot_path.clone() {
        return find(session, &path).ok_or(format!("there is no {path} on partition {}", esp.number));
    }
    for path in option_paths(&session.variables) {
        if let Some(file) = find(session, &path) {
            return Ok(file);
        }
    }
    if let Some(file) = made_by_fallback(session) {
        session.note(format!(
            "{FALLBACK_MAKER} makes a boot option for {} at the first boot and restarts; this is the boot after it",
            file.path
        ));
        return Ok(file);
    }
    if let Some(file) = find(session, FALLBACK) {
        return Ok(file);
    }
    vendor_shim(session).ok_or_else(|| {
        format!(
            "partition {} holds neither {FALLBACK} nor one \\EFI\\*\\shimx64.efi, and no boot option leads to a file on \
             it; name the file with --boot-path",
            esp.number
        )
    })
}

/// A file on the EFI system partition.
pub(super) fn find(session: &mut Session<'_>, path: &str) -> Option<BootFile> {
    let content = session.file(session.disk.esp()?, path)?;
    Some(BootFile { path: path.to_owned(), content })
}

/// The files that boot options name, in their order.
fn option_paths(variables: &Variables) -> Vec<String> {
    let option = |number: u16| {
        let name = format!("Boot{number:04X}");
        LoadOption::parse(variables.data(guids::GLOBAL_VARIABLE, &name)).ok()
    };
    let path = |option: LoadOption| {
        option.path.0.iter().rev().find_map(|node| match node {
            Node::File(path) => Some(path.clone()),
            _ => None,
        })
    };
    boot_order(variables).into_iter().filter_map(option).filter_map(path).collect()
}

/// What shim's fallback program makes an option for: the first line of the first `BOOTX64.CSV`.
fn made_by_fallback(session: &mut Session<'_>) -> Option<BootFile> {
    find(session, FALLBACK_MAKER)?;
    let esp = session.disk.esp()?;
    for folder in session.list(esp, "/EFI") {
        let Some(csv) = session.file(esp, &format!("/EFI/{folder}/BOOTX64.CSV")) else {
            continue;
        };
        let bytes = csv.bytes().strip_prefix(&[0xff, 0xfe]).unwrap_or(csv.bytes());
        let text = from_utf16(bytes).unwrap_or_default();
        let name = text.split([',', '\n']).next().unwrap_or_default().trim();
        if let Some(file) = find(session, &format!(r"\EFI\{folder}\{name}")) {
            return Some(file);
        }
    }
    None
}

/// The only shim in a vendor's folder.
fn vendor_shim(session: &mut Session<'_>) -> Option<BootFile> {
    let esp = session.disk.esp()?;
    let mut found = Vec::new();
    for folder in session.list(esp, "/EFI") {
        let path = format!(r"\EFI\{folder}\shimx64.efi");
        if matches!(session.kind(esp, &path), Some(Kind::File(_))) {
            found.push(path);
        }
    }
    let [path] = found.as_slice() else {
        return None;
    };
    let path = path.clone();
    session.note(format!("no boot option leads anywhere and there is no {FALLBACK}; {path} is taken"));
    find(session, &path)
}

/// The folder of a file, with backslashes and without one at its end.
pub(super) fn folder(path: &str) -> &str {
    path.rsplit_once('\\').map_or("", |(folder, _)| folder)
}

/// What a boot file is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Loader {
    Shim,
    Grub,
    SystemdBoot,
    UnifiedKernel,
    Other,
}

fn classify(bytes: &[u8]) -> Loader {
    let has = |name| matches!(pe::section(bytes, name), Ok(Some(_)));
    if has(".vendor_cert") {
        Loader::Shim
    } else if has("mods") {
        Loader::Grub
    } else if has(".linux") {
        Loader::UnifiedKernel
    } else if systemd_boot::version(bytes).is_some() {
        Loader::SystemdBoot
    } else {
        Loader::Other
    }
}

/// Runs a file that the firmware has started.
pub(super) fn start(session: &mut Session<'_>, file: &BootFile) -> Result<(), Refusal> {
    session.started += 1;
    if session.started > PROGRAMS_MAX {
        session.note(format!("after {PROGRAMS_MAX} programs that start each other nothing more is followed"));
        session.mark_refusal();
        return Err(refusal(Component::GrubConfig, "programs start each other without end"));
    }
    match classify(file.content.bytes()) {
        Loader::Shim => shim::run(session, file),
        _ => run_second(session, file, None),
    }
}

/// Runs a file that shim, or without shim the firmware, has started.
pub(super) fn run_second(
    session: &mut Session<'_>,
    file: &BootFile,
    shim: Option<&mut shim::Shim>,
) -> Result<(), Refusal> {
    match classify(file.content.bytes()) {
        Loader::Grub => grub::run(session, file, shim),
        Loader::SystemdBoot => systemd_boot::run(session, file, shim),
        Loader::UnifiedKernel => {
            systemd_stub::run(session, file);
            Ok(())
        }
        Loader::Shim | Loader::Other => {
            let what = "neither GRUB, systemd-boot nor a unified kernel image";
            session.note(format!("{} is {what}; what it measures itself is not followed", file.path));
            for pcr in [4, 8, 9, 11, 12] {
                session.cannot_predict(pcr, format!("{} is {what} and is not followed", file.path));
            }
            Ok(())
        }
    }
}

/// Numbers compare as numbers, everything else as text.
pub(super) fn natural(text: &str) -> Vec<(u64, String)> {
    let mut parts = Vec::new();
    let mut rest = text;
    while !rest.is_empty() {
        let words = rest.find(|c: char| c.is_ascii_digit()).unwrap_or(rest.len());
        let (word, tail) = rest.split_at(words);
        let digits = tail.find(|c: char| !c.is_ascii_digit()).unwrap_or(tail.len());
        parts.push((tail[..digits].parse().unwrap_or(0), word.to_owned()));
        rest = &tail[digits..];
    }
    parts
}

/// The refusal of a component.
pub(super) fn refusal(component: Component, reason: impl Into<String>) -> Refusal {
    Refusal { component, reason: reason.into() }
}
