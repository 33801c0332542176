//! Operations as the AKS resource provider tells how they go.

use control_plane::model::{Operation, OperationKind, OperationState, OperationTarget};

use super::form::Form;
use super::json::document;

/// What Azure said for a time about stops and starts that went well.
const NOT_LATEST: (&str, &str) = (
    "NotLatestOperation",
    "Cannot proceed with the operation. Either the operation has been preempted by another one, or the information needed by the operation failed to be saved (or hasn't been saved yet).",
);

/// Whether a whole cluster is stopped or started.
fn is_power(operation: &Operation) -> bool {
    matches!(operation.kind, OperationKind::Stop | OperationKind::Start)
        && matches!(operation.target, OperationTarget::Cluster(_))
}

/// The body of `…/operations/{id}`: `{"name","status","startTime"[,"endTime"][,"error"]}`.
pub(crate) fn status(operation: &Operation, form: Form) -> Vec<u8> {
    document(|o| {
        o.text("name", operation.id);
        o.value("status", operation.state.as_str());
        o.value("startTime", &operation.started.rfc3339());
        o.maybe("endTime", operation.state.ended().map(|ended| ended.rfc3339()));
        let overridden;
        let error = match &operation.state {
            OperationState::Failed { error, .. } => Some((error.code.as_str(), error.message.as_str())),
            // Both words as the service writes them (hashicorp/terraform-provider-azurerm issue 8260).
            OperationState::Canceled { by: Some(by), .. } => {
                overridden = format!("The operation was overriden and canceled by a later operation {by}.");
                Some(("Canceled", overridden.as_str()))
            }
            _ => is_power(operation).then_some(NOT_LATEST).filter(|_| form.doubts_power_operations()),
        };
        if let Some((code, message)) = error {
            o.object("error", |o| {
                o.value("code", code).value("message", message);
            });
        }
    })
}
