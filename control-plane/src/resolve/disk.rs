//! The OS disk: where it is and how large.

use crate::catalog::VmSize;
use crate::model::{OsDiskType, OsType};

use super::Wanted;

/// The smallest local disk on which AKS puts the OS by itself, in GiB.
const EPHEMERAL_DEFAULT_MIN_GB: u32 = 128;

/// What the guest state of a trusted-launch machine takes from the place of an ephemeral OS disk, in GiB
/// (azure-compute-docs ephemeral-os-disks.md).
pub(crate) const GUEST_STATE_GB: u32 = 1;

/// The largest OS disk, in GiB (azure-mgmt-containerservice 40.2, model AgentPool, osDiskSizeGB).
pub(crate) const OS_DISK_MAX_GB: u32 = 2048;

/// Where the OS disk is and how large.
///
/// A default disk always leaves that room on sizes that can have trusted launch, so that switching trusted launch on
/// later does not fail on a disk nobody chose. That AKS does the same is INFERRED.
pub(super) fn choose(wanted: &Wanted<'_>, size: &VmSize) -> (OsDiskType, u32) {
    let before = wanted.ctx.settings_before();
    let asked_gb = wanted.spec.os_disk_size_gb.filter(|gb| *gb != 0).and_then(|gb| u32::try_from(gb).ok());
    let kind = wanted.spec.os_disk_type.or_else(|| before.map(|s| s.os_disk_type));
    let kind = kind.unwrap_or_else(|| default_kind(wanted, size, asked_gb));
    let kept_gb = before.filter(|s| s.os_disk_type == kind).map(|s| s.os_disk_size_gb);
    let gb = asked_gb.or(kept_gb).unwrap_or_else(|| match (kind, room(wanted, size)) {
        (OsDiskType::Ephemeral, Some(gb)) => gb,
        _ => managed_gb(size),
    });
    (kind, gb)
}

/// Ephemeral when the size has a local disk of 128 GiB or more that holds what was asked for, else managed
/// (azure-aks-docs concepts-storage.md).
fn default_kind(wanted: &Wanted<'_>, size: &VmSize, asked_gb: Option<u32>) -> OsDiskType {
    let large = size.default_placement().is_some_and(|(_, gb)| gb >= EPHEMERAL_DEFAULT_MIN_GB);
    let fits = room(wanted, size).is_some_and(|room| asked_gb.is_none_or(|asked| asked <= room));
    if large && fits { OsDiskType::Ephemeral } else { OsDiskType::Managed }
}

fn room(wanted: &Wanted<'_>, size: &VmSize) -> Option<u32> {
    let can_change = size.trusted_launch() && wanted.os_type() == OsType::Linux;
    let reserve = if can_change { GUEST_STATE_GB } else { 0 };
    size.default_placement().map(|(_, gb)| gb.saturating_sub(reserve).min(OS_DISK_MAX_GB))
}

/// The default size of a managed OS disk by vCPUs (azure-aks-docs concepts-storage.md).
fn managed_gb(size: &VmSize) -> u32 {
    match size.vcpus {
        0..=7 => 128,
        8..=15 => 256,
        16..=63 => 512,
        _ => 1024,
    }
}
