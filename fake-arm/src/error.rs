//! How a refused request is answered: two envelopes, one type that cannot hold a success.
//!
//! The ARM gateway nests (`{"error":{"code","message"}}`, `application/json; charset=utf-8`, `x-ms-failure-cause:
//! gateway`), the AKS resource provider answers flat and pretty-printed (`{"code","details","message","subcode"}`,
//! `application/json`). Both shapes are in the public test recordings of Azure/azure-cli-extensions.

use axum::body::Body;
use axum::response::{IntoResponse, Response};
use control_plane::refusal::{Layer, Refusal, RefusalKind};
use http::{HeaderName, HeaderValue, StatusCode, header};
use serde::Serialize;

/// The header by which the gateway says that it, not the resource provider, refused.
pub(crate) const FAILURE_CAUSE: HeaderName = HeaderName::from_static("x-ms-failure-cause");

/// A refusal on its way to the client.
#[derive(Debug)]
pub(crate) struct Error(pub(crate) Box<Refusal>);

/// What handlers return.
pub(crate) type Answer = Result<Response, Error>;

impl From<Refusal> for Error {
    fn from(refusal: Refusal) -> Self {
        Error(Box::new(refusal))
    }
}

impl Error {
    /// A refusal by the gateway.
    pub(crate) fn gateway(kind: RefusalKind, code: &str, message: impl Into<String>) -> Self {
        Refusal::gateway(kind, code, message).into()
    }

    /// A refusal by the AKS resource provider.
    pub(crate) fn provider(kind: RefusalKind, code: &str, message: impl Into<String>) -> Self {
        Refusal::provider(kind, code, message).into()
    }

    /// Something that Azure does and the simulator does not. Says so, and what to do instead where there is something.
    pub(crate) fn not_simulated(what: &str, instead: &str) -> Self {
        let space = if instead.is_empty() { "" } else { " " };
        Error::gateway(
            RefusalKind::NotImplemented,
            "NotSimulated",
            format!("Slipway does not simulate {what}; nothing was changed.{space}{instead}"),
        )
    }
}

#[derive(Serialize)]
struct GatewayEnvelope<'a> {
    error: GatewayError<'a>,
}

#[derive(Serialize)]
struct GatewayError<'a> {
    code: &'a str,
    message: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    target: Option<&'a str>,
}

#[derive(Serialize)]
struct ProviderError<'a> {
    code: &'a str,
    details: Option<[Detail<'a>; 1]>,
    message: &'a str,
    subcode: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    target: Option<&'a str>,
}

/// What a service behind the resource provider said.
#[derive(Serialize)]
struct Detail<'a> {
    code: &'a str,
    message: &'a str,
}

fn body_of(refusal: &Refusal) -> Vec<u8> {
    let target = refusal.target.as_deref();
    match refusal.layer {
        Layer::Gateway => {
            let error = GatewayError { code: &refusal.code, message: &refusal.message, target };
            serde_json::to_vec(&GatewayEnvelope { error }).unwrap_or_default()
        }
        Layer::Provider => pretty(&ProviderError {
            code: &refusal.code,
            details: refusal.detail.as_deref().map(|message| [Detail { code: "Unspecified", message }]),
            message: &refusal.message,
            subcode: refusal.subcode,
            target,
        }),
    }
}

/// The provider's way of indenting: one blank more than its depth, also before the last brace.
fn pretty(value: &impl Serialize) -> Vec<u8> {
    let mut out = Vec::with_capacity(256);
    let formatter = serde_json::ser::PrettyFormatter::with_indent(b" ");
    let mut serializer = serde_json::Serializer::with_formatter(&mut out, formatter);
    // Plain structs of text cannot fail to serialise into memory.
    let _ = value.serialize(&mut serializer);
    // A line feed inside a JSON text is always escaped, so each one here is the formatter's.
    let mut shifted = Vec::with_capacity(out.len() + 8);
    for byte in out {
        shifted.push(byte);
        if byte == b'\n' {
            shifted.push(b' ');
        }
    }
    shifted
}

/// The HTTP status of a refusal.
pub(crate) fn status_of(kind: RefusalKind) -> StatusCode {
    StatusCode::from_u16(kind.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
}

impl IntoResponse for Error {
    fn into_response(self) -> Response {
        let refusal = *self.0;
        tracing::debug!(code = %refusal.code, rule = refusal.rule, message = %refusal.message, "refused");
        let mut response = Response::new(Body::from(body_of(&refusal)));
        *response.status_mut() = status_of(refusal.kind);
        let headers = response.headers_mut();
        match refusal.layer {
            Layer::Gateway => {
                headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json; charset=utf-8"));
                headers.insert(FAILURE_CAUSE, HeaderValue::from_static("gateway"));
            }
            Layer::Provider => {
                headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
            }
        }
        if refusal.kind == RefusalKind::TooManyRequests {
            // The AKS documentation promises the header, observed values are a few seconds (quotas-skus-regions).
            headers.insert(header::RETRY_AFTER, HeaderValue::from_static("7"));
        }
        response
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_provider_answers_flat_and_pretty() {
        let refusal = Refusal::provider(RefusalKind::BadRequest, "BadRequest", "No \"x\"\nhere.");
        let text = String::from_utf8(body_of(&refusal)).unwrap();
        assert_eq!(
            text,
            "{\n  \"code\": \"BadRequest\",\n  \"details\": null,\n  \"message\": \"No \\\"x\\\"\\nhere.\",\n  \"subcode\": \"\"\n }"
        );
    }

    #[test]
    fn the_gateway_nests_and_says_that_it_was_the_gateway() {
        let response = Error::gateway(RefusalKind::NotFound, "ResourceNotFound", "gone").into_response();
        assert_eq!(response.status(), 404);
        assert_eq!(response.headers()["content-type"], "application/json; charset=utf-8");
        assert_eq!(response.headers()["x-ms-failure-cause"], "gateway");
        let refusal = Refusal::gateway(RefusalKind::NotFound, "ResourceNotFound", "gone").at("name");
        assert_eq!(
            String::from_utf8(body_of(&refusal)).unwrap(),
            r#"{"error":{"code":"ResourceNotFound","message":"gone","target":"name"}}"#
        );
    }
}
