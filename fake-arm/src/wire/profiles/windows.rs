//! `windowsProfile`.

use super::super::cluster::View;
use super::super::json::Object;

/// The CSI proxy is on (recorded in `test_aks_create_with_windows`).
pub(in crate::wire) fn write(o: &mut Object<'_>, view: &View<'_>) {
    let Some(kept) = super::members(&view.cluster.properties, "windowsProfile") else { return };
    o.object("windowsProfile", |o| {
        o.kept(kept, "adminUsername").kept(kept, "licenseType").kept_or(kept, "enableCSIProxy", &true);
        o.rest(kept, &["adminUsername", "licenseType", "enableCSIProxy"]);
    });
}
