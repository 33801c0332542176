//! `loadBalancerProfile` and `natGatewayProfile`: how the cluster reaches out.

use control_plane::model::{Cluster, Opaque};
use serde_json::{Value, json};

use super::super::cluster::View;
use super::super::ids::{GroupPath, node_group};
use super::super::json::{Object, object};
use super::super::models;

/// At most this many outbound addresses are listed; Azure's own limit for a load balancer is 100.
const OUTBOUND_IPS_MAX: u64 = 100;

/// Both, as the outbound type has them. Behind a NAT gateway or a route table the balancer is there without outbound
/// addresses (recorded in `test_aks_create_and_update_with_managed_nat_gateway_outbound`).
pub(super) fn write(o: &mut Object<'_>, network: &Opaque, view: &View<'_>, dual: bool) {
    let standard = network.get("loadBalancerSku").and_then(Value::as_str).is_none_or(is_standard);
    let outbound = network.get("outboundType").and_then(Value::as_str).unwrap_or("loadBalancer");
    let balanced = outbound.eq_ignore_ascii_case("loadBalancer");
    if standard {
        let empty = Opaque::new();
        let kept = super::members(network, "loadBalancerProfile").unwrap_or(&empty);
        o.object("loadBalancerProfile", |o| write_balancer(o, kept, view, balanced, dual));
    }
    if outbound.eq_ignore_ascii_case("managedNATGateway") {
        o.object("natGatewayProfile", |o| write_gateway(o, super::members(network, "natGatewayProfile"), view));
    } else {
        o.kept(network, "natGatewayProfile");
    }
}

/// Whether a load balancer's SKU is `Standard`, in any letter case.
pub(super) fn is_standard(sku: &str) -> bool {
    sku.eq_ignore_ascii_case("standard")
}

fn write_balancer(o: &mut Object<'_>, kept: &Opaque, view: &View<'_>, balanced: bool, dual: bool) {
    const PLACED: &[&str] = &[
        "managedOutboundIPs",
        "effectiveOutboundIPs",
        "allocatedOutboundPorts",
        "idleTimeoutInMinutes",
        "backendPoolType",
    ];
    if balanced && !brings_its_own(kept) {
        let counts = managed_counts(Some(kept), dual);
        o.object("managedOutboundIPs", |o| {
            o.value("count", &counts[0]);
            if dual {
                o.value("countIPv6", &counts[1]);
            }
        });
        if view.stands {
            write_addresses(o, view.cluster, "", counts);
        }
    } else if balanced && view.stands {
        write_own_addresses(o, kept);
    }
    o.kept(kept, "allocatedOutboundPorts").kept(kept, "idleTimeoutInMinutes");
    if view.form.knows(models::BACKEND_POOL) {
        o.value("backendPoolType", backend_pool_type(kept));
    }
    o.rest(kept, PLACED);
}

fn brings_its_own(kept: &Opaque) -> bool {
    kept.contains_key("outboundIPs") || kept.contains_key("outboundIPPrefixes")
}

/// How many addresses Azure makes: of IPv4, of IPv6.
fn managed_counts(kept: Option<&Opaque>, dual: bool) -> [u64; 2] {
    let asked = kept.and_then(|kept| kept.get("managedOutboundIPs"));
    let count = |key: &str| asked.and_then(|m| m.get(key)).and_then(Value::as_u64).filter(|count| *count > 0);
    [count("count").unwrap_or(1), if dual { count("countIPv6").unwrap_or(1) } else { 0 }]
}

/// The names of the outbound addresses that Azure makes for a cluster's load balancer: none when the client brought its
/// own, or when traffic leaves another way.
pub(crate) fn outbound_addresses(cluster: &Cluster) -> Vec<String> {
    let network = super::members(&cluster.properties, "networkProfile");
    let text = |key: &str| super::text(network, key);
    let (sku, outbound) = (text("loadBalancerSku"), text("outboundType"));
    let leaves_through_it =
        (sku.is_empty() || is_standard(sku)) && (outbound.is_empty() || outbound.eq_ignore_ascii_case("loadBalancer"));
    let kept = network.and_then(|network| super::members(network, "loadBalancerProfile"));
    if !leaves_through_it || kept.is_some_and(brings_its_own) {
        return Vec::new();
    }
    let dual = network.is_some_and(super::network::is_dual);
    address_names(cluster, "", managed_counts(kept, dual))
}

/// Those of IPv4, then those of IPv6 with their own ending.
fn address_names(cluster: &Cluster, kind: &str, counts: [u64; 2]) -> Vec<String> {
    let [v4, v6] = counts.map(|count| count.min(OUTBOUND_IPS_MAX));
    let all = (0..v4).map(|index| (index, "")).chain((v4..v4 + v6).map(|index| (index, "-ipv6")));
    all.map(|(index, ending)| format!("{}{ending}", super::made(cluster, &format!("{kind}{index}")))).collect()
}

/// Spelled the resource provider's way whatever the client wrote (recorded in
/// `test_aks_create_or_update_with_health_probe_mode`).
fn backend_pool_type(kept: &Opaque) -> &str {
    let asked = kept.get("backendPoolType").and_then(Value::as_str).unwrap_or("nodeIPConfiguration");
    let known = ["nodeIPConfiguration", "nodeIP"];
    known.into_iter().find(|name| name.eq_ignore_ascii_case(asked)).unwrap_or(asked)
}

/// Addresses in the node resource group.
fn write_addresses(o: &mut Object<'_>, cluster: &Cluster, kind: &str, counts: [u64; 2]) {
    let group = node_group(cluster);
    o.array("effectiveOutboundIPs", address_names(cluster, kind, counts), |name, out| {
        object(out, |o| {
            let group = GroupPath(&group);
            o.text("id", format_args!("{group}/providers/Microsoft.Network/publicIPAddresses/{name}"));
        });
    });
}

/// Public addresses that the client brought are the effective ones.
fn write_own_addresses(o: &mut Object<'_>, kept: &Opaque) {
    if let Some(own) = kept.get("outboundIPs").and_then(|ips| ips.get("publicIPs")) {
        o.value("effectiveOutboundIPs", own);
    }
}

/// One address and four minutes unless something else was asked for (the documented defaults of a NAT gateway; that AKS
/// answers them so is inferred).
fn write_gateway(o: &mut Object<'_>, kept: Option<&Opaque>, view: &View<'_>) {
    let profile = kept.and_then(|k| k.get("managedOutboundIPProfile"));
    let count = profile.and_then(|p| p.get("count")).and_then(Value::as_u64).unwrap_or(1);
    o.value("managedOutboundIPProfile", &json!({ "count": count }));
    if view.stands {
        write_addresses(o, view.cluster, "nat ", [count, 0]);
    }
    let empty = Opaque::new();
    let kept = kept.unwrap_or(&empty);
    o.kept_or(kept, "idleTimeoutInMinutes", &4);
    o.rest(kept, &["managedOutboundIPProfile", "effectiveOutboundIPs", "idleTimeoutInMinutes"]);
}
