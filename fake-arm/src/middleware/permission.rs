//! What the bearer may do: role assignments decide.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::Response;

use super::canonical_path::Asked;
use crate::authorization::{Wanted, decide};
use crate::door::FrontDoor;
use crate::entra::Principal;
use crate::error::Error;

/// Refuses what no role allows.
pub(crate) async fn require(
    State(door): State<Arc<FrontDoor>>,
    request: Request,
    next: Next,
) -> Result<Response, Error> {
    let principal = request.extensions().get::<Arc<Principal>>();
    // The owner is asked nothing: almost every request comes from there.
    if let Some(principal) = principal.filter(|principal| !door.authority.is_owner(principal)) {
        let path = request.extensions().get::<Asked>().map_or(request.uri().path(), |asked| asked.0.path());
        if let Some(wanted) = Wanted::of(door.world.catalog(), request.method(), path) {
            decide(&door, principal, &wanted)?;
        }
    }
    Ok(next.run(request).await)
}
