//! `addonProfiles`.

use control_plane::model::Cluster;
use serde_json::Value;
use uuid::Uuid;

use super::super::cluster::View;
use super::super::json::Object;
use super::super::pool_body::is_hollow;

/// Add-ons that get an identity in the node resource group, `{add-on}-{cluster}` in lower case.
///
/// Recorded for azureKeyvaultSecretsProvider (`test_aks_create_addon_with_azurekeyvaultsecretsprovider_with_secret_rotation`);
/// the AKS documentation of the others reads `addonProfiles.{add-on}.identity`. openServiceMesh has none (recorded in
/// `test_aks_addon_enable_with_openservicemesh`).
const WITH_IDENTITY: &[&str] = &[
    "azureKeyvaultSecretsProvider",
    "omsagent",
    "azurepolicy",
    "ingressApplicationGateway",
    "httpApplicationRouting",
    "aciConnectorLinux",
];

/// The add-ons that were asked for: `config` is null when nothing is in it, and what is on and stands has its identity.
pub(in crate::wire) fn write(o: &mut Object<'_>, view: &View<'_>, asked: &Value) {
    for (name, profile) in asked.as_object().into_iter().flatten() {
        let Some(members) = profile.as_object() else {
            o.foreign(name, profile);
            continue;
        };
        let on = members.get("enabled").and_then(Value::as_bool).unwrap_or(false);
        o.foreign_object(name, |o| {
            o.value("enabled", &on);
            o.value("config", &members.get("config").filter(|config| !is_hollow(config)));
            if on && view.stands && has_identity(name) {
                o.object("identity", |o| super::addon_identity(o, view.cluster, name));
            }
            o.rest(members, &["enabled", "config", "identity"]);
        });
    }
}

fn has_identity(addon: &str) -> bool {
    WITH_IDENTITY.iter().any(|known| known.eq_ignore_ascii_case(addon))
}

/// The identities of all add-ons that are on: name, client id and object id.
pub(crate) fn identities(cluster: &Cluster) -> Vec<(String, Uuid, Uuid)> {
    let asked = super::members(&cluster.properties, "addonProfiles").into_iter().flatten();
    let on = asked
        .filter(|(name, profile)| super::boolean(profile.as_object(), "enabled") == Some(true) && has_identity(name));
    on.map(|(name, _)| super::addon_identity_of(cluster, name)).collect()
}
