//! Managed clusters.

use std::sync::Arc;

use axum::extract::Request;
use axum::response::Response;
use control_plane::era::Era;
use control_plane::ids::{PoolId, StorageKey};
use control_plane::model::{Cluster, NodeState, Pool, Provisioning};
use control_plane::world::{Put, RegistrationShown};
use http::{HeaderMap, StatusCode, Uri};

use crate::answer::{self, Voice};
use crate::error::{Answer, Error};
use crate::kept::snapshot;
use crate::middleware::Content;
use crate::middleware::canonical_path::asked;
use crate::page::page;
use crate::scope::{Scope, conditions, group_not_found};
use crate::wire::cluster::{self, Occasion, View};
use crate::wire::cluster_body;
use crate::wire::json::document;
use crate::wire::preview_features::PreviewFeatures;

/// `GET …/managedClusters` of a subscription.
pub(crate) async fn list(scope: Scope, request: Request) -> Answer {
    let all = scope.world().clusters(scope.subscription.id);
    Ok(listed(&scope, &asked(&request), all))
}

/// `GET …/managedClusters` of a resource group.
pub(crate) async fn list_in_group(scope: Scope, request: Request) -> Answer {
    let group = scope.group();
    scope.world().group(&group).ok_or_else(|| group_not_found(&group))?;
    let all = scope.world().clusters_in(&group);
    Ok(listed(&scope, &asked(&request), all))
}

fn listed(scope: &Scope, uri: &Uri, clusters: Vec<Arc<Cluster>>) -> Response {
    let page = page(scope, uri, clusters, |cluster| cluster.id.storage_key());
    answer::provider(document(|o| {
        o.array("value", &page.items, |one, out| {
            let pools = scope.world().pools(&one.id);
            cluster::item(&view(scope, one, &pools, Occasion::Other), out);
        });
        o.maybe("nextLink", page.next.as_ref());
    }))
}

/// `GET …/managedClusters/{cluster}`.
pub(crate) async fn show(scope: Scope) -> Answer {
    let found = scope.existing_cluster()?;
    Ok(resource(&scope, StatusCode::OK, &found, Occasion::Other))
}

/// `PUT …/managedClusters/{cluster}`: 201 for a new one, 200 for a change; the operation's URL in
/// `azure-asyncoperation`, neither `Location` nor `Retry-After`.
pub(crate) async fn put(scope: Scope, headers: HeaderMap, Content(body): Content) -> Answer {
    let mut spec = cluster_body::read(&body)?;
    let id = scope.cluster();
    for pool in spec.pools.iter_mut().flatten() {
        let before = scope.world().pool(&PoolId { cluster: id.clone(), name: pool.name.as_str().into() });
        snapshot::apply(scope.world(), pool, before.as_deref())?;
    }
    if spec.location.is_empty() && scope.world().cluster(&id).is_none() {
        let text = "The location property is required for this definition.";
        return Err(Error::gateway(control_plane::refusal::RefusalKind::BadRequest, "LocationRequired", text));
    }
    let done = scope.world().put_cluster(id, spec, conditions(&headers)).await?;
    Ok(accepted(&scope, &done))
}

/// `PATCH …/managedClusters/{cluster}`: tags only.
pub(crate) async fn patch(scope: Scope, headers: HeaderMap, Content(body): Content) -> Answer {
    let tags = cluster_body::read_tags(&body)?;
    let done = scope.world().patch_cluster_tags(&scope.cluster(), tags, conditions(&headers)).await?;
    Ok(accepted(&scope, &done))
}

/// `DELETE …/managedClusters/{cluster}`: 202 with both status URLs, 204 when there was none.
pub(crate) async fn delete(scope: Scope, headers: HeaderMap) -> Answer {
    let id = scope.cluster();
    if scope.world().group(&id.group).is_none() {
        return Err(group_not_found(&id.group));
    }
    let location = scope.world().cluster(&id).map(|cluster| cluster.location.clone());
    let operation = scope.world().delete_cluster(&id, conditions(&headers)).await?;
    Ok(match (operation, location) {
        (Some(operation), Some(location)) => answer::accepted(&scope, &location, operation),
        _ => answer::empty(StatusCode::NO_CONTENT),
    })
}

fn view<'a>(scope: &'a Scope, cluster: &'a Cluster, pools: &'a [Arc<Pool>], occasion: Occasion) -> View<'a> {
    let stands = match cluster.provisioning {
        Provisioning::Creating => false,
        // Aborted or failed on the way: what stands, nodes stand on.
        Provisioning::Canceled | Provisioning::Failed => pools.iter().any(|pool| has_booted(scope, pool)),
        _ => true,
    };
    let (subscription, form, features) = (&scope.subscription, scope.form(), preview_features(scope));
    View { cluster, pools, subscription, form, features, stands, occasion }
}

/// Asked for in the preview era only: later, registration changes nothing any more.
fn preview_features(scope: &Scope) -> PreviewFeatures {
    if scope.subscription.era > Era::Preview {
        return PreviewFeatures::default();
    }
    let shown = |name: &str| scope.world().feature(scope.subscription.id, "Microsoft.ContainerService", name);
    PreviewFeatures::of(|name| shown(name) == Ok(RegistrationShown::Registered))
}

fn has_booted(scope: &Scope, pool: &Pool) -> bool {
    scope.world().nodes(&pool.id).iter().any(|node| !matches!(node.state, NodeState::Allocating { .. }))
}

/// The cluster as it is now, with all its pools.
pub(super) fn resource(scope: &Scope, status: StatusCode, found: &Cluster, occasion: Occasion) -> Response {
    let pools = scope.world().pools(&found.id);
    answer::json(Voice::Provider, status, cluster::resource(&view(scope, found, &pools, occasion)))
}

fn accepted(scope: &Scope, done: &Put<Cluster>) -> Response {
    let occasion = if done.created { Occasion::Created } else { Occasion::Other };
    let response = resource(scope, answer::created_or_ok(done.created), &done.value, occasion);
    match done.operation {
        Some(operation) => answer::with_operation(response, scope, &done.value.location, operation),
        None => response,
    }
}
