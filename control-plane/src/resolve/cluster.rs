//! The control plane's version.

use crate::catalog::{Catalog, Resolved};
use crate::era::Era;
use crate::model::Cluster;
use crate::refusal::Refusal;
use crate::rules;

/// The version that a cluster is to run. Absent and empty mean the default at creation and unchanged on an update; what
/// the cluster already runs is fine even when it is no longer offered.
///
/// # Errors
/// The refusal of the rule on unsupported versions.
pub fn resolve_cluster_version(
    catalog: &Catalog,
    era: Era,
    before: Option<&Cluster>,
    asked: Option<&str>,
) -> Result<Resolved, Refusal> {
    let asked = asked.unwrap_or_default();
    if let Some(before) = before {
        let runs = &before.current_kubernetes_version;
        if asked.is_empty() || asked == before.kubernetes_version {
            return Ok(Resolved { asked: before.kubernetes_version.clone(), patch: runs.clone() });
        }
        if asked == runs {
            return Ok(Resolved { asked: asked.to_owned(), patch: runs.clone() });
        }
    }
    catalog.resolve_version(era, asked).ok_or_else(|| rules::version_refusal(asked))
}
