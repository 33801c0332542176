//! Resources that are kept and returned without acting on them: identities, virtual networks and the like.
//!
//! Only the types listed here: anything else is refused rather than silently accepted.

mod managed;
mod network;
pub(crate) mod snapshot;
mod types;

use std::sync::Arc;

use axum::extract::Request;
use axum::response::Response;
use axum::routing::{MethodRouter, get};
use control_plane::ids::{ClusterId, GroupId};
use control_plane::model::{GenericResource, Opaque};
use control_plane::refusal::{Refusal, RefusalKind};
use http::{Method, StatusCode};
use serde_json::Value;

use crate::answer::{self, Voice, created_or_ok};
use crate::container_service::actions;
use crate::door::FrontDoor;
use crate::error::{Answer, Error};
use crate::gateway::unmatched;
use crate::middleware::Content;
use crate::scope::{Scope, group_not_found, resource_not_found};
use crate::wire::ids::{GroupPath, user_assigned_id};
use crate::wire::json::{self, Object, document, object};
use crate::wire::read::Members;
pub(crate) use types::types;
use types::{Place, tracked};

/// All verbs on all paths below a group that no other route takes.
pub(crate) fn routes() -> MethodRouter<Arc<FrontDoor>> {
    get(read).put(put).patch(patch).delete(delete).fallback(any_other)
}

/// Lists of a type over a subscription.
pub(crate) fn lists() -> MethodRouter<Arc<FrontDoor>> {
    get(list_all).fallback(any_other)
}

/// All resources of a group that have no routes of their own: stored ones, and what AKS made.
pub(crate) fn all(scope: &Scope, group: &GroupId) -> Vec<Arc<GenericResource>> {
    let mut all = scope.world().generics(group);
    all.extend(managed::in_group(scope, group));
    all
}

/// One of them.
fn find(scope: &Scope, group: &GroupId, namespace: &str, path: &[String]) -> Option<Arc<GenericResource>> {
    scope.world().generic(group, namespace, path).or_else(|| managed_one(scope, group, namespace, path))
}

fn managed_one(scope: &Scope, group: &GroupId, namespace: &str, path: &[String]) -> Option<Arc<GenericResource>> {
    let same = |one: &Arc<GenericResource>| {
        one.namespace == namespace
            && one.path.len() == path.len()
            && one.path.iter().zip(path).all(|(a, b)| a.eq_ignore_ascii_case(b))
    };
    managed::in_group(scope, group).into_iter().find(same)
}

async fn any_other(scope: Scope, request: Request) -> Answer {
    let path = request.uri().path();
    if let Some(refusal) = (request.method() == Method::POST).then(|| actions::not_simulated(path)).flatten() {
        return Err(refusal);
    }
    Err(unmatched::why(&scope.door, request.method(), request.uri().path()))
}

/// `GET …/providers/{namespace}/{kind}` of a subscription.
async fn list_all(scope: Scope, request: Request) -> Answer {
    let Some((namespace, kind)) = tracked(scope.param("namespace"), scope.param("kind")) else {
        return Err(unmatched::why(&scope.door, request.method(), request.uri().path()));
    };
    let groups = scope.world().groups(scope.subscription.id);
    let every = groups.iter().flat_map(|group| all(&scope, &group.id));
    let wanted = every.filter(|one| one.namespace == namespace && one.path.len() == 2 && one.path[0] == kind);
    Ok(answer::provider(json::list(wanted, |one, out| object(out, |o| write(o, &scope, &one)))))
}

