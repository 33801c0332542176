//! Resource groups.

use axum::extract::RawQuery;
use axum::response::Response;
use control_plane::model::ResourceGroup;
use control_plane::world::GroupSpec;
use http::StatusCode;
use serde_json::Value;

use super::operation_results;
use crate::answer::{self, Voice};
use crate::error::Answer;
use crate::middleware::Content;
use crate::query::Filter;
use crate::scope::{Scope, group_not_found};
use crate::wire::group;
use crate::wire::json;

/// `GET …/resourcegroups`, with az's filter on tags.
pub(crate) async fn list(scope: Scope, RawQuery(query): RawQuery) -> Answer {
    let filter = Filter::from_query(query.as_deref(), &["tagname", "tagvalue"])?;
    let groups = scope.world().groups(scope.subscription.id);
    let admitted = groups.iter().filter(|group| has_tag(group, &filter));
    Ok(answer::gateway(json::list(admitted, |one, out| group::item(one, one.managed_by.as_ref(), out))))
}

fn has_tag(group: &ResourceGroup, filter: &Filter) -> bool {
    let Some(name) = filter.get("tagname") else {
        return filter.get("tagvalue").is_none();
    };
    let tags = group.tags.iter().flatten();
    let mut values = tags.filter(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value);
    values.any(|value| {
        filter.get("tagvalue").is_none_or(|wanted| value.as_str().or(value.is_null().then_some("")) == Some(wanted))
    })
}

/// `GET …/resourcegroups/{group}`.
pub(crate) async fn show(scope: Scope) -> Answer {
    let id = scope.group();
    let found = scope.world().group(&id).ok_or_else(|| group_not_found(&id))?;
    Ok(resource(StatusCode::OK, &found))
}

/// `HEAD …/resourcegroups/{group}`: how `az group exists` asks.
pub(crate) async fn exists(scope: Scope) -> Answer {
    match scope.world().group(&scope.group()) {
        Some(_) => Ok(answer::empty(StatusCode::NO_CONTENT)),
        None => Ok(answer::refused_by_gateway(answer::empty(StatusCode::NOT_FOUND))),
    }
}

/// `PUT …/resourcegroups/{group}`: 201 when it is new.
pub(crate) async fn put(scope: Scope, Content(body): Content) -> Answer {
    let spec = group::read(&body)?;
    let done = scope.world().put_group(scope.group(), spec).await?;
    Ok(resource(answer::created_or_ok(done.created), &done.value))
}

/// `PATCH …/resourcegroups/{group}`: replaces the tags.
pub(crate) async fn patch(scope: Scope, Content(body): Content) -> Answer {
    let tags = group::read_tags(&body)?;
    let id = scope.group();
    let before = scope.world().group(&id).ok_or_else(|| group_not_found(&id))?;
    let spec = GroupSpec { location: before.location.clone(), tags, opaque: serde_json::Map::<String, Value>::new() };
    let done = scope.world().put_group(id, spec).await?;
    Ok(resource(StatusCode::OK, &done.value))
}

/// `DELETE …/resourcegroups/{group}`: 202 with a `Location` to poll.
pub(crate) async fn delete(scope: Scope) -> Answer {
    let operation = scope.world().delete_group(&scope.group()).await?;
    Ok(operation_results::accepted(&scope, operation))
}

fn resource(status: StatusCode, found: &ResourceGroup) -> Response {
    answer::json(Voice::Gateway, status, group::resource(found, found.managed_by.as_ref()))
}
