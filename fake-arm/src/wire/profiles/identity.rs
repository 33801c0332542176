//! `identity`, the cluster's own, and `identityProfile`, its nodes'.

use control_plane::era::Era;
use control_plane::model::{Cluster, Opaque};
use serde_json::Value;

use super::super::cluster::View;
use super::super::ids::user_assigned_id;
use super::super::json::Object;

/// The identity with its principal. A cluster asked for with a service principal has none.
pub(in crate::wire) fn write(o: &mut Object<'_>, view: &View<'_>) {
    let kept = view.cluster.envelope.get("identity").and_then(Value::as_object);
    if kept.is_none() && has_own_service_principal(view.cluster) {
        return;
    }
    let kind = kept.and_then(|k| k.get("type")).and_then(Value::as_str).unwrap_or("SystemAssigned");
    o.object("identity", |o| {
        o.value("type", kind);
        if kind.eq_ignore_ascii_case("SystemAssigned") {
            o.value("principalId", &view.cluster.principal_id);
            o.value("tenantId", &view.subscription.tenant);
        }
        let Some(kept) = kept else { return };
        if let Some(all) = kept.get("userAssignedIdentities").and_then(Value::as_object) {
            o.object("userAssignedIdentities", |o| write_user_assigned(o, view, all));
        }
        o.rest(kept, &["type", "userAssignedIdentities"]);
    });
}

/// Each by its id, with its ids once the cluster stands; before that with nothing (recorded in March 2025,
/// `test_aks_create_gpu_driver_flow`) or its principal alone (in April 2026,
/// `test_aks_create_and_update_with_app_routing_istio`).
fn write_user_assigned(o: &mut Object<'_>, view: &View<'_>, all: &Opaque) {
    for id in all.keys() {
        o.foreign_object(id, |o| {
            if view.stands {
                o.value("clientId", &user_assigned_id(id, "client"));
            }
            if view.stands || view.form.era >= Era::Y2025M08 {
                o.value("principalId", &user_assigned_id(id, "principal"));
            }
        });
    }
}

fn has_own_service_principal(cluster: &Cluster) -> bool {
    let profile = cluster.properties.get("servicePrincipalProfile");
    let client = profile.and_then(|p| p.get("clientId")).and_then(Value::as_str);
    client.is_some_and(|id| !id.eq_ignore_ascii_case("msi"))
}

/// `identityProfile`: the kubelet identity, which `az aks update` cannot do without.
pub(in crate::wire) fn write_profile(o: &mut Object<'_>, cluster: &Cluster) {
    let kept = super::members(&cluster.properties, "identityProfile");
    if let Some(kept) = kept.filter(|k| k.contains_key("kubeletidentity")) {
        o.rest(kept, &[]);
        return;
    }
    let (client, object_id) = cluster.kubelet_identity;
    let name = format!("{}-agentpool", cluster.id.name);
    o.object("kubeletidentity", |o| super::node_group_identity(o, cluster, &name, client, object_id));
    if let Some(kept) = kept {
        o.rest(kept, &[]);
    }
}
