//! Actions: POSTs on clusters and pools that start an operation.
//!
//! Azure answers 202 with both status URLs; stop, start and deleteMachines without a body, abort and
//! upgradeNodeImageVersion with the resource (recorded in the public tests of Azure/azure-cli-extensions).

use axum::response::Response;
use control_plane::ids::OperationId;
use control_plane::model::Pool;
use http::{HeaderMap, StatusCode};

use super::clusters;
use crate::answer::{self, Voice};
use crate::error::{Answer, Error};
use crate::kept::snapshot;
use crate::middleware::Content;
use crate::scope::{Scope, conditions};
use crate::wire::cluster::Occasion;
use crate::wire::pool;
use crate::wire::read::Members;

/// `POST {cluster}/stop`: 204 when it is stopped already.
pub(crate) async fn stop(scope: Scope, headers: HeaderMap) -> Answer {
    let cluster = scope.existing_cluster()?;
    let operation = scope.world().stop_cluster(&cluster.id, conditions(&headers)).await?;
    Ok(accepted_or_nothing(&scope, &cluster.location, operation))
}

/// `POST {cluster}/start`: 204 when it runs already.
pub(crate) async fn start(scope: Scope, headers: HeaderMap) -> Answer {
    let cluster = scope.existing_cluster()?;
    let operation = scope.world().start_cluster(&cluster.id, conditions(&headers)).await?;
    Ok(accepted_or_nothing(&scope, &cluster.location, operation))
}

/// `POST {cluster}/abort`.
pub(crate) async fn abort_cluster(scope: Scope) -> Answer {
    let (cluster, operation) = scope.world().abort_cluster(&scope.cluster()).await?;
    let shown = clusters::resource(&scope, StatusCode::ACCEPTED, &cluster, Occasion::Aborted);
    Ok(answer::with_both_urls(shown, &scope, &cluster.location, operation))
}

/// `POST {cluster}/rotateClusterCertificates`.
pub(crate) async fn rotate_certificates(scope: Scope) -> Answer {
    let cluster = scope.existing_cluster()?;
    let operation = scope.world().rotate_certificates(&cluster.id).await?;
    Ok(accepted_or_nothing(&scope, &cluster.location, Some(operation)))
}

/// `POST {pool}/abort`.
pub(crate) async fn abort_pool(scope: Scope) -> Answer {
    let (cluster, _) = scope.existing_pool()?;
    let (pool, operation) = scope.world().abort_pool(&scope.pool()).await?;
    Ok(accepted_pool(&scope, &cluster.location, &pool, operation))
}

/// `POST {pool}/upgradeNodeImageVersion`: to the newest image, or to that of the snapshot in the header `AKSSnapshotId`
/// (azure-cli, `az aks nodepool upgrade --node-image-only --snapshot-id`).
pub(crate) async fn upgrade_node_image(scope: Scope, headers: HeaderMap) -> Answer {
    let (cluster, _) = scope.existing_pool()?;
    let named = headers.get("akssnapshotid").and_then(|id| id.to_str().ok());
    let image = named.map(|id| snapshot::image(scope.world(), id)).transpose()?.flatten();
    let (pool, operation) = scope.world().upgrade_node_image(&scope.pool(), image).await?;
    Ok(accepted_pool(&scope, &cluster.location, &pool, operation))
}

/// `POST {pool}/deleteMachines` with `{"machineNames":[…]}`.
pub(crate) async fn delete_machines(scope: Scope, Content(body): Content) -> Answer {
    let (cluster, pool) = scope.existing_pool()?;
    let names = Members::of(&body)?.texts("machineNames")?.ok_or_else(|| Members::missing("machineNames"))?;
    let operation = scope.world().delete_machines(&pool.id, names).await?;
    Ok(accepted_or_nothing(&scope, &cluster.location, Some(operation)))
}

fn accepted_or_nothing(scope: &Scope, location: &str, operation: Option<OperationId>) -> Response {
    match operation {
        Some(operation) => answer::accepted(scope, location, operation),
        None => answer::empty(StatusCode::NO_CONTENT),
    }
}

fn accepted_pool(scope: &Scope, location: &str, pool: &Pool, operation: OperationId) -> Response {
    let shown = answer::json(Voice::Provider, StatusCode::ACCEPTED, pool::resource(pool, scope.form()));
    answer::with_both_urls(shown, scope, location, operation)
}

/// Actions that Azure has and the simulator does not.
const NOT_SIMULATED: &[(&str, &str)] = &[
    ("rotateserviceaccountsigningkeys", "rotating service account signing keys"),
    ("resetserviceprincipalprofile", "resetting the service principal"),
    ("resetaadprofile", "resetting the Entra profile"),
    ("detectdiagnostics", "diagnostics"),
    ("manualupgrade", "bringing scale set instances to the latest model by hand"),
];

/// The refusal for a POST on a resource that Azure understands and the simulator does not, by its last segment.
pub(crate) fn not_simulated(path: &str) -> Option<Error> {
    let action = path.rsplit('/').next()?;
    let (_, what) = NOT_SIMULATED.iter().find(|(name, _)| name.eq_ignore_ascii_case(action))?;
    Some(Error::not_simulated(what, ""))
}