async fn read(scope: Scope, request: Request) -> Answer {
    let Some(place) = Place::of(&scope) else {
        return Err(unmatched::why(&scope.door, request.method(), request.uri().path()));
    };
    let group = scope.group();
    scope.world().group(&group).ok_or_else(|| group_not_found(&group))?;
    require_parent(&scope, &place)?;
    if place.is_list() {
        let all = all(&scope, &group);
        let wanted = all.iter().filter(|one| {
            one.namespace.eq_ignore_ascii_case(place.namespace)
                && one.path.len() == place.path.len() + 1
                && one.path.iter().zip(&place.path).all(|(a, b)| a.eq_ignore_ascii_case(b))
        });
        return Ok(answer::provider(json::list(wanted, |one, out| object(out, |o| write(o, &scope, one)))));
    }
    let found = find(&scope, &group, place.namespace, &place.path);
    match found.or_else(|| network::embedded_subnet(&scope, &place.path)) {
        Some(found) => Ok(resource(&scope, StatusCode::OK, &found)),
        None => Err(missing(&group, &place)),
    }
}

async fn put(scope: Scope, Content(body): Content) -> Answer {
    let place = changeable(&scope, &Method::PUT)?;
    let mut members = Members::of(&body)?;
    members.drop_all(&["id", "name", "type", "etag"]);
    let group = scope.group();
    require_parent(&scope, &place)?;
    let mut body = members.rest();
    match place.path[0].as_str() {
        "snapshots" => snapshot::complete(&scope, &mut body)?,
        "userAssignedIdentities" => forget_principal(&mut body),
        _ => {}
    }
    let wanted = GenericResource { group, namespace: place.namespace.to_owned(), path: place.path, body };
    let done = scope.world().put_generic(wanted).await?;
    Ok(resource(&scope, created_or_ok(done.created), &done.value))
}

/// The members that the request names replace those of the resource; within `properties` too.
async fn patch(scope: Scope, Content(body): Content) -> Answer {
    let place = changeable(&scope, &Method::PATCH)?;
    let group = scope.group();
    scope.world().group(&group).ok_or_else(|| group_not_found(&group))?;
    let before = scope.world().generic(&group, place.namespace, &place.path);
    let before = before.ok_or_else(|| missing(&group, &place))?;
    let mut members = Members::of(&body)?;
    members.drop_all(&["id", "name", "type", "etag"]);
    let mut body = members.rest();
    if let Some(Value::Object(asked)) = body.get_mut("properties") {
        let old = before.body.get("properties").and_then(Value::as_object).cloned().unwrap_or_default();
        *asked = old.into_iter().chain(std::mem::take(asked)).collect();
    }
    let done = scope.world().put_generic(GenericResource { body, ..(*before).clone() }).await?;
    Ok(resource(&scope, StatusCode::OK, &done.value))
}

/// What a request may change: one resource of a kept type that AKS did not make.
fn changeable(scope: &Scope, method: &Method) -> Result<Place, Error> {
    let place = Place::of(scope).filter(|place| !place.is_list()).ok_or_else(|| not_kept(scope, method))?;
    if managed_one(scope, &scope.group(), place.namespace, &place.path).is_some() {
        let what = format!("changes to {}, which AKS made and looks after", place.what());
        return Err(Error::not_simulated(&what, "Change the cluster instead."));
    }
    Ok(place)
}

/// Ids of an identity are made from its own id; what a client sends back of them means nothing.
fn forget_principal(body: &mut Opaque) {
    if let Some(Value::Object(properties)) = body.get_mut("properties") {
        properties.retain(|key, _| !["tenantId", "principalId", "clientId"].contains(&key.as_str()));
    }
}

/// What lives below a cluster needs the cluster.
fn require_parent(scope: &Scope, place: &Place) -> Result<(), Error> {
    if place.path[0] != "managedClusters" {
        return Ok(());
    }
    let id = ClusterId { group: scope.group(), name: place.path[1].as_str().into() };
    let what = || format!("Microsoft.ContainerService/managedClusters/{}", id.name);
    scope.world().cluster(&id).map(|_| ()).ok_or_else(|| resource_not_found(&id.group, &what()))
}

