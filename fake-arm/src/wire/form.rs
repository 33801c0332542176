//! What of an answer's form depends on the api-version and on the era: one question a method.
//!
//! The api-version decides which members exist (the models of azure-mgmt-containerservice for each of them); the era
//! decides what the resource provider filled in at that time (the public test recordings of
//! Azure/azure-cli-extensions, of late 2023 to spring 2024 for the era `preview`).

use control_plane::era::Era;
use control_plane::model::Pool;

use super::models::{self, Member};
use super::preview_features::PreviewFeatures;
use crate::middleware::ApiVersion;

/// The api-version of a request and the era of its subscription.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Form {
    /// The api-version.
    pub(crate) api: ApiVersion,
    /// The era.
    pub(crate) era: Era,
}

impl Form {
    /// The form of an answer through an api-version in a subscription.
    ///
    /// Preview api-versions are retired after a year, so what is known of an old one is how the resource provider of its
    /// time answered: it does so in subscriptions of later eras too. Stable ones stay, and their answers grow.
    pub(crate) fn of(api: ApiVersion, era: Era) -> Self {
        let then = match api {
            _ if !api.is_preview() => era,
            _ if api.is_before(2024, 10) => Era::Preview,
            _ if api.is_before(2025, 8) => Era::Ga,
            _ => era,
        };
        Form { api, era: era.min(then) }
    }

    /// Whether the resource provider speaks as it did in the preview of trusted launch, through a preview api-version.
    pub(crate) fn is_early(self) -> bool {
        self.era == Era::Preview && self.api.is_preview()
    }

    /// Whether the api-version knows a member.
    pub(crate) fn knows(self, member: Member) -> bool {
        member.is_known_to(self.api)
    }

    /// Whether `eTag` is there, in an answer that does not say that something is new. Preview api-versions filled it in
    /// from mid-2024 on; stable ones not yet in July 2025 (`test_aks_control_plane_user_assigned_identity`), and in April
    /// 2026 (`test_aks_create_and_update_with_app_routing_istio`).
    pub(crate) fn has_etag(self) -> bool {
        let filled_in = if self.api.is_preview() { self.era > Era::Preview } else { self.era >= Era::Y2025M08 };
        self.knows(models::ETAG) && filled_in
    }

    /// Whether `networkPolicy`, `nodeOSUpgradeChannel` and, for new pools, empty labels are filled in: not in June 2023
    /// (`test_aks_create_with_oidc_issuer_enabled`), but in November 2023 (`test_aks_stop_and_start`, both of
    /// Azure/azure-cli-extensions). Older api-versions are taken to have stayed as they were (inferred).
    pub(crate) fn is_of_late_2023(self) -> bool {
        !self.api.is_before(2023, 9)
    }

    /// Whether `kind` is filled in with `Base`: seen from April 2024 on.
    pub(crate) fn fills_in_kind(self) -> bool {
        self.knows(models::KIND) && self.era > Era::Preview
    }

    /// Whether `bootstrapProfile` is filled in: seen from April 2024 on.
    pub(crate) fn fills_in_bootstrap(self) -> bool {
        self.knows(models::BOOTSTRAP) && self.era > Era::Preview
    }

    /// Whether a pool's `scaleDownMode` is filled in: not in October 2024 (`test_aks_create_update_vtpm_flow` of
    /// Azure/azure-cli), but in March 2025 (`test_aks_create_gpu_driver_flow`).
    pub(crate) fn fills_in_scale_down_mode(self) -> bool {
        self.era >= Era::Y2025M08 || (self.era == Era::Ga && !self.api.is_before(2024, 10))
    }

    /// Whether `upgradeSettings.maxUnavailable` is filled in.
    pub(crate) fn fills_in_unavailable(self) -> bool {
        self.fills_in_surge() && self.knows(models::MAX_UNAVAILABLE)
    }

    /// Whether a pool shows `enableCustomCATrust`: in previews until 2025, gone in 2026.
    pub(crate) fn has_custom_ca_trust(self) -> bool {
        self.api.is_preview() && self.era < Era::Y2025M08
    }

    /// Whether `diskCSIDriver.version` is there: in previews until 2025, gone in 2026.
    pub(crate) fn shows_disk_driver_version(self) -> bool {
        self.api.is_preview() && self.era < Era::Y2025M08
    }

    /// Whether `sshAccess` is filled in: in previews. Stable api-versions show it when it was asked for (recorded in April
    /// 2026, when the model had the member).
    pub(crate) fn fills_in_ssh_access(self) -> bool {
        self.api.is_preview() && self.knows(models::SSH_ACCESS)
    }

    /// Whether `networkProfile.podLinkLocalAccess` is filled in: with its feature in the preview era, in all previews of
    /// 2026.
    pub(crate) fn shows_pod_link_local_access(self, features: PreviewFeatures) -> bool {
        features.imds_restriction || (self.api.is_preview() && self.era >= Era::Y2025M08)
    }

