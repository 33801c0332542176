//! Request bodies: at most [`REQUEST_BODY_BYTES_MAX`] bytes, and JSON.

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::{FromRequest, Request};
use control_plane::refusal::RefusalKind;
use http::header;

use crate::door::{FrontDoor, REQUEST_BODY_BYTES_MAX};
use crate::error::Error;

/// The bytes of a request with JSON content.
pub(crate) struct Content(pub(crate) Bytes);

impl FromRequest<Arc<FrontDoor>> for Content {
    type Rejection = Error;

    async fn from_request(request: Request, _door: &Arc<FrontDoor>) -> Result<Self, Error> {
        require_json(&request)?;
        let declared = request.headers().get(header::CONTENT_LENGTH).and_then(|v| v.to_str().ok()?.parse::<u64>().ok());
        if declared.is_some_and(|length| length > REQUEST_BODY_BYTES_MAX as u64) {
            return Err(too_large());
        }
        // A body without a declared length is cut off at the limit; a broken connection has nobody to answer to.
        let bytes = axum::body::to_bytes(request.into_body(), REQUEST_BODY_BYTES_MAX).await.map_err(|_| too_large())?;
        Ok(Content(bytes))
    }
}

fn require_json(request: &Request) -> Result<(), Error> {
    let given = request.headers().get(header::CONTENT_TYPE).map(|v| v.to_str().unwrap_or("?"));
    let media = given.and_then(|text| text.split(';').next()).map(str::trim).unwrap_or("application/json");
    if media.eq_ignore_ascii_case("application/json") || media.eq_ignore_ascii_case("text/json") {
        return Ok(());
    }
    Err(Error::gateway(
        RefusalKind::UnsupportedMediaType,
        "UnsupportedMediaType",
        format!("The content media type '{media}' is not supported. Only 'application/json' is supported."),
    ))
}

/// The code is inferred; Azure's limit is 4 MB.
fn too_large() -> Error {
    Error::gateway(
        RefusalKind::TooLarge,
        "RequestContentTooLarge",
        format!("The request content size exceeds the maximum size of {REQUEST_BODY_BYTES_MAX} bytes."),
    )
}
