//! `oidcIssuerProfile`.

use super::super::cluster::View;
use super::super::json::Object;

/// An issuer that is on has a URL from the first answer on (recorded in `test_aks_create_with_oidc_issuer_enabled`).
pub(in crate::wire) fn write(o: &mut Object<'_>, view: &View<'_>) {
    let cluster = view.cluster;
    let kept = super::members(&cluster.properties, "oidcIssuerProfile");
    let on = super::boolean(kept, "enabled").unwrap_or(false);
    o.value("enabled", &on);
    if on {
        let (location, tenant) = (&cluster.location, view.subscription.tenant);
        let issuer = super::made(cluster, "issuer");
        o.text("issuerURL", format_args!("https://{location}.oic.prod-aks.azure.com/{tenant}/{issuer}/"));
    }
    if let Some(kept) = kept {
        o.rest(kept, &["enabled", "issuerURL"]);
    }
}
