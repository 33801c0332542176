//! The parts of a boot that events tell about.

use std::fmt;

use control_plane::hardware::Component;
use serde::{Deserialize, Serialize};
use vtpm_backend::eventlog::{Event, EventData, EventType};
use vtpm_backend::uefi::device_path::Node;

/// A part of the boot that can differ.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Part {
    /// The platform firmware, its settings, and the boot disk's layout.
    Firmware,
    /// The Secure Boot variables.
    SecureBootConfiguration,
    /// A boot loader that is neither shim nor GRUB, or a program it started.
    BootLoader,
    /// The first-stage boot loader with its own lists.
    Shim,
    /// The second-stage boot loader.
    Grub,
    /// Its configuration.
    GrubConfig,
    /// The kernel and its command line.
    Kernel,
    /// The initial RAM disk.
    Initrd,
    /// What runs after the boot loader and is none of the above.
    OperatingSystem,
}

impl Part {
    /// What an event tells about, as far as its register, type and data say.
    pub fn of(event: &Event) -> Part {
        match (event.pcr.number(), event.event_type) {
            (7, EventType::EFI_VARIABLE_DRIVER_CONFIG | EventType::EFI_ACTION) => Part::SecureBootConfiguration,
            (7, EventType::EFI_VARIABLE_AUTHORITY) => authority(event),
            (14, _) => Part::Shim,
            (8, _) => {
                if text(event).starts_with("kernel_cmdline:") {
                    Part::Kernel
                } else {
                    Part::GrubConfig
                }
            }
            (9, EventType::EVENT_TAG) => Part::Initrd,
            (9, _) => file(&text(event)),
            (4, EventType::EFI_BOOT_SERVICES_APPLICATION) => image(event),
            (11, EventType::IPL) => section(&text(event)),
            (12, EventType::IPL) => Part::Kernel,
            (10.., _) => Part::OperatingSystem,
            _ => Part::Firmware,
        }
    }

    /// The part when the booting machine itself says which component an event is about.
    #[must_use]
    pub(crate) fn refined(self, subject: Component) -> Part {
        match (self, subject) {
            // A machine counts the variables among its firmware; for a verifier they are a part of their own.
            (Part::SecureBootConfiguration, Component::Firmware) => Part::SecureBootConfiguration,
            (_, Component::Firmware) => Part::Firmware,
            (_, Component::Shim) => Part::Shim,
            (_, Component::Grub) => Part::Grub,
            (_, Component::GrubConfig) => Part::GrubConfig,
            (_, Component::Kernel) => Part::Kernel,
            (_, Component::Initrd) => Part::Initrd,
        }
    }

    /// The name for people.
    pub fn as_str(self) -> &'static str {
        match self {
            Part::Firmware => "the firmware",
            Part::SecureBootConfiguration => "the Secure Boot configuration",
            Part::BootLoader => "the boot loader",
            Part::Shim => "shim",
            Part::Grub => "GRUB",
            Part::GrubConfig => "GRUB's configuration",
            Part::Kernel => "the kernel",
            Part::Initrd => "the initial RAM disk",
            Part::OperatingSystem => "the operating system",
        }
    }
}

impl fmt::Display for Part {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Text data, or nothing.
pub(super) fn text(event: &Event) -> String {
    match event.decode() {
        EventData::Text(text) => text,
        _ => String::new(),
    }
}

/// The variable that an event shows.
pub(super) fn variable(event: &Event) -> Option<(String, Vec<u8>)> {
    match event.decode() {
        EventData::Variable(variable) => Some((variable.name, variable.data)),
        _ => None,
    }
}

/// db admits shim; shim's own authorities admit what comes after it.
fn authority(event: &Event) -> Part {
    match variable(event).map(|(name, _)| name).as_deref() {
        Some("db" | "SbatLevel") => Part::Shim,
        Some("Shim" | "MokListRT" | "vendor_db") => Part::Grub,
        _ => Part::SecureBootConfiguration,
    }
}

/// GRUB names the files it opens.
fn file(path: &str) -> Part {
    let name = path.rsplit('/').next().unwrap_or(path);
    match () {
        () if name.ends_with(".cfg") => Part::GrubConfig,
        () if name.starts_with("vmlinu") || name.starts_with("Image") => Part::Kernel,
        () if name.starts_with("initr") => Part::Initrd,
        () => Part::GrubConfig,
    }
}

/// The file that an image was loaded from, as its device path says.
pub(super) fn file_path(event: &Event) -> Option<String> {
    let EventData::Image(image) = event.decode() else { return None };
    image.device_path.0.iter().rev().find_map(|node| match node {
        Node::File(path) => Some(path.clone()),
        _ => None,
    })
}

/// A section of a unified kernel image, which systemd-stub measures by name.
fn section(name: &str) -> Part {
    match name {
        ".linux" | ".cmdline" | ".uname" | ".osrel" => Part::Kernel,
        ".initrd" | ".ucode" => Part::Initrd,
        _ => Part::OperatingSystem,
    }
}

/// The device path's file; a kernel that GRUB has verified has none.
fn image(event: &Event) -> Part {
    let EventData::Image(image) = event.decode() else { return Part::Firmware };
    if image.device_path.0.is_empty() {
        return Part::Kernel;
    }
    let path = file_path(event).unwrap_or_default().to_lowercase();
    let name = path.rsplit(['\\', '/']).next().unwrap_or_default();
    match () {
        () if name.contains("grub") => Part::Grub,
        // The fallback path of removable media, where shim is most often.
        () if name.contains("shim") || name.starts_with("bootx64.") || name.starts_with("bootaa64.") => Part::Shim,
        // The Boot Loader Specification's folder of unified kernel images.
        () if name.contains("vmlinu") || path.contains(r"\efi\linux\") => Part::Kernel,
        () => Part::BootLoader,
    }
}
