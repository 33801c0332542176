//! Clusters as the AKS resource provider writes them.

use std::sync::Arc;

use control_plane::model::{Cluster, Pool, Subscription};

use super::cluster_defaults as defaults;
use super::form::Form;
use super::ids::ClusterPath;
use super::json::{Object, document, object};
use super::pool;
use super::pool_body::is_hollow;
use super::preview_features::PreviewFeatures;

/// What a cluster's answer is made of.
pub(crate) struct View<'a> {
    /// The cluster.
    pub(crate) cluster: &'a Cluster,
    /// Its pools.
    pub(crate) pools: &'a [Arc<Pool>],
    /// Its subscription: the tenant, and the era whose defaults are shown.
    pub(crate) subscription: &'a Subscription,
    /// What the form of the answer depends on.
    pub(crate) form: Form,
    /// The features that matter in the preview era.
    pub(crate) features: PreviewFeatures,
    /// Whether what Azure makes for the cluster stands: identities and outbound addresses.
    pub(crate) stands: bool,
    /// What the answer is about.
    pub(crate) occasion: Occasion,
}

/// What an answer with a cluster is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Occasion {
    /// A new one was accepted.
    Created,
    /// An abort was accepted.
    Aborted,
    /// Anything else.
    Other,
}

/// Kept members of `properties` that are written at a place of their own below.
const PLACED: &[&str] = &[
    "linuxProfile",
    "windowsProfile",
    "servicePrincipalProfile",
    "addonProfiles",
    "podIdentityProfile",
    "enableRBAC",
    "enablePodSecurityPolicy",
    "supportPlan",
    "networkProfile",
    "aadProfile",
    "apiServerAccessProfile",
    "diskEncryptionSetID",
    "identityProfile",
    "autoUpgradeProfile",
    "autoScalerProfile",
    "disableLocalAccounts",
    "httpProxyConfig",
    "securityProfile",
    "storageProfile",
    "oidcIssuerProfile",
    "publicNetworkAccess",
    "nodeResourceGroupProfile",
    "workloadAutoScalerProfile",
    "azureMonitorProfile",
    "metricsProfile",
    "controlPlanePluginProfiles",
    "nodeProvisioningProfile",
    "bootstrapProfile",
];

/// Kept top-level members that are written at a place of their own below.
const PLACED_TOP: &[&str] = &["kind", "extendedLocation", "identity", "sku"];

/// A managed cluster resource.
pub(crate) fn resource(view: &View<'_>) -> Vec<u8> {
    document(|o| write(o, view))
}

/// A managed cluster resource as an item of a list.
pub(crate) fn item(view: &View<'_>, out: &mut Vec<u8>) {
    object(out, |o| write(o, view));
}

fn write(o: &mut Object<'_>, view: &View<'_>) {
    let cluster = view.cluster;
    let kept = &cluster.envelope;
    o.text("id", ClusterPath(&cluster.id));
    o.value("location", &cluster.location);
    o.value("name", cluster.id.name.as_str());
    o.maybe("tags", cluster.tags.as_ref().filter(|tags| !tags.is_empty()));
    o.value("type", "Microsoft.ContainerService/ManagedClusters");
    if view.form.api.is_before(2025, 1) {
        o.kept(kept, "kind");
    } else {
        o.kept_or(kept, "kind", "Base");
    }
    o.kept(kept, "extendedLocation");
    o.object("properties", |o| write_properties(o, view));
    write_identity(o, view);
    o.object("sku", |o| defaults::over(o, kept.get("sku"), &[("name", "Base"), ("tier", "Free")]));
    if view.form.has_etag() {
        o.value("eTag", &cluster.etag);
    }
    o.rest(kept, PLACED_TOP);
}

