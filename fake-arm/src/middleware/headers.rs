//! Headers on every answer: Azure's request ids, no caching, and the usual safety headers.
//!
//! Which headers, and their values, are those of the public test recordings of Azure/azure-cli-extensions.
//! `x-ms-ratelimit-remaining-*` are told by `middleware::remaining`.

use axum::extract::Request;
use axum::middleware::Next;
use axum::response::Response;
use http::{HeaderName, HeaderValue, header};
use uuid::Uuid;

const CLIENT_REQUEST_ID: HeaderName = HeaderName::from_static("x-ms-client-request-id");
const RETURN_CLIENT_REQUEST_ID: HeaderName = HeaderName::from_static("x-ms-return-client-request-id");
const CORRELATION_REQUEST_ID: HeaderName = HeaderName::from_static("x-ms-correlation-request-id");
const REQUEST_ID: HeaderName = HeaderName::from_static("x-ms-request-id");
const ROUTING_REQUEST_ID: HeaderName = HeaderName::from_static("x-ms-routing-request-id");

/// Runs the request and dresses its answer.
pub(crate) async fn dress(request: Request, next: Next) -> Response {
    let asked = request.headers();
    let wants_own_id = asked.get(RETURN_CLIENT_REQUEST_ID).is_some_and(|v| v.as_bytes().eq_ignore_ascii_case(b"true"));
    let own_id = wants_own_id.then(|| asked.get(CLIENT_REQUEST_ID).cloned()).flatten();
    let correlation = asked.get(CORRELATION_REQUEST_ID).cloned();
    let mut response = next.run(request).await;

    let id = fresh_id();
    let headers = response.headers_mut();
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    headers.insert(header::PRAGMA, HeaderValue::from_static("no-cache"));
    headers.insert(header::EXPIRES, HeaderValue::from_static("-1"));
    headers.insert(header::STRICT_TRANSPORT_SECURITY, HeaderValue::from_static("max-age=31536000; includeSubDomains"));
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(CORRELATION_REQUEST_ID, correlation.unwrap_or_else(|| id.clone()));
    headers.insert(ROUTING_REQUEST_ID, id.clone());
    headers.insert(REQUEST_ID, id);
    if let Some(own_id) = own_id {
        headers.insert(CLIENT_REQUEST_ID, own_id);
    }
    response
}

fn fresh_id() -> HeaderValue {
    let mut buffer = Uuid::encode_buffer();
    let text = Uuid::new_v4().hyphenated().encode_lower(&mut buffer);
    HeaderValue::from_str(text).unwrap_or_else(|_| HeaderValue::from_static("0"))
}
