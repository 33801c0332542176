//! The simulator itself: who it is, a token for its front door, and its end.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::extract::rejection::JsonRejection;
use axum::http::StatusCode;

use super::time::view;
use super::{Control, ControlError};
use crate::api::{Status, Token, TokenRequest};

pub(super) async fn status(State(control): State<Arc<Control>>) -> Json<Status> {
    Json(Status {
        version: env!("CARGO_PKG_VERSION").to_owned(),
        pid: std::process::id(),
        url: control.origin.to_string(),
        tenant: control.world.tenant(),
        time: view(&control),
    })
}

pub(super) async fn token(
    State(control): State<Arc<Control>>,
    request: Result<Json<TokenRequest>, JsonRejection>,
) -> Result<Json<Token>, ControlError> {
    let Json(request) = request?;
    let issue = move || crate::serve::tokens::issue(&control.authority, &control.origin, request);
    // The first one may have to wait for the key.
    let issued = tokio::task::spawn_blocking(issue).await.map_err(ControlError::internal)?;
    issued.map(Json).map_err(ControlError::internal)
}

pub(super) async fn shutdown(State(control): State<Arc<Control>>) -> StatusCode {
    control.stop.send_replace(true);
    StatusCode::ACCEPTED
}
