//! `autoScalerProfile`.

use serde_json::{Value, json};

use super::super::cluster::View;
use super::super::json::Object;
use super::super::models;
use super::super::pool::scales_itself;

/// The autoscaler's settings, texts all (recorded in `test_aks_create_autoscaler_then_update`).
const DEFAULTS: &[(&str, &str)] = &[
    ("balance-similar-node-groups", "false"),
    ("expander", "random"),
    ("max-empty-bulk-delete", "10"),
    ("max-graceful-termination-sec", "600"),
    ("max-node-provision-time", "15m"),
    ("max-total-unready-percentage", "45"),
    ("new-pod-scale-up-delay", "0s"),
    ("ok-total-unready-count", "3"),
    ("scale-down-delay-after-add", "10m"),
    ("scale-down-delay-after-delete", "10s"),
    ("scale-down-delay-after-failure", "3m"),
    ("scale-down-unneeded-time", "10m"),
    ("scale-down-unready-time", "20m"),
    ("scale-down-utilization-threshold", "0.5"),
    ("scan-interval", "10s"),
    ("skip-nodes-with-local-storage", "false"),
    ("skip-nodes-with-system-pods", "true"),
];

/// Booleans that came later; their values are the defaults of the Kubernetes autoscaler, which the AKS documentation
/// repeats.
const DAEMONSET_DEFAULTS: &[(&str, bool)] = &[
    ("daemonset-eviction-for-empty-nodes", false),
    ("daemonset-eviction-for-occupied-nodes", true),
    ("ignore-daemonsets-utilization", false),
];

/// All settings, where a pool scales by itself or a setting was asked for.
pub(in crate::wire) fn write(o: &mut Object<'_>, view: &View<'_>) {
    let kept = super::members(&view.cluster.properties, "autoScalerProfile").filter(|kept| !kept.is_empty());
    if kept.is_none() && !view.pools.iter().any(|pool| scales_itself(pool)) {
        return;
    }
    let mut all: Vec<(&str, Value)> = DEFAULTS.iter().map(|(key, value)| (*key, json!(value))).collect();
    if view.form.knows(models::DAEMONSETS) {
        all.extend(DAEMONSET_DEFAULTS.iter().map(|(key, value)| (*key, json!(value))));
        all.sort_by_key(|(key, _)| *key);
    }
    o.object("autoScalerProfile", |o| {
        for (key, default) in &all {
            o.foreign(key, kept.and_then(|k| k.get(*key)).filter(|v| !v.is_null()).unwrap_or(default));
        }
        if let Some(kept) = kept {
            let known: Vec<&str> = all.iter().map(|(key, _)| *key).collect();
            o.rest(kept, &known);
        }
    });
}
