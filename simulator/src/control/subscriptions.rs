//! Subscriptions, each with the era of its rules.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::extract::rejection::JsonRejection;
use axum::http::StatusCode;

use super::{Control, ControlError};
use crate::api::{NewSubscription, SubscriptionView, Subscriptions};

/// The longest name of a subscription, in characters (Azure's limit).
const NAME_CHARS_MAX: usize = 64;

pub(super) async fn list(State(control): State<Arc<Control>>) -> Json<Subscriptions> {
    let all = control.world.subscriptions();
    Json(Subscriptions { subscriptions: all.iter().map(|s| SubscriptionView::from(&**s)).collect() })
}

pub(super) async fn add(
    State(control): State<Arc<Control>>,
    request: Result<Json<NewSubscription>, JsonRejection>,
) -> Result<(StatusCode, Json<SubscriptionView>), ControlError> {
    let Json(request) = request?;
    let name = request.name.unwrap_or_else(|| format!("Slipway {}", request.era));
    let length = name.chars().count();
    if name.trim().is_empty() || length > NAME_CHARS_MAX || name.chars().any(char::is_control) {
        return Err(ControlError::bad_request(format!(
            "a subscription's name has 1 to {NAME_CHARS_MAX} printable characters; this one has {length}"
        )));
    }
    let subscription = control.world.add_subscription(name, request.era).await?;
    crate::serve::az::write(&control.world, &control.authority, &control.origin, &control.az_dir)
        .map_err(ControlError::internal)?;
    Ok((StatusCode::CREATED, Json(SubscriptionView::from(&*subscription))))
}
