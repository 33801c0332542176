//! What a deployment would change.

use std::sync::Arc;

use axum::Extension;
use control_plane::refusal::RefusalKind;
use http::StatusCode;
use serde_json::{Map, Value, json};
use uuid::Uuid;

use super::difference::difference;
use super::failure::Refused;
use super::handlers::{Outcome, json_answer};
use super::record::{NAMESPACE, Record};
use super::request::Wanted;
use super::template::{Planned, Template};
use super::{Deployments, preflight};
use crate::answer;
use crate::entra::Principal;
use crate::kept;
use crate::middleware::Content;
use crate::scope::Scope;
use crate::wire::ids::ClusterPath;

/// The api-version in result URLs.
const RESULT_API_VERSION: &str = "2025-04-01";

/// `POST …/deployments/{deployment}/whatIf`: 202 with a `Location` under which the result is.
pub(crate) async fn post(
    scope: Scope,
    Extension(deployments): Extension<Arc<Deployments>>,
    asker: Option<Extension<Arc<Principal>>>,
    Content(body): Content,
) -> Outcome {
    let wanted = Wanted::read(&body)?;
    let template = wanted.work_out(&scope)?;
    let correlation = template.surroundings().correlation;
    let asker = asker.as_ref().map(|Extension(principal)| principal);
    let result = match preflight::check(&scope, &template, asker).await {
        Ok(()) => {
            let changes = changes(&scope, &deployments, &template, wanted.ids_only).await;
            json!({"status": "Succeeded", "properties": {"correlationId": correlation.to_string(), "changes": changes}})
        }
        // A forecast of a failure is a successful forecast: the error comes with status 200.
        Err(Refused::Fault(fault)) => json!({"status": "Failed", "error": fault}),
        Err(plain) => return Err(plain),
    };
    let id = deployments.keep(correlation, result);
    let url = format!(
        "{}{}/whatIfResults/{id}?api-version={RESULT_API_VERSION}",
        scope.door.origin,
        Record::id_of(&scope.group(), scope.param("deployment"))
    );
    Ok(answer::not_yet(answer::with_location(answer::empty(StatusCode::ACCEPTED), &url), &scope.door))
}

/// `GET …/deployments/{deployment}/whatIfResults/{result}`: where the `Location` leads; Azure's own is opaque.
pub(crate) async fn result(scope: Scope, Extension(deployments): Extension<Arc<Deployments>>) -> Outcome {
    let id = Uuid::try_parse(scope.param("result")).ok();
    match id.and_then(|id| deployments.kept(id)) {
        Some(result) => Ok(json_answer(StatusCode::OK, &result)),
        None => {
            let text = "The what-if result could not be found; results are kept for a short while only. Ask again.";
            Err(Refused::gateway(RefusalKind::NotFound, "WhatIfResultNotFound", text))
        }
    }
}

async fn changes(scope: &Scope, deployments: &Deployments, template: &Template, ids_only: bool) -> Vec<Value> {
    let mut changes = Vec::new();
    for planned in template.resources() {
        let before = deployments.desk.get(&planned.id, Some(&planned.api)).await;
        changes.push(change(deployments, template, planned, before, ids_only).await);
    }
    for id in others(scope, template) {
        let before = deployments.desk.get(&id, None).await;
        let mut shown = json!({"resourceId": id, "changeType": "Ignore"});
        if let Some(before) = before.filter(|_| !ids_only) {
            shown["before"] = before;
        }
        changes.push(shown);
    }
    changes
}

async fn change(
    deployments: &Deployments,
    template: &Template,
    planned: &Planned,
    before: Option<Value>,
    ids_only: bool,
) -> Value {
    let references = template.references_of(planned).unwrap_or_default();
    let existing = deployments.desk.get_all(&references, |_| None).await;
    // What depends on a resource that does not exist yet is shown with its expressions, as Azure does.
    let body = template.body(planned, Some(&existing)).unwrap_or_else(|_| planned.body_source());
    let mut after = Map::from_iter([
        ("apiVersion".to_owned(), json!(planned.api)),
        ("id".to_owned(), json!(planned.id)),
        ("type".to_owned(), json!(planned.kind)),
        ("name".to_owned(), json!(planned.names.last())),
    ]);
    after.extend(body.clone());
    let Some(before) = before else {
        return told(planned, "Create", ids_only, json!({"after": after}));
    };
    let delta = difference(&before, &Value::Object(body));
    if delta.is_empty() {
        return told(planned, "NoChange", ids_only, json!({"before": before, "after": after}));
    }
    told(planned, "Modify", ids_only, json!({"before": before, "after": after, "delta": delta}))
}

fn told(planned: &Planned, kind: &str, ids_only: bool, payload: Value) -> Value {
    let mut shown = json!({"resourceId": planned.id, "changeType": kind});
    if let (Value::Object(shown), Value::Object(payload), false) = (&mut shown, payload, ids_only) {
        shown.extend(payload);
    }
    shown
}

/// The other resources of the group: a deployment in mode Incremental leaves them alone.
fn others(scope: &Scope, template: &Template) -> Vec<String> {
    let group = scope.group();
    let clusters = scope.world().clusters_in(&group);
    let clusters = clusters.iter().map(|cluster| ClusterPath(&cluster.id).to_string());
    let generics = scope.world().generics(&group);
    let kept =
        generics.iter().filter(|one| one.path.len() == 2 && one.namespace != NAMESPACE).map(|one| kept::id_of(one));
    let planned = |id: &String| template.resources().iter().any(|planned| planned.id.eq_ignore_ascii_case(id));
    clusters.chain(kept).filter(|id| !planned(id)).collect()
}
