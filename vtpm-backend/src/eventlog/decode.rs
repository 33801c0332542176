//! Understanding event data, for display and for verifiers.

use std::fmt;

use crate::uefi::gpt::GptEvent;
use crate::uefi::image_load::ImageLoadEvent;
use crate::uefi::variable::{VariableData, from_utf16};
use crate::uefi::{Cursor, Malformed};

use super::{Event, EventType};

/// Longest text that is shown of an event.
const TEXT_CHARS_MAX: usize = 200;

/// An event's data by its type.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum EventData {
    /// `TPM2_Startup` was sent at this locality.
    StartupLocality(u8),
    /// A variable, or the database entry that admitted an image.
    Variable(VariableData),
    /// An image that was started.
    Image(ImageLoadEvent),
    /// A partition table.
    Gpt(GptEvent),
    /// A part of the firmware: address and length.
    FirmwareBlob {
        /// Physical address.
        base: u64,
        /// Length in bytes.
        len: u64,
    },
    /// The end of the firmware's own measurements.
    Separator,
    /// Words: actions, GRUB commands, file names, version strings.
    Text(String),
    /// Data of an unknown kind, or that does not fit its event's type.
    Raw(Vec<u8>),
}

impl EventData {
    pub(super) fn of(event: &Event) -> EventData {
        EventData::known(event).unwrap_or_else(|| EventData::Raw(event.data.clone()))
    }

    fn known(event: &Event) -> Option<EventData> {
        let data = &event.data;
        match event.event_type {
            EventType::NO_ACTION => event.startup_locality().map(EventData::StartupLocality),
            EventType::SEPARATOR => (data[..] == [0; 4]).then_some(EventData::Separator),
            EventType::S_CRTM_VERSION => {
                let text = from_utf16(data)?;
                Some(EventData::Text(text.trim_end_matches('\0').to_owned()))
            }
            EventType::EFI_VARIABLE_DRIVER_CONFIG
            | EventType::EFI_VARIABLE_BOOT
            | EventType::EFI_VARIABLE_BOOT2
            | EventType::EFI_VARIABLE_AUTHORITY => VariableData::parse(data).ok().map(EventData::Variable),
            EventType::EFI_BOOT_SERVICES_APPLICATION
            | EventType::EFI_BOOT_SERVICES_DRIVER
            | EventType::EFI_RUNTIME_SERVICES_DRIVER => ImageLoadEvent::parse(data).ok().map(EventData::Image),
            EventType::EFI_GPT_EVENT => GptEvent::parse(data).ok().map(EventData::Gpt),
            EventType::EFI_PLATFORM_FIRMWARE_BLOB => firmware_blob(data).ok(),
            EventType::ACTION | EventType::EFI_ACTION | EventType::IPL | EventType::COMPACT_HASH => {
                words(data).map(EventData::Text)
            }
            _ => None,
        }
    }
}

/// Text in UTF-8, as GRUB and firmware write it, or in UTF-16, as systemd-stub does.
fn words(data: &[u8]) -> Option<String> {
    let is_wide = data.len() >= 2 && data.len().is_multiple_of(2) && data[0] != 0 && data[1] == 0;
    let text = if is_wide { from_utf16(data)? } else { std::str::from_utf8(data).ok()?.to_owned() };
    Some(text.trim_end_matches('\0').to_owned())
}

fn firmware_blob(data: &[u8]) -> Result<EventData, Malformed> {
    let mut cursor = Cursor::new(data);
    let blob = EventData::FirmwareBlob { base: cursor.u64()?, len: cursor.u64()? };
    cursor.finish()?;
    Ok(blob)
}

impl fmt::Display for EventData {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            EventData::StartupLocality(locality) => write!(f, "startup at locality {locality}"),
            EventData::Variable(variable) => describe_variable(variable, f),
            EventData::Image(image) if image.device_path.0.is_empty() => {
                write!(f, "image of {} bytes, started by a boot loader", image.length)
            }
            EventData::Image(image) => write!(f, "{}", image.device_path),
            EventData::Gpt(gpt) => write!(f, "disk {} with {} partitions", gpt.disk, gpt.partitions.len()),
            EventData::FirmwareBlob { base, len } => {
                write!(f, "firmware, {len:#x} bytes at {base:#x}")
            }
            EventData::Separator => f.write_str("separator"),
            EventData::Text(text) if text.is_empty() => f.write_str("(empty text)"),
            EventData::Text(text) => f.write_str(&shortened(text)),
            EventData::Raw(data) => write!(f, "{} bytes", data.len()),
        }
    }
}

fn describe_variable(variable: &VariableData, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    write!(f, "{}", variable.name)?;
    match variable.data.as_slice() {
        [byte] => write!(f, " = {byte}"),
        text if variable.name == "SbatLevel" => {
            write!(f, " = {}", String::from_utf8_lossy(text).trim_end().replace('\n', "; "))
        }
        // An authority is a certificate, most often behind the GUID of its owner.
        data => match authority_subject(data) {
            Some(subject) => write!(f, ": {subject}"),
            None => write!(f, ", {} bytes", data.len()),
        },
    }
}

fn authority_subject(data: &[u8]) -> Option<String> {
    let behind_owner = data.get(16..).and_then(|der| crate::x509::subject_of(der).ok());
    behind_owner.or_else(|| crate::x509::subject_of(data).ok())
}

fn shortened(text: &str) -> String {
    let line = text.replace('\n', "\\n").replace('\t', "\\t");
    if line.chars().count() <= TEXT_CHARS_MAX {
        return line;
    }
    line.chars().take(TEXT_CHARS_MAX).chain(['…']).collect()
}
