//! What the AKS resource provider fills in where the client said nothing.
//!
//! Values are those of the public 2024 test recordings of Azure/azure-cli-extensions, except the network plug-in of
//! the later eras: `azure` in `overlay` mode, inferred from the AKS documentation, which makes it the default and
//! retires kubenet. Defaults are filled in when an answer is written, so they do not turn into something a client
//! asked for.

use control_plane::era::Era;
use control_plane::model::{Cluster, Opaque};
use serde::Serialize;
use serde_json::Value;
use uuid::Uuid;

use super::cluster::View;
use super::ids::{GroupPath, node_group};
use super::json::{Object, object};
use super::preview_features::PreviewFeatures;
use crate::middleware::ApiVersion;

/// At most this many outbound addresses are listed; Azure's own limit for a load balancer is 100.
const OUTBOUND_IPS_MAX: u64 = 100;

/// Writes the members of a kept object over defaults: those with a default first, in their order, then the others.
pub(super) fn over<T: Serialize>(o: &mut Object<'_>, kept: Option<&Value>, defaults: &[(&'static str, T)]) {
    let kept = kept.and_then(Value::as_object);
    for (key, default) in defaults {
        match kept.and_then(|k| k.get(*key)).filter(|v| !v.is_null()) {
            Some(value) => o.value(key, value),
            None => o.value(key, default),
        };
    }
    if let Some(kept) = kept {
        for (key, value) in kept {
            if !value.is_null() && !defaults.iter().any(|(known, _)| known == key) {
                o.foreign(key, value);
            }
        }
    }
}

/// `networkProfile`.
pub(super) fn network(o: &mut Object<'_>, view: &View<'_>) {
    const PLACED: &[&str] = &[
        "networkPlugin",
        "networkPluginMode",
        "networkPolicy",
        "networkDataplane",
        "loadBalancerSku",
        "loadBalancerProfile",
        "podCidr",
        "serviceCidr",
        "dnsServiceIP",
        "outboundType",
        "podCidrs",
        "serviceCidrs",
        "ipFamilies",
        "podLinkLocalAccess",
    ];
    let empty = Opaque::new();
    let kept = view.cluster.properties.get("networkProfile").and_then(Value::as_object).unwrap_or(&empty);
    let text = |key: &str| kept.get(key).and_then(Value::as_str);
    let overlay = view.subscription.era >= Era::Y2025M08 && text("networkPlugin").is_none_or(str::is_empty);
    o.kept_or(kept, "networkPlugin", if overlay { "azure" } else { "kubenet" });
    if overlay {
        o.kept_or(kept, "networkPluginMode", "overlay");
    } else {
        o.kept(kept, "networkPluginMode");
    }
    o.kept_or(kept, "networkPolicy", "none");
    if overlay {
        o.kept_or(kept, "networkDataplane", "azure");
    } else {
        o.kept(kept, "networkDataplane");
    }
    if view.stands && view.form.respells_load_balancer() && text("loadBalancerSku").is_none_or(is_standard) {
        o.value("loadBalancerSku", "Standard");
    } else {
        o.kept_or(kept, "loadBalancerSku", "standard");
    }
    let outbound = text("outboundType").unwrap_or("loadBalancer");
    let standard = text("loadBalancerSku").is_none_or(is_standard);
    if standard && outbound.eq_ignore_ascii_case("loadBalancer") {
        o.object("loadBalancerProfile", |o| load_balancer(o, kept, view));
    }
    let pods = text("podCidr").unwrap_or("10.244.0.0/16");
    let services = text("serviceCidr").unwrap_or("10.0.0.0/16");
    // Plain Azure CNI gives pods addresses of the node subnet.
    let pod_network = overlay
        || text("networkPlugin").is_none_or(|plugin| !plugin.eq_ignore_ascii_case("azure"))
        || text("networkPluginMode").is_some();
    if pod_network {
        o.value("podCidr", pods);
    }
    o.value("serviceCidr", services);
    o.kept_or(kept, "dnsServiceIP", "10.0.0.10");
    o.value("outboundType", outbound);
    if pod_network {
        o.kept_or(kept, "podCidrs", &[pods]);
    }
    o.kept_or(kept, "serviceCidrs", &[services]).kept_or(kept, "ipFamilies", &["IPv4"]);
    if view.features.imds_restriction {
        o.kept_or(kept, "podLinkLocalAccess", "IMDS");
    } else {
        o.kept(kept, "podLinkLocalAccess");
    }
    o.rest(kept, PLACED);
}

fn is_standard(sku: &str) -> bool {
    sku.eq_ignore_ascii_case("standard")
}

