//! What the AKS resource provider fills in where the client said nothing.
//!
//! Values are those of the public test recordings of Azure/azure-cli-extensions and Azure/azure-cli, of 2024 to 2026.
//! Defaults are filled in when an answer is written, so they do not turn into something a client asked for. Profiles of
//! which the resource provider makes more are in [`super::profiles`].

use control_plane::era::Era;
use control_plane::model::Opaque;
use serde::Serialize;
use serde_json::{Map, Value, json};

use super::cluster::View;
use super::form::Form;
use super::json::Object;
use super::models;
use super::preview_features::PreviewFeatures;

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

/// `storageProfile`: the CSI drivers are on.
pub(super) fn storage(o: &mut Object<'_>, properties: &Opaque, form: Form) {
    let kept = properties.get("storageProfile");
    let member = |key: &str| kept.and_then(|k| k.get(key));
    o.object("diskCSIDriver", |o| {
        over(o, member("diskCSIDriver"), &[("enabled", true)]);
        let versioned = member("diskCSIDriver").is_some_and(|d| d.get("version").is_some());
        if form.shows_disk_driver_version() && !versioned {
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

/// `autoUpgradeProfile`: node images are renewed unless something else is asked for.
pub(super) fn auto_upgrade(o: &mut Object<'_>, kept: Option<&Value>, form: Form) {
    let kept = kept.and_then(Value::as_object).cloned().unwrap_or_default();
    let filled_in = form.knows(models::NODE_OS_CHANNEL) && form.is_of_late_2023();
    if !kept.is_empty() || filled_in {
        o.object("autoUpgradeProfile", |o| {
            o.kept(&kept, "upgradeChannel");
            if filled_in {
                o.kept_or(&kept, "nodeOSUpgradeChannel", "NodeImage");
            } else {
                o.kept(&kept, "nodeOSUpgradeChannel");
            }
            o.rest(&kept, &["upgradeChannel", "nodeOSUpgradeChannel"]);
        });
    }
}

/// `nodeProvisioningProfile`: pools are made by hand.
pub(super) fn node_provisioning(o: &mut Object<'_>, kept: Option<&Value>, form: Form) {
    let mut defaults = vec![("mode", "Manual")];
    if form.knows(models::DEFAULT_NODE_POOLS) {
        defaults.push(("defaultNodePools", "Auto"));
    }
    over(o, kept, &defaults);
}

/// `securityProfile`: empty; in previews of mid-2026 with the encryption of Kubernetes objects (recorded in
/// `test_aks_create_node_disruption_policy`).
pub(super) fn security(o: &mut Object<'_>, kept: Option<&Value>, form: Form) {
    let empty = Map::new();
    let kept = kept.and_then(Value::as_object).unwrap_or(&empty);
    const ENCRYPTION: &str = "kubernetesResourceObjectEncryptionProfile";
    o.rest(kept, &[ENCRYPTION]);
    if form.knows(models::MID_2026) {
        o.kept_or(kept, ENCRYPTION, &json!({ "infrastructureEncryption": "Enabled" }));
    } else {
        o.kept(kept, ENCRYPTION);
    }
}

/// What only previews of mid-2026 have (recorded in `test_aks_create_node_disruption_policy`).
pub(super) fn mid_2026(o: &mut Object<'_>, properties: &Opaque, view: &View<'_>) {
    if !view.form.knows(models::MID_2026) {
        o.kept(properties, "hostedSystemProfile")
            .kept(properties, "enableFIPS")
            .kept(properties, "healthMonitorProfile");
        return;
    }
    o.kept_or(properties, "hostedSystemProfile", &json!({ "enabled": false }));
    o.kept_or(properties, "enableFIPS", &false);
    let monitor = json!({ "enableContinuousControlPlaneAndAddonMonitor": false, "enableOnDemandMonitor": false });
    o.kept_or(properties, "healthMonitorProfile", &monitor);
}

/// `controlPlanePluginProfiles`, in previews only. Which plug-ins there are grew: recorded at the beginning of 2024, in
/// May 2024 (`test_aks_operations_cmds`) and in June 2026 (`test_aks_create_node_disruption_policy`).
pub(super) fn control_plane_plugins(o: &mut Object<'_>, properties: &Opaque, era: Era, features: PreviewFeatures) {
    if let Some(kept) = properties.get("controlPlanePluginProfiles").and_then(Value::as_object) {
        o.rest(kept, &[]);
        return;
    }
    let plugins: &[&str] = match era {
        Era::Preview if features.static_egress => {
            &["azure-monitor-metrics-ccp", "karpenter", "static-egress-controller"]
        }
        Era::Preview => &["azure-monitor-metrics-ccp", "karpenter"],
        Era::Ga => &["azure-monitor-metrics-ccp", "karpenter", "live-patching-controller", "static-egress-controller"],
        _ => &[
            "azure-monitor-metrics-ccp",
            "gpu-provisioner",
            "karpenter",
            "kubelet-serving-csr-approver",
            "live-patching-controller",
            "secure-tls-bootstrap",
            "static-egress-controller",
        ],
    };
    for plugin in plugins {
        o.foreign_object(plugin, |o| {
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
