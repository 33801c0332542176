//! How the latest operation, or a given one, of a cluster or pool goes: `…/operations/{operation}`.
//!
//! The shape is `OperationStatusResult` of azure-rest-api-specs (`OperationStatusResult_Get.json`).

use std::fmt::Display;
use std::sync::Arc;

use control_plane::ids::OperationId;
use control_plane::model::{Operation, OperationState, OperationTarget};
use control_plane::refusal::RefusalKind;
use uuid::Uuid;

use crate::answer;
use crate::error::{Answer, Error};
use crate::scope::Scope;
use crate::wire::ids::{ClusterPath, PoolPath};
use crate::wire::json::{Object, document};

/// The name that stands for the running or last operation.
const LATEST: &str = "latest";

/// `GET {cluster}/operations/{operation}`; `latest` is the cluster's own last operation, not one of a pool.
pub(crate) async fn of_cluster(scope: Scope) -> Answer {
    let cluster = scope.existing_cluster()?;
    let belongs = |target: &OperationTarget| match target {
        OperationTarget::Cluster(id) => *id == cluster.id,
        OperationTarget::Pool(id) => id.cluster == cluster.id,
        OperationTarget::Group(_) => false,
    };
    let found = find(&scope, cluster.operation, belongs)?;
    Ok(answer::provider(document(|o| write(o, &ClusterPath(&cluster.id), &found))))
}

/// `GET {pool}/operations/{operation}`.
pub(crate) async fn of_pool(scope: Scope) -> Answer {
    let (_, pool) = scope.existing_pool()?;
    let belongs = |target: &OperationTarget| *target == OperationTarget::Pool(pool.id.clone());
    let found = find(&scope, pool.operation, belongs)?;
    Ok(answer::provider(document(|o| write(o, &PoolPath(&pool.id), &found))))
}

fn find(
    scope: &Scope,
    latest: OperationId,
    belongs: impl Fn(&OperationTarget) -> bool,
) -> Result<Arc<Operation>, Error> {
    let name = scope.param("operation");
    let found = if name.eq_ignore_ascii_case(LATEST) {
        // A pool that was made with its cluster shares the cluster's operation.
        scope.world().operation(latest)
    } else {
        let id = Uuid::try_parse(name).ok().map(OperationId);
        id.and_then(|id| scope.world().operation(id)).filter(|operation| belongs(&operation.target))
    };
    found.ok_or_else(|| {
        // The text is inferred.
        Error::provider(RefusalKind::NotFound, "NotFound", format!("Could not find the operation {name}."))
    })
}

fn write(o: &mut Object<'_>, resource: &impl Display, operation: &Operation) {
    o.text("id", format_args!("{resource}/operations/{}", operation.id));
    o.text("name", operation.id).text("resourceID", resource);
    o.value("status", operation.state.as_str()).value("startTime", &operation.started.rfc3339());
    o.maybe("endTime", operation.state.ended().map(|ended| ended.rfc3339()));
    if let OperationState::Failed { error, .. } = &operation.state {
        o.object("error", |o| {
            o.value("code", &error.code).value("message", &error.message);
        });
    }
}
