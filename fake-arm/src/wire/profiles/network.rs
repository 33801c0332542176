//! `networkProfile`.

use control_plane::model::{Cluster, Opaque};
use control_plane::resolve::PodNetwork;
use serde_json::Value;

use super::super::cluster::View;
use super::super::json::Object;
use super::super::models;
use super::load_balancer;

const PLACED: &[&str] = &[
    "networkPlugin",
    "networkPluginMode",
    "networkPolicy",
    "networkDataplane",
    "loadBalancerSku",
    "loadBalancerProfile",
    "natGatewayProfile",
    "podCidr",
    "serviceCidr",
    "dnsServiceIP",
    "outboundType",
    "podCidrs",
    "serviceCidrs",
    "ipFamilies",
    "podLinkLocalAccess",
];

/// The whole profile with its defaults.
pub(in crate::wire) fn write(o: &mut Object<'_>, view: &View<'_>) {
    let empty = Opaque::new();
    let kept = super::members(&view.cluster.properties, "networkProfile").unwrap_or(&empty);
    let text = |key: &str| kept.get(key).and_then(Value::as_str);
    let pods = PodNetwork::of(view.subscription.era, view.cluster.properties.get("networkProfile"));
    write_plugin(o, view, kept, pods);
    if view.stands
        && view.form.respells_load_balancer()
        && text("loadBalancerSku").is_none_or(load_balancer::is_standard)
    {
        o.value("loadBalancerSku", "Standard");
    } else {
        o.kept_or(kept, "loadBalancerSku", "standard");
    }
    let dual = is_dual(kept);
    load_balancer::write(o, kept, view, dual);
    write_addresses(o, view, kept, pods, dual);
    if view.form.shows_pod_link_local_access(view.features) {
        o.kept_or(kept, "podLinkLocalAccess", "IMDS");
    } else {
        o.kept(kept, "podLinkLocalAccess");
    }
    o.rest(kept, PLACED);
}

/// Azure CNI has a data plane (recorded in `test_aks_azure_cni_overlay_migration`); Cilium's brings its own policies,
/// as the AKS documentation says.
fn write_plugin(o: &mut Object<'_>, view: &View<'_>, kept: &Opaque, pods: PodNetwork) {
    let empty = |key: &str| super::text(Some(kept), key).is_empty();
    let azure = matches!(pods, PodNetwork::Overlay | PodNetwork::NodeSubnet);
    if empty("networkPlugin") {
        o.value("networkPlugin", if azure { "azure" } else { "kubenet" });
    } else {
        o.kept(kept, "networkPlugin");
    }
    if empty("networkPluginMode") && pods == PodNetwork::Overlay {
        o.value("networkPluginMode", "overlay");
    } else {
        o.kept(kept, "networkPluginMode");
    }
    let cilium = super::text(Some(kept), "networkDataplane").eq_ignore_ascii_case("cilium");
    if empty("networkPolicy") && !cilium && !view.form.is_of_late_2023() {
        // Left out in those days.
    } else if empty("networkPolicy") {
        o.value("networkPolicy", if cilium { "cilium" } else { "none" });
    } else {
        o.kept(kept, "networkPolicy");
    }
    if azure && view.form.knows(models::DATAPLANE) {
        o.kept_or(kept, "networkDataplane", "azure");
    } else {
        o.kept(kept, "networkDataplane");
    }
}

/// Plain Azure CNI gives pods addresses of the node subnet, and without a plug-in AKS does not know them.
fn write_addresses(o: &mut Object<'_>, view: &View<'_>, kept: &Opaque, pods: PodNetwork, dual: bool) {
    let text = |key: &str| kept.get(key).and_then(Value::as_str);
    let pod = text("podCidr").unwrap_or("10.244.0.0/16");
    let service = text("serviceCidr").unwrap_or("10.0.0.0/16");
    let own = matches!(pods, PodNetwork::Kubenet | PodNetwork::Overlay) || kept.contains_key("podCidr");
    if own {
        o.value("podCidr", pod);
    }
    o.value("serviceCidr", service);
    o.kept_or(kept, "dnsServiceIP", "10.0.0.10");
    o.kept_or(kept, "outboundType", "loadBalancer");
    if !view.form.knows(models::DUAL_STACK) {
        return;
    }
    let range = |first: &str, what: &str, bits: u8| {
        let second = dual.then(|| local_range(view.cluster, what, bits));
        std::iter::once(first.to_owned()).chain(second).collect::<Vec<_>>()
    };
    if own {
        o.kept_or(kept, "podCidrs", &range(pod, "pods", 64));
    }
    o.kept_or(kept, "serviceCidrs", &range(service, "services", 108)).kept_or(kept, "ipFamilies", &["IPv4"]);
}

pub(super) fn is_dual(kept: &Opaque) -> bool {
    let families = kept.get("ipFamilies").and_then(Value::as_array);
    families.is_some_and(|all| all.iter().any(|one| one.as_str().is_some_and(|f| f.eq_ignore_ascii_case("IPv6"))))
}

/// A unique local IPv6 range (RFC 4193), drawn for each cluster (recorded in
/// `test_aks_create_dualstack_with_default_network`).
fn local_range(cluster: &Cluster, what: &str, bits: u8) -> String {
    let id = super::made(cluster, what);
    let b = id.as_bytes();
    format!("fd{:02x}:{:x}:{:x}:{:x}::/{bits}", b[0], word(b[1], b[2]), word(b[3], b[4]), word(b[5], b[6]))
}

fn word(high: u8, low: u8) -> u16 {
    u16::from_be_bytes([high, low])
}
