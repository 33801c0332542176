//! The limitations of trusted launch.
//!
//! One real error of the resource provider is public (Azure/AKS issue 4181). It names Ubuntu 18.04, FIPS, Arm64,
//! CBL-Mariner and GPU pools, so it is used word for word for those; for the other limitations its first two sentences
//! are followed by the limitation itself, marked as inferred.
//!
//! **Virtual nodes.** The documentation says that trusted launch does not support virtual nodes. A virtual node is no
//! agent pool: the only thing of it that ARM sees is the add-on `aciConnectorLinux`. The strict reading is taken: a
//! cluster has either the add-on or trusted-launch pools. Whether Azure refuses the combination is INFERRED.

use super::pool::PoolCase;
use super::{
    BAD_REQUEST, FROM_2025_08, FROM_2026_06, FROM_GA, Rule, TO_2025_08, TO_2026_06, Test, Wording, when, when_with,
};
use crate::catalog::Distribution;
use crate::era::Era;
use crate::model::{GpuDriver, OsType, PoolKind};
use crate::resolve::{TRUSTED_LAUNCH_KUBERNETES, fips_fits_trusted_launch, is_kata};

/// A text that starts as the public one and ends with the limitation itself.
macro_rules! incompatible {
    ($limitation:literal) => {
        concat!(
            "Trusted Launch enabled clusters using vTPM and/or Secure Boot are not supported for this agentpool. \
             Secure Boot and/or vTPM requires the VM Image to be Trusted Launch Compatible. ",
            $limitation
        )
    };
}
pub(super) use incompatible;

/// A limitation that the public text names.
const NAMED: Rule = Rule {
    code: "TrustedLaunchIncompatibleWithConfig",
    message: incompatible!("Ubuntu 1804, FIPS, Arm64, CBLMariner, GPU nodepools dont have Trusted Launch support."),
    wording: Wording::Verbatim,
    source: "Azure/AKS issue 4181 (the status is inferred); azure-aks-docs use-trusted-launch.md",
    ..BAD_REQUEST
};

/// A limitation that the public text does not name.
pub(super) const UNNAMED: Rule =
    Rule { wording: Wording::Inferred, source: "azure-aks-docs use-trusted-launch.md", ..NAMED };

