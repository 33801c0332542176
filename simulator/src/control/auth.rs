//! Who may use the control API: whoever can read the secret in the data directory.

use std::sync::Arc;

use aws_lc_rs::constant_time::verify_slices_are_equal;
use axum::extract::{Request, State};
use axum::http::header::AUTHORIZATION;
use axum::middleware::Next;
use axum::response::Response;
use control_plane::refusal::RefusalKind;

use super::{Control, ControlError};

pub(super) async fn check(
    State(control): State<Arc<Control>>,
    request: Request,
    next: Next,
) -> Result<Response, ControlError> {
    let given = request.headers().get(AUTHORIZATION).map(|v| v.as_bytes()).unwrap_or_default();
    let given = given.strip_prefix(b"Bearer ").unwrap_or_default();
    // In constant time, so that the secret cannot be guessed byte by byte.
    if verify_slices_are_equal(given, control.secret.as_bytes()).is_err() {
        return Err(ControlError::new(
            RefusalKind::Unauthorized,
            "Unauthorized",
            "send 'Authorization: Bearer SECRET' with the contents of control.secret in the data directory",
        ));
    }
    Ok(next.run(request).await)
}
