//! `…/locations/{location}/trustedAccessRoles`: what other Azure services may be allowed to do in a cluster.

use crate::answer;
use crate::error::Answer;
use crate::scope::Scope;
use crate::wire::json::{self, object};

/// A role: who may hold it, and what it allows.
struct Role {
    source: &'static str,
    name: &'static str,
    verbs: &'static [&'static str],
    group: &'static str,
    resources: &'static [&'static str],
}

/// From the AKS documentation (trusted-access-feature) and the REST API's example; the rules are shortened there too.
const ROLES: &[Role] = &[
    Role {
        source: "Microsoft.MachineLearningServices/workspaces",
        name: "mlworkload",
        verbs: &["get", "list", "watch"],
        group: "",
        resources: &["pods"],
    },
    Role {
        source: "Microsoft.DataProtection/backupVaults",
        name: "backup-operator",
        verbs: &["get", "list"],
        group: "",
        resources: &["namespaces"],
    },
];

/// `GET …/trustedAccessRoles`.
pub(crate) async fn roles(scope: Scope) -> Answer {
    super::locations::known_location(&scope, "trustedAccessRoles")?;
    Ok(answer::provider(json::list(ROLES, |role, out| {
        object(out, |o| {
            o.value("sourceResourceType", &role.source).value("name", &role.name);
            o.array("rules", [()], |(), out| {
                object(out, |o| {
                    o.value("verbs", role.verbs).value("apiGroups", &[role.group]).value("resources", role.resources);
                    o.value("resourceNames", &[(); 0]).value("nonResourceURLs", &[(); 0]);
                });
            });
        });
    })))
}
