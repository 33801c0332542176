//! What a node image's name says about its boot chain.

use crate::pcr::Digests;

/// The name of an image of which no boot chain is known.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "no boot chain is known for node image '{0}'; images whose names begin with AKSUbuntu-, AKSAzureLinux-, AzureLinux \
     or AKSCBLMariner- boot through shim and GRUB and are known"
)]
pub struct UnknownImage(pub String);

/// The distribution in a node image, as far as its boot chain shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Distribution {
    /// The name that GRUB's menu and os-release show, e.g. `Ubuntu 22.04`.
    pub pretty_name: String,
    /// The folder on the EFI system partition that holds shim and GRUB, with backslashes.
    pub esp_folder: &'static str,
    /// File name of shim in that folder.
    pub shim_file: &'static str,
    /// The version string of shim's SBAT entry for the vendor.
    pub shim_sbat_vendor: &'static str,
    /// The version string of GRUB's SBAT entry for the vendor.
    pub grub_sbat_vendor: &'static str,
    /// The kernel's release, as `uname -r` prints it.
    pub kernel_release: String,
    /// Path of the kernel.
    pub kernel_path: String,
    /// Path of the initial RAM disk.
    pub initrd_path: String,
}

impl Distribution {
    /// Reads a node image's name, e.g. `AKSUbuntu-2204gen2TLcontainerd-202607.13.0`.
    ///
    /// Kernel releases are made up: they depend on the image's name and have the right shape for the distribution.
    ///
    /// # Errors
    /// [`UnknownImage`] for Windows, for images that boot a unified kernel image, and for names of another form.
    pub fn of_image(name: &str) -> Result<Distribution, UnknownImage> {
        let lower = name.to_ascii_lowercase();
        let is_uki = lower.contains("osguard") || lower.contains("containerlinux");
        if is_uki {
            return Err(UnknownImage(name.to_owned()));
        }
        if let Some(rest) = lower.strip_prefix("aksubuntu-") {
            return Ok(ubuntu(rest, name));
        }
        if ["aksazurelinux", "azurelinux", "akscblmariner"].iter().any(|prefix| lower.starts_with(prefix)) {
            return Ok(azure_linux(&lower, name));
        }
        Err(UnknownImage(name.to_owned()))
    }
}

fn ubuntu(rest: &str, image: &str) -> Distribution {
    let (version, kernel) = match rest.get(..4) {
        Some("1804") => ("18.04", "5.4.0"),
        Some("2004") => ("20.04", "5.15.0"),
        Some("2404") => ("24.04", "6.8.0"),
        _ => ("22.04", "5.15.0"),
    };
    let release = format!("{kernel}-{}-azure", 1000 + variant(image, 100));
    Distribution {
        pretty_name: format!("Ubuntu {version}"),
        esp_folder: r"\EFI\ubuntu",
        shim_file: "shimx64.efi",
        shim_sbat_vendor: "shim.ubuntu,1,Ubuntu,shim,15.8-0ubuntu1,https://www.ubuntu.com/",
        grub_sbat_vendor: "grub.ubuntu,1,Ubuntu,grub2,2.06-2ubuntu14.4,https://www.ubuntu.com/",
        kernel_path: format!("/boot/vmlinuz-{release}"),
        initrd_path: format!("/boot/initrd.img-{release}"),
        kernel_release: release,
    }
}

fn azure_linux(lower: &str, image: &str) -> Distribution {
    let (version, base, suffix) = if lower.contains("v3") { ("3.0", "6.6", "azl3") } else { ("2.0", "5.15", "cm2") };
    let release = format!("{base}.{}.1-1.{suffix}", 60 + variant(image, 100));
    Distribution {
        pretty_name: format!("Azure Linux {version}"),
        esp_folder: r"\EFI\BOOT",
        shim_file: "bootx64.efi",
        shim_sbat_vendor: "shim.azurelinux,1,Microsoft,shim,15.8,https://github.com/microsoft/azurelinux",
        grub_sbat_vendor: "grub.azurelinux,2,Microsoft,grub2,2.06,https://github.com/microsoft/azurelinux",
        kernel_path: format!("/boot/vmlinuz-{release}"),
        initrd_path: format!("/boot/initramfs-{release}.img"),
        kernel_release: release,
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
        let ubuntu = Distribution::of_image("AKSUbuntu-2204gen2TLcontainerd-202607.13.0").unwrap();
        assert_eq!((ubuntu.pretty_name.as_str(), ubuntu.esp_folder), ("Ubuntu 22.04", r"\EFI\ubuntu"));
        assert!(ubuntu.kernel_path.starts_with("/boot/vmlinuz-5.15.0-10"), "{}", ubuntu.kernel_path);
        let noble = Distribution::of_image("AKSUbuntu-2404gen2TLcontainerd-202607.13.0").unwrap();
        assert!(noble.kernel_release.starts_with("6.8.0-10"));
        let azl = Distribution::of_image("AKSAzureLinux-V3gen2TL-202607.13.0").unwrap();
        assert_eq!(azl.pretty_name, "Azure Linux 3.0");
        assert!(azl.kernel_release.ends_with("azl3"));
    }

    #[test]
    fn other_chains_are_refused() {
        for name in ["AKSWindows-2022-containerd", "AKSAzureLinuxOSGuard-V3gen2TL-1", "", "x"] {
            let error = Distribution::of_image(name).unwrap_err().to_string();
            assert!(error.contains(&format!("'{name}'")), "{error}");
        }
    }
}
