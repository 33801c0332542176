//! Clusters from request bodies.

use control_plane::model::{ClusterSpec, Opaque};
use serde_json::Value;

use super::pool_body;
use super::read::Members;
use crate::error::Error;

/// Top-level members set by the server.
const READ_ONLY_TOP: &[&str] = &["id", "name", "type", "systemData", "eTag", "etag"];

/// Members of `properties` set by the server; SDKs and `az rest` send them back.
const READ_ONLY: &[&str] = &[
    "provisioningState",
    "powerState",
    "maxAgentPools",
    "currentKubernetesVersion",
    "fqdn",
    "privateFQDN",
    "azurePortalFQDN",
    "resourceUID",
    "privateLinkResources",
    "eTag",
    "etag",
];

/// The add-on behind virtual nodes.
const VIRTUAL_NODE_ADDON: &str = "aciConnectorLinux";

/// Reads the body of `PUT …/managedClusters/{name}`.
pub(crate) fn read(body: &[u8]) -> Result<ClusterSpec, Error> {
    let mut top = Members::of(body)?;
    top.drop_all(READ_ONLY_TOP);
    let mut spec = ClusterSpec {
        location: top.text("location")?.unwrap_or_default(),
        tags: top.text_map("tags")?,
        ..ClusterSpec::default()
    };
    if let Some(properties) = top.nested("properties")? {
        read_properties(properties, &mut spec)?;
    }
    let identity = read_identity(&mut top)?;
    if let Some(identity) = identity {
        top.keep("identity", identity);
    }
    spec.envelope = top.rest();
    Ok(spec)
}

/// Reads the body of `PATCH …/managedClusters/{name}`: tags and nothing else.
pub(crate) fn read_tags(body: &[u8]) -> Result<Opaque, Error> {
    Ok(Members::of(body)?.text_map("tags")?.unwrap_or_default())
}

fn read_properties(mut properties: Members<'_>, spec: &mut ClusterSpec) -> Result<(), Error> {
    properties.drop_all(READ_ONLY);
    spec.kubernetes_version = properties.text_or_default("kubernetesVersion")?;
    spec.dns_prefix = properties.text_or_default("dnsPrefix")?;
    spec.node_resource_group = properties.text_or_default("nodeResourceGroup")?;
    spec.virtual_nodes = read_virtual_nodes(&mut properties)?;
    spec.windows_profile = read_windows_profile(&mut properties)?;
    forget(&mut properties, &["servicePrincipalProfile"], &["secret"])?;
    forget(&mut properties, &["aadProfile"], &["serverAppSecret"])?;
    forget(&mut properties, &["oidcIssuerProfile"], &["issuerURL"])?;
    forget(&mut properties, &["ingressProfile", "webAppRouting"], &["identity"])?;
    forget(&mut properties, &["networkProfile", "loadBalancerProfile"], &["effectiveOutboundIPs"])?;
    forget(&mut properties, &["networkProfile", "natGatewayProfile"], &["effectiveOutboundIPs"])?;
    if let Some(pools) = properties.list("agentPoolProfiles")? {
        let pools: Result<Vec<_>, _> = pools.into_iter().map(pool_body::read_embedded).collect();
        spec.pools = Some(pools?);
    }
    spec.properties = properties.rest();
    Ok(())
}

/// Reads the add-on's switch and leaves the profile among the kept members. Empty profiles are not kept.
fn read_virtual_nodes(properties: &mut Members<'_>) -> Result<Option<bool>, Error> {
    let Some(mut addons) = properties.nested("addonProfiles")? else {
        return Ok(None);
    };
    let mut enabled = None;
    for spelling in [VIRTUAL_NODE_ADDON, "ACIConnectorLinux", "aciconnectorlinux"] {
        if let Some(mut addon) = addons.nested(spelling)? {
            enabled = addon.boolean("enabled")?;
            let mut profile = addon.rest();
            profile.shift_insert(0, "enabled".to_owned(), Value::Bool(enabled.unwrap_or(false)));
            addons.keep(VIRTUAL_NODE_ADDON, profile);
        }
    }
    let mut kept = addons.rest();
    for profile in kept.values_mut().filter_map(Value::as_object_mut) {
        profile.shift_remove("identity");
    }
    if !kept.is_empty() {
        properties.keep("addonProfiles", kept);
    }
    Ok(enabled)
}

/// Windows pools need credentials, given at creation. The password is neither kept nor returned.
fn read_windows_profile(properties: &mut Members<'_>) -> Result<Option<bool>, Error> {
    let Some(mut profile) = properties.nested("windowsProfile")? else {
        return Ok(None);
    };
    profile.drop_all(&["adminPassword"]);
    let given = profile.text_or_default("adminUsername")?;
    if let Some(user) = &given {
        profile.keep("adminUsername", user.clone());
    }
    properties.keep("windowsProfile", profile.rest());
    Ok(Some(given.is_some()))
}

