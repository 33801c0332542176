//! What the rules on a pool's settings look at.

use crate::catalog::{Distribution, KubernetesVersion, VmSize};
use crate::era::Era;
use crate::model::{PoolSettings, PoolSpec};
use crate::resolve::{ImageInputs, PoolContext};

/// A pool's settings with everything the rules need to know of them.
pub(super) struct PoolCase<'a> {
    pub(super) ctx: &'a PoolContext<'a>,
    pub(super) spec: &'a PoolSpec,
    pub(super) settings: &'a PoolSettings,
    pub(super) size: &'a VmSize,
    pub(super) distribution: Distribution,
    pub(super) version: KubernetesVersion,
}

impl<'a> PoolCase<'a> {
    /// `None` when size, distribution or version do not exist.
    pub(super) fn new(ctx: &'a PoolContext<'a>, spec: &'a PoolSpec, settings: &'a PoolSettings) -> Option<Self> {
        let size = ctx.catalog.vm_size(&settings.vm_size)?;
        let inputs = ImageInputs {
            os_sku: &settings.os_sku,
            os_type: settings.os_type,
            size,
            version: &settings.current_orchestrator_version,
            kind: settings.kind,
            fips: settings.fips,
            workload_runtime: settings.workload_runtime.as_deref(),
            wants_trusted_launch: settings.wants_trusted_launch(),
        };
        let (distribution, version) = inputs.distribution(ctx.era)?;
        Some(PoolCase { ctx, spec, settings, size, distribution, version })
    }

    pub(super) fn era(&self) -> Era {
        self.ctx.era
    }

    pub(super) fn before(&self) -> Option<&'a PoolSettings> {
        self.ctx.settings_before()
    }

    /// Whether the pool has either trusted-launch flag.
    pub(super) fn trusted(&self) -> bool {
        self.settings.wants_trusted_launch()
    }

    /// Whether this request sets a trusted-launch flag that was not set before.
    pub(super) fn turns_on(&self) -> bool {
        let was = self.before().map_or((false, false), |b| (b.vtpm, b.secure_boot));
        (self.settings.vtpm && !was.0) || (self.settings.secure_boot && !was.1)
    }

    pub(super) fn name(&self) -> String {
        self.spec.name.clone()
    }

    pub(super) fn size_name(&self) -> String {
        self.size.name.clone()
    }
}
