//! Clusters as the AKS resource provider writes them.

use std::sync::Arc;

use control_plane::model::{Cluster, Pool, Subscription};

use super::cluster_defaults as defaults;
use super::form::Form;
use super::ids::ClusterPath;
use super::json::{Object, document, object};
use super::models;
use super::pool;
use super::pool_body::is_hollow;
use super::preview_features::PreviewFeatures;
use super::profiles::{aad, addons, api_server, autoscaler, identity, ingress, network, oidc, windows};

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
    "ingressProfile",
    "publicNetworkAccess",
    "nodeResourceGroupProfile",
    "workloadAutoScalerProfile",
    "azureMonitorProfile",
    "metricsProfile",
    "controlPlanePluginProfiles",
    "nodeProvisioningProfile",
    "bootstrapProfile",
    "hostedSystemProfile",
    "enableFIPS",
    "healthMonitorProfile",
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
    if view.form.fills_in_kind() {
        o.kept_or(kept, "kind", "Base");
    } else {
        o.kept(kept, "kind");
    }
    o.kept(kept, "extendedLocation");
    o.object("properties", |o| write_properties(o, view));
    identity::write(o, view);
    o.object("sku", |o| write_sku(o, kept.get("sku"), view.form));
    if view.form.has_etag() && view.occasion != Occasion::Created {
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
    if view.form.knows(models::CURRENT_VERSION) {
        o.value("currentKubernetesVersion", &cluster.current_kubernetes_version);
    }
    o.value("dnsPrefix", &cluster.dns_prefix);
    api_server::write_names(o, view);
    let new = view.occasion == Occasion::Created;
    o.array("agentPoolProfiles", view.pools, |one, out| pool::embedded(one, view.form, new, out));
    o.kept(kept, "linuxProfile");
    windows::write(o, view);
    o.object("servicePrincipalProfile", |o| {
        defaults::over(o, kept.get("servicePrincipalProfile"), &[("clientId", "msi")]);
    });
    let addons = kept.get("addonProfiles").filter(|addons| !is_hollow(addons));
    if view.occasion == Occasion::Aborted && view.form.is_early() {
        o.object("addonProfiles", |o| defaults::built_in_addons(o, addons));
    } else if let Some(asked) = addons {
        o.object("addonProfiles", |o| addons::write(o, view, asked));
    }
    o.kept(kept, "podIdentityProfile");
    o.value("nodeResourceGroup", &cluster.node_resource_group);
    o.kept_or(kept, "enableRBAC", &true);
    if api.is_preview() && api.is_before(2025, 1) {
        o.kept_or(kept, "enablePodSecurityPolicy", &false);
    }
    if view.form.knows(models::SUPPORT_PLAN) {
        o.kept_or(kept, "supportPlan", "KubernetesOfficial");
    }
    o.object("networkProfile", |o| network::write(o, view));
    aad::write(o, view);
    o.value("maxAgentPools", &100);
    api_server::write(o, view);
    o.kept(kept, "diskEncryptionSetID");
    if view.stands {
        o.object("identityProfile", |o| identity::write_profile(o, cluster));
    }
    defaults::auto_upgrade(o, kept.get("autoUpgradeProfile"), view.form);
    autoscaler::write(o, view);
    o.kept_or(kept, "disableLocalAccounts", &false);
    o.kept(kept, "httpProxyConfig");
    if view.form.knows(models::CLUSTER_SECURITY) {
        o.object("securityProfile", |o| defaults::security(o, kept.get("securityProfile"), view.form));
    }
    if view.form.knows(models::STORAGE) {
        o.object("storageProfile", |o| defaults::storage(o, kept, view.form));
    }
    if view.form.knows(models::OIDC_ISSUER) {
        o.object("oidcIssuerProfile", |o| oidc::write(o, view));
    }
    ingress::write(o, view);
    o.kept(kept, "publicNetworkAccess");
    if view.form.has_node_group_profile(view.features) || kept.contains_key("nodeResourceGroupProfile") {
        o.object("nodeResourceGroupProfile", |o| {
            defaults::over(o, kept.get("nodeResourceGroupProfile"), &[("restrictionLevel", "Unrestricted")]);
        });
    }
    if view.form.knows(models::WORKLOAD_AUTOSCALER) {
        o.kept_or(kept, "workloadAutoScalerProfile", &serde_json::Map::new());
    }
    o.kept(kept, "azureMonitorProfile");
    if view.form.knows(models::METRICS) {
        o.object("metricsProfile", |o| defaults::metrics(o, kept));
    }
    if view.form.knows(models::RESOURCE_UID) {
        o.value("resourceUID", &cluster.resource_uid);
    }
    if api.is_preview() && view.form.knows(models::NODE_PROVISIONING) {
        let era = view.form.era;
        o.object("controlPlanePluginProfiles", |o| defaults::control_plane_plugins(o, kept, era, view.features));
    }
    if view.form.knows(models::NODE_PROVISIONING) {
        let profile = kept.get("nodeProvisioningProfile");
        o.object("nodeProvisioningProfile", |o| defaults::node_provisioning(o, profile, view.form));
    }
    if view.form.fills_in_bootstrap() || kept.contains_key("bootstrapProfile") {
        o.object("bootstrapProfile", |o| {
            defaults::over(o, kept.get("bootstrapProfile"), &[("artifactSource", "Direct")]);
        });
    }
    defaults::mid_2026(o, kept, view);
    o.rest(kept, PLACED);
}

/// Until 2023 the names were `Basic` and, for an uptime SLA, `Paid` (recorded in all tests of January 2023 and before).
fn write_sku(o: &mut Object<'_>, kept: Option<&serde_json::Value>, form: Form) {
    let name = if form.api.is_before(2023, 2) { "Basic" } else { "Base" };
    defaults::over(o, kept, &[("name", name), ("tier", "Free")]);
}
