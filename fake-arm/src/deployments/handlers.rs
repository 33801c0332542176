//! Deployments of a resource group.

use std::sync::Arc;

use axum::Extension;
use axum::extract::RawQuery;
use axum::response::Response;
use control_plane::ids::GroupId;
use control_plane::refusal::RefusalKind;
use http::StatusCode;
use serde_json::{Value, json};

use super::Deployments;
use super::failure::Refused;
use super::preflight;
use super::record::{Record, State};
use super::request::Wanted;
use super::shown;
use crate::answer::{self, Voice, created_or_ok};
use crate::entra::Principal;
use crate::error::{Answer, Error};
use crate::middleware::Content;
use crate::query::{self, Filter};
use crate::scope::{Scope, group_not_found};

/// The most deployments that a group remembers (azure-docs `deployment-history-deletions.md`: 800). Older ones that
/// have ended are forgotten, as Azure does shortly before the limit.
const DEPLOYMENTS_MAX: usize = 800;

/// The api-version in status URLs.
const STATUS_API_VERSION: &str = "2025-04-01";

/// What handlers of deployments return.
pub(super) type Outcome = Result<Response, Refused>;

/// Who asks, for rights on the single resources.
type Asker = Option<Extension<Arc<Principal>>>;

/// `POST …/deployments/{deployment}/validate`.
pub(crate) async fn validate(scope: Scope, asker: Asker, Content(body): Content) -> Outcome {
    let wanted = Wanted::read(&body)?;
    let template = wanted.work_out(&scope)?;
    preflight::check(&scope, &template, asker.as_ref().map(|Extension(principal)| principal)).await?;
    let record = Record::new(&template, &wanted.supplied, wanted.tags);
    Ok(json_answer(StatusCode::OK, &shown::validated(&scope.group(), &record)))
}

/// `PUT …/deployments/{deployment}`: 201 with the URL of its status.
pub(crate) async fn put(
    scope: Scope,
    Extension(deployments): Extension<Arc<Deployments>>,
    asker: Asker,
    Content(body): Content,
) -> Outcome {
    let wanted = Wanted::read(&body)?;
    let template = wanted.work_out(&scope)?;
    let group = scope.group();
    let _turn = deployments.turn.lock().await;
    let before = Record::load(scope.world(), &group, scope.param("deployment"));
    if let Some(before) = &before {
        refuse_while_active(before)?;
    }
    preflight::check(&scope, &template, asker.as_ref().map(|Extension(principal)| principal)).await?;
    make_room(&scope, &group).await?;
    let record = Record::new(&template, &wanted.supplied, wanted.tags);
    record.save(scope.world(), &group).await.map_err(Error::from)?;
    deployments.carry_out(group.clone(), record.name.clone());
    let response = json_answer(created_or_ok(before.is_none()), &shown::deployment(&group, &record));
    let url = format!(
        "{}{}/operationStatuses/{}?api-version={STATUS_API_VERSION}",
        scope.door.origin,
        Record::id_of(&group, &record.name),
        record.status_id
    );
    Ok(answer::with_async_operation(response, &url))
}

/// Forgets the oldest deployment that has ended when there are too many.
async fn make_room(scope: &Scope, group: &GroupId) -> Result<(), Refused> {
    let all = Record::all(scope.world(), group);
    if all.len() < DEPLOYMENTS_MAX {
        return Ok(());
    }
    let oldest = all.iter().rev().find(|record| record.state.is_ended()).ok_or_else(|| {
        // The code and the words are ARM's (azure-docs error-deployment-quota-exceeded.md), shortened.
        let text = format!(
            "Creating the deployment '{}' would exceed the quota of '{DEPLOYMENTS_MAX}'. The current deployment count is '{}', please delete some deployments before creating a new one.",
            scope.param("deployment"),
            all.len()
        );
        Refused::gateway(RefusalKind::Conflict, "DeploymentQuotaExceeded", text)
    })?;
    Record::forget(scope.world(), group, &oldest.name).await.map_err(Error::from)?;
    Ok(())
}

/// The code is ARM's (azure-docs `common-deployment-errors.md`); the text is shortened.
fn refuse_while_active(record: &Record) -> Result<(), Refused> {
    if record.state.is_ended() {
        return Ok(());
    }
    let text = format!(
        "Unable to edit or replace deployment '{}': previous deployment from '{}' is still active. Please see https://aka.ms/arm-deploy for usage details.",
        record.name,
        record.asked.rfc3339()
    );
    Err(Refused::gateway(RefusalKind::Conflict, "DeploymentActive", text))
}

