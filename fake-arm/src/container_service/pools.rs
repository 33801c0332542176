//! Agent pools.

use axum::response::Response;
use control_plane::model::Pool;
use control_plane::world::Put;
use http::{HeaderMap, StatusCode};

use crate::answer::{self, Voice};
use crate::error::Answer;
use crate::middleware::Content;
use crate::scope::{Scope, conditions};
use crate::wire::{json, pool, pool_body};

/// `GET …/agentPools`. One page: Azure's own pages end after the first in all recordings.
pub(crate) async fn list(scope: Scope) -> Answer {
    let cluster = scope.existing_cluster()?;
    let pools = scope.world().pools(&cluster.id);
    Ok(answer::provider(json::list(&pools, |one, out| pool::item(one, scope.api, out))))
}

/// `GET …/agentPools/{pool}`.
pub(crate) async fn show(scope: Scope) -> Answer {
    let (_, found) = scope.existing_pool()?;
    Ok(answer::provider(pool::resource(&found, scope.api)))
}

/// `PUT …/agentPools/{pool}`.
pub(crate) async fn put(scope: Scope, headers: HeaderMap, Content(body): Content) -> Answer {
    let spec = pool_body::read(&body, scope.param("pool"))?;
    let done = scope.world().put_pool(scope.pool(), spec, conditions(&headers)).await?;
    Ok(accepted(&scope, &done))
}

/// `DELETE …/agentPools/{pool}`: 202 with both status URLs, 204 when there was none.
pub(crate) async fn delete(scope: Scope, headers: HeaderMap) -> Answer {
    let cluster = scope.existing_cluster()?;
    let operation = scope.world().delete_pool(&scope.pool(), conditions(&headers)).await?;
    Ok(match operation {
        Some(id) => answer::accepted(&scope.door.origin, scope.subscription.id, &cluster.location, id),
        None => answer::empty(StatusCode::NO_CONTENT),
    })
}

fn accepted(scope: &Scope, done: &Put<Pool>) -> Response {
    let body = pool::resource(&done.value, scope.api);
    let response = answer::json(Voice::Provider, answer::created_or_ok(done.created), body);
    let cluster = scope.world().cluster(&done.value.id.cluster);
    match (done.operation, cluster) {
        (Some(operation), Some(cluster)) => {
            answer::with_operation(response, &scope.door.origin, scope.subscription.id, &cluster.location, operation)
        }
        _ => response,
    }
}
