//! `…/operationresults/{operation}`: how the deletion of a resource group goes.
//!
//! 202 with the same `Location` while it runs, then 200 without a body. The operation stays readable after the group
//! is gone.

use axum::response::Response;
use control_plane::ids::OperationId;
use control_plane::model::{Operation, OperationState};
use control_plane::refusal::RefusalKind;
use http::StatusCode;
use std::sync::Arc;
use uuid::Uuid;

use crate::answer;
use crate::error::{Answer, Error};
use crate::scope::Scope;

/// The api-version in the status URL; any would do.
const STATUS_API_VERSION: &str = "2024-11-01";

/// 202 with the URL to poll.
pub(crate) fn accepted(scope: &Scope, operation: OperationId) -> Response {
    let url = format!(
        "{}/subscriptions/{}/operationresults/{operation}?api-version={STATUS_API_VERSION}",
        scope.door.origin, scope.subscription.id
    );
    answer::not_yet(answer::with_location(answer::empty(StatusCode::ACCEPTED), &url), &scope.door)
}

/// The operation that the path names, if it belongs to the subscription that the path names.
pub(crate) fn find(scope: &Scope) -> Option<Arc<Operation>> {
    let id = OperationId(Uuid::try_parse(scope.param("operation")).ok()?);
    scope.world().operation(id).filter(|operation| operation.target.subscription() == scope.subscription.id)
}

/// `GET …/operationresults/{operation}`.
pub(crate) async fn show(scope: Scope) -> Answer {
    let Some(operation) = find(&scope) else {
        // The code is inferred: Azure forgets operations after a while and what it then says is not published.
        let text = format!("The operation '{}' could not be found.", scope.param("operation"));
        return Err(Error::gateway(RefusalKind::NotFound, "OperationNotFound", text));
    };
    match &operation.state {
        OperationState::InProgress => Ok(accepted(&scope, operation.id)),
        OperationState::Succeeded { .. } => Ok(answer::empty(StatusCode::OK)),
        OperationState::Failed { error, .. } => {
            Err(Error::gateway(RefusalKind::Conflict, &error.code, error.message.clone()))
        }
        OperationState::Canceled { .. } => {
            Err(Error::gateway(RefusalKind::Conflict, "OperationCanceled", "The operation was canceled."))
        }
    }
}