/// Drops members of a nested object: secrets, and what the server sets and every update sends back.
fn forget(outer: &mut Members<'_>, path: &[&str], names: &[&str]) -> Result<(), Error> {
    let Some((first, rest)) = path.split_first() else {
        outer.drop_all(names);
        return Ok(());
    };
    if let Some(mut members) = outer.nested(first)? {
        forget(&mut members, rest, names)?;
        outer.keep(first, members.rest());
    }
    Ok(())
}

fn read_identity(top: &mut Members<'_>) -> Result<Option<Opaque>, Error> {
    let Some(mut identity) = top.nested("identity")? else {
        return Ok(None);
    };
    identity.drop_all(&["principalId", "tenantId"]);
    // The server sets what is in each.
    if let Some(assigned) = identity.map("userAssignedIdentities")? {
        let bare: Opaque = assigned.into_iter().map(|(id, _)| (id, Value::Object(Opaque::new()))).collect();
        identity.keep("userAssignedIdentities", bare);
    }
    Ok(Some(identity.rest()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    fn read_value(value: &Value) -> Result<ClusterSpec, Error> {
        read(value.to_string().as_bytes())
    }

    #[test]
    fn reads_what_az_2_91_sends() {
        let spec = read_value(&json!({"location":"eastus","identity":{"type":"SystemAssigned"},"sku":{"name":"Base","tier":"Free"},
            "properties":{"kubernetesVersion":"","dnsPrefix":"d","enableRBAC":true,
             "agentPoolProfiles":[{"name":"nodepool1","count":1,"vmSize":"","securityProfile":{"enableVTPM":true,"enableSecureBoot":true}}],
             "networkProfile":{"loadBalancerSku":"standard"},"addonProfiles":{},"storageProfile":{}}}))
        .unwrap();
        assert_eq!(spec.kubernetes_version, None);
        let pools = spec.pools.unwrap();
        assert_eq!(
            (pools[0].name.as_str(), pools[0].vtpm, pools[0].secure_boot),
            ("nodepool1", Some(true), Some(true))
        );
        assert_eq!(spec.envelope.keys().collect::<Vec<_>>(), ["sku", "identity"]);
        assert!(spec.properties.contains_key("networkProfile") && !spec.properties.contains_key("addonProfiles"));
    }

    #[test]
    fn secrets_are_not_kept() {
        let spec = read_value(&json!({"properties":{
            "servicePrincipalProfile":{"clientId":"c","secret":"s3cret"},
            "windowsProfile":{"adminUsername":"w","adminPassword":"s3cret"},
            "aadProfile":{"managed":true,"serverAppSecret":"s3cret"}}}))
        .unwrap();
        assert_eq!(spec.windows_profile, Some(true));
        assert!(!Value::Object(spec.properties).to_string().contains("s3cret"));
    }

    #[test]
    fn virtual_nodes_are_seen_in_any_spelling() {
        let on =
            json!({"properties":{"addonProfiles":{"ACIConnectorLinux":{"enabled":true,"config":{"SubnetName":"s"}}}}});
        let spec = read_value(&on).unwrap();
        assert_eq!(spec.virtual_nodes, Some(true));
        assert_eq!(spec.properties["addonProfiles"]["aciConnectorLinux"]["config"]["SubnetName"], "s");
        assert_eq!(read_value(&json!({"properties":{"addonProfiles":{"x":{}}}})).unwrap().virtual_nodes, None);
    }

    #[test]
    fn what_the_server_set_comes_back_without_harm() {
        let spec = read_value(&json!({"id":"x","eTag":"e","properties":{"fqdn":"f","maxAgentPools":100,"unknown":{"a":1},
            "networkProfile":{"loadBalancerProfile":{"managedOutboundIPs":{"count":1},"effectiveOutboundIPs":[{"id":"x"}]}}}}))
        .unwrap();
        assert!(spec.envelope.is_empty());
        assert_eq!(
            Value::Object(spec.properties),
            json!({"unknown":{"a":1},"networkProfile":{"loadBalancerProfile":{"managedOutboundIPs":{"count":1}}}})
        );
    }

    proptest! {
        #[test]
        fn reading_never_panics_and_what_is_kept_reads_the_same_again(
            key in prop::sample::select(vec!["unknown","networkProfile","addonProfiles","windowsProfile","identityProfile"]),
            shape in 0_u8..4, number in any::<i32>(),
        ) {
            let value = match shape { 0 => json!(number), 1 => json!([number]), 2 => json!({"a": number}), _ => Value::Null };
            if let Ok(spec) = read_value(&json!({"properties": {key: value}})) {
                let again = read_value(&json!({"properties": spec.properties.clone()})).unwrap();
                prop_assert_eq!(again.properties, spec.properties);
            }
        }
    }
}
