//! Agent pools.

use axum::extract::RawQuery;
use axum::response::Response;
use control_plane::model::{Cluster, Pool};
use control_plane::world::Put;
use http::{HeaderMap, StatusCode};

use crate::answer::{self, Voice};
use crate::error::Answer;
use crate::kept::snapshot;
use crate::middleware::Content;
use crate::query;
use crate::scope::{Scope, conditions};
use crate::wire::ids::GroupPath;
use crate::wire::json::{self, document};
use crate::wire::{pool, pool_body};

/// `GET …/agentPools`. One page with all; where [`Form`](crate::wire::form::Form) says so, with a link to an empty
/// second one, as in all recordings of that time.
pub(crate) async fn list(scope: Scope, RawQuery(query): RawQuery) -> Answer {
    let cluster = scope.existing_cluster()?;
    if ["skipToken", "$skipToken"].iter().any(|name| query::value(query.as_deref(), name).is_some()) {
        return Ok(answer::provider(json::list([(); 0], |(), _| {})));
    }
    let pools = scope.world().pools(&cluster.id);
    Ok(answer::provider(document(|o| {
        o.array("value", &pools, |one, out| pool::item(one, scope.form(), out));
        if scope.form().pages_pools() {
            o.value("nextLink", &second_page(&scope, &cluster, query.as_deref().unwrap_or_default()));
        }
    })))
}

/// The token means nothing to a client: here it is made of the cluster's hash, so that it does not change.
fn second_page(scope: &Scope, cluster: &Cluster, query: &str) -> String {
    let api = query::value(Some(query), "api-version").unwrap_or_default();
    let token = cluster.name_hash.get(..6).unwrap_or("1");
    let group = GroupPath(&cluster.id.group);
    format!(
        "{}{group}/providers/Microsoft.ContainerService/managedClusters/{}/agentPools?%24skipToken={token}&api-version={api}&skipToken={token}",
        scope.door.origin, cluster.id.name
    )
}

/// `GET …/agentPools/{pool}`.
pub(crate) async fn show(scope: Scope) -> Answer {
    let (_, found) = scope.existing_pool()?;
    Ok(answer::provider(pool::resource(&found, scope.form())))
}

/// `PUT …/agentPools/{pool}`.
pub(crate) async fn put(scope: Scope, headers: HeaderMap, Content(body): Content) -> Answer {
    let mut spec = pool_body::read(&body, scope.param("pool"))?;
    snapshot::apply(scope.world(), &mut spec, scope.world().pool(&scope.pool()).as_deref())?;
    let done = scope.world().put_pool(scope.pool(), spec, conditions(&headers)).await?;
    Ok(accepted(&scope, &done))
}

/// `DELETE …/agentPools/{pool}`: 202 with both status URLs, 204 when there was none.
pub(crate) async fn delete(scope: Scope, headers: HeaderMap) -> Answer {
    let cluster = scope.existing_cluster()?;
    let operation = scope.world().delete_pool(&scope.pool(), conditions(&headers)).await?;
    Ok(match operation {
        Some(id) => answer::accepted(&scope, &cluster.location, id),
        None => answer::empty(StatusCode::NO_CONTENT),
    })
}

fn accepted(scope: &Scope, done: &Put<Pool>) -> Response {
    let body = pool::resource(&done.value, scope.form());
    let response = answer::json(Voice::Provider, answer::created_or_ok(done.created), body);
    let cluster = scope.world().cluster(&done.value.id.cluster);
    match (done.operation, cluster) {
        (Some(operation), Some(cluster)) => answer::with_operation(response, scope, &cluster.location, operation),
        _ => response,
    }
}
