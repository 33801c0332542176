//! How control requests fail.

use std::fmt::Display;

use axum::Json;
use axum::extract::OriginalUri;
use axum::extract::rejection::{JsonRejection, QueryRejection};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use control_plane::refusal::{Refusal, RefusalKind};

use crate::api::{ErrorBody, ErrorView};

/// A refused control request. It cannot carry a success code.
#[derive(Clone, Debug)]
pub struct ControlError {
    kind: RefusalKind,
    body: ErrorView,
}

impl ControlError {
    /// A refusal with a word for programs and a sentence for people.
    pub fn new(kind: RefusalKind, code: &str, message: impl Display) -> Self {
        ControlError { kind, body: ErrorView { code: code.to_owned(), message: message.to_string() } }
    }

    /// The request makes no sense.
    pub fn bad_request(message: impl Display) -> Self {
        ControlError::new(RefusalKind::BadRequest, "BadRequest", message)
    }

    /// The host failed, not the request.
    pub fn internal(message: impl Display) -> Self {
        ControlError::new(RefusalKind::Internal, "InternalError", message)
    }
}

impl From<Refusal> for ControlError {
    fn from(refusal: Refusal) -> Self {
        ControlError::new(refusal.kind, &refusal.code, refusal.message)
    }
}

impl From<JsonRejection> for ControlError {
    fn from(rejection: JsonRejection) -> Self {
        match rejection.status() {
            StatusCode::PAYLOAD_TOO_LARGE => {
                ControlError::new(RefusalKind::TooLarge, "TooLarge", rejection.body_text())
            }
            StatusCode::UNSUPPORTED_MEDIA_TYPE => {
                ControlError::new(RefusalKind::UnsupportedMediaType, "UnsupportedMediaType", rejection.body_text())
            }
            _ => ControlError::bad_request(rejection.body_text()),
        }
    }
}

impl From<QueryRejection> for ControlError {
    fn from(rejection: QueryRejection) -> Self {
        ControlError::bad_request(rejection.body_text())
    }
}

impl IntoResponse for ControlError {
    fn into_response(self) -> Response {
        let status = StatusCode::from_u16(self.kind.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        (status, Json(ErrorBody { error: self.body })).into_response()
    }
}

pub(super) async fn no_such_route(OriginalUri(uri): OriginalUri) -> ControlError {
    ControlError::new(RefusalKind::NotFound, "NoSuchRoute", format!("the control API has no {}", uri.path()))
}
