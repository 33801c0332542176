//! systemd-boot (systemd `src/boot/efi/boot.c`, `shim.c`): a boot menu for unified kernel images.

use std::cmp::Reverse;

use control_plane::hardware::Component;

use crate::boot::Refusal;
use crate::eventlog::EventType;
use crate::image::{Content, pe};
use crate::uefi::variable::utf16;

use super::kernel::tagged;
use super::loader::{BootFile, natural, refusal};
use super::session::Session;
use super::{firmware, shim, systemd_stub};

/// `LOADER_CONF_EVENT_TAG_ID`.
const LOADER_CONF_TAG: u32 = 0xf5bc_582a;
/// Its configuration is measured since this version; which release was the first is inferred.
const MEASURES_CONFIG: u32 = 255;
const ENTRIES: &str = r"\EFI\Linux";

/// The version in the text by which the program is told: `#### LoaderInfo: systemd-boot 255 ####`.
pub(super) fn version(bytes: &[u8]) -> Option<u32> {
    let magic = pe::section(bytes, ".sdmagic").ok().flatten()?;
    let text = String::from_utf8_lossy(magic);
    let rest = text.strip_prefix("#### LoaderInfo: systemd-boot ")?;
    let digits = rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len());
    rest[..digits].parse().ok()
}

/// Runs systemd-boot until a kernel has started or nothing is left to run.
pub(super) fn run(session: &mut Session<'_>, file: &BootFile, shim: Option<&mut shim::Shim>) -> Result<(), Refusal> {
    let version = version(file.content.bytes()).unwrap_or_default();
    let config = configuration(session, version);
    let Some(entry) = choose(session, &config) else {
        session.note("systemd-boot finds no unified kernel image; entries in \\loader\\entries are not followed");
        session.recorder.print("No loader found. Configuration files in \\loader\\entries\\*.conf are needed.");
        session.mark_refusal();
        return Err(refusal(Component::GrubConfig, "systemd-boot found nothing to boot"));
    };
    load(session, &entry, shim)?;
    systemd_stub::run(session, &entry);
    Ok(())
}

/// `loader.conf`, measured before it is read.
fn configuration(session: &mut Session<'_>, version: u32) -> String {
    let esp = session.disk.esp();
    let Some(content) = esp.and_then(|esp| session.file(esp, r"\loader\loader.conf")) else {
        return String::new();
    };
    if version >= MEASURES_CONFIG {
        let event = tagged(LOADER_CONF_TAG, &[utf16("loader.conf"), vec![0, 0]].concat());
        let event_type = EventType::EVENT_TAG;
        session.recorder.measure_digest(Component::GrubConfig, 5, event_type, content.digests(), event);
    }
    String::from_utf8_lossy(content.bytes()).into_owned()
}

/// The entry that `default` names, or the newest one.
fn choose(session: &mut Session<'_>, config: &str) -> Option<BootFile> {
    let esp = session.disk.esp()?;
    let mut entries = Vec::new();
    for name in session.list(esp, ENTRIES).into_iter().filter(|name| name.to_ascii_lowercase().ends_with(".efi")) {
        let path = format!(r"{ENTRIES}\{name}");
        if let Some(content) = session.file(esp, &path)
            && let Some(version) = os_version(&content)
        {
            entries.push((Reverse((natural(&version), natural(&name))), BootFile { path, content }));
        }
    }
    entries.sort_by(|(a, _), (b, _)| a.cmp(b));
    let pattern = config.lines().find_map(|line| line.trim().strip_prefix("default"));
    let pattern = pattern.map(|pattern| pattern.trim().to_ascii_lowercase());
    let matches = |file: &BootFile| {
        let name = file.path.rsplit('\\').next().unwrap_or_default().to_ascii_lowercase();
        pattern.as_deref().is_some_and(|pattern| glob(pattern, &name))
    };
    let chosen = entries.iter().position(|(_, file)| matches(file)).unwrap_or(0);
    (!entries.is_empty()).then(|| entries.swap_remove(chosen).1)
}

/// The version in the section `.osrel`; `None` for a file that is no unified kernel image.
fn os_version(image: &Content) -> Option<String> {
    pe::section(image.bytes(), ".linux").ok().flatten()?;
    let section = pe::section(image.bytes(), ".osrel").ok().flatten()?;
    let text = String::from_utf8_lossy(section);
    let field = |key: &str| {
        let value = text.lines().find_map(|line| line.strip_prefix(key)?.strip_prefix('='))?;
        Some(value.trim_matches(['"', '\'']).to_owned())
    };
    let fields = ["IMAGE_VERSION", "VERSION", "VERSION_ID", "BUILD_ID"];
    Some(fields.into_iter().find_map(field).unwrap_or_default())
}

/// A pattern with `*`.
fn glob(pattern: &str, text: &str) -> bool {
    match pattern.split_once('*') {
        None => pattern == text,
        Some((front, back)) => text
            .strip_prefix(front)
            .is_some_and(|rest| (0..=rest.len()).any(|at| rest.is_char_boundary(at) && glob(back, &rest[at..]))),
    }
}

/// Loads the image. Under Secure Boot shim is asked first, which measures it whatever it decides and takes the firmware's
/// place when it agrees (`shim_validate`); otherwise the firmware decides and measures.
fn load(session: &mut Session<'_>, entry: &BootFile, shim: Option<&mut shim::Shim>) -> Result<(), Refusal> {
    let mut why = None;
    if let (true, Some(shim)) = (session.secure_boot, shim) {
        match shim.verify_for_grub(session, &entry.content) {
            Ok(()) => return Ok(()),
            Err(reason) => why = Some(reason),
        }
    }
    match firmware::admit(session, Component::Kernel, entry) {
        Ok(digests) => {
            firmware::measure_application(session, Component::Kernel, entry, digests);
            Ok(())
        }
        Err(denial) => {
            let reason = format!("Error loading {}: Access denied", entry.path);
            session.note(format!("{} was refused: {}", entry.path, why.unwrap_or_else(|| denial.to_string())));
            session.recorder.print(reason.clone());
            session.mark_refusal();
            Err(refusal(Component::Kernel, reason))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn newer_entries_come_first_and_patterns_match() {
        assert!(natural("vmlinuz-uki-6.6.10.efi") > natural("vmlinuz-uki-6.6.9.efi"));
        assert!(natural("3.0") < natural("3.0.1") && natural("a") < natural("b"));
        assert!(glob("vmlinuz-*.efi", "vmlinuz-6.6.efi") && glob("*", "x"));
        assert!(!glob("arch-*", "vmlinuz-6.6.efi") && !glob("x", "xy"));
    }
}
