//! VM sizes: the part of a `Microsoft.Compute/skus` entry that decides what a pool may be.

use std::collections::BTreeMap;

use serde::Deserialize;

use crate::era::Era;

/// Where a size's numbers come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
pub enum Source {
    /// A real answer of `Microsoft.Compute/skus`, kept in Azure/karpenter-provider-azure.
    #[serde(rename = "K")]
    SkuDump,
    /// Microsoft's documentation.
    #[serde(rename = "D")]
    Documented,
    /// Widely known or derived from a sibling; verify before relying on it.
    #[serde(rename = "G")]
    General,
}

/// Where an ephemeral OS disk can be (`DiffDiskPlacement`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Placement {
    /// The host cache.
    Cache,
    /// The temporary disk.
    Resource,
    /// A local NVMe disk.
    Nvme,
}

impl Placement {
    /// The value as Microsoft.Compute writes it.
    pub fn as_str(self) -> &'static str {
        match self {
            Placement::Cache => "CacheDisk",
            Placement::Resource => "ResourceDisk",
            Placement::Nvme => "NvmeDisk",
        }
    }
}

/// A virtual machine size. Sizes of disks are in GiB.
#[derive(Clone, Debug, PartialEq)]
pub struct VmSize {
    /// Its name, e.g. `Standard_D4ds_v5`.
    pub name: String,
    /// Virtual processors.
    pub vcpus: u32,
    /// Memory in GiB.
    pub memory_gb: f64,
    /// Whether it runs generation 1 machines (`HyperVGenerations` contains `V1`).
    pub gen1: bool,
    /// Whether it runs generation 2 machines (`HyperVGenerations` contains `V2`).
    pub gen2: bool,
    /// Whether its processors are Arm64 rather than x64.
    pub arm64: bool,
    /// Its GPUs.
    pub gpus: u32,
    /// The capability `TrustedLaunchDisabled`.
    pub trusted_launch_disabled: bool,
    /// Whether it belongs to a confidential computing series (DC, EC).
    pub confidential: bool,
    /// The capability `EphemeralOSDiskSupported`.
    pub ephemeral_os_disk: bool,
    /// The host cache, if it has one that is known.
    pub cache_gb: Option<u32>,
    /// The temporary disk.
    pub temp_gb: Option<u32>,
    /// The local NVMe disks together.
    pub nvme_gb: Option<u32>,
    /// Its quota family, e.g. `standardDDSv5Family`.
    pub family: String,
    /// Where these numbers come from.
    pub source: Source,
}

impl VmSize {
    /// Whether Microsoft.Compute can give it trusted launch: generation 2, not marked as disabled, not confidential
    /// (azure-compute-docs trusted-launch.md and trusted-launch-faq.md).
    pub fn trusted_launch(&self) -> bool {
        self.gen2 && !self.trusted_launch_disabled && !self.confidential
    }

    /// Whether it is burstable (B series).
    pub fn burstable(&self) -> bool {
        self.series().starts_with('B')
    }

    /// The largest place for an ephemeral OS disk, with its size in GiB. `None` when the size has no such disks.
    pub fn largest_placement(&self) -> Option<(Placement, u32)> {
        let places =
            [(Placement::Cache, self.cache_gb), (Placement::Resource, self.temp_gb), (Placement::Nvme, self.nvme_gb)];
        let sized = places.into_iter().filter_map(|(place, gb)| gb.map(|gb| (place, gb)));
        sized.filter(|_| self.ephemeral_os_disk).max_by_key(|(_, gb)| *gb)
    }

    /// The place that decides the default OS disk: the cache on sizes up to v3, which is what AKS compares there, else
    /// the largest (azure-aks-docs concepts-storage.md; where "older sizes" end is INFERRED).
    pub fn default_placement(&self) -> Option<(Placement, u32)> {
        match self.cache_gb {
            Some(gb) if self.ephemeral_os_disk && self.version() <= 3 => Some((Placement::Cache, gb)),
            _ => self.largest_placement(),
        }
    }

    fn series(&self) -> &str {
        self.name.strip_prefix("Standard_").unwrap_or(&self.name)
    }

    fn version(&self) -> u32 {
        self.name.rsplit_once("_v").and_then(|(_, digits)| digits.parse().ok()).unwrap_or(1)
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    name: String,
    vcpus: u32,
    memory_gb: f64,
    #[serde(rename = "gen")]
    generations: Vec<u8>,
    #[serde(default)]
    arm64: bool,
    #[serde(default)]
    gpus: u32,
    #[serde(default)]
    trusted_launch_disabled: bool,
    #[serde(default)]
    confidential: bool,
    #[serde(default)]
    ephemeral_os_disk: bool,
    cache_gb: Option<u32>,
    temp_gb: Option<u32>,
    nvme_gb: Option<u32>,
    family: String,
    source: Source,
    #[serde(default, rename = "note")]
    _note: String,
}

impl From<Entry> for VmSize {
    fn from(entry: Entry) -> VmSize {
        VmSize {
            gen1: entry.generations.contains(&1),
            gen2: entry.generations.contains(&2),
            name: entry.name,
            vcpus: entry.vcpus,
            memory_gb: entry.memory_gb,
            arm64: entry.arm64,
            gpus: entry.gpus,
            trusted_launch_disabled: entry.trusted_launch_disabled,
            confidential: entry.confidential,
            ephemeral_os_disk: entry.ephemeral_os_disk,
            cache_gb: entry.cache_gb,
            temp_gb: entry.temp_gb,
            nvme_gb: entry.nvme_gb,
            family: entry.family,
            source: entry.source,
        }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    size: Vec<Entry>,
    default: BTreeMap<Era, String>,
}

#[derive(Debug)]
pub(super) struct Sizes {
    all: Vec<VmSize>,
    by_name: BTreeMap<String, usize>,
    defaults: BTreeMap<Era, usize>,
}

impl Sizes {
    pub(super) fn load() -> Sizes {
        let file: File = super::read("vm_sizes.toml", include_str!("vm_sizes.toml"));
        let all: Vec<VmSize> = file.size.into_iter().map(VmSize::from).collect();
        let by_name: BTreeMap<String, usize> =
            all.iter().enumerate().map(|(index, size)| (size.name.to_lowercase(), index)).collect();
        let index = |era: Era| file.default.get(&era).and_then(|name| by_name.get(&name.to_lowercase())).copied();
        let defaults = Era::ALL.into_iter().filter_map(|era| Some((era, index(era)?))).collect();
        Sizes { all, by_name, defaults }
    }

    pub(super) fn all(&self) -> &[VmSize] {
        &self.all
    }

    pub(super) fn find(&self, name: &str) -> Option<&VmSize> {
        self.by_name.get(&name.to_lowercase()).map(|index| &self.all[*index])
    }

    pub(super) fn default(&self, era: Era) -> &VmSize {
        // A test checks that every era has one.
        &self.all[self.defaults.get(&era).copied().unwrap_or_default()]
    }
}
