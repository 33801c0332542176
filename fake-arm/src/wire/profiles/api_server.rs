//! `apiServerAccessProfile`, and what follows from a private API server: host names and private link resources.

use super::super::cluster::{Occasion, View};
use super::super::ids::ClusterPath;
use super::super::json::{Object, object};

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
    let zone = super::made(cluster, "private zone");
    let inside = super::made(cluster, "private name").simple().to_string();
    o.text("privateFQDN", format_args!("{prefix}-{}.{zone}.privatelink.{location}.azmk8s.io", &inside[..8]));
}

/// `privateLinkResources` and the profile. The link's id is not in the answer that says that the cluster is new.
pub(in crate::wire) fn write(o: &mut Object<'_>, view: &View<'_>) {
    const PLACED: &[&str] =
        &["authorizedIPRanges", "enablePrivateCluster", "privateDNSZone", "enablePrivateClusterPublicFQDN"];
    let Some(kept) = super::members(&view.cluster.properties, PROFILE) else { return };
    if !is_private(view) {
        o.value(PROFILE, kept);
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
        o.kept(kept, "authorizedIPRanges").value("enablePrivateCluster", &true);
        o.kept_or(kept, "privateDNSZone", "system");
        o.value("enablePrivateClusterPublicFQDN", &has_public_name(view));
        o.rest(kept, PLACED);
    });
}
