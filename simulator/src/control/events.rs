//! The journal, with a way to wait for what comes next.

use std::sync::Arc;
use std::time::Duration;

use axum::Json;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use serde::Deserialize;

use super::{Control, ControlError};
use crate::api::Events;

/// How many entries one answer holds at most.
const LIMIT_MAX: usize = 1_000;

/// How long a request waits for a new entry at most, in milliseconds of real time.
const WAIT_MS_MAX: u64 = 25_000;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Page {
    /// Entries after this one.
    #[serde(default)]
    after: u64,
    limit: Option<usize>,
    /// How long to wait when there is none yet, in milliseconds.
    #[serde(default)]
    wait_ms: u64,
}

pub(super) async fn list(
    State(control): State<Arc<Control>>,
    page: Result<Query<Page>, QueryRejection>,
) -> Result<Json<Events>, ControlError> {
    let Query(page) = page?;
    let limit = page.limit.unwrap_or(LIMIT_MAX).min(LIMIT_MAX);
    let mut changes = control.world.watch();
    let wait = tokio::time::sleep(Duration::from_millis(page.wait_ms.min(WAIT_MS_MAX)));
    tokio::pin!(wait);
    loop {
        changes.mark_unchanged();
        let events = control.world.events_after(page.after, limit);
        if !events.is_empty() || page.wait_ms == 0 {
            return Ok(Json(Events { events: events.iter().map(|e| (**e).clone()).collect() }));
        }
        tokio::select! {
            () = &mut wait => return Ok(Json(Events { events: Vec::new() })),
            changed = changes.changed() => {
                if changed.is_err() {
                    return Ok(Json(Events { events: Vec::new() }));
                }
            }
        }
    }
}
