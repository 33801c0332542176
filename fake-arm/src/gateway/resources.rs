//! `…/resources`: one list over all types.

use axum::extract::RawQuery;
use axum::response::Response;
use control_plane::ids::GroupId;
use control_plane::model::{Cluster, GenericResource, Opaque};

use crate::answer;
use crate::compute::scale_sets;
use crate::error::{Answer, Error};
use crate::kept;
use crate::query::Filter;
use crate::scope::{Scope, group_not_found};
use crate::wire::ids::ClusterPath;
use crate::wire::json::{self, object};

/// What the list shows of a resource.
struct Entry {
    id: String,
    name: String,
    kind: String,
    location: String,
    tags: Option<Opaque>,
    state: &'static str,
}

/// `GET …/resources`, with az's filters on group, type and name.
pub(crate) async fn list(scope: Scope, RawQuery(query): RawQuery) -> Answer {
    let filter = read_filter(query.as_deref())?;
    let groups = scope.world().groups(scope.subscription.id);
    let wanted = groups.iter().map(|group| &group.id).filter(|id| filter.admits("resourceGroup", id.name.as_str()));
    Ok(listed(&scope, wanted, &filter))
}

/// `GET …/resourcegroups/{group}/resources`.
pub(crate) async fn list_in_group(scope: Scope, RawQuery(query): RawQuery) -> Answer {
    let filter = read_filter(query.as_deref())?;
    let id = scope.group();
    scope.world().group(&id).ok_or_else(|| group_not_found(&id))?;
    Ok(listed(&scope, [&id].into_iter(), &filter))
}

fn read_filter(query: Option<&str>) -> Result<Filter, Error> {
    Filter::from_query(query, &["resourceGroup", "resourceType", "name", "location", "tagname", "tagvalue"])
}

fn listed<'a>(scope: &Scope, groups: impl Iterator<Item = &'a GroupId>, filter: &Filter) -> Response {
    let entries = groups.flat_map(|group| entries_of(scope, group));
    let admitted = entries.filter(|entry| admits(filter, entry));
    answer::gateway(json::list(admitted, |entry, out| {
        object(out, |o| {
            o.value("id", &entry.id).value("name", &entry.name).value("type", &entry.kind);
            o.value("location", &entry.location).maybe("tags", entry.tags.as_ref());
            o.value("provisioningState", entry.state);
        });
    }))
}

fn admits(filter: &Filter, entry: &Entry) -> bool {
    let has_tag = |name: &str| {
        let mut tags = entry.tags.iter().flatten().filter(|(key, _)| key.eq_ignore_ascii_case(name));
        tags.any(|(_, value)| filter.get("tagvalue").is_none_or(|wanted| value.as_str() == Some(wanted)))
    };
    filter.admits("resourceType", &entry.kind)
        && filter.admits("name", &entry.name)
        && filter.admits("location", &entry.location)
        && filter.get("tagname").is_none_or(has_tag)
}

fn entries_of(scope: &Scope, group: &GroupId) -> Vec<Entry> {
    let mut entries: Vec<_> = scope.world().clusters_in(group).iter().map(|cluster| of_cluster(cluster)).collect();
    entries.extend(scale_sets::in_group(scope, group).into_iter().map(|set| Entry {
        id: set.id(),
        name: set.name(),
        kind: "Microsoft.Compute/virtualMachineScaleSets".to_owned(),
        location: set.cluster.location.clone(),
        tags: None,
        state: set.state(),
    }));
    let tracked = kept::all(scope, group);
    entries.extend(tracked.iter().filter(|resource| is_tracked(resource)).map(|resource| of_kept(resource)));
    entries
}

fn of_cluster(cluster: &Cluster) -> Entry {
    Entry {
        id: ClusterPath(&cluster.id).to_string(),
        name: cluster.id.name.to_string(),
        kind: "Microsoft.ContainerService/managedClusters".to_owned(),
        location: cluster.location.clone(),
        tags: cluster.tags.clone(),
        state: cluster.provisioning.as_str(),
    }
}

fn of_kept(resource: &GenericResource) -> Entry {
    let text = |key: &str| resource.body.get(key).and_then(|v| v.as_str()).unwrap_or_default().to_owned();
    Entry {
        id: kept::id_of(resource),
        name: resource.path.last().cloned().unwrap_or_default(),
        kind: kept::type_of(resource),
        location: text("location"),
        tags: resource.body.get("tags").and_then(|v| v.as_object()).cloned(),
        state: "Succeeded",
    }
}

/// Children are listed with their parents, and deployments are the history of a group, no resources in it.
fn is_tracked(resource: &GenericResource) -> bool {
    resource.path.len() == 2 && resource.namespace != "Microsoft.Resources"
}