    /// Whether `upgradeSettings.maxSurge` is filled in with 10 %: seen from mid-2024 on.
    pub(crate) fn fills_in_surge(self) -> bool {
        self.era > Era::Preview
    }

    /// Whether a pool shows both trusted-launch flags. In the preview era only pools with a trusted-launch image or a
    /// flag did through preview api-versions; the others showed `sshAccess` alone.
    pub(crate) fn shows_trusted_launch(self, pool: &Pool) -> bool {
        let settings = &pool.settings;
        let flagged = settings.vtpm || settings.secure_boot || settings.has_trusted_launch_image();
        self.knows(models::TRUSTED_LAUNCH) && (!self.is_early() || flagged)
    }

    /// Whether a load balancer's SKU is written `Standard` as soon as it stands, whatever was asked for.
    pub(crate) fn respells_load_balancer(self) -> bool {
        self.era == Era::Preview
    }

    /// Whether `nodeResourceGroupProfile` is filled in: in the preview era where its feature was in effect; not in 2025
    /// and 2026, stable or preview.
    pub(crate) fn has_node_group_profile(self, features: PreviewFeatures) -> bool {
        self.knows(models::NODE_GROUP_PROFILE) && self.era == Era::Preview && features.node_group_lockdown
    }

    /// Whether a machine has a `provisioningState` of its own: not in the previews of 2024.
    pub(crate) fn has_machine_state(self) -> bool {
        !self.api.is_before(2025, 1)
    }

    /// Whether a cluster's upgrade profile lists those of its pools: not in 2024.
    pub(crate) fn lists_pool_upgrades(self) -> bool {
        !self.api.is_before(2025, 1)
    }

    /// Whether upgrade profiles have `componentsByReleases`: in the models from 2024-04-02-preview on.
    pub(crate) fn has_components(self) -> bool {
        self.api.is_preview() && !self.api.is_before(2024, 4)
    }

    /// Whether upgrade profiles of pools have `recentlyUsedVersions`: in previews from 2025-08-02 on, and from 2026-04-01 on
    /// (azure-aks-docs roll-back-node-pool-version.md).
    pub(crate) fn has_recently_used_versions(self) -> bool {
        if self.api.is_preview() { !self.api.is_before(2025, 8) } else { !self.api.is_before(2026, 4) }
    }

    /// Whether a machine tells its node image: in the models of the previews from 2025-07 on.
    pub(crate) fn has_machine_image(self) -> bool {
        self.api.is_preview() && !self.api.is_before(2025, 7)
    }

    /// Whether a list of pools ends with a link to a second page, which is empty.
    pub(crate) fn pages_pools(self) -> bool {
        self.is_early()
    }

    /// Whether the status of a cluster's stop or start carries the error `NotLatestOperation` however it goes
    /// (also Azure/azure-powershell issue 23812).
    pub(crate) fn doubts_power_operations(self) -> bool {
        self.era == Era::Preview
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn form(api: &str, era: Era) -> Form {
        Form { api: ApiVersion::parse(api).unwrap(), era }
    }

    #[test]
    fn members_come_with_their_api_version_and_their_time() {
        assert!(!form("2024-06-02-preview", Era::Preview).has_etag());
        assert!(form("2024-06-02-preview", Era::Ga).has_etag());
        assert!(!form("2024-10-01", Era::Ga).has_etag() && form("2025-10-01", Era::Y2025M08).has_etag());
        assert!(!form("2024-08-01", Era::CURRENT).has_etag());
        let lockdown = PreviewFeatures { node_group_lockdown: true, ..PreviewFeatures::default() };
        assert!(!form("2024-08-01", Era::Ga).has_node_group_profile(lockdown));
        assert!(!form("2026-06-01", Era::CURRENT).has_node_group_profile(PreviewFeatures::default()));
        assert!(form("2024-06-02-preview", Era::Preview).has_node_group_profile(lockdown));
        assert!(!form("2024-06-02-preview", Era::Preview).has_node_group_profile(PreviewFeatures::default()));
        assert!(form("2024-06-02-preview", Era::Preview).has_components());
        assert!(!form("2026-06-01", Era::CURRENT).has_components());
        assert!(form("2026-06-01", Era::CURRENT).has_machine_state());
        assert!(!form("2024-08-01", Era::Preview).is_early());
        let of = |api: &str| Form::of(ApiVersion::parse(api).unwrap(), Era::CURRENT).era;
        assert_eq!(of("2024-06-02-preview"), Era::Preview);
        assert_eq!(of("2025-03-02-preview"), Era::Ga);
        assert_eq!((of("2026-05-02-preview"), of("2024-08-01")), (Era::CURRENT, Era::CURRENT));
    }
}
