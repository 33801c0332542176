//! Node images: which distribution a pool gets, and how `nodeImageVersion` is composed.
//!
//! `nodeImageVersion` is `AKS<Family>-<definition>-<version>`. The definitions are the gallery image names of
//! Azure/karpenter-provider-azure `pkg/providers/imagefamily` and the strings seen in the public test recordings of
//! Azure/azure-cli-extensions.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::{KubernetesVersion, release};
use crate::era::Era;

/// A release of a node operating system.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "the variants are the values")]
pub enum Distribution {
    Ubuntu1804,
    Ubuntu2004,
    Ubuntu2204,
    Ubuntu2404,
    /// CBL-Mariner 2, before it was called Azure Linux.
    Mariner2,
    AzureLinux2,
    AzureLinux3,
    /// Built on a unified kernel image; always runs with trusted launch.
    AzureContainerLinux,
    Windows2019,
    Windows2022,
    Windows2025,
}

impl Distribution {
    /// What a pool with this `osSKU` gets; `None` for an unknown one.
    ///
    /// Defaults by Kubernetes version: azure-aks-docs upgrade-os-version.md. FIPS on Ubuntu: 18.04 and 20.04 until 2025,
    /// 22.04 from 2026 (azure-aks-docs enable-fips-nodes.md). Confidential sizes on Ubuntu: the 20.04 CVM image
    /// (azure-aks-docs use-cvm.md).
    pub fn of(
        era: Era,
        os_sku: &str,
        version: KubernetesVersion,
        fips: bool,
        confidential: bool,
    ) -> Option<Distribution> {
        use Distribution::*;
        let at_least = |minor| version >= KubernetesVersion::new(1, minor, 0);
        let ubuntu = || match () {
            () if confidential && !at_least(35) => Ubuntu2004,
            () if fips && era >= Era::Y2026M06 => Ubuntu2204,
            () if fips && at_least(27) => Ubuntu2004,
            () if fips || !at_least(25) => Ubuntu1804,
            () if at_least(35) => Ubuntu2404,
            () => Ubuntu2204,
        };
        Some(match os_sku.to_ascii_lowercase().as_str() {
            "ubuntu" => ubuntu(),
            "ubuntu2204" => Ubuntu2204,
            "ubuntu2404" => Ubuntu2404,
            "azurelinux" if at_least(32) => AzureLinux3,
            "azurelinux" => AzureLinux2,
            "azurelinux3" => AzureLinux3,
            "cblmariner" | "mariner" => Mariner2,
            "azurecontainerlinux" => AzureContainerLinux,
            "windows2019" => Windows2019,
            "windows2022" => Windows2022,
            "windows2025" => Windows2025,
            _ => return None,
        })
    }

    /// Whether there are trusted-launch images of it. Ubuntu 18.04 and CBL-Mariner are named as without in the error
    /// text of Azure/AKS issue 4181.
    pub fn has_trusted_launch_images(self) -> bool {
        use Distribution::*;
        matches!(self, Ubuntu2204 | Ubuntu2404 | AzureLinux2 | AzureLinux3 | AzureContainerLinux)
    }

    /// Whether it is an Ubuntu.
    pub fn is_ubuntu(self) -> bool {
        use Distribution::*;
        matches!(self, Ubuntu1804 | Ubuntu2004 | Ubuntu2204 | Ubuntu2404)
    }

    /// Whether it is a Windows.
    pub fn is_windows(self) -> bool {
        use Distribution::*;
        matches!(self, Windows2019 | Windows2022 | Windows2025)
    }
}

/// Everything that distinguishes one node image from another within an era.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NodeImage {
    /// The operating system.
    pub distribution: Distribution,
    /// Generation 2 rather than 1.
    pub gen2: bool,
    /// Arm64 rather than x64.
    pub arm64: bool,
    /// With FIPS-validated modules.
    pub fips: bool,
    /// With a GPU driver (Ubuntu 18.04 only; later images install it).
    pub gpu: bool,
    /// For confidential machines.
    pub confidential: bool,
    /// For trusted launch.
    pub trusted_launch: bool,
}

impl NodeImage {
    /// The part before the version, e.g. `AKSUbuntu-2204gen2TLcontainerd`. In the preview era Azure Linux images still
    /// carried the name CBL-Mariner (recorded: `AKSCBLMariner-V2gen2TL-202403.25.0` with osSKU AzureLinux).
    pub fn definition(&self, era: Era) -> String {
        use Distribution::*;
        let old_gpu = self.gpu && self.distribution == Ubuntu1804;
        let marks = [
            (self.gen2 && !self.confidential, "gen2"),
            (self.confidential, "cvm"),
            (self.arm64, "arm64"),
            (old_gpu, "gpu"),
            (self.fips, "fips"),
            (self.trusted_launch, "TL"),
        ];
        let marks: String = marks.iter().filter(|(set, _)| *set).map(|(_, mark)| *mark).collect();
        match self.distribution {
            Ubuntu1804 => format!("AKSUbuntu-1804{marks}containerd"),
            Ubuntu2004 => format!("AKSUbuntu-2004{marks}containerd"),
            Ubuntu2204 => format!("AKSUbuntu-2204{marks}containerd"),
            Ubuntu2404 => format!("AKSUbuntu-2404{marks}containerd"),
            Mariner2 => format!("AKSCBLMariner-V2{marks}"),
            AzureLinux2 if era == Era::Preview => format!("AKSCBLMariner-V2{marks}"),
            AzureLinux2 => format!("AKSAzureLinux-V2{marks}"),
            AzureLinux3 => format!("AKSAzureLinux-V3{marks}"),
            AzureContainerLinux => "AKSAzureContainerLinux".to_owned(),
            // Windows Server 2022 is generation 1 unless asked for otherwise (azure-aks-docs
            // aks-virtual-machine-sizes.md).
            Windows2019 => "AKSWindows-2019-containerd".to_owned(),
            Windows2022 => "AKSWindows-2022-containerd".to_owned(),
            Windows2025 => "AKSWindows-2025-gen2".to_owned(),
        }
    }
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    era: Era,
    ubuntu: String,
    azure_linux: String,
    windows_2019: String,
    windows_2022: String,
    windows_2025: String,
    azure_container_linux: String,
    #[serde(rename = "source")]
    _source: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    version: Vec<Entry>,
}

#[derive(Debug)]
pub(super) struct Versions(BTreeMap<Era, Entry>);

impl Versions {
    pub(super) fn load() -> Versions {
        let file: File = super::read("node_images.toml", include_str!("node_images.toml"));
        Versions(file.version.into_iter().map(|entry| (entry.era, entry)).collect())
    }

    /// The version of the era, or one that came out that many weeks later.
    pub(super) fn version(&self, era: Era, distribution: Distribution, weeks: u32) -> String {
        use Distribution::*;
        // A test checks that every era has an entry.
        let Some(entry) = self.0.get(&era) else {
            return "0".to_owned();
        };
        let first = match distribution {
            Ubuntu1804 | Ubuntu2004 | Ubuntu2204 | Ubuntu2404 => &entry.ubuntu,
            Mariner2 | AzureLinux2 | AzureLinux3 => &entry.azure_linux,
            AzureContainerLinux => &entry.azure_container_linux,
            Windows2019 => &entry.windows_2019,
            Windows2022 => &entry.windows_2022,
            Windows2025 => &entry.windows_2025,
        };
        release::later(first, weeks)
    }
}
