//! `listCluster…Credential`: a kubeconfig in base64.

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use control_plane::refusal::RefusalKind;

use crate::answer;
use crate::door::CredentialKind;
use crate::error::{Answer, Error};
use crate::scope::Scope;
use crate::wire::json::{document, object};

/// `POST {cluster}/listClusterUserCredential`.
pub(crate) async fn user(scope: Scope) -> Answer {
    credential(&scope, CredentialKind::User)
}

/// `POST {cluster}/listClusterAdminCredential`. Refused when local accounts are disabled.
pub(crate) async fn admin(scope: Scope) -> Answer {
    let cluster = scope.existing_cluster()?;
    let disabled = cluster.properties.get("disableLocalAccounts").and_then(serde_json::Value::as_bool);
    if disabled == Some(true) {
        // Text quoted in the AKS documentation (managed-azure-ad, "disable local accounts").
        let text = "Getting static credential isn't allowed because this cluster is set to disable local accounts.";
        return Err(Error::provider(RefusalKind::BadRequest, "BadRequest", text));
    }
    credential(&scope, CredentialKind::Admin)
}

/// `POST {cluster}/listClusterMonitoringUserCredential`.
pub(crate) async fn monitoring(scope: Scope) -> Answer {
    credential(&scope, CredentialKind::Monitoring)
}

fn credential(scope: &Scope, kind: CredentialKind) -> Answer {
    let cluster = scope.existing_cluster()?;
    let encoded = BASE64_STANDARD.encode(scope.door.kubeconfig.kubeconfig(&cluster, kind));
    Ok(answer::provider(document(|o| {
        o.array("kubeconfigs", [encoded], |value, out| {
            object(out, |o| {
                o.value("name", kind.as_str()).value("value", &value);
            });
        });
    })))
}
