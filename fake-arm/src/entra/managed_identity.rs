//! The managed identity endpoint: tokens for programs on "the machine", without a secret of their own.
//!
//! Two styles, as azure-identity and az know them: App Service (`$IDENTITY_ENDPOINT` with the header
//! `X-IDENTITY-HEADER`) and the instance metadata service (`/metadata/identity/oauth2/token` with the header
//! `Metadata: true`). The machine's own identity is the application that az logs in as; the second application, which
//! may only read, stands for a user-assigned one and is chosen by its client id.

use std::sync::Arc;

use aws_lc_rs::constant_time::verify_slices_are_equal;
use axum::Router;
use axum::extract::{RawQuery, State};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use control_plane::clock::wall_unix_seconds;
use http::{HeaderMap, StatusCode};
use serde_json::{Value, json};
use uuid::Uuid;

use super::authority::Authority;
use super::claims::{Caller, DAY_SECONDS};
use crate::answer::{self, Voice};
use crate::door::Origin;
use crate::query;

/// What identities are served from.
struct Machine {
    authority: Arc<Authority>,
    origin: Origin,
    secret: String,
}

/// The endpoint, to be served over plain http on a listener of its own, because that is where clients look for it.
///
/// `GET /msi/token` (App Service style) asks for `secret` in `X-IDENTITY-HEADER`; `GET /metadata/identity/oauth2/token`
/// (instance metadata style) asks for `Metadata: true` only, as in Azure: bind it to loopback.
pub fn identity_router(authority: Arc<Authority>, origin: Origin, secret: String) -> Router {
    Router::new()
        .route("/msi/token", get(app_service))
        .route("/metadata/identity/oauth2/token", get(instance_metadata))
        // So asks msal-node when a variable names the host.
        .route("/metadata/identity/oauth2/token/", get(instance_metadata))
        .with_state(Arc::new(Machine { authority, origin, secret }))
}

async fn app_service(State(machine): State<Arc<Machine>>, headers: HeaderMap, RawQuery(query): RawQuery) -> Response {
    let given = headers.get("x-identity-header").map_or(&b""[..], |value| value.as_bytes());
    let outcome = if verify_slices_are_equal(given, machine.secret.as_bytes()).is_ok() {
        machine.token(query.as_deref())
    } else {
        let text = "The X-IDENTITY-HEADER is missing or wrong.";
        Err(Problem { status: StatusCode::UNAUTHORIZED, error: "unauthorized", text: text.to_owned() })
    };
    answered(outcome, Problem::as_app_service)
}

async fn instance_metadata(
    State(machine): State<Arc<Machine>>,
    headers: HeaderMap,
    RawQuery(query): RawQuery,
) -> Response {
    let outcome = if headers.get("metadata").is_some_and(|value| value.as_bytes().eq_ignore_ascii_case(b"true")) {
        machine.token(query.as_deref())
    } else {
        Err(Problem::bad("Required metadata header not specified"))
    };
    answered(outcome, Problem::as_instance_metadata)
}

/// Why there is no token.
struct Problem {
    status: StatusCode,
    error: &'static str,
    text: String,
}

impl Problem {
    fn bad(text: &str) -> Self {
        Problem { status: StatusCode::BAD_REQUEST, error: "invalid_request", text: text.to_owned() }
    }

    /// App Service's envelope, as MSAL reads it (`msal/managed_identity.py`). Its texts are not documented.
    fn as_app_service(&self) -> Value {
        json!({"statusCode": self.status.as_u16(), "message": self.text, "correlationId": Uuid::new_v4()})
    }

    /// The instance metadata service's envelope, that of OAuth 2.0.
    fn as_instance_metadata(&self) -> Value {
        json!({"error": self.error, "error_description": self.text})
    }
}

fn answered(outcome: Result<Value, Problem>, refusal: impl Fn(&Problem) -> Value) -> Response {
    match outcome {
        Ok(token) => answer::gateway(token.to_string().into_bytes()),
        Err(why) => answer::json(Voice::Gateway, why.status, refusal(&why).to_string().into_bytes()).into_response(),
    }
}

impl Machine {
    fn token(&self, query: Option<&str>) -> Result<Value, Problem> {
        let resource = query::value(query, "resource").filter(|resource| !resource.is_empty());
        let resource = resource.ok_or_else(|| Problem::bad("Required query variable 'resource' is missing"))?;
        let client = self.client(query).ok_or_else(|| Problem::bad("Identity not found"))?;
        let token = self.authority.issue_token_for(&Caller::Application(client.clone()), &self.origin, &resource);
        let token = token.map_err(|error| Problem {
            status: StatusCode::INTERNAL_SERVER_ERROR,
            error: "server_error",
            text: error.to_string(),
        })?;
        Ok(body(&token, &client, &resource))
    }

    /// The client id of the identity that is asked for; `None` when there is no such identity here.
    fn client(&self, query: Option<&str>) -> Option<String> {
        let by_other_ids = ["object_id", "principal_id", "mi_res_id", "msi_res_id"];
        if by_other_ids.iter().any(|name| query::value(query, name).is_some()) {
            return None;
        }
        let own = self.authority.client().id.to_string();
        match query::value(query, "client_id").or_else(|| query::value(query, "clientid")) {
            None => Some(own),
            Some(asked) => {
                let known = [own, self.authority.reader().id.to_string()];
                known.into_iter().find(|id| id.eq_ignore_ascii_case(&asked))
            }
        }
    }
}

/// All numbers are text, as the instance metadata service writes them.
fn body(token: &str, client: &str, resource: &str) -> Value {
    let now = wall_unix_seconds();
    json!({
        "access_token": token,
        "client_id": client,
        "expires_in": DAY_SECONDS.to_string(),
        "expires_on": (now + DAY_SECONDS).to_string(),
        "ext_expires_in": DAY_SECONDS.to_string(),
        "not_before": now.to_string(),
        "resource": resource,
        "token_type": "Bearer",
    })
}
