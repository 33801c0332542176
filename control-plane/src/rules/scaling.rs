//! Counts, bounds and sizes: the cluster autoscaler, Spot, upgrade settings, taints, zones, pools of several sizes.

use super::{BAD_REQUEST, Found, INVALID_PARAMETER, Rule, Test, Wording, request, when, when_with};
use crate::catalog::VmSize;
use crate::model::{NodePoolMode, OsType, PoolKind, Priority};
use crate::resolve::Wanted;

/// Sizes in one pool of type `VirtualMachines` (azure-aks-docs virtual-machines-node-pools.md).
const SIZES_PER_POOL_MAX: usize = 5;

/// The availability zones of every region of the catalog.
const ZONES: [&str; 3] = ["1", "2", "3"];

pub(super) const RULES: &[Rule] = &[
    Rule {
        id: "autoscaler-min-count",
        summary: "The cluster autoscaler has a lower bound that the pool could have as its count: 0 to 1000, in a system \
                  pool 1 to 1000.",
        message: "The value of parameter agentPoolProfile.minCount is invalid. Please see \
                  https://aka.ms/aks-naming-rules for more details.",
        target: Some("agentPoolProfile.minCount"),
        source: "azure-aks-docs cluster-autoscaler.md; text after Azure/azure-cli pull request 22442 (for count)",
        test: Test::Request(|w| when(w.autoscaling() && !bound_fits(w, w.autoscaler_bounds().0))),
        ..INVALID_PARAMETER
    },
    Rule {
        id: "autoscaler-max-count",
        summary: "The cluster autoscaler has an upper bound that is not below the lower one, and at most 1000.",
        message: "The value of parameter agentPoolProfile.maxCount is invalid. Please see \
                  https://aka.ms/aks-naming-rules for more details.",
        target: Some("agentPoolProfile.maxCount"),
        source: "azure-aks-docs cluster-autoscaler.md; text after Azure/azure-cli pull request 22442 (for count)",
        test: Test::Request(|w| {
            let (min, max) = w.autoscaler_bounds();
            when(w.autoscaling() && (!bound_fits(w, max) || max < min))
        }),
        ..INVALID_PARAMETER
    },
    Rule {
        id: "spot-max-surge",
        summary: "Spot pools have no max surge.",
        message: "The value of parameter agentPoolProfile.upgrade.maxSurge is invalid. Error details: Spot pools can't set \
                  max surge. Please see https://aka.ms/aks-naming-rules for more details.",
        target: Some("agentPoolProfile.upgrade.maxSurge"),
        wording: Wording::Verbatim,
        source: "XenitAB/terraform-modules pull request 755, hashicorp/terraform-provider-azurerm issue 19355",
        test: Test::Request(|w| when(w.priority() == Priority::Spot && surge(w).is_some())),
        ..INVALID_PARAMETER
    },
    Rule {
        id: "max-surge",
        summary: "Max surge is a number of nodes or a percentage up to 100 %.",
        message: "The value of parameter agentPoolProfile.upgrade.maxSurge is invalid. Error details: '{asked}' is neither \
                  a number of nodes nor a percentage. Please see https://aka.ms/aks-naming-rules for more details.",
        target: Some("agentPoolProfile.upgrade.maxSurge"),
        source: "azure-mgmt-containerservice 41.6, model AgentPoolUpgradeSettings; text after spot-max-surge",
        test: Test::Request(|w| not_nodes(surge(w))),
        ..INVALID_PARAMETER
    },
    Rule {
        id: "max-unavailable",
        summary: "Max unavailable is a number of nodes or a percentage up to 100 %.",
        message: "The value of parameter agentPoolProfile.upgrade.maxUnavailable is invalid. Error details: '{asked}' is \
                  neither a number of nodes nor a percentage. Please see https://aka.ms/aks-naming-rules for more details.",
        target: Some("agentPoolProfile.upgrade.maxUnavailable"),
        source: "azure-mgmt-containerservice 41.6, model AgentPoolUpgradeSettings; text after spot-max-surge",
        test: Test::Request(|w| not_nodes(unavailable(w))),
        ..INVALID_PARAMETER
    },
    Rule {
        id: "max-unavailable-system",
        summary: "In system pools no node may be unavailable during an upgrade.",
        message: "The value of parameter agentPoolProfile.upgrade.maxUnavailable is invalid. Error details: system pools \
                  can't set max unavailable. Please see https://aka.ms/aks-naming-rules for more details.",
        target: Some("agentPoolProfile.upgrade.maxUnavailable"),
        source: "Azure/ARO-HCP pull request 6038; text after spot-max-surge",
        test: Test::Request(|w| {
            let some =
                unavailable(w).is_some_and(|asked| !asked.trim_end_matches('%').trim_start_matches('0').is_empty());
            when(w.mode() == NodePoolMode::System && some)
        }),
        ..INVALID_PARAMETER
    },
    Rule {
        id: "spot-max-price",
        summary: "The highest price of a Spot machine is positive, or -1 for the on-demand price.",
        message: "The value of parameter agentPoolProfile.spotMaxPrice is invalid: {asked}. It must be greater than zero, \
                  or -1.",
        target: Some("agentPoolProfile.spotMaxPrice"),
        source: "azure-mgmt-containerservice 41.6, model AgentPool, spotMaxPrice",
        test: Test::Request(|w| {
            let price = w.spec.spot_max_price.filter(|price| *price <= 0.0 && *price != -1.0);
            price.filter(|_| w.priority() == Priority::Spot).map(|price| vec![("asked", price.to_string())])
        }),
        ..INVALID_PARAMETER
    },
    Rule {
        id: "taint-format",
        summary: "A taint is key=value:effect or key:effect, with the effect NoSchedule, PreferNoSchedule or NoExecute.",
        message: "The value of parameter agentPoolProfile.nodeTaints is invalid: '{taint}'. A taint has the form \
                  key=value:effect, with effect NoSchedule, PreferNoSchedule or NoExecute.",
        target: Some("agentPoolProfile.nodeTaints"),
        source: "azure-mgmt-containerservice 41.6, model AgentPool, nodeTaints; Kubernetes, taints and tolerations",
        test: Test::Request(|w| {
            let wrong = w.spec.taints.iter().flatten().find(|taint| !is_taint(taint));
            wrong.map(|taint| vec![("taint", taint.clone())])
        }),
        ..INVALID_PARAMETER
    },
    Rule {
        id: "zone-unsupported",
        summary: "The availability zones exist: 1, 2 and 3.",
        code: "AvailabilityZoneNotSupported",
        message: "The zone(s) '{asked}' for resource '{pool}' is not supported. The supported zones for location \
                  '{location}' are '1,2,3'",
        source: "MicrosoftDocs/azure-aks-docs pull request 416 (the text without its quotation marks)",
        test: Test::Request(|w| {
            let asked: Vec<_> = w.spec.zones.iter().flatten().map(String::as_str).collect();
            let unknown: Vec<_> = asked.into_iter().filter(|zone| !ZONES.contains(zone)).collect();
            when_with(!unknown.is_empty(), || {
                [("asked", unknown.join(",")), ("pool", w.spec.name.clone()), ("location", w.ctx.location.to_owned())]
            })
        }),
        ..BAD_REQUEST
    },
    Rule {
        id: "machines-size-unknown",
        summary: "Every size of a VirtualMachines pool exists and is offered in the region.",
        message: request::VM_SIZE_UNKNOWN.message,
        source: request::VM_SIZE_UNKNOWN.source,
        wording: Wording::Verbatim,
        test: Test::Request(|w| {
            let unknown = sizes(w).iter().any(Option::is_none);
            unknown.then(|| request::size_values(&w.spec.name, w.ctx.location))
        }),
        ..BAD_REQUEST
    },
    Rule {
        id: "machines-sizes",
        summary: "A VirtualMachines pool has one to five different sizes, with no negative count.",
        message: "The virtualMachinesProfile of agent pool '{name}' must have 1 to 5 manual scale profiles of different VM \
                  sizes, each with a count of 0 or more.",
        target: Some("agentPoolProfile.virtualMachinesProfile"),
        source: "azure-aks-docs virtual-machines-node-pools.md (up to five sizes)",
        test: Test::Request(|w| {
            let groups = w.machines().unwrap_or_default();
            let mut names: Vec<_> = groups.iter().map(|g| g.size.to_lowercase()).collect();
            names.sort();
            names.dedup();
            let wrong = names.len() != groups.len() || groups.iter().any(|g| g.count < 0);
            when_with(wrong || groups.len() > SIZES_PER_POOL_MAX, || [("name", w.spec.name.clone())])
        }),
        ..INVALID_PARAMETER
    },
    Rule {
        id: "machines-families",
        summary: "The sizes of a VirtualMachines pool are alike: same processor architecture, VM generation, and all or \
                  none with a GPU or confidential.",
        message: "The VM sizes of agent pool '{name}' are not from similar VM families and cannot be mixed in one \
                  VirtualMachines pool: {sizes}.",
        target: Some("agentPoolProfile.virtualMachinesProfile"),
        source: "azure-aks-docs virtual-machines-node-pools.md (similar families: no N-series with D-series)",
        test: Test::Request(|w| {
            let kind = |size: &VmSize| (size.arm64, size.gen2, size.gpus > 0, size.confidential);
            let known: Vec<_> = sizes(w).into_iter().flatten().collect();
            let mixed = known.windows(2).any(|pair| kind(pair[0]) != kind(pair[1]));
            when_with(mixed, || {
                let names: Vec<_> = known.iter().map(|size| size.name.as_str()).collect();
                [("name", w.spec.name.clone()), ("sizes", names.join(", "))]
            })
        }),
        ..INVALID_PARAMETER
    },
    Rule {
        id: "machines-linux",
        summary: "VirtualMachines pools run Linux.",
        message: "Agent pool '{name}' of type VirtualMachines must run Linux.",
        source: "azure-aks-docs virtual-machines-node-pools.md",
        test: Test::Request(|w| {
            let windows = w.os_type() == OsType::Windows && w.kind() == PoolKind::VirtualMachines;
            when_with(windows, || [("name", w.spec.name.clone())])
        }),
        ..BAD_REQUEST
    },
    Rule {
        id: "machines-autoscaler",
        summary: "In a VirtualMachines pool the autoscaler is not switched on for the pool as a whole.",
        message: "Agent pool '{name}' of type VirtualMachines cannot set enableAutoScaling; it scales by its \
                  virtualMachinesProfile.",
        target: Some("agentPoolProfile.enableAutoScaling"),
        source: "azure-aks-docs virtual-machines-node-pools.md; azure-cli 2.91.0, agentpool_decorator.py",
        test: Test::Request(|w| {
            let both = w.autoscaling() && w.kind() == PoolKind::VirtualMachines;
            when_with(both, || [("name", w.spec.name.clone())])
        }),
        ..INVALID_PARAMETER
    },
];

