//! What a new cluster gets for good without asking for it.

use serde_json::{Value, json};

use crate::catalog::{KubernetesVersion, Resolved};
use crate::model::ClusterSpec;

/// From this version on a new cluster has an OIDC issuer unless it asks for none (public test recordings of
/// Azure/azure-cli of April 2026, with Kubernetes 1.34).
const ISSUER_BY_DEFAULT: KubernetesVersion = KubernetesVersion::new(1, 34, 0);

/// The user of Windows nodes when none is named.
const WINDOWS_USER: &str = "azureuser";

/// The request with what a new cluster gets.
///
/// A cluster that asks for Azure CNI by name is ready for Windows pools: recorded in
/// `test_aks_azure_cni_overlay_migration` in 2023 and in `test_aks_create_node_disruption_policy` in 2026, both of
/// Azure/azure-cli-extensions; not when the plug-in is chosen for it (`test_aks_create_gpu_driver_flow` of
/// Azure/azure-cli).
pub(super) fn completed(mut spec: ClusterSpec, version: &Resolved) -> ClusterSpec {
    let issuer = KubernetesVersion::parse(&version.patch).is_some_and(|version| version >= ISSUER_BY_DEFAULT);
    if issuer && !spec.properties.contains_key("oidcIssuerProfile") {
        spec.properties.insert("oidcIssuerProfile".to_owned(), json!({ "enabled": true }));
    }
    let plugin = spec.properties.get("networkProfile").and_then(|network| network.get("networkPlugin"));
    let azure = plugin.and_then(Value::as_str).is_some_and(|plugin| plugin.eq_ignore_ascii_case("azure"));
    if azure && spec.windows_profile.is_none() {
        spec.windows_profile = Some(true);
        spec.properties.insert("windowsProfile".to_owned(), json!({ "adminUsername": WINDOWS_USER }));
    }
    spec
}

#[cfg(test)]
mod tests {
    use super::*;

    fn completed_with(properties: Value, version: &str) -> ClusterSpec {
        let properties = properties.as_object().cloned().unwrap();
        let version = Resolved { asked: version.to_owned(), patch: version.to_owned() };
        completed(ClusterSpec { properties, ..ClusterSpec::default() }, &version)
    }

    #[test]
    fn issuers_come_with_the_version_and_windows_with_the_plugin() {
        let new = completed_with(json!({"networkProfile": {"networkPlugin": "Azure"}}), "1.34.4");
        assert_eq!(new.properties["oidcIssuerProfile"], json!({"enabled": true}));
        assert_eq!(new.properties["windowsProfile"], json!({"adminUsername": "azureuser"}));
        assert_eq!(new.windows_profile, Some(true));
        let old = completed_with(json!({"networkProfile": {"loadBalancerSku": "standard"}}), "1.33.8");
        assert_eq!((old.properties.len(), old.windows_profile), (1, None));
        let asked = completed_with(json!({"oidcIssuerProfile": {"enabled": false}}), "1.35.0");
        assert_eq!(asked.properties["oidcIssuerProfile"], json!({"enabled": false}));
    }
}
