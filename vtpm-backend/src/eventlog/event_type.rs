//! Event types of the PC Client Platform Firmware Profile (10.4.1).

use std::fmt;

use serde::{Deserialize, Serialize};

/// What kind of thing was measured. Unknown numbers are kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct EventType(pub u32);

macro_rules! event_types {
    ($($(#[$doc:meta])* $name:ident = $value:literal, $text:literal;)*) => {
        impl EventType {
            $($(#[$doc])* pub const $name: EventType = EventType($value);)*

            /// Its name in the specification, e.g. `EV_SEPARATOR`; `None` for an unknown type.
            pub fn name(self) -> Option<&'static str> {
                match self.0 {
                    $($value => Some($text),)*
                    _ => None,
                }
            }
        }
    };
}

event_types! {
    /// Logged, not extended.
    NO_ACTION = 0x03, "EV_NO_ACTION";
    /// Ends the firmware's measurements into a register.
    SEPARATOR = 0x04, "EV_SEPARATOR";
    /// A tagged event; the kernel's EFI stub uses it for the initial RAM disk.
    EVENT_TAG = 0x06, "EV_EVENT_TAG";
    /// The version of the root of trust for measurement.
    S_CRTM_VERSION = 0x08, "EV_S_CRTM_VERSION";
    /// Hash of a short value that is the event's data.
    COMPACT_HASH = 0x0c, "EV_COMPACT_HASH";
    /// Something a boot loader loaded.
    IPL = 0x0d, "EV_IPL";
    /// A variable that configures the firmware (Secure Boot).
    EFI_VARIABLE_DRIVER_CONFIG = 0x8000_0001, "EV_EFI_VARIABLE_DRIVER_CONFIG";
    /// A variable that configures booting (BootOrder, Boot####).
    EFI_VARIABLE_BOOT = 0x8000_0002, "EV_EFI_VARIABLE_BOOT";
    /// An EFI application or boot loader.
    EFI_BOOT_SERVICES_APPLICATION = 0x8000_0003, "EV_EFI_BOOT_SERVICES_APPLICATION";
    /// An EFI driver that ends with boot services.
    EFI_BOOT_SERVICES_DRIVER = 0x8000_0004, "EV_EFI_BOOT_SERVICES_DRIVER";
    /// An EFI driver that stays.
    EFI_RUNTIME_SERVICES_DRIVER = 0x8000_0005, "EV_EFI_RUNTIME_SERVICES_DRIVER";
    /// The partition table of the boot disk.
    EFI_GPT_EVENT = 0x8000_0006, "EV_EFI_GPT_EVENT";
    /// Something the firmware did, in words.
    EFI_ACTION = 0x8000_0007, "EV_EFI_ACTION";
    /// A part of the firmware.
    EFI_PLATFORM_FIRMWARE_BLOB = 0x8000_0008, "EV_EFI_PLATFORM_FIRMWARE_BLOB";
    /// Configuration tables handed to the operating system.
    EFI_HANDOFF_TABLES = 0x8000_0009, "EV_EFI_HANDOFF_TABLES";
    /// The entry of a signature database that admitted an image.
    EFI_VARIABLE_AUTHORITY = 0x8000_00e0, "EV_EFI_VARIABLE_AUTHORITY";
}

impl fmt::Display for EventType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.name() {
            Some(name) => f.write_str(name),
            None => write!(f, "{:#010x}", self.0),
        }
    }
}
