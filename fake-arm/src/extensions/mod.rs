//! An index of az extensions with one entry: an empty `aks-preview`.
//!
//! The preview-era article begins with `az extension add --name aks-preview`. Everything that article needs is part of
//! today's az, so the extension served here adds no command; it says so in its summary. It has nothing in common with
//! the real extension but the name, which az needs.

mod wheel;
mod zip;

use std::sync::{Arc, LazyLock};

use axum::body::Body;
use axum::extract::State;
use axum::response::Response;
use http::{HeaderValue, header};
use serde_json::json;

use crate::answer;
use crate::door::FrontDoor;
use wheel::Wheel;

/// Where the wheel is served.
pub(crate) const WHEEL_PATH: &str = "/extensions/aks_preview-99.0.0-py2.py3-none-any.whl";

static WHEEL: LazyLock<Wheel> = LazyLock::new(Wheel::build);

/// `GET /extensions/index.json`, which `extension.index_url` points to.
pub(crate) async fn index(State(door): State<Arc<FrontDoor>>) -> Response {
    let body = json!({
        "formatVersion": "1",
        "extensions": {"aks-preview": [{
            "downloadUrl": format!("{}{WHEEL_PATH}", door.origin),
            "filename": WHEEL_PATH.rsplit('/').next(),
            "sha256Digest": WHEEL.sha256,
            "metadata": wheel::metadata(),
        }]},
    });
    answer::gateway(body.to_string().into_bytes())
}

/// `GET` of the wheel.
pub(crate) async fn wheel() -> Response {
    let mut response = Response::new(Body::from(WHEEL.bytes.as_slice()));
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/zip"));
    response
}