fn bound_fits(w: &Wanted<'_>, bound: Option<i64>) -> bool {
    bound.is_some_and(|bound| (request::count_min(w)..=request::NODES_PER_POOL_MAX).contains(&bound))
}

fn surge<'a>(w: &Wanted<'a>) -> Option<&'a str> {
    w.spec.max_surge.as_deref().filter(|text| !text.is_empty())
}

fn unavailable<'a>(w: &Wanted<'a>) -> Option<&'a str> {
    w.spec.max_unavailable.as_deref().filter(|text| !text.is_empty())
}

fn not_nodes(asked: Option<&str>) -> Found {
    let fits = |text: &str| match text.strip_suffix('%') {
        Some(percent) => percent.parse::<u32>().is_ok_and(|percent| percent <= 100),
        None => text.parse::<u32>().is_ok(),
    };
    let wrong = asked.filter(|text| !fits(text))?;
    Some(vec![("asked", wrong.to_owned())])
}

fn is_taint(text: &str) -> bool {
    let Some((rest, effect)) = text.rsplit_once(':') else { return false };
    let (key, value) = rest.split_once('=').unwrap_or((rest, ""));
    let plain = |part: &str| !part.contains(['=', ':', ' ']);
    !key.is_empty() && plain(key) && plain(value) && ["NoSchedule", "PreferNoSchedule", "NoExecute"].contains(&effect)
}

/// The sizes of a VirtualMachines pool; `None` for one that does not exist.
fn sizes<'a>(w: &Wanted<'a>) -> Vec<Option<&'a VmSize>> {
    w.machines().unwrap_or_default().iter().map(|group| w.ctx.catalog.vm_size(&group.size)).collect()
}
