//! Tags: the names in use in a subscription, and `{resource}/providers/Microsoft.Resources/tags/default`.

use std::collections::BTreeMap;

use axum::Extension;
use axum::response::Response;
use control_plane::ids::{ClusterId, GroupId, Name};
use control_plane::model::Opaque;
use control_plane::refusal::RefusalKind;
use control_plane::world::{Conditions, GroupSpec};
use http::StatusCode;
use serde_json::{Map, Value};

use crate::answer::{self, Voice};
use crate::error::{Answer, Error};
use crate::middleware::Content;
use crate::middleware::extension_scope::ExtensionScope;
use crate::scope::{Scope, group_not_found, resource_not_found};
use crate::wire::json::{self, document, object};
use crate::wire::read::Members;

/// `GET …/tagNames`: every name with its values and how often they occur.
pub(crate) async fn names(scope: Scope) -> Answer {
    let mut counts: BTreeMap<String, BTreeMap<String, u64>> = BTreeMap::new();
    let mut count = |tags: &Opaque| {
        for (name, value) in tags {
            let value = value.as_str().unwrap_or_default().to_owned();
            *counts.entry(name.clone()).or_default().entry(value).or_default() += 1;
        }
    };
    let world = scope.world();
    for group in world.groups(scope.subscription.id) {
        group.tags.iter().for_each(&mut count);
        world.clusters_in(&group.id).iter().filter_map(|cluster| cluster.tags.as_ref()).for_each(&mut count);
        let kept = world.generics(&group.id);
        kept.iter().filter_map(|one| one.body.get("tags")?.as_object()).for_each(&mut count);
    }
    let subscription = scope.subscription.id;
    let shown = |of: u64, o: &mut json::Object<'_>| {
        o.object("count", |o| {
            o.value("type", "Total").value("value", &of);
        });
    };
    Ok(answer::gateway(json::list(&counts, |(name, values), out| {
        object(out, |o| {
            let id = format!("/subscriptions/{subscription}/tagNames/{name}");
            o.value("id", &id).value("tagName", name);
            shown(values.values().sum(), o);
            o.array("values", values, |(value, times), out| {
                object(out, |o| {
                    o.text("id", format_args!("{id}/tagValues/{value}")).value("tagValue", value);
                    shown(*times, o);
                });
            });
        });
    })))
}

/// What can be tagged through the tags API here.
enum Tagged {
    Group(GroupId),
    Cluster(ClusterId),
}

fn tagged(scope: &Scope, id: &str) -> Result<Tagged, Error> {
    let segments: Vec<&str> = id.split('/').filter(|segment| !segment.is_empty()).collect();
    let group = |name: &str| GroupId { subscription: scope.subscription.id, name: Name::new(name) };
    match segments.as_slice() {
        [_, _, groups, name] if groups.eq_ignore_ascii_case("resourceGroups") => Ok(Tagged::Group(group(name))),
        [_, _, _, name, _, namespace, kind, cluster]
            if namespace.eq_ignore_ascii_case("Microsoft.ContainerService")
                && kind.eq_ignore_ascii_case("managedClusters") =>
        {
            Ok(Tagged::Cluster(ClusterId { group: group(name), name: Name::new(*cluster) }))
        }
        _ => Err(Error::not_simulated(
            &format!("the tags API on '{id}'"),
            "It works on resource groups and managed clusters; write the tags of other resources with the resource.",
        )),
    }
}

fn tags_of(scope: &Scope, of: &Tagged) -> Result<Opaque, Error> {
    let found = match of {
        Tagged::Group(id) => scope.world().group(id).ok_or_else(|| group_not_found(id))?.tags.clone(),
        Tagged::Cluster(id) => {
            let missing =
                || resource_not_found(&id.group, &format!("Microsoft.ContainerService/managedClusters/{}", id.name));
            scope.world().cluster(id).ok_or_else(missing)?.tags.clone()
        }
    };
    Ok(found.unwrap_or_default())
}

async fn write(scope: &Scope, of: Tagged, tags: Opaque) -> Result<(), Error> {
    match of {
        Tagged::Group(id) => {
            let location = scope.world().group(&id).ok_or_else(|| group_not_found(&id))?.location.clone();
            scope.world().put_group(id, GroupSpec { location, tags: Some(tags), opaque: Map::new() }).await?;
        }
        Tagged::Cluster(id) => {
            scope.world().patch_cluster_tags(&id, tags, Conditions::default()).await?;
        }
    }
    Ok(())
}

/// `GET {resource}/providers/Microsoft.Resources/tags/default`.
pub(crate) async fn show(scope: Scope, Extension(ExtensionScope(at)): Extension<ExtensionScope>) -> Answer {
    let tags = tags_of(&scope, &tagged(&scope, &at)?)?;
    Ok(resource(&at, &tags))
}

/// `PUT …/tags/default`: replaces all tags.
pub(crate) async fn put(
    scope: Scope,
    Extension(ExtensionScope(at)): Extension<ExtensionScope>,
    Content(body): Content,
) -> Answer {
    let (_, tags) = read(&body)?;
    write(&scope, tagged(&scope, &at)?, tags.clone()).await?;
    Ok(resource(&at, &tags))
}

/// `PATCH …/tags/default`: merges, replaces or deletes the tags that it names.
pub(crate) async fn patch(
    scope: Scope,
    Extension(ExtensionScope(at)): Extension<ExtensionScope>,
    Content(body): Content,
) -> Answer {
    let of = tagged(&scope, &at)?;
    let before = tags_of(&scope, &of)?;
    let (operation, asked) = read(&body)?;
    let after = match operation.as_deref() {
        Some("Replace") => asked,
        Some("Delete") => before.into_iter().filter(|(name, value)| asked.get(name) != Some(value)).collect(),
        Some("Merge") => before.into_iter().chain(asked).collect(),
        other => {
            let text = format!("The operation '{}' is not one of Merge, Replace, Delete.", other.unwrap_or(""));
            return Err(Error::gateway(RefusalKind::BadRequest, "InvalidTagsOperation", text));
        }
    };
    write(&scope, of, after.clone()).await?;
    Ok(resource(&at, &after))
}

/// `DELETE …/tags/default`: removes all tags.
pub(crate) async fn delete(scope: Scope, Extension(ExtensionScope(at)): Extension<ExtensionScope>) -> Answer {
    write(&scope, tagged(&scope, &at)?, Map::new()).await?;
    Ok(answer::empty(StatusCode::OK))
}

fn read(body: &[u8]) -> Result<(Option<String>, Opaque), Error> {
    let mut members = Members::of(body)?;
    let operation = members.text("operation")?;
    let mut properties = members.nested("properties")?.ok_or_else(|| Members::missing("properties"))?;
    Ok((operation, properties.text_map("tags")?.unwrap_or_default()))
}

fn resource(at: &str, tags: &Map<String, Value>) -> Response {
    let body = document(|o| {
        o.text("id", format_args!("{at}/providers/Microsoft.Resources/tags/default"));
        o.value("name", "default").value("type", "Microsoft.Resources/tags");
        o.object("properties", |o| {
            o.value("tags", tags);
        });
    });
    answer::json(Voice::Gateway, StatusCode::OK, body)
}
