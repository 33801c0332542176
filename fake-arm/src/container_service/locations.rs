//! What belongs to a region: Kubernetes versions, and how operations go.

use std::sync::Arc;

use control_plane::catalog::KubernetesMinor;
use control_plane::model::{Operation, OperationKind, OperationState, OperationTarget, Pool};
use control_plane::refusal::RefusalKind;
use http::StatusCode;

use crate::answer::{self, Voice, aks_status_url};
use crate::error::{Answer, Error};
use crate::gateway::operation_results::find;
use crate::scope::Scope;
use crate::wire::json::{document, object};
use crate::wire::{operation as wire, pool};

/// `GET …/locations/{location}/kubernetesVersions`: `values`, not `value`.
pub(crate) async fn kubernetes_versions(scope: Scope) -> Answer {
    let location = known_location(&scope, "kubernetesVersions")?;
    let versions = scope.world().catalog().versions(scope.subscription.era, location);
    Ok(answer::provider(document(|o| {
        o.array("values", versions, |minor, out| object(out, |o| write_minor(o, minor)));
    })))
}

fn write_minor(o: &mut crate::wire::json::Object<'_>, minor: &KubernetesMinor) {
    let plans: &[&str] =
        if minor.lts { &["KubernetesOfficial", "AKSLongTermSupport"] } else { &["KubernetesOfficial"] };
    o.value("version", &minor.minor);
    if minor.default {
        o.value("isDefault", &true);
    }
    if minor.preview {
        o.value("isPreview", &true);
    }
    o.object("capabilities", |o| {
        o.value("supportPlan", plans);
    });
    o.object("patchVersions", |o| {
        for patch in &minor.patches {
            o.foreign_object(&patch.version, |o| {
                o.value("upgrades", &patch.upgrades);
            });
        }
    });
}

/// The normalised name of the path's region, asked about `locations/{kind}`.
pub(super) fn known_location<'a>(scope: &'a Scope, kind: &str) -> Result<&'a str, Error> {
    let name = scope.param("location");
    let found = scope.world().catalog().location(name);
    found.map(|location| location.name.as_str()).ok_or_else(|| {
        let text = format!("The provided location '{name}' is not available for resource type 'Microsoft.ContainerService/locations/{kind}'.");
        Error::gateway(RefusalKind::BadRequest, "LocationNotAvailableForResourceType", text)
    })
}

/// `GET …/locations/{location}/operations/{operation}`. Stays readable after the resource is gone.
pub(crate) async fn operation(scope: Scope) -> Answer {
    let operation = find(&scope).ok_or_else(|| missing(&scope))?;
    let response = answer::provider(wire::status(&operation, scope.form()));
    Ok(if is_running(&operation) { answer::not_yet(response, &scope.door) } else { response })
}

/// `GET …/locations/{location}/operationresults/{operation}`: 202 while it runs, then 204; both with `Location`. A node
/// image upgrade results in its pool: @azure/arm-containerservice takes nothing else for an end.
pub(crate) async fn operation_result(scope: Scope) -> Answer {
    let operation = find(&scope).ok_or_else(|| missing(&scope))?;
    let url = aks_status_url(&scope, &operation.location, "operationresults", operation.id);
    match &operation.state {
        OperationState::InProgress => {
            let waiting = answer::json(Voice::Provider, StatusCode::ACCEPTED, b"{}".to_vec());
            Ok(answer::not_yet(answer::with_location(waiting, &url), &scope.door))
        }
        OperationState::Failed { error, .. } => {
            Err(Error::provider(RefusalKind::Conflict, &error.code, error.message.clone()))
        }
        OperationState::Succeeded { .. } | OperationState::Canceled { .. } => {
            if let Some(pool) = upgraded(&scope, &operation) {
                return Ok(answer::with_location(answer::provider(pool::resource(&pool, scope.form())), &url));
            }
            // Azure names a content type although there is none (recorded).
            let nothing = answer::json(Voice::Provider, StatusCode::NO_CONTENT, Vec::new());
            Ok(answer::with_location(nothing, &url))
        }
    }
}

/// The pool whose node images an operation has upgraded, as long as it is there. Upgrades by PUT have no such URL.
fn upgraded(scope: &Scope, operation: &Operation) -> Option<Arc<Pool>> {
    match &operation.target {
        OperationTarget::Pool(id) if operation.kind == OperationKind::Upgrade => scope.world().pool(id),
        _ => None,
    }
}

fn is_running(operation: &Operation) -> bool {
    operation.state.ended().is_none()
}

/// The text is inferred: Azure forgets operations after a while and what it then says is not published.
fn missing(scope: &Scope) -> Error {
    let id = scope.param("operation");
    Error::provider(RefusalKind::NotFound, "NotFound", format!("Could not find the operation {id}."))
}
