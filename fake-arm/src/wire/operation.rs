//! Operations as the AKS resource provider tells how they go.

use control_plane::model::{Operation, OperationState};

use super::json::document;

/// The body of `…/operations/{id}`: `{"name","status","startTime"[,"endTime"][,"error"]}`.
pub(crate) fn status(operation: &Operation) -> Vec<u8> {
    document(|o| {
        o.text("name", operation.id);
        o.value("status", operation.state.as_str());
        o.value("startTime", &operation.started.rfc3339());
        o.maybe("endTime", operation.state.ended().map(|ended| ended.rfc3339()));
        if let OperationState::Failed { error, .. } = &operation.state {
            o.object("error", |o| {
                o.value("code", &error.code).value("message", &error.message);
            });
        }
    })
}
