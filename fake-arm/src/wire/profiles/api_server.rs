//! `apiServerAccessProfile`, and what follows from a private API server: host names and private link resources.

use control_plane::model::Opaque;
use serde_json::Value;

use super::super::cluster::{Occasion, View};
use super::super::ids::ClusterPath;
use super::super::json::{Object, object};
use super::super::pool_body::is_hollow;

const PROFILE: &str = "apiServerAccessProfile";

fn is_private(view: &View<'_>) -> bool {
    super::boolean(super::members(&view.cluster.properties, PROFILE), "enablePrivateCluster") == Some(true)
}

/// A private cluster has a public name all the same unless it asks for none.
fn has_public_name(view: &View<'_>) -> bool {
    let kept = super::members(&view.cluster.properties, PROFILE);
    !is_private(view) || super::boolean(kept, "enablePrivateClusterPublicFQDN").unwrap_or(true)
}

/// `fqdn`, `azurePortalFQDN` and `privateFQDN` (recorded in `test_aks_create_private_cluster_public_fqdn`): a private
/// cluster is reached by the portal under a name of its own, and inside its network by a name in a zone of its own.
pub(in crate::wire) fn write_names(o: &mut Object<'_>, view: &View<'_>) {
    let cluster = view.cluster;
    let (prefix, suffix, location) = (&cluster.dns_prefix, &cluster.dns_suffix, &cluster.location);
    if has_public_name(view) {
        o.text("fqdn", format_args!("{prefix}-{suffix}.hcp.{location}.azmk8s.io"));
    }
    if !is_private(view) {
        o.text("azurePortalFQDN", format_args!("{prefix}-{suffix}.portal.hcp.{location}.azmk8s.io"));
        return;
    }
    let portal = super::made(cluster, "portal").simple().to_string();
    o.text("azurePortalFQDN", format_args!("{portal}-priv.portal.hcp.{location}.azmk8s.io"));
    let zone = super::text(super::members(&cluster.properties, PROFILE), "privateDNSZone");
    if zone.eq_ignore_ascii_case("none") {
        // Recorded in `test_aks_create_none_private_dns_zone`: there is no zone for a name of its own.
        o.text("privateFQDN", format_args!("{prefix}-{suffix}.hcp.{location}.azmk8s.io"));
        return;
    }
    let inside = super::made(cluster, "private name").simple().to_string();
    // A zone that the client brought is named by the end of its id (AKS documentation, private-clusters).
    match zone.rsplit_once('/') {
        Some((_, own)) => o.text("privateFQDN", format_args!("{prefix}-{}.{own}", &inside[..8])),
        None => {
            let zone = super::made(cluster, "private zone");
            let ending = format_args!("{zone}.privatelink.{location}.azmk8s.io");
            o.text("privateFQDN", format_args!("{prefix}-{}.{ending}", &inside[..8]))
        }
    };
}

/// `privateLinkResources` and the profile. An empty list of ranges is none (checked by azure-cli's
/// `test_aks_create_cluster_with_apiserver_authorized_ranges_then_update`, recorded in
/// `test_aks_create_none_private_dns_zone`). The link's id is not in the answer that says that the cluster is new.
pub(in crate::wire) fn write(o: &mut Object<'_>, view: &View<'_>) {
    const PLACED: &[&str] =
        &["authorizedIPRanges", "enablePrivateCluster", "privateDNSZone", "enablePrivateClusterPublicFQDN"];
    let Some(kept) = super::members(&view.cluster.properties, PROFILE) else { return };
    let shown = |(_, value): &(&String, &Value)| !is_hollow(value);
    let kept: Opaque = kept.iter().filter(shown).map(|(key, value)| (key.clone(), value.clone())).collect();
    if !is_private(view) {
        o.maybe(PROFILE, (!kept.is_empty()).then_some(&kept));
        return;
    }
    o.array("privateLinkResources", ["management"], |name, out| {
        object(out, |o| {
            if view.occasion != Occasion::Created {
                o.text("id", format_args!("{}/privateLinkResources/{name}", ClusterPath(&view.cluster.id)));
            }
            o.value("name", name).value("type", "Microsoft.ContainerService/managedClusters/privateLinkResources");
            o.value("groupId", name).value("requiredMembers", &[name]);
        });
    });
    o.object(PROFILE, |o| {
        o.kept(&kept, "authorizedIPRanges").value("enablePrivateCluster", &true);
        o.kept_or(&kept, "privateDNSZone", "system");
        o.value("enablePrivateClusterPublicFQDN", &has_public_name(view));
        o.rest(&kept, PLACED);
    });
}