fn write_properties(o: &mut Object<'_>, view: &View<'_>) {
    let (cluster, api) = (view.cluster, view.form.api);
    let kept = &cluster.properties;
    o.value("provisioningState", cluster.provisioning.as_str());
    o.object("powerState", |o| {
        o.value("code", cluster.power.as_str());
    });
    o.value("kubernetesVersion", &cluster.kubernetes_version);
    o.value("currentKubernetesVersion", &cluster.current_kubernetes_version);
    o.value("dnsPrefix", &cluster.dns_prefix);
    let (prefix, suffix, location) = (&cluster.dns_prefix, &cluster.dns_suffix, &cluster.location);
    o.text("fqdn", format_args!("{prefix}-{suffix}.hcp.{location}.azmk8s.io"));
    o.text("azurePortalFQDN", format_args!("{prefix}-{suffix}.portal.hcp.{location}.azmk8s.io"));
    let new = view.occasion == Occasion::Created;
    o.array("agentPoolProfiles", view.pools, |one, out| pool::embedded(one, view.form, new, out));
    o.kept(kept, "linuxProfile").kept(kept, "windowsProfile");
    o.object("servicePrincipalProfile", |o| {
        defaults::over(o, kept.get("servicePrincipalProfile"), &[("clientId", "msi")]);
    });
    let addons = kept.get("addonProfiles").filter(|addons| !is_hollow(addons));
    if view.occasion == Occasion::Aborted && view.form.is_early() {
        o.object("addonProfiles", |o| defaults::built_in_addons(o, addons));
    } else {
        o.maybe("addonProfiles", addons);
    }
    o.kept(kept, "podIdentityProfile");
    o.value("nodeResourceGroup", &cluster.node_resource_group);
    o.kept_or(kept, "enableRBAC", &true);
    if api.is_preview() && api.is_before(2025, 1) {
        o.kept_or(kept, "enablePodSecurityPolicy", &false);
    }
    o.kept_or(kept, "supportPlan", "KubernetesOfficial");
    o.object("networkProfile", |o| defaults::network(o, view));
    o.kept(kept, "aadProfile");
    o.value("maxAgentPools", &100);
    o.kept(kept, "apiServerAccessProfile").kept(kept, "diskEncryptionSetID");
    if view.stands {
        o.object("identityProfile", |o| defaults::identities(o, cluster));
    }
    o.object("autoUpgradeProfile", |o| {
        defaults::over(o, kept.get("autoUpgradeProfile"), &[("nodeOSUpgradeChannel", "NodeImage")]);
    });
    o.kept(kept, "autoScalerProfile");
    o.kept_or(kept, "disableLocalAccounts", &false);
    o.kept(kept, "httpProxyConfig");
    o.kept_or(kept, "securityProfile", &serde_json::Map::new());
    o.object("storageProfile", |o| defaults::storage(o, kept, api));
    o.object("oidcIssuerProfile", |o| defaults::over(o, kept.get("oidcIssuerProfile"), &[("enabled", false)]));
    o.kept(kept, "publicNetworkAccess");
    if view.form.has_node_group_profile(view.features) || kept.contains_key("nodeResourceGroupProfile") {
        o.object("nodeResourceGroupProfile", |o| {
            defaults::over(o, kept.get("nodeResourceGroupProfile"), &[("restrictionLevel", "Unrestricted")]);
        });
    }
    o.kept_or(kept, "workloadAutoScalerProfile", &serde_json::Map::new());
    o.kept(kept, "azureMonitorProfile");
    o.object("metricsProfile", |o| defaults::metrics(o, kept));
    o.value("resourceUID", &cluster.resource_uid);
    if api.is_preview() {
        o.object("controlPlanePluginProfiles", |o| defaults::control_plane_plugins(o, kept, view.features));
    }
    if api.is_preview() || !api.is_before(2025, 7) {
        o.object("nodeProvisioningProfile", |o| {
            defaults::over(o, kept.get("nodeProvisioningProfile"), &[("mode", "Manual")]);
        });
    }
    o.kept(kept, "bootstrapProfile");
    o.rest(kept, PLACED);
}

/// The identity with its principal. A cluster asked for with a service principal has none.
fn write_identity(o: &mut Object<'_>, view: &View<'_>) {
    let kept = view.cluster.envelope.get("identity").and_then(|v| v.as_object());
    if kept.is_none() && has_own_service_principal(view.cluster) {
        return;
    }
    let kind = kept.and_then(|k| k.get("type")).and_then(|v| v.as_str()).unwrap_or("SystemAssigned");
    o.object("identity", |o| {
        o.value("type", kind);
        if kind.eq_ignore_ascii_case("SystemAssigned") {
            o.value("principalId", &view.cluster.principal_id);
            o.value("tenantId", &view.subscription.tenant);
        }
        if let Some(kept) = kept {
            o.rest(kept, &["type"]);
        }
    });
}

fn has_own_service_principal(cluster: &Cluster) -> bool {
    let profile = cluster.properties.get("servicePrincipalProfile");
    let client = profile.and_then(|p| p.get("clientId")).and_then(|v| v.as_str());
    client.is_some_and(|id| !id.eq_ignore_ascii_case("msi"))
}
