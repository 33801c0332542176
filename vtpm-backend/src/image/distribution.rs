//! What a node image's name says about its disk: distributions are data (`distributions.yaml` beside this file).

use std::sync::LazyLock;

use serde::Deserialize;

use crate::pcr::Digests;

use super::keys::Vendor;

static PROFILES: LazyLock<Vec<Profile>> = LazyLock::new(|| {
    serde_yaml_ng::from_str(include_str!("distributions.yaml"))
        .expect("the built-in distributions are well-formed, which a test checks")
});

/// The name of an image of which no boot chain is known.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "no boot chain is known for node image '{0}'; images whose names begin with AKSUbuntu-, AKSAzureLinux, AzureLinux, \
     AKSCBLMariner- or AKSAzureContainerLinux are known"
)]
pub struct UnknownImage(pub String);

/// The partition that a file is on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Place {
    /// The EFI system partition.
    Esp,
    /// The root file system.
    Root,
}

impl Place {
    /// The partition's number on Azure's Linux images.
    pub const fn partition(self) -> u32 {
        match self {
            Place::Esp => 15,
            Place::Root => 1,
        }
    }
}

/// One entry of the data file.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Profile {
    pub(super) name: String,
    images: Vec<String>,
    #[serde(rename = "source")]
    _source: String,
    pub(super) vendor: Vendor,
    pub(super) boot: BootEntry,
    pub(super) root_label: String,
    pub(super) shim: Shim,
    kernel: Kernel,
    pub(super) chain: Chain,
    pub(super) files: Vec<FileSpec>,
}

/// What Boot0001 names and starts.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct BootEntry {
    pub(super) label: String,
    pub(super) file: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Shim {
    pub(super) version: String,
    pub(super) sbat: Vec<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Kernel {
    release: String,
    first: u32,
    file: String,
    initrd: String,
}

/// What shim starts, and what that starts.
#[derive(Debug, Deserialize)]
#[serde(tag = "kind", rename_all = "lowercase")]
pub(super) enum Chain {
    /// GRUB with a configuration, a kernel and an initial RAM disk.
    Grub(Grub),
    /// systemd-boot with a unified kernel image.
    Uki(Uki),
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Grub {
    /// Its entries of the `.sbat` section, which also tell its version.
    pub(super) sbat: Vec<String>,
    pub(super) prefix: String,
    /// The configuration that is built in and runs first.
    pub(super) early: Option<String>,
    /// `grub.cfg` on the memory disk.
    pub(super) memdisk: Option<String>,
    /// The configuration with the menu.
    pub(super) config: FileSpec,
    pub(super) modules: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Uki {
    /// The version of systemd-boot and of the stub.
    pub(super) systemd: String,
    pub(super) sbat: Vec<String>,
    pub(super) stub_sbat: Vec<String>,
    pub(super) command_line: String,
}

/// A file on the disk: a text of the folder `configs`, or so many bytes of filler.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct FileSpec {
    pub(super) on: Place,
    pub(super) path: String,
    pub(super) text: Option<String>,
    pub(super) filler: Option<usize>,
}

/// The distribution in a node image.
#[derive(Clone, Debug)]
pub struct Distribution {
    pub(super) profile: &'static Profile,
    /// The kernel's release, as `uname -r` prints it.
    pub kernel_release: String,
}

impl Distribution {
    /// Reads a node image's name, e.g. `AKSUbuntu-2204gen2TLcontainerd-202607.13.0`.
    ///
    /// Kernel releases are made up: they depend on the image's name and have the right shape for the distribution.
    ///
    /// # Errors
    /// [`UnknownImage`] for Windows and for names of another form.
    pub fn of_image(name: &str) -> Result<Distribution, UnknownImage> {
        let lower = name.to_ascii_lowercase();
        let begins = |profile: &&Profile| profile.images.iter().any(|prefix| lower.starts_with(prefix));
        let profile = PROFILES.iter().find(begins).ok_or_else(|| UnknownImage(name.to_owned()))?;
        let number = profile.kernel.first + variant(name, 100);
        Ok(Distribution { profile, kernel_release: profile.kernel.release.replace("{n}", &number.to_string()) })
    }

    /// The name that os-release shows, e.g. `Ubuntu 22.04`.
    pub fn name(&self) -> &'static str {
        &self.profile.name
    }

    /// Whose certificate is built into shim, and whose key signs what shim starts.
    pub fn vendor(&self) -> Vendor {
        self.profile.vendor
    }

    /// Whether it boots a unified kernel image rather than GRUB.
    pub fn is_unified(&self) -> bool {
        matches!(self.profile.chain, Chain::Uki(_))
    }

    /// Path of the kernel, or of the unified kernel image.
    pub(super) fn kernel_path(&self) -> String {
        self.profile.kernel.file.replace("{release}", &self.kernel_release)
    }

    /// Path of the initial RAM disk; empty when it is inside the unified kernel image.
    pub(super) fn initrd_path(&self) -> String {
        self.profile.kernel.initrd.replace("{release}", &self.kernel_release)
    }
}

/// A number below `modulus` that depends on the image's name.
fn variant(image: &str, modulus: u32) -> u32 {
    let hash = Digests::of(image.as_bytes()).sha256;
    u32::from_le_bytes([hash[0], hash[1], hash[2], hash[3]]) % modulus
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_read() {
        let of = |name: &str| Distribution::of_image(name).unwrap();
        let jammy = of("AKSUbuntu-2204gen2TLcontainerd-202607.13.0");
        assert_eq!((jammy.name(), jammy.vendor()), ("Ubuntu 22.04", Vendor::Canonical));
        assert!(jammy.kernel_path().starts_with("/boot/vmlinuz-5.15.0-10"), "{}", jammy.kernel_path());
        let noble = of("AKSUbuntu-2404gen2TLcontainerd-202607.13.0");
        assert!(noble.kernel_release.starts_with("6.8.0-10"));
        let azl = of("AKSAzureLinux-V3gen2TL-202607.13.0");
        assert_eq!((azl.name(), azl.vendor()), ("Azure Linux 3.0", Vendor::Microsoft));
        assert!(azl.kernel_release.ends_with("azl3"));
        assert_eq!(of("AKSCBLMariner-V2gen2TL-202403.25.0").name(), "Azure Linux 2.0");
        let acl = of("AKSAzureContainerLinux-202607.13.0");
        assert!(acl.is_unified() && acl.kernel_path().starts_with("/EFI/Linux/vmlinuz-uki-6.6."));
        assert_eq!(of("AKSAzureLinuxOSGuard-V3gen2TL-1").name(), "Azure Linux OS Guard");
    }

    #[test]
    fn other_chains_are_refused() {
        for name in ["AKSWindows-2022-containerd", "", "x"] {
            let error = Distribution::of_image(name).unwrap_err().to_string();
            assert!(error.contains(&format!("'{name}'")), "{error}");
        }
    }
}