pub(super) const RULES: &[Rule] = &[
    Rule {
        id: "trusted-launch-feature",
        summary: "In the preview era trusted launch needs the feature TrustedLaunchPreview.",
        eras: &[Era::Preview],
        code: "BadRequest",
        message: "Feature Microsoft.ContainerService/TrustedLaunchPreview is not enabled. Please see \
                  https://aka.ms/aks/previews for how to enable features.",
        source: "azure-aks-docs use-trusted-launch.md, preview era; text after Azure/AKS-Construction issue 15 \
                 (AutoUpgradePreview)",
        test: Test::Pool(|c| when(c.turns_on() && !c.ctx.trusted_launch_feature)),
        ..UNNAMED
    },
    Rule {
        id: "trusted-launch-pool-made-before-feature",
        summary: "Pools made before the feature was registered cannot be switched on.",
        eras: &[Era::Preview],
        message: incompatible!(
            "Agent pool '{name}' was created before the feature TrustedLaunchPreview was registered and cannot be \
             updated; create a new agent pool."
        ),
        source: "azure-aks-docs use-trusted-launch.md, preview era",
        test: Test::Pool(|c| {
            let old = c.ctx.before.is_some_and(|pool| !pool.made_with_feature);
            when_with(c.turns_on() && old, || [("name", c.name())])
        }),
        ..UNNAMED
    },
    Rule {
        id: "trusted-launch-windows",
        summary: "Windows Server pools have no trusted launch.",
        message: incompatible!("Windows Server nodepools dont have Trusted Launch support."),
        test: Test::Pool(|c| when(c.trusted() && c.settings.os_type == OsType::Windows)),
        ..UNNAMED
    },
    Rule {
        id: "trusted-launch-availability-set",
        summary: "Availability sets have no trusted launch; scale sets and virtual machine pools do.",
        message: incompatible!(
            "Agentpool type AvailabilitySet doesnt have Trusted Launch support; use VirtualMachineScaleSets."
        ),
        source: "azure-aks-docs use-trusted-launch.md; help of az aks nodepool add (Must use VMSS or VMs agent pool type)",
        test: Test::Pool(|c| when(c.trusted() && c.settings.kind == PoolKind::AvailabilitySet)),
        ..UNNAMED
    },
    Rule {
        id: "trusted-launch-kata",
        summary: "Pod sandboxing (Kata) and trusted launch exclude each other.",
        message: incompatible!("Workload runtime '{runtime}' (pod sandboxing) doesnt have Trusted Launch support."),
        source: "azure-aks-docs use-trusted-launch.md (written down from August 2025), node-images.md",
        test: Test::Pool(|c| {
            let runtime = c.settings.workload_runtime.as_deref();
            when_with(c.trusted() && is_kata(runtime), || [("runtime", runtime.unwrap_or_default().to_owned())])
        }),
        ..UNNAMED
    },
    Rule {
        id: "trusted-launch-confidential",
        summary: "Confidential sizes (DC, EC) have no trusted launch.",
        message: incompatible!("VM size '{size}' is a confidential VM size; confidential VMs are not supported."),
        source: "azure-aks-docs use-trusted-launch.md (written down from August 2025), use-cvm.md; azure-compute-docs \
                 trusted-launch.md",
        test: Test::Pool(|c| when_with(c.trusted() && c.size.confidential, || [("size", c.size_name())])),
        ..UNNAMED
    },
    Rule {
        id: "trusted-launch-arm64",
        summary: "Arm64 sizes have no trusted launch, but for Azure Container Linux on Cobalt sizes from 2025-08.",
        test: Test::Pool(|c| {
            let cobalt = c.era() >= Era::Y2025M08
                && c.distribution == Distribution::AzureContainerLinux
                && c.size.trusted_launch();
            when(c.trusted() && c.size.arm64 && !cobalt)
        }),
        ..NAMED
    },
    Rule {
        id: "trusted-launch-generation",
        summary: "The size runs generation 2 machines.",
        message: incompatible!(
            "The VM size '{size}' is not supported for creation of VMs and Virtual Machine Scale Set with \
             'TrustedLaunch' security type."
        ),
        source: "azure-aks-docs use-trusted-launch.md; Azure/azure-cli issue 28005 (the last sentence is \
                 Microsoft.Compute's own)",
        test: Test::Pool(|c| when_with(c.trusted() && !c.size.gen2, || [("size", c.size_name())])),
        ..UNNAMED
    },
    Rule {
        id: "trusted-launch-disabled",
        summary: "The size does not have the capability TrustedLaunchDisabled.",
        message: incompatible!(
            "The VM size '{size}' is not supported for creation of VMs and Virtual Machine Scale Set with \
             'TrustedLaunch' security type."
        ),
        source: "azure-compute-docs trusted-launch-faq.md; Azure/azure-cli issue 28005 (the last sentence is \
                 Microsoft.Compute's own)",
        test: Test::Pool(|c| when_with(c.trusted() && c.size.trusted_launch_disabled, || [("size", c.size_name())])),
        ..UNNAMED
    },
    Rule {
        id: "trusted-launch-kubernetes",
        summary: "The pool runs Kubernetes 1.25.2 or later.",
        message: incompatible!("Kubernetes version {version} is not supported; use 1.25.2 or later."),
        test: Test::Pool(|c| {
            when_with(c.trusted() && c.version < TRUSTED_LAUNCH_KUBERNETES, || [("version", c.version.to_string())])
        }),
        ..UNNAMED
    },
    Rule {
        id: "trusted-launch-fips",
        summary: "FIPS and trusted launch exclude each other until June 2026.",
        eras: TO_2025_08,
        test: Test::Pool(|c| when(c.trusted() && c.settings.fips)),
        ..NAMED
    },
    Rule {
        id: "trusted-launch-fips-ubuntu-2204",
        summary: "With FIPS, trusted launch is for Ubuntu 22.04 only.",
        eras: FROM_2026_06,
        message: incompatible!("With FIPS only Ubuntu 22.04 has Trusted Launch support, not osSKU '{sku}'."),
        source: "azure-aks-docs use-trusted-launch.md, enable-fips-nodes.md; Azure/AKS CHANGELOG.md 2026-06-19",
        test: Test::Pool(|c| {
            let fits = fips_fits_trusted_launch(c.era(), c.distribution);
            when_with(c.trusted() && c.settings.fips && !fits, || [("sku", c.settings.os_sku.clone())])
        }),
        ..UNNAMED
    },
    Rule {
        id: "trusted-launch-distribution",
        summary: "There are trusted-launch images of the distribution: not of CBL-Mariner and old Ubuntu releases.",
        test: Test::Pool(|c| when(c.trusted() && !c.distribution.has_trusted_launch_images())),
        ..NAMED
    },
    Rule {
        id: "trusted-launch-virtual-nodes",
        summary: "A cluster with the virtual node add-on has no trusted-launch pools.",
        eras: FROM_GA,
        message: incompatible!("Virtual nodes dont have Trusted Launch support, and this cluster has them enabled."),
        test: Test::Pool(|c| when(c.turns_on() && c.ctx.virtual_nodes)),
        ..UNNAMED
    },
    Rule {
        id: "trusted-launch-gpu",
        summary: "Secure Boot on a GPU pool needs the GPU driver installation skipped.",
        eras: TO_2026_06,
        message: incompatible!(
            "Secure Boot on a GPU nodepool requires the GPU driver installation to be skipped (gpuProfile.driver None)."
        ),
        source: "azure-aks-docs use-trusted-launch.md, use-nvidia-gpu.md (until August 2025 also by the tag \
                 SkipGPUDriverInstall)",
        test: Test::Pool(|c| when(unsigned_driver(c))),
        ..UNNAMED
    },
    Rule {
        id: "trusted-launch-gpu-ubuntu",
        summary: "Secure Boot on an Ubuntu GPU pool needs the GPU driver installation skipped; Azure Linux has a signed \
                  driver.",
        eras: &[Era::Y2026M07],
        message: incompatible!(
            "Secure Boot on an Ubuntu GPU nodepool requires the GPU driver installation to be skipped (gpuProfile.driver \
             None)."
        ),
        source: "azure-aks-docs use-trusted-launch.md, July 2026",
        test: Test::Pool(|c| when(unsigned_driver(c) && c.distribution.is_ubuntu())),
        ..UNNAMED
    },
    Rule {
        id: "trusted-launch-image",
        summary: "An existing pool already has a trusted-launch image before it is switched on.",
        eras: TO_2026_06,
        test: Test::Pool(|c| when(c.turns_on() && c.before().is_some_and(|before| !before.has_trusted_launch_image()))),
        source: "Azure/AKS issue 4181 (this very case; the status is inferred); azure-aks-docs use-trusted-launch.md",
        ..NAMED
    },
    Rule {
        id: "azure-container-linux-flags",
        summary: "Azure Container Linux always runs with both flags.",
        eras: FROM_2025_08,
        code: "BadRequest",
        message: "Agent pool '{name}' with osSKU AzureContainerLinux requires Trusted Launch: enableSecureBoot and \
                  enableVTPM must both be true.",
        source: "azure-aks-docs migrate-nodes-azure-container-linux.md",
        test: Test::Pool(|c| {
            let both = c.settings.vtpm && c.settings.secure_boot;
            when_with(c.distribution == Distribution::AzureContainerLinux && !both, || [("name", c.name())])
        }),
        ..UNNAMED
    },
];

fn unsigned_driver(case: &PoolCase<'_>) -> bool {
    case.settings.secure_boot && case.size.gpus > 0 && case.settings.gpu_driver != Some(GpuDriver::None)
}
