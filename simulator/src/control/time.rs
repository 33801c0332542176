//! Virtual time.

use std::sync::Arc;
use std::time::Duration;

use axum::Json;
use axum::extract::State;
use axum::extract::rejection::JsonRejection;
use control_plane::clock::Pace;

use super::{Control, ControlError};
use crate::api::{Advance, TimeView};
use crate::serve::az;

pub(super) fn view(control: &Control) -> TimeView {
    TimeView::new(control.world.now(), control.world.clock().pace(), control.engine.next_due())
}

pub(super) async fn show(State(control): State<Arc<Control>>) -> Json<TimeView> {
    Json(view(&control))
}

pub(super) async fn set_pace(
    State(control): State<Arc<Control>>,
    pace: Result<Json<Pace>, JsonRejection>,
) -> Result<Json<TimeView>, ControlError> {
    let Json(pace) = pace?;
    // The same checks as on the command line.
    let pace: Pace = pace.to_string().parse().map_err(ControlError::bad_request)?;
    control.engine.set_pace(pace);
    Ok(Json(view(&control)))
}

pub(super) async fn advance(
    State(control): State<Arc<Control>>,
    advance: Result<Json<Advance>, JsonRejection>,
) -> Result<Json<TimeView>, ControlError> {
    let Json(advance) = advance?;
    let engine = &control.engine;
    let outcome = match advance {
        Advance::ByMs(ms) => engine.advance(Duration::from_millis(ms)).await,
        Advance::ToNext => engine.advance_to_next().await,
        Advance::UntilIdle => engine.advance_until_idle().await,
    };
    outcome.map_err(ControlError::bad_request)?;
    if let Err(error) = az::forget_access_tokens(&control.az_dir) {
        tracing::warn!(%error, "az may go on with a token that has ended");
    }
    Ok(Json(view(&control)))
}
