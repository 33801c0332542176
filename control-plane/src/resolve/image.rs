//! Which node image a pool gets. The rule changed with the eras.

use crate::catalog::{Distribution, KubernetesVersion, NodeImage, VmSize};
use crate::era::Era;
use crate::model::{OsType, PoolKind, PoolSettings};

use super::{PoolContext, Wanted};

/// The oldest Kubernetes version with trusted launch (azure-aks-docs use-trusted-launch.md).
pub(crate) const TRUSTED_LAUNCH_KUBERNETES: KubernetesVersion = KubernetesVersion::new(1, 25, 2);

/// What the choice of an image depends on.
#[derive(Clone, Copy, Debug)]
pub struct ImageInputs<'a> {
    /// The distribution, in its usual spelling.
    pub os_sku: &'a str,
    /// The operating system.
    pub os_type: OsType,
    /// The VM size.
    pub size: &'a VmSize,
    /// The Kubernetes patch version.
    pub version: &'a str,
    /// How the machines are grouped.
    pub kind: PoolKind,
    /// FIPS-validated image.
    pub fips: bool,
    /// The workload runtime.
    pub workload_runtime: Option<&'a str>,
    /// Whether either trusted-launch flag is set.
    pub wants_trusted_launch: bool,
}

impl ImageInputs<'_> {
    /// The distribution and its version of Kubernetes; `None` when either cannot be read.
    pub(crate) fn distribution(&self, era: Era) -> Option<(Distribution, KubernetesVersion)> {
        let version = KubernetesVersion::parse(self.version)?;
        Some((Distribution::of(era, self.os_sku, version, self.fips, self.size.confidential)?, version))
    }
}

/// Whether the workload runtime runs pods in their own virtual machines (pod sandboxing).
pub(crate) fn is_kata(runtime: Option<&str>) -> bool {
    runtime.is_some_and(|runtime| runtime.starts_with("Kata"))
}

/// Whether FIPS and trusted launch go together: never until June 2026, then on Ubuntu 22.04 only (azure-aks-docs
/// use-trusted-launch.md). Azure Container Linux and OS Guard are outside this question.
pub(crate) fn fips_fits_trusted_launch(era: Era, distribution: Distribution) -> bool {
    era >= Era::Y2026M06 && distribution == Distribution::Ubuntu2204
}

/// Whether a pool of this shape can have a trusted-launch image: what the documentation calls a configuration that is
/// compatible with trusted launch.
pub fn trusted_launch_capable(era: Era, inputs: &ImageInputs<'_>) -> bool {
    let Some((distribution, version)) = inputs.distribution(era) else {
        return false;
    };
    inputs.os_type == OsType::Linux
        && inputs.size.trusted_launch()
        && (!inputs.size.arm64 || distribution == Distribution::AzureContainerLinux)
        && inputs.kind != PoolKind::AvailabilitySet
        && !is_kata(inputs.workload_runtime)
        && distribution.has_trusted_launch_images()
        && version >= TRUSTED_LAUNCH_KUBERNETES
        && (!inputs.fips || fips_fits_trusted_launch(era, distribution))
}

/// The node image of a pool; `None` when distribution or version cannot be read.
///
/// A pool keeps the version of its image until something is asked for that brings a newer one along (azure-aks-docs
/// node-image-upgrade.md, node-disruption-policy.md): another definition, a Kubernetes upgrade, a node image upgrade. A
/// snapshot or a rollback names the version, as long as it is one of the same definition.
pub(super) fn choose(wanted: &Wanted<'_>, inputs: &ImageInputs<'_>) -> Option<String> {
    let ctx = wanted.ctx;
    let (distribution, _) = inputs.distribution(ctx.era)?;
    let image = NodeImage {
        distribution,
        gen2: inputs.size.gen2,
        arm64: inputs.size.arm64,
        fips: inputs.fips,
        gpu: inputs.size.gpus > 0,
        confidential: inputs.size.confidential,
        trusted_launch: trusted_launch_capable(ctx.era, inputs) && gets_trusted_launch(ctx, inputs),
    };
    let newest = ctx.catalog.node_image(ctx.era, &image, ctx.image_weeks);
    let fits = |name: &str| definition(name).eq_ignore_ascii_case(definition(&newest));
    let named = wanted
        .spec
        .snapshot_image
        .as_deref()
        .or_else(|| wanted.rolls_back().map(|used| used.node_image_version.as_str()));
    if let Some(named) = named.filter(|name| fits(name)) {
        return Some(named.to_owned());
    }
    let same_kubernetes = |before: &&PoolSettings| before.current_orchestrator_version == inputs.version;
    let kept = ctx.settings_before().filter(|_| !ctx.newest_image).filter(same_kubernetes);
    let kept = kept.map(|before| before.node_image_version.as_str()).filter(|name| fits(name));
    Some(kept.map_or(newest.clone(), str::to_owned))
}

/// A node image's name without its version.
pub(crate) fn definition(name: &str) -> &str {
    name.rsplit_once('-').map_or(name, |(definition, _)| definition)
}

/// Whether a capable pool gets a trusted-launch image. Sources: the versions of azure-aks-docs use-trusted-launch.md.
///
/// - preview: with the feature registered, every capable new pool, flags or not; it keeps the image.
/// - ga: every capable new pool; it keeps the image.
/// - 2025-08 and 2026-06: only a pool with a flag set; switching both off keeps the image.
/// - 2026-07: exactly while a flag is set; nodes are reimaged either way.
fn gets_trusted_launch(ctx: &PoolContext<'_>, inputs: &ImageInputs<'_>) -> bool {
    let wants = inputs.wants_trusted_launch;
    let has = ctx.settings_before().map(|before| before.has_trusted_launch_image());
    match ctx.era {
        Era::Preview => wants || has.unwrap_or(ctx.trusted_launch_feature),
        Era::Ga => wants || has.unwrap_or(true),
        Era::Y2025M08 | Era::Y2026M06 => wants || has.unwrap_or(false),
        Era::Y2026M07 => wants,
    }
}
