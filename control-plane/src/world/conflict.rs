//! A second operation while one runs.
//!
//! The texts changed over time; each was seen in a public issue: Azure/azure-workload-identity 417 and
//! avm-ptn-aks-production 25 (2022), cilium/cilium 25944 (2023), Azure/azure-cli-extensions 9855 (2026).

use crate::era::Era;
use crate::model::{Cluster, Operation, OperationKind, Pool};
use crate::refusal::{Refusal, RefusalKind};

/// Refuses a change of a cluster on which an operation runs.
pub(super) fn cluster_busy(era: Era, cluster: &Cluster, operation: Option<&Operation>) -> Refusal {
    let state = cluster.provisioning.as_str();
    conflict(match era {
        Era::Preview | Era::Ga => format!(
            "Operation is not allowed: Another operation ({state}) is in progress, please wait for it to finish before \
             starting a new operation. See https://aka.ms/aks-pending-operation for more details"
        ),
        _ => in_progress("managed cluster", "managed cluster", operation),
    })
}

/// Refuses a change of a pool, or of its cluster, while an operation runs on the pool.
pub(super) fn pool_busy(era: Era, pool: &Pool, operation: Option<&Operation>) -> Refusal {
    let (name, state) = (&pool.id.name, pool.provisioning.as_str());
    conflict(match era {
        Era::Preview | Era::Ga => format!(
            "Operation is not allowed: Another agentpool operation ({name} - {state}) is in progress, please wait for it \
             to finish before starting a new operation. See https://aka.ms/aks-pending-operation for more details"
        ),
        _ => in_progress("agent pool", &format!("agent pool {name}"), operation),
    })
}

fn in_progress(kind: &str, target: &str, operation: Option<&Operation>) -> String {
    let (verb, id, started) = match operation {
        Some(operation) => (verb(operation.kind), operation.id.to_string(), seconds(&operation.started.rfc3339())),
        None => ("update", "unknown".to_owned(), "unknown".to_owned()),
    };
    format!(
        "Operation is not allowed because there's an in progress {verb} {kind} operation (operation ID: {id}) on the \
         {target} started on UTC {started}. Please wait for it to finish before starting a new operation. You can also \
         use 'az aks operation-abort' to abort the ongoing operation."
    )
}

fn verb(kind: OperationKind) -> &'static str {
    match kind {
        OperationKind::Create => "create",
        OperationKind::Update => "update",
        OperationKind::Upgrade => "upgrade",
        OperationKind::Scale => "scale",
        OperationKind::Delete => "delete",
        OperationKind::Stop => "stop",
        OperationKind::Start => "start",
        OperationKind::Abort => "abort",
        OperationKind::RotateCertificates => "rotate certificates",
        OperationKind::Reimage => "reimage",
    }
}

fn seconds(rfc3339: &str) -> String {
    match rfc3339.split_once('.') {
        Some((whole, _)) => format!("{whole}Z"),
        None => rfc3339.to_owned(),
    }
}

fn conflict(message: String) -> Refusal {
    Refusal::provider(RefusalKind::Conflict, "OperationNotAllowed", message)
}
