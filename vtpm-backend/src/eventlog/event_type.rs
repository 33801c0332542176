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

            /// The type of this name in the specification.
            pub fn from_name(name: &str) -> Option<EventType> {
                match name {
                    $($text => Some(EventType::$name),)*
                    _ => None,
                }
            }
        }
    };
}

event_types! {
    /// Firmware code, in older logs.
    POST_CODE = 0x01, "EV_POST_CODE";
    /// Logged, not extended.
    NO_ACTION = 0x03, "EV_NO_ACTION";
    /// Ends the firmware's measurements into a register.
    SEPARATOR = 0x04, "EV_SEPARATOR";
    /// Something that was done, in words.
    ACTION = 0x05, "EV_ACTION";
    /// A tagged event; the kernel's EFI stub uses it for the initial RAM disk.
    EVENT_TAG = 0x06, "EV_EVENT_TAG";
    /// The code of the root of trust for measurement.
    S_CRTM_CONTENTS = 0x07, "EV_S_CRTM_CONTENTS";
    /// The version of the root of trust for measurement.
    S_CRTM_VERSION = 0x08, "EV_S_CRTM_VERSION";
    /// A processor's microcode.
    CPU_MICROCODE = 0x09, "EV_CPU_MICROCODE";
    /// The platform's configuration.
    PLATFORM_CONFIG_FLAGS = 0x0a, "EV_PLATFORM_CONFIG_FLAGS";
    /// The devices of the platform.
    TABLE_OF_DEVICES = 0x0b, "EV_TABLE_OF_DEVICES";
    /// Hash of a short value that is the event's data.
    COMPACT_HASH = 0x0c, "EV_COMPACT_HASH";
    /// Something a boot loader loaded.
    IPL = 0x0d, "EV_IPL";
    /// The partition table that a boot loader read.
    IPL_PARTITION_DATA = 0x0e, "EV_IPL_PARTITION_DATA";
    /// Code of a processor beside the host's.
    NONHOST_CODE = 0x0f, "EV_NONHOST_CODE";
    /// Its configuration.
    NONHOST_CONFIG = 0x10, "EV_NONHOST_CONFIG";
    /// That it is there.
    NONHOST_INFO = 0x11, "EV_NONHOST_INFO";
    /// Boot attempts are not logged.
    OMIT_BOOT_DEVICE_EVENTS = 0x12, "EV_OMIT_BOOT_DEVICE_EVENTS";
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
    /// A part of the firmware, with its name.
    EFI_PLATFORM_FIRMWARE_BLOB2 = 0x8000_000a, "EV_EFI_PLATFORM_FIRMWARE_BLOB2";
    /// Configuration tables handed to the operating system, with their names.
    EFI_HANDOFF_TABLES2 = 0x8000_000b, "EV_EFI_HANDOFF_TABLES2";
    /// A variable that configures booting, hashed with its name.
    EFI_VARIABLE_BOOT2 = 0x8000_000c, "EV_EFI_VARIABLE_BOOT2";
    /// The partition table of the boot disk, without what changes by itself.
    EFI_GPT_EVENT2 = 0x8000_000d, "EV_EFI_GPT_EVENT2";
    /// The root of trust in hardware.
    EFI_HCRTM_EVENT = 0x8000_0010, "EV_EFI_HCRTM_EVENT";
    /// The entry of a signature database that admitted an image.
    EFI_VARIABLE_AUTHORITY = 0x8000_00e0, "EV_EFI_VARIABLE_AUTHORITY";
    /// The firmware of a device that attests itself.
    EFI_SPDM_FIRMWARE_BLOB = 0x8000_00e1, "EV_EFI_SPDM_FIRMWARE_BLOB";
    /// Its configuration.
    EFI_SPDM_FIRMWARE_CONFIG = 0x8000_00e2, "EV_EFI_SPDM_FIRMWARE_CONFIG";
}

impl fmt::Display for EventType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.name() {
            Some(name) => f.write_str(name),
            None => write!(f, "{:#010x}", self.0),
        }
    }
}
