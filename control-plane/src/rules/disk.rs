//! OS disks on local storage.

use super::pool::PoolCase;
use super::{BAD_REQUEST, Rule, Test, Values, Wording, when_with};
use crate::model::OsDiskType;
use crate::resolve::GUEST_STATE_GB;

const GIB: u64 = 1 << 30;

pub(super) const RULES: &[Rule] = &[
    Rule {
        id: "ephemeral-unsupported",
        summary: "An ephemeral OS disk needs a size that supports it.",
        message: "The Virtual Machine size {size} does not support Ephemeral OS disk",
        wording: Wording::Verbatim,
        source: "Azure/AKS issue 1988",
        test: Test::Pool(|c| {
            when_with(is_ephemeral(c) && c.size.largest_placement().is_none(), || [("size", c.size_name())])
        }),
        ..BAD_REQUEST
    },
    Rule {
        id: "ephemeral-too-large",
        summary: "An ephemeral OS disk fits into the largest of cache, temporary disk and NVMe.",
        code: "VMCacheSizeTooSmall",
        message: "The virtual machine size {size} has a cache size of {cache} bytes, but the OS disk requires {disk} \
                  bytes. Use a VM size with larger cache or disable ephemeral OS.",
        wording: Wording::Verbatim,
        source: "rancher/rancher issue 33679, Azure/AKS issue 2672",
        test: Test::Pool(|c| {
            let (_, room) = c.size.largest_placement().filter(|_| is_ephemeral(c))?;
            let bytes = |gb: u32| (u64::from(gb) * GIB).to_string();
            when_with(c.settings.os_disk_size_gb > room, || {
                [("size", c.size_name()), ("cache", bytes(room)), ("disk", bytes(c.settings.os_disk_size_gb))]
            })
        }),
        ..BAD_REQUEST
    },
    Rule {
        id: "ephemeral-guest-state",
        summary: "With trusted launch, an ephemeral OS disk leaves 1 GiB of its place to the guest state.",
        code: "NotSupported",
        message: "OS disk of Ephemeral VM with size greater than {max} GB is not allowed for VM size {size} when the \
                  DiffDiskPlacement is {placement}. Please refer to https://aka.ms/Ephemeral for more details.",
        wording: Wording::Verbatim,
        source: "azure-compute-docs ephemeral-os-disks.md; cloudfoundry/bosh-azure-cpi-release pull request 674 \
                 (Microsoft.Compute's text; the status is inferred)",
        test: Test::Pool(guest_state_does_not_fit),
        ..BAD_REQUEST
    },
];

fn is_ephemeral(case: &PoolCase<'_>) -> bool {
    case.settings.os_disk_type == OsDiskType::Ephemeral
}

fn guest_state_does_not_fit(case: &PoolCase<'_>) -> Option<Values> {
    let (placement, room) = case.size.largest_placement().filter(|_| is_ephemeral(case) && case.trusted())?;
    let max = room.saturating_sub(GUEST_STATE_GB);
    when_with(case.settings.os_disk_size_gb > max, || {
        [("max", max.to_string()), ("size", case.size_name()), ("placement", placement.as_str().to_owned())]
    })
}
