//! The operations of a deployment: one for each resource that was begun, and one for the outputs.

use axum::extract::RawQuery;
use control_plane::refusal::RefusalKind;
use http::StatusCode;
use serde_json::{Value, json};
use uuid::Uuid;

use super::handlers::{existing, json_answer};
use super::record::{Progress, Record, State, Step};
use super::shown;
use crate::error::{Answer, Error};
use crate::query;
use crate::scope::Scope;

/// `GET …/deployments/{deployment}/operations`, the latest first.
pub(crate) async fn list(scope: Scope, RawQuery(query): RawQuery) -> Answer {
    let record = existing(&scope)?;
    let top = query::value(query.as_deref(), "$top").and_then(|text| text.parse().ok()).unwrap_or(usize::MAX);
    let value: Vec<_> = all(&scope, &record).into_iter().take(top).collect();
    Ok(json_answer(StatusCode::OK, &json!({"value": value})))
}

/// `GET …/deployments/{deployment}/operations/{operation}`.
pub(crate) async fn show(scope: Scope) -> Answer {
    let record = existing(&scope)?;
    let wanted = scope.param("operation");
    let found = all(&scope, &record)
        .into_iter()
        .find(|one| one.get("operationId").and_then(Value::as_str).is_some_and(|own| own.eq_ignore_ascii_case(wanted)));
    let one = found.ok_or_else(|| {
        let text = format!("Deployment operation '{wanted}' could not be found.");
        Error::gateway(RefusalKind::NotFound, "DeploymentOperationNotFound", text)
    })?;
    Ok(json_answer(StatusCode::OK, &one))
}

fn all(scope: &Scope, record: &Record) -> Vec<Value> {
    let id = Record::id_of(&scope.group(), &record.name);
    let begun = record.steps.iter().rev().filter(|step| step.progress != Progress::Waiting);
    let outputs = (record.state == State::Succeeded).then(|| outputs(&id, record));
    outputs.into_iter().chain(begun.map(|step| of_step(&id, record, step))).collect()
}

/// Sixteen hexadecimal digits that follow from the deployment and the resource.
fn operation_id(record: &Record, what: &str) -> String {
    let id = Uuid::new_v5(&record.correlation, what.to_lowercase().as_bytes());
    id.simple().to_string().to_uppercase().chars().take(16).collect()
}

fn outputs(deployment: &str, record: &Record) -> Value {
    let id = operation_id(record, "outputs");
    json!({
        "id": format!("{deployment}/operations/{id}"),
        "operationId": id,
        "properties": {
            "provisioningOperation": "EvaluateDeploymentOutput",
            "provisioningState": "Succeeded",
            "timestamp": record.changed.rfc3339(),
            "duration": "PT0S",
            "trackingId": Uuid::new_v5(&record.correlation, b"outputs").to_string(),
            "statusCode": "OK",
            "statusMessage": null,
        },
    })
}

fn of_step(deployment: &str, record: &Record, step: &Step) -> Value {
    let id = operation_id(record, &step.id);
    let (state, code, message) = told(&step.progress);
    let request = Uuid::new_v5(&record.correlation, step.id.to_lowercase().as_bytes());
    let ended = step.ended.unwrap_or(record.changed);
    let mut properties = json!({
        "provisioningOperation": "Create",
        "provisioningState": state,
        "timestamp": ended.rfc3339(),
        "duration": shown::between(step.started, Some(ended)),
        "trackingId": request.to_string(),
        "serviceRequestId": request.to_string(),
        "statusCode": code,
    });
    if let Some(message) = message {
        properties["statusMessage"] = message;
    }
    properties["targetResource"] = shown::named(step);
    json!({"id": format!("{deployment}/operations/{id}"), "operationId": id, "properties": properties})
}

/// The state, the HTTP status by name, and the error.
fn told(progress: &Progress) -> (&'static str, String, Option<Value>) {
    let made = |created: &bool| (if *created { "Created" } else { "OK" }).to_owned();
    match progress {
        Progress::Waiting | Progress::Writing => ("Running", "Accepted".to_owned(), None),
        Progress::Running { created, .. } => ("Running", made(created), None),
        Progress::Succeeded { created } => ("Succeeded", made(created), None),
        Progress::Failed { status, error } => {
            let name = StatusCode::from_u16(*status).ok().and_then(|status| status.canonical_reason());
            let code = name.unwrap_or("BadRequest").replace(' ', "");
            ("Failed", code, Some(json!({"status": "Failed", "error": error})))
        }
    }
}