/// `GET …/deployments`, the latest first, with az's filter on the state.
pub(crate) async fn list(scope: Scope, RawQuery(query): RawQuery) -> Answer {
    let group = scope.group();
    scope.world().group(&group).ok_or_else(|| group_not_found(&group))?;
    let filter = Filter::from_query(query.as_deref(), &["provisioningState"])?;
    let top = query::value(query.as_deref(), "$top").and_then(|text| text.parse().ok()).unwrap_or(usize::MAX);
    let all = Record::all(scope.world(), &group);
    let wanted = all.iter().filter(|record| filter.admits("provisioningState", record.state.as_str())).take(top);
    let value: Vec<_> = wanted.map(|record| shown::deployment(&group, record)).collect();
    Ok(json_answer(StatusCode::OK, &json!({"value": value})))
}

/// `GET …/deployments/{deployment}`.
pub(crate) async fn show(scope: Scope) -> Answer {
    let record = existing(&scope)?;
    Ok(json_answer(StatusCode::OK, &shown::deployment(&scope.group(), &record)))
}

/// `HEAD …/deployments/{deployment}`.
pub(crate) async fn exists(scope: Scope) -> Answer {
    let found = Record::load(scope.world(), &scope.group(), scope.param("deployment")).is_some();
    Ok(answer::empty(if found { StatusCode::NO_CONTENT } else { StatusCode::NOT_FOUND }))
}

/// `DELETE …/deployments/{deployment}`: forgets it; its resources stay. Azure takes a while (202), here it is done at
/// once (204).
pub(crate) async fn delete(scope: Scope, Extension(deployments): Extension<Arc<Deployments>>) -> Outcome {
    let group = scope.group();
    scope.world().group(&group).ok_or_else(|| group_not_found(&group))?;
    let _turn = deployments.turn.lock().await;
    if let Some(record) = Record::load(scope.world(), &group, scope.param("deployment")) {
        refuse_while_active(&record)?;
        Record::forget(scope.world(), &group, &record.name).await.map_err(Error::from)?;
    }
    Ok(answer::empty(StatusCode::NO_CONTENT))
}

/// `POST …/deployments/{deployment}/cancel`: nothing more is begun, what has begun goes on.
pub(crate) async fn cancel(scope: Scope, Extension(deployments): Extension<Arc<Deployments>>) -> Outcome {
    let _turn = deployments.turn.lock().await;
    let mut record = existing(&scope)?;
    if record.state.is_ended() {
        // The code and the text are inferred.
        let text = format!(
            "The deployment '{}' cannot be canceled because it is not active: its provisioning state is '{}'.",
            record.name,
            record.state.as_str()
        );
        return Err(Refused::gateway(RefusalKind::Conflict, "DeploymentCannotBeCanceled", text));
    }
    record.end(State::Canceled, scope.world().now());
    record.save(scope.world(), &scope.group()).await.map_err(Error::from)?;
    Ok(answer::empty(StatusCode::NO_CONTENT))
}

/// `POST …/deployments/{deployment}/exportTemplate`.
pub(crate) async fn export(scope: Scope) -> Answer {
    let record = existing(&scope)?;
    Ok(json_answer(StatusCode::OK, &json!({"template": *record.template})))
}

/// `GET …/deployments/{deployment}/operationStatuses/{status}`.
pub(crate) async fn status(scope: Scope) -> Answer {
    let record = existing(&scope)?;
    if record.status_id != scope.param("status") {
        return Err(missing(&scope));
    }
    let mut body = json!({"status": record.state.as_str()});
    if let Some(error) = &record.error {
        body["error"] = json!(error);
    }
    let response = json_answer(StatusCode::OK, &body);
    Ok(if record.state.is_ended() { response } else { answer::not_yet(response, &scope.door) })
}

/// The deployment that the path names.
pub(super) fn existing(scope: &Scope) -> Result<Record, Error> {
    let group = scope.group();
    scope.world().group(&group).ok_or_else(|| group_not_found(&group))?;
    Record::load(scope.world(), &group, scope.param("deployment")).ok_or_else(|| missing(scope))
}

fn missing(scope: &Scope) -> Error {
    let text = format!("Deployment '{}' could not be found.", scope.param("deployment"));
    Error::gateway(RefusalKind::NotFound, "DeploymentNotFound", text)
}

/// Every request for deployments that are not a resource group's.
pub(crate) async fn elsewhere() -> Error {
    Error::not_simulated("deployments to a subscription, a management group or a tenant", "Deploy to a resource group.")
}

/// JSON in the gateway's voice.
pub(super) fn json_answer(status: StatusCode, body: &Value) -> Response {
    answer::json(Voice::Gateway, status, body.to_string().into_bytes())
}
