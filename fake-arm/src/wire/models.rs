//! Which members an api-version knows.
//!
//! The months of the first stable and the first preview api-version whose model in azure-mgmt-containerservice (PyPI,
//! 32.1 with all api-versions until 2024-08, then 34.1, 36.0, 37.0, 40.0) has the member. The resource provider fills in
//! a default only for api-versions that know the member.

use crate::middleware::ApiVersion;

/// When a member came into the models.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Member {
    stable: (u16, u8),
    preview: (u16, u8),
}

/// In no model of this kind yet.
const NEVER: (u16, u8) = (u16::MAX, 1);

const fn since(stable: (u16, u8), preview: (u16, u8)) -> Member {
    Member { stable, preview }
}

impl Member {
    /// Whether the member is in the model of an api-version.
    pub(crate) fn is_known_to(self, api: ApiVersion) -> bool {
        let (year, month) = if api.is_preview() { self.preview } else { self.stable };
        !api.is_before(year, month)
    }
}

/// `kind` of a cluster.
pub(crate) const KIND: Member = since((2025, 8), (2024, 2));
/// `eTag` of clusters and pools.
pub(crate) const ETAG: Member = since((2024, 9), (2024, 3));
/// `currentKubernetesVersion` and `currentOrchestratorVersion`.
pub(crate) const CURRENT_VERSION: Member = since((2022, 4), (2022, 3));
/// `supportPlan`.
pub(crate) const SUPPORT_PLAN: Member = since((2023, 3), (2023, 3));
/// `securityProfile` of a cluster.
pub(crate) const CLUSTER_SECURITY: Member = since((2021, 7), (2021, 11));
/// `storageProfile`.
pub(crate) const STORAGE: Member = since((2022, 4), (2022, 4));
/// `oidcIssuerProfile`.
pub(crate) const OIDC_ISSUER: Member = since((2022, 9), (2021, 11));
/// `workloadAutoScalerProfile`.
pub(crate) const WORKLOAD_AUTOSCALER: Member = since((2022, 11), (2022, 5));
/// `autoUpgradeProfile.nodeOSUpgradeChannel`.
pub(crate) const NODE_OS_CHANNEL: Member = since((2023, 6), (2022, 10));
/// `nodeResourceGroupProfile`.
pub(crate) const NODE_GROUP_PROFILE: Member = since((2024, 9), (2022, 11));
/// `metricsProfile`.
pub(crate) const METRICS: Member = since((2024, 2), (2023, 7));
/// `resourceUID`.
pub(crate) const RESOURCE_UID: Member = since((2023, 8), (2023, 7));
/// `nodeProvisioningProfile`.
pub(crate) const NODE_PROVISIONING: Member = since((2025, 8), (2023, 9));
/// `nodeProvisioningProfile.defaultNodePools`.
pub(crate) const DEFAULT_NODE_POOLS: Member = since((2025, 8), (2025, 3));
/// `bootstrapProfile`.
pub(crate) const BOOTSTRAP: Member = since((2025, 2), (2024, 1));
/// `networkProfile.podCidrs`, `serviceCidrs` and `ipFamilies`.
pub(crate) const DUAL_STACK: Member = since((2021, 10), (2021, 11));
/// `networkProfile.networkDataplane`.
pub(crate) const DATAPLANE: Member = since((2023, 2), (2023, 2));
/// `loadBalancerProfile.backendPoolType`.
pub(crate) const BACKEND_POOL: Member = since((2023, 10), (2022, 8));
/// The members of `autoScalerProfile` about daemon sets.
pub(crate) const DAEMONSETS: Member = since((2024, 5), (2023, 8));
/// `securityProfile.enableVTPM` and `enableSecureBoot` of a pool.
pub(crate) const TRUSTED_LAUNCH: Member = since((2024, 7), (2023, 11));
/// `securityProfile.sshAccess` of a pool.
pub(crate) const SSH_ACCESS: Member = since((2025, 8), (2023, 6));
/// `networkProfile` of a pool.
pub(crate) const POOL_NETWORK: Member = since((2023, 10), (2022, 8));
/// `upgradeSettings.maxUnavailable`.
pub(crate) const MAX_UNAVAILABLE: Member = since((2025, 3), (2025, 1));
/// `upgradeStrategy` of a pool; seen in previews of 2026 only.
pub(crate) const UPGRADE_STRATEGY: Member = since(NEVER, (2026, 1));
/// What clusters have in previews of mid-2026 (recorded with 2026-05-02-preview): `hostedSystemProfile`,
/// `enableFIPS`, `healthMonitorProfile`, and the encryption of Kubernetes objects.
pub(crate) const MID_2026: Member = since(NEVER, (2026, 5));

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stable_and_preview_are_told_apart() {
        let api = |text| ApiVersion::parse(text).unwrap();
        assert!(!TRUSTED_LAUNCH.is_known_to(api("2024-05-01")) && TRUSTED_LAUNCH.is_known_to(api("2024-07-01")));
        assert!(TRUSTED_LAUNCH.is_known_to(api("2023-11-02-preview")));
        assert!(!UPGRADE_STRATEGY.is_known_to(api("2026-06-01")));
    }
}
