//! `aadProfile`.

use serde_json::Value;

use super::super::cluster::View;
use super::super::json::Object;
use super::super::pool_body::is_hollow;

/// Managed Entra integration: absent group lists are null, the tenant is the subscription's (recorded in
/// `test_aks_create_enable_azure_rbac` and `test_aks_create_and_update_with_managed_aad_enable_azure_rbac`). Anything else
/// comes back as it was sent.
pub(in crate::wire) fn write(o: &mut Object<'_>, view: &View<'_>) {
    const PLACED: &[&str] = &["managed", "adminGroupObjectIDs", "adminUsers", "enableAzureRBAC", "tenantID"];
    let Some(kept) = super::members(&view.cluster.properties, "aadProfile").filter(|kept| !kept.is_empty()) else {
        return;
    };
    if super::boolean(Some(kept), "managed") != Some(true) {
        o.value("aadProfile", kept);
        return;
    }
    let listed = |key: &str| kept.get(key).filter(|value| !is_hollow(value)).unwrap_or(&Value::Null);
    o.object("aadProfile", |o| {
        o.value("managed", &true);
        o.value("adminGroupObjectIDs", listed("adminGroupObjectIDs")).value("adminUsers", listed("adminUsers"));
        o.kept_or(kept, "enableAzureRBAC", &false);
        o.kept_or(kept, "tenantID", &view.subscription.tenant);
        o.rest(kept, PLACED);
    });
}