fn load_balancer(o: &mut Object<'_>, network: &Opaque, view: &View<'_>) {
    let cluster = view.cluster;
    let empty = Opaque::new();
    let kept = network.get("loadBalancerProfile").and_then(Value::as_object).unwrap_or(&empty);
    let own = kept.contains_key("outboundIPs") || kept.contains_key("outboundIPPrefixes");
    let asked = kept.get("managedOutboundIPs").and_then(|m| m.get("count")).and_then(Value::as_u64);
    let count = asked.unwrap_or(1).min(OUTBOUND_IPS_MAX);
    if !own {
        o.object("managedOutboundIPs", |o| {
            over(o, kept.get("managedOutboundIPs"), &[("count", count)]);
        });
        if view.stands {
            let group = node_group(cluster);
            o.array("effectiveOutboundIPs", 0..count, |index, out| {
                let name = Uuid::new_v5(&Uuid::NAMESPACE_URL, format!("{}/{index}", cluster.resource_uid).as_bytes());
                object(out, |o| {
                    let group = GroupPath(&group);
                    o.text("id", format_args!("{group}/providers/Microsoft.Network/publicIPAddresses/{name}"));
                });
            });
        }
    }
    o.kept_or(kept, "backendPoolType", "nodeIPConfiguration");
    o.rest(kept, &["managedOutboundIPs", "effectiveOutboundIPs", "backendPoolType"]);
}

/// `identityProfile`: the kubelet identity, which `az aks update` cannot do without.
pub(super) fn identities(o: &mut Object<'_>, cluster: &Cluster) {
    let kept = cluster.properties.get("identityProfile").and_then(Value::as_object);
    if let Some(kept) = kept.filter(|k| k.contains_key("kubeletidentity")) {
        o.rest(kept, &[]);
        return;
    }
    let (client, object_id) = cluster.kubelet_identity;
    let group = &cluster.node_resource_group;
    o.object("kubeletidentity", |o| {
        o.text(
            "resourceId",
            format_args!(
                "/subscriptions/{}/resourcegroups/{group}/providers/Microsoft.ManagedIdentity/userAssignedIdentities/{}-agentpool",
                cluster.id.group.subscription, cluster.id.name
            ),
        );
        o.value("clientId", &client).value("objectId", &object_id);
    });
    if let Some(kept) = kept {
        o.rest(kept, &[]);
    }
}

/// `storageProfile`: the CSI drivers are on.
pub(super) fn storage(o: &mut Object<'_>, properties: &Opaque, api: ApiVersion) {
    let kept = properties.get("storageProfile");
    let member = |key: &str| kept.and_then(|k| k.get(key));
    o.object("diskCSIDriver", |o| {
        over(o, member("diskCSIDriver"), &[("enabled", true)]);
        let versioned = member("diskCSIDriver").is_some_and(|d| d.get("version").is_some());
        if api.is_preview() && !versioned {
            o.value("version", "v1");
        }
    });
    o.object("fileCSIDriver", |o| over(o, member("fileCSIDriver"), &[("enabled", true)]));
    o.object("snapshotController", |o| over(o, member("snapshotController"), &[("enabled", true)]));
    if let Some(kept) = kept.and_then(Value::as_object) {
        o.rest(kept, &["diskCSIDriver", "fileCSIDriver", "snapshotController"]);
    }
}

/// `metricsProfile`.
pub(super) fn metrics(o: &mut Object<'_>, properties: &Opaque) {
    let kept = properties.get("metricsProfile");
    o.object("costAnalysis", |o| over(o, kept.and_then(|k| k.get("costAnalysis")), &[("enabled", false)]));
    if let Some(kept) = kept.and_then(Value::as_object) {
        o.rest(kept, &["costAnalysis"]);
    }
}

/// `controlPlanePluginProfiles`, seen in the 2024 previews only.
pub(super) fn control_plane_plugins(o: &mut Object<'_>, properties: &Opaque, features: PreviewFeatures) {
    if let Some(kept) = properties.get("controlPlanePluginProfiles").and_then(Value::as_object) {
        o.rest(kept, &[]);
        return;
    }
    let egress = features.static_egress.then_some("static-egress-controller");
    for plugin in ["azure-monitor-metrics-ccp", "karpenter"].into_iter().chain(egress) {
        o.object(plugin, |o| {
            o.value("enableV2", &true);
        });
    }
}

/// Add-ons that are part of every cluster. The early resource provider let them be seen in answers to an abort, with
/// those that were asked for (recorded in `test_aks_abort`).
pub(super) fn built_in_addons(o: &mut Object<'_>, asked: Option<&Value>) {
    for name in ["image-cleaner", "keda", "overlay-upgrade-data", "trustedaccess", "workload-identity"] {
        o.object(name, |o| {
            o.value("enabled", &true);
            o.object("config", |o| {
                o.value("addonv2", "true");
            });
        });
    }
    if let Some(asked) = asked.and_then(Value::as_object) {
        o.rest(asked, &[]);
    }
}
