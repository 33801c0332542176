//! What the AKS resource provider makes of a cluster's profiles: the members that it adds to what was asked for.
//!
//! One file a profile. What is added is computed when an answer is written and dropped when a client sends it back
//! ([`super::cluster_body`]), so that it never turns into something that was asked for. Sources are the public test
//! recordings of Azure/azure-cli-extensions (aks-preview) and Azure/azure-cli (acs), named by test.

pub(super) mod aad;
pub(crate) mod addons;
pub(super) mod api_server;
pub(super) mod autoscaler;
pub(super) mod identity;
pub(super) mod ingress;
pub(crate) mod load_balancer;
pub(super) mod network;
pub(super) mod oidc;
pub(super) mod windows;

use control_plane::ids::Name;
use control_plane::model::{Cluster, Opaque};
use serde_json::Value;
use uuid::Uuid;

use super::json::Object;

/// A profile's members as they were asked for; none for a profile that was not.
fn members<'a>(kept: &'a Opaque, profile: &str) -> Option<&'a Opaque> {
    kept.get(profile).and_then(Value::as_object)
}

/// A text member; empty when it is absent or something else.
fn text<'a>(kept: Option<&'a Opaque>, key: &str) -> &'a str {
    kept.and_then(|k| k.get(key)).and_then(Value::as_str).unwrap_or_default()
}

/// A boolean member.
fn boolean(kept: Option<&Opaque>, key: &str) -> Option<bool> {
    kept.and_then(|k| k.get(key)).and_then(Value::as_bool)
}

/// An id of something that Azure makes for a cluster, the same at every look.
fn made(cluster: &Cluster, what: &str) -> Uuid {
    Uuid::new_v5(&Uuid::NAMESPACE_URL, format!("{}/{what}", cluster.resource_uid).as_bytes())
}

/// `{"resourceId","clientId","objectId"}` of an identity in the node resource group, of which Azure makes one for the
/// kubelet and one for each add-on that needs it.
fn node_group_identity(o: &mut Object<'_>, cluster: &Cluster, name: &str, client: Uuid, object_id: Uuid) {
    let group: &Name = &Name::new(cluster.node_resource_group.clone());
    o.text(
        "resourceId",
        format_args!(
            "/subscriptions/{}/resourcegroups/{group}/providers/Microsoft.ManagedIdentity/userAssignedIdentities/{name}",
            cluster.id.group.subscription
        ),
    );
    o.value("clientId", &client).value("objectId", &object_id);
}

/// Name, client id and object id of the identity made for an add-on.
fn addon_identity_of(cluster: &Cluster, addon: &str) -> (String, Uuid, Uuid) {
    let name = format!("{}-{}", addon.to_ascii_lowercase(), cluster.id.name);
    let (client, object_id) = (made(cluster, &format!("{name}/client")), made(cluster, &format!("{name}/object")));
    (name, client, object_id)
}

/// An identity made for an add-on.
fn addon_identity(o: &mut Object<'_>, cluster: &Cluster, addon: &str) {
    let (name, client, object_id) = addon_identity_of(cluster, addon);
    node_group_identity(o, cluster, &name, client, object_id);
}
