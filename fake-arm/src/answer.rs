//! How an accepted request is answered.

use axum::body::Body;
use axum::response::Response;
use control_plane::era::Era;
use control_plane::ids::OperationId;
use http::{HeaderName, HeaderValue, StatusCode, header};

use crate::door::{FrontDoor, POLL_RETRY_MS};
use crate::error::FAILURE_CAUSE;
use crate::scope::Scope;

/// Where an asynchronous operation's status is read. azure-core prefers it to `Location`.
const ASYNC_OPERATION: HeaderName = HeaderName::from_static("azure-asyncoperation");

/// How long to wait before the next poll, in milliseconds; azure-core reads it, Azure does not send it.
const RETRY_AFTER_MS: HeaderName = HeaderName::from_static("retry-after-ms");

/// The api-version in every AKS status URL, whatever the client asked with: recorded until March 2025
/// (`test_aks_create_gpu_driver_flow` of Azure/azure-cli), from July 2025 on
/// (`test_aks_control_plane_user_assigned_identity`), and in 2023 and the beginning of 2024 in eastus alone
/// (`test_aks_availability_zones` of Azure/azure-cli-extensions).
fn status_api_version(era: Era, location: &str) -> &'static str {
    match era {
        Era::Preview if location == "eastus" => "2017-08-31",
        Era::Preview | Era::Ga => "2016-03-30",
        _ => "2025-03-01",
    }
}

/// Who answers: the content types differ.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Voice {
    /// `application/json; charset=utf-8`.
    Gateway,
    /// `application/json`.
    Provider,
}

/// A JSON answer.
pub(crate) fn json(voice: Voice, status: StatusCode, body: Vec<u8>) -> Response {
    let mut response = Response::new(Body::from(body));
    *response.status_mut() = status;
    let content_type = match voice {
        Voice::Gateway => "application/json; charset=utf-8",
        Voice::Provider => "application/json",
    };
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type));
    response
}

/// 200 by the gateway.
pub(crate) fn gateway(body: Vec<u8>) -> Response {
    json(Voice::Gateway, StatusCode::OK, body)
}

/// 200 by a resource provider.
pub(crate) fn provider(body: Vec<u8>) -> Response {
    json(Voice::Provider, StatusCode::OK, body)
}

/// An answer without a body.
pub(crate) fn empty(status: StatusCode) -> Response {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = status;
    response
}

/// 201 when something new was made, 200 when something existing was changed.
pub(crate) fn created_or_ok(created: bool) -> StatusCode {
    if created { StatusCode::CREATED } else { StatusCode::OK }
}

/// Adds the URL of an AKS operation's status. PUT answers carry this and neither `Location` nor `Retry-After`.
pub(crate) fn with_operation(
    mut response: Response,
    scope: &Scope,
    location: &str,
    operation: OperationId,
) -> Response {
    let url = aks_status_url(scope, location, "operations", operation);
    insert(&mut response, ASYNC_OPERATION, &url);
    response
}

/// Adds both URLs of an AKS operation: its status, and in `Location` its result. For answers with status 202.
pub(crate) fn with_both_urls(response: Response, scope: &Scope, location: &str, operation: OperationId) -> Response {
    let mut response = with_operation(response, scope, location, operation);
    let url = aks_status_url(scope, location, "operationresults", operation);
    insert(&mut response, header::LOCATION, &url);
    response
}

/// 202 by the AKS resource provider for deletions and actions: both URLs and no body.
pub(crate) fn accepted(scope: &Scope, location: &str, operation: OperationId) -> Response {
    with_both_urls(empty(StatusCode::ACCEPTED), scope, location, operation)
}

/// Says that the gateway, not the resource provider, refused. Errors with a body say so by themselves.
pub(crate) fn refused_by_gateway(mut response: Response) -> Response {
    response.headers_mut().insert(FAILURE_CAUSE, HeaderValue::from_static("gateway"));
    response
}

/// Adds the URL of an operation's status, of any provider.
pub(crate) fn with_async_operation(mut response: Response, url: &str) -> Response {
    insert(&mut response, ASYNC_OPERATION, url);
    response
}

/// Adds a `Location`.
pub(crate) fn with_location(mut response: Response, url: &str) -> Response {
    insert(&mut response, header::LOCATION, url);
    response
}

/// Adds `retry-after-ms` when polls are accelerated: for answers that say "not yet".
pub(crate) fn not_yet(mut response: Response, door: &FrontDoor) -> Response {
    if door.accelerated_polls {
        response.headers_mut().insert(RETRY_AFTER_MS, HeaderValue::from(POLL_RETRY_MS));
    }
    response
}

/// The URL under which the AKS resource provider tells how an operation goes (`operations`) or went
/// (`operationresults`).
pub(crate) fn aks_status_url(scope: &Scope, location: &str, kind: &str, operation: OperationId) -> String {
    let (origin, subscription) = (&scope.door.origin, scope.subscription.id);
    let api = status_api_version(scope.form().era, location);
    format!(
        "{origin}/subscriptions/{subscription}/providers/Microsoft.ContainerService/locations/{location}/{kind}/{operation}?api-version={api}"
    )
}

/// Sets a header to a URL of our own making. Locations are normalised names from the catalog and ids are UUIDs, so
/// the text is always a valid header; should that ever change, the header is left out rather than the answer lost.
fn insert(response: &mut Response, name: HeaderName, url: &str) {
    if let Ok(value) = HeaderValue::from_str(url) {
        response.headers_mut().insert(name, value);
    }
}
