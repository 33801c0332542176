//! Reads and writes resources the way clients do: through the same routes, so that a resource of a template means
//! exactly what the same resource means in a `PUT`.

use std::collections::HashMap;
use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use control_plane::ids::OperationId;
use control_plane::model::Opaque;
use http::{Method, Request, StatusCode, header};
use serde_json::Value;
use tower::ServiceExt;
use uuid::Uuid;

use super::failure::Fault;
use crate::door::FrontDoor;
use crate::middleware::{ApiVersion, canonical_path};
use crate::query;

/// The api-version for reading what a template refers to without naming one.
const READ_API: &str = "2024-08-01";

/// The routes of single resources.
pub(super) struct Desk {
    routes: Router,
}

/// How a write was answered.
pub(super) struct Written {
    /// Whether the resource is new.
    pub(super) created: bool,
    /// The operation that brings it about, if it takes time.
    pub(super) operation: Option<OperationId>,
}

impl Desk {
    /// Over the routes that serve single resources.
    pub(super) fn new(routes: Router<Arc<FrontDoor>>, door: &Arc<FrontDoor>) -> Self {
        Desk { routes: routes.with_state(Arc::clone(door)) }
    }

    async fn send(&self, method: Method, id: &str, api: &str, body: Body) -> (http::response::Parts, Vec<u8>) {
        let uri = format!("{}?api-version={}", encoded(id), encoded(api));
        let request = Request::builder().method(method).uri(uri).header(header::CONTENT_TYPE, "application/json");
        // Every character that cannot be in a URI is encoded.
        let mut request = request.body(body).unwrap_or_default();
        if let Some(api) = ApiVersion::parse(api) {
            request.extensions_mut().insert(api);
        }
        let answer = self.routes.clone().oneshot(canonical_path::rewrite(request)).await;
        let (parts, body) = answer.unwrap_or_else(|never| match never {}).into_parts();
        // Our own answers are in memory already.
        let bytes = axum::body::to_bytes(body, usize::MAX).await.unwrap_or_default();
        (parts, bytes.to_vec())
    }

    /// Writes a resource.
    ///
    /// # Errors
    /// The status and the error of a refusal.
    pub(super) async fn put(&self, id: &str, api: &str, body: &Opaque) -> Result<Written, (u16, Fault)> {
        let text = serde_json::to_vec(body).unwrap_or_default();
        let (parts, answer) = self.send(Method::PUT, id, api, Body::from(text)).await;
        if !parts.status.is_success() {
            return Err((parts.status.as_u16(), error_in(parts.status, &answer)));
        }
        let url = parts.headers.get("azure-asyncoperation").and_then(|value| value.to_str().ok());
        let operation = url.and_then(|url| {
            let path = url.split('?').next()?;
            Uuid::try_parse(path.rsplit('/').next()?).ok().map(OperationId)
        });
        Ok(Written { created: parts.status == StatusCode::CREATED, operation })
    }

    /// A resource with all its members, if it exists.
    pub(super) async fn get(&self, id: &str, api: Option<&str>) -> Option<Value> {
        let (parts, answer) = self.send(Method::GET, id, api.unwrap_or(READ_API), Body::empty()).await;
        if parts.status != StatusCode::OK {
            return None;
        }
        serde_json::from_slice(&answer).ok()
    }

    /// The resources of these ids that exist, by id in lower case.
    pub(super) async fn get_all(
        &self,
        ids: &[String],
        api_of: impl Fn(&str) -> Option<String>,
    ) -> HashMap<String, Value> {
        let mut found = HashMap::new();
        for id in ids {
            let key = id.to_lowercase();
            if !found.contains_key(&key)
                && let Some(resource) = self.get(id, api_of(&key).as_deref()).await
            {
                found.insert(key, resource);
            }
        }
        found
    }
}

/// The error in an answer, whichever envelope it is in.
fn error_in(status: StatusCode, answer: &[u8]) -> Fault {
    let body: Value = serde_json::from_slice(answer).unwrap_or(Value::Null);
    let error = body.get("error").unwrap_or(&body);
    let text = |name: &str| error.get(name).and_then(Value::as_str).map(str::to_owned);
    Fault {
        code: text("code").unwrap_or_else(|| status.canonical_reason().unwrap_or("Error").replace(' ', "")),
        message: text("message").unwrap_or_else(|| format!("The resource provider answered {status}.")),
        target: text("target"),
        ..Fault::default()
    }
}

/// Percent-encodes all but what a path may hold.
fn encoded(path: &str) -> String {
    query::encode(path, b"/-_.~()")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_of_both_envelopes_are_read() {
        let flat = error_in(StatusCode::BAD_REQUEST, br#"{"code":"A","details":null,"message":"b","subcode":""}"#);
        assert_eq!((flat.code.as_str(), flat.message.as_str()), ("A", "b"));
        let nested = error_in(StatusCode::NOT_FOUND, br#"{"error":{"code":"C","message":"d","target":"e"}}"#);
        assert_eq!((nested.code.as_str(), nested.target.as_deref()), ("C", Some("e")));
        assert_eq!(error_in(StatusCode::BAD_GATEWAY, b"?").code, "BadGateway");
    }

    #[test]
    fn paths_are_encoded() {
        assert_eq!(encoded("/a b/ü?#"), "/a%20b/%C3%BC%3F%23");
        assert_eq!(encoded("/x-1_2.3(4)"), "/x-1_2.3(4)");
    }
}