/// Tracked resources are missed by the gateway, those below a cluster by the resource provider. The text and subcode of
/// the role binding are from the public test recordings of Azure/azure-cli-extensions; the other is modelled on it.
fn missing(group: &GroupId, place: &Place) -> Error {
    let [parent, cluster, kind, name] = &place.path[..] else {
        return resource_not_found(group, &place.what());
    };
    let (what, kind, subcode) = match kind.as_str() {
        _ if parent != "managedClusters" => return resource_not_found(group, &place.what()),
        "trustedAccessRoleBindings" => {
            ("trusted access role binding", "TrustedAccessRoleBinding", "GetTrustedAccessRoleBinding_NotFound")
        }
        _ => ("maintenance configuration", "MaintenanceConfiguration", "GetMaintenanceConfiguration_NotFound"),
    };
    let text = format!(
        "Could not find the {what} {name} in subscription: {}, resourceGroup: {}, clusterName: {cluster}.",
        group.subscription, group.name
    );
    let detail = format!("rpc error: code = NotFound desc = {kind} not found");
    Refusal::provider(RefusalKind::NotFound, "NotFound", text).subcode(subcode).detail(detail).into()
}

async fn delete(scope: Scope) -> Answer {
    let place = changeable(&scope, &Method::DELETE)?;
    let existed = scope.world().delete_generic(&scope.group(), place.namespace, &place.path).await?;
    Ok(answer::empty(if existed { StatusCode::OK } else { StatusCode::NO_CONTENT }))
}

fn not_kept(scope: &Scope, method: &Method) -> Error {
    let path = format!("/providers/{}/{}", scope.param("namespace"), scope.param("path"));
    unmatched::why(&scope.door, method, &path)
}

fn resource(scope: &Scope, status: StatusCode, found: &GenericResource) -> Response {
    answer::json(Voice::Provider, status, document(|o| write(o, scope, found)))
}

/// The id of a kept resource.
pub(crate) fn id_of(resource: &GenericResource) -> String {
    format!("{}/providers/{}/{}", GroupPath(&resource.group), resource.namespace, resource.path.join("/"))
}

/// `Namespace/type[/type]`. An extension resource has the type below its last `providers`.
pub(crate) fn type_of(resource: &GenericResource) -> String {
    let types: Vec<_> = resource.path.iter().step_by(2).map(String::as_str).collect();
    match types.iter().rposition(|kind| *kind == "providers") {
        Some(at) => format!("{}/{}", resource.path[2 * at + 1], types[at + 1..].join("/")),
        None => format!("{}/{}", resource.namespace, types.join("/")),
    }
}

fn write(o: &mut Object<'_>, scope: &Scope, resource: &GenericResource) {
    let id = id_of(resource);
    o.value("id", &id).value("name", &resource.path.last());
    // The resource provider leaves the type out here (recorded in `test_aks_maintenanceconfiguration`).
    if resource.path.get(2).is_none_or(|kind| kind != "maintenanceConfigurations") {
        o.value("type", &type_of(resource));
    }
    o.kept(&resource.body, "location").kept(&resource.body, "tags");
    let empty = serde_json::Map::new();
    let properties = resource.body.get("properties").and_then(Value::as_object).unwrap_or(&empty);
    o.object("properties", |o| match resource.path[0].as_str() {
        "userAssignedIdentities" => {
            let made = |what: &str| user_assigned_id(&id, what);
            o.value("tenantId", &scope.subscription.tenant);
            o.kept_or(properties, "principalId", &made("principal")).kept_or(properties, "clientId", &made("client"));
            o.rest(properties, &["tenantId", "principalId", "clientId"]);
        }
        "virtualNetworks" if resource.path.len() == 2 => network::write_network(o, scope, resource, properties),
        "managedClusters" | "snapshots" => {
            o.rest(properties, &[]);
        }
        "registries" => {
            let name = resource.path[1].to_lowercase();
            o.value("provisioningState", "Succeeded").text("loginServer", format_args!("{name}.azurecr.io"));
            o.rest(properties, &["provisioningState", "loginServer"]);
        }
        _ => {
            o.value("provisioningState", "Succeeded").rest(properties, &["provisioningState"]);
        }
    });
    o.rest(&resource.body, &["location", "tags", "properties"]);
}
