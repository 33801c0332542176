//! Evidence: what a node's TPM and its boot left behind.

use std::sync::Arc;

use attestation::{About, Baseline, Evidence};
use axum::Json;
use axum::extract::rejection::{JsonRejection, QueryRejection};
use axum::extract::{Path, Query, State};
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use control_plane::refusal::RefusalKind;
use serde::Deserialize;
use vtpm_backend::eventlog::EventLog;
use vtpm_backend::evidence::{EvidenceError, Selection};
use vtpm_backend::fleet::Rehearsal;
use vtpm_backend::pcr::PcrBanks;

use super::nodes::find;
use super::{Control, ControlError};
use crate::api::{Console, FileView, Files, QuoteRequest, Tcti};

impl From<EvidenceError> for ControlError {
    fn from(error: EvidenceError) -> Self {
        let (kind, code) = match &error {
            EvidenceError::NotFound => (RefusalKind::NotFound, "NeverBooted"),
            EvidenceError::NoVtpm => (RefusalKind::Conflict, "NoVtpm"),
            EvidenceError::NotRunning(_) => (RefusalKind::Conflict, "NotRunning"),
            EvidenceError::Refused { .. } => (RefusalKind::Conflict, "BootRefused"),
            EvidenceError::BadRequest(_) => (RefusalKind::BadRequest, "BadRequest"),
            EvidenceError::Guest(_) => (RefusalKind::Conflict, "GuestTpm"),
            EvidenceError::Host(_) => (RefusalKind::Internal, "HostFault"),
        };
        ControlError::new(kind, code, error)
    }
}

pub(super) async fn console(
    State(control): State<Arc<Control>>,
    Path(node): Path<String>,
) -> Result<Json<Console>, ControlError> {
    let node = find(&control, &node)?;
    Ok(Json(Console { lines: control.fleet.console(node.vm).await? }))
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
enum LogFormat {
    #[default]
    Binary,
    Yaml,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct LogQuery {
    #[serde(default)]
    format: LogFormat,
}

pub(super) async fn event_log(
    State(control): State<Arc<Control>>,
    Path(node): Path<String>,
    query: Result<Query<LogQuery>, QueryRejection>,
) -> Result<Response, ControlError> {
    let Query(query) = query?;
    let node = find(&control, &node)?;
    let binary = control.fleet.event_log(node.vm).await?;
    Ok(match query.format {
        LogFormat::Binary => ([(CONTENT_TYPE, "application/octet-stream")], binary).into_response(),
        LogFormat::Yaml if binary.is_empty() => {
            let text = format!("the guest of {} hands out an empty event log (fault event-log-withheld)", node.name);
            return Err(ControlError::new(RefusalKind::Conflict, "EventLogWithheld", text));
        }
        LogFormat::Yaml => {
            let log = EventLog::parse(&binary).map_err(ControlError::internal)?;
            ([(CONTENT_TYPE, "application/yaml")], log.to_yaml()).into_response()
        }
    })
}

pub(super) async fn pcrs(
    State(control): State<Arc<Control>>,
    Path(node): Path<String>,
) -> Result<Json<PcrBanks>, ControlError> {
    let node = find(&control, &node)?;
    Ok(Json(control.fleet.pcrs(node.vm).await?))
}

pub(super) async fn pcrs_at_refusal(
    State(control): State<Arc<Control>>,
    Path(node): Path<String>,
) -> Result<Json<Option<PcrBanks>>, ControlError> {
    let node = find(&control, &node)?;
    Ok(Json(control.fleet.pcrs_at_refusal(node.vm).await?))
}

pub(super) async fn quote(
    State(control): State<Arc<Control>>,
    Path(node): Path<String>,
    request: Result<Json<QuoteRequest>, JsonRejection>,
) -> Result<Json<Files>, ControlError> {
    let Json(request) = request?;
    let nonce = hex::decode(&request.nonce)
        .map_err(|error| ControlError::bad_request(format!("the nonce is not hexadecimal: {error}")))?;
    let node = find(&control, &node)?;
    let selection = Selection::default();
    let quote = control.fleet.quote(node.vm, &nonce, &selection).await?;
    let log = control.fleet.event_log(node.vm).await?;
    let chain = control.fleet.ca().await.map_err(ControlError::internal)?.chain_pem();
    let about = About {
        node: node.name.clone(),
        image: node.model.image.clone(),
        selection: selection.to_string(),
        secure_boot: node.model.secure_boot,
        taken: control.world.now().rfc3339(),
    };
    let evidence = Evidence::new(&quote, log, chain, about);
    let file = |(name, bytes): (&str, Vec<u8>)| FileView { name: name.to_owned(), base64: STANDARD.encode(bytes) };
    Ok(Json(Files { files: evidence.files().into_iter().map(file).collect() }))
}

pub(super) async fn reference(
    State(control): State<Arc<Control>>,
    Path(node): Path<String>,
) -> Result<Response, ControlError> {
    let node = find(&control, &node)?;
    let reference = control.fleet.reference(node.vm).await?;
    let json = Baseline::from_reference(&reference).to_json();
    Ok(([(CONTENT_TYPE, "application/json")], json).into_response())
}

pub(super) async fn rehearsal(
    State(control): State<Arc<Control>>,
    Path(node): Path<String>,
) -> Result<Json<Rehearsal>, ControlError> {
    let node = find(&control, &node)?;
    Ok(Json(control.fleet.rehearse(node.vm).await?))
}

pub(super) async fn tcti(
    State(control): State<Arc<Control>>,
    Path(node): Path<String>,
) -> Result<Json<Tcti>, ControlError> {
    let node = find(&control, &node)?;
    Ok(Json(Tcti { tcti: control.fleet.guest_endpoint(node.vm).await? }))
}
