//! How Entra refuses: an OAuth 2.0 error with an AADSTS number in its text.

use axum::response::{IntoResponse, Response};
use control_plane::clock::wall_unix_seconds;
use http::StatusCode;
use serde_json::json;
use uuid::Uuid;

use crate::answer::{self, Voice};

/// A refused login. The numbers are Entra's own (Microsoft identity platform error reference).
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum LoginError {
    /// 7000215: the secret is wrong.
    WrongSecret(String),
    /// 700016: there is no such application.
    UnknownClient(String),
    /// 70011: a parameter is missing or cannot be read.
    BadRequest(String),
    /// 70003: the grant type is not supported.
    UnsupportedGrant(String),
    /// 70000: a code or refresh token is not valid, was used, or has expired.
    InvalidGrant(String),
    /// 50034: there is no such user.
    UnknownUser(String),
    /// 50126: the password is wrong.
    WrongPassword,
    /// The signing key cannot be read or made.
    Unavailable(String),
}

impl LoginError {
    fn parts(&self) -> (StatusCode, &'static str, u32, String) {
        match self {
            LoginError::WrongSecret(client) => (
                StatusCode::UNAUTHORIZED,
                "invalid_client",
                7_000_215,
                format!(
                    "Invalid client secret provided. Ensure the secret being sent in the request is the client secret value, not the client secret ID, for a secret added to app '{client}'."
                ),
            ),
            LoginError::UnknownClient(client) => (
                StatusCode::BAD_REQUEST,
                "unauthorized_client",
                700_016,
                format!(
                    "Application with identifier '{client}' was not found in the directory 'Slipway'. 'slipway env' writes the one that exists."
                ),
            ),
            LoginError::BadRequest(what) => (StatusCode::BAD_REQUEST, "invalid_request", 900_144, what.clone()),
            LoginError::UnsupportedGrant(grant) => (
                StatusCode::BAD_REQUEST,
                "unsupported_grant_type",
                70_003,
                format!("The app requested an unsupported grant type '{grant}'."),
            ),
            LoginError::InvalidGrant(why) => (StatusCode::BAD_REQUEST, "invalid_grant", 70_000, why.clone()),
            LoginError::UnknownUser(name) => (
                StatusCode::BAD_REQUEST,
                "invalid_grant",
                50_034,
                format!("The user account {name} does not exist in the Slipway directory."),
            ),
            LoginError::WrongPassword => (
                StatusCode::BAD_REQUEST,
                "invalid_grant",
                50_126,
                "Error validating credentials due to invalid username or password.".to_owned(),
            ),
            LoginError::Unavailable(why) => {
                (StatusCode::INTERNAL_SERVER_ERROR, "temporarily_unavailable", 90_033, why.clone())
            }
        }
    }
}

impl IntoResponse for LoginError {
    fn into_response(self) -> Response {
        let (status, error, number, text) = self.parts();
        let (trace, correlation) = (Uuid::new_v4(), Uuid::new_v4());
        let seconds = i64::try_from(wall_unix_seconds()).unwrap_or(0);
        let time = jiff::Timestamp::from_second(seconds).unwrap_or_default().strftime("%Y-%m-%d %H:%M:%SZ").to_string();
        let body = json!({
            "error": error,
            "error_description": format!("AADSTS{number}: {text} Trace ID: {trace} Correlation ID: {correlation} Timestamp: {time}"),
            "error_codes": [number],
            "timestamp": time,
            "trace_id": trace,
            "correlation_id": correlation,
            "error_uri": format!("https://login.microsoftonline.com/error?code={number}"),
        });
        answer::json(Voice::Gateway, status, body.to_string().into_bytes())
    }
}
