//! What differs between firmware, as data.

use std::str::FromStr;
use std::sync::LazyLock;

use serde::Deserialize;

use crate::eventlog::LogStyle;

/// The profiles, in `profiles.yaml` beside this file.
static PROFILES: LazyLock<Vec<FirmwareProfile>> = LazyLock::new(|| {
    serde_yaml_ng::from_str(include_str!("profiles.yaml"))
        .expect("the built-in profiles are well-formed, which a test checks")
});

/// One kind of firmware.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FirmwareProfile {
    /// Its name, e.g. `ovmf`.
    pub name: String,
    /// What it is.
    pub description: String,
    /// The version string that it measures into PCR 0.
    pub(super) crtm_version: String,
    /// The firmware volumes that it measures into PCR 0.
    pub(super) volumes: Vec<Volume>,
    /// What it measures into PCR 6.
    pub(super) machine_events: Vec<MachineEvent>,
    /// Whether it measures BootOrder and Boot#### into PCR 1.
    pub(super) boot_variables: bool,
    /// Whether it measures that it calls a boot option.
    pub(super) calling_action: bool,
    /// How its boot disk is connected.
    pub(super) disk_path: DiskPath,
    /// What it does when a boot option has failed.
    pub(super) after_refusal: AfterRefusal,
    /// How it writes its log.
    pub log: LogStyle,
}

/// A measured firmware volume.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Volume {
    pub(super) name: String,
    pub(super) base: u64,
    pub(super) len: u64,
    /// Whether the firmware writes into it before it measures it, so that no file tells its hash.
    #[serde(default)]
    pub(super) changes_in_memory: bool,
}

/// What tells machines apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum MachineEvent {
    Uuid,
    Architecture,
}

/// The bus of the boot disk.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum DiskPath {
    Pci,
    Vmbus,
}

/// What follows a boot option that failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum AfterRefusal {
    /// Nothing: a page tells why.
    Stop,
    /// The next boot option is tried, at last the built-in shell and the boot menu.
    NextOption,
}

impl FirmwareProfile {
    /// All profiles.
    pub fn all() -> &'static [FirmwareProfile] {
        &PROFILES
    }

    /// What nodes have unless something else is asked for: Azure's firmware as the public logs of its machines show it.
    /// No source says which size or region has which firmware, so all nodes of a fleet have the same.
    pub fn azure() -> &'static FirmwareProfile {
        FirmwareProfile::named("azure").expect("it is one of the built-in profiles, which a test checks")
    }

    /// The profile of this name.
    pub fn named(name: &str) -> Option<&'static FirmwareProfile> {
        PROFILES.iter().find(|profile| profile.name == name)
    }
}

/// A version of two numbers, as shim and GRUB have.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Version {
    /// The first number.
    pub major: u16,
    /// The second number.
    pub minor: u16,
}

impl Version {
    /// A version.
    pub const fn new(major: u16, minor: u16) -> Version {
        Version { major, minor }
    }

    /// shim verifies before it measures what it starts, and trusts lists of machine owners to kernels.
    pub(super) const SHIM_15_6: Version = Version::new(15, 6);
    /// shim looks for signers in MokListRT, which holds its own certificate, and applies `.sbatlevel`.
    pub(super) const SHIM_15_7: Version = Version::new(15, 7);
    /// shim checks signatures before revocation levels.
    pub(super) const SHIM_15_8: Version = Version::new(15, 8);
    /// GRUB has one Linux loader, which asks shim once.
    pub(super) const GRUB_2_12: Version = Version::new(2, 12);
}

impl FromStr for Version {
    type Err = String;

    /// Reads the first two numbers of e.g. `16.1`, `15.8-0ubuntu1` or `2.06`.
    fn from_str(text: &str) -> Result<Version, String> {
        let number = |text: Option<&str>| {
            let text = text?;
            let end = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
            text[..end].parse().ok()
        };
        let mut parts = text.split('.');
        let (major, minor) = (number(parts.next()), number(parts.next()));
        match (major, minor) {
            (Some(major), minor) => Ok(Version { major, minor: minor.unwrap_or(0) }),
            _ => Err(format!("'{text}' is not a version such as 15.8 or 2.12")),
        }
    }
}

impl std::fmt::Display for Version {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}.{}", self.major, self.minor)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_built_in_profiles_are_well_formed() {
        let names: Vec<_> = FirmwareProfile::all().iter().map(|p| p.name.as_str()).collect();
        assert_eq!(names, ["ovmf", "azure", "azure-newer", "azure-older"]);
        assert!(FirmwareProfile::named("bios").is_none());
    }

    #[test]
    fn versions_compare_by_number() {
        let version = |text: &str| text.parse::<Version>().unwrap();
        assert!(version("15.10") > version("15.8-0ubuntu1"));
        assert!(version("2.06-13+deb12u2") < Version::GRUB_2_12);
        assert_eq!(version("16").to_string(), "16.0");
        assert!("x".parse::<Version>().is_err());
    }
}
