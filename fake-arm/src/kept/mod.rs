//! Resources that are kept and returned without acting on them: identities, virtual networks and the like.
//!
//! Only the types listed here: anything else is refused rather than silently accepted.

mod network;
pub(crate) mod snapshot;

use axum::extract::Request;
use axum::response::Response;
use axum::routing::{MethodRouter, get};
use control_plane::ids::{ClusterId, GroupId};
use control_plane::model::GenericResource;
use control_plane::refusal::{Refusal, RefusalKind};
use http::{Method, StatusCode};
use serde_json::Value;

use std::sync::Arc;

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

/// The kept types: namespace and types in their conventional case.
const TYPES: &[(&str, &[&str])] = &[
    ("Microsoft.ManagedIdentity", &["userAssignedIdentities"]),
    ("Microsoft.Network", &["virtualNetworks"]),
    ("Microsoft.Network", &["virtualNetworks", "subnets"]),
    ("Microsoft.Network", &["networkSecurityGroups"]),
    ("Microsoft.Network", &["routeTables"]),
    ("Microsoft.Network", &["publicIPAddresses"]),
    ("Microsoft.ContainerService", &["managedClusters", "maintenanceConfigurations"]),
    ("Microsoft.ContainerService", &["managedClusters", "trustedAccessRoleBindings"]),
    ("Microsoft.ContainerService", &["snapshots"]),
];

/// The kept types as `Namespace/type[/type]`.
pub(crate) fn types() -> impl Iterator<Item = String> {
    TYPES.iter().map(|(namespace, types)| format!("{namespace}/{}", types.join("/")))
}

/// Where a path below a group leads.
struct Place {
    namespace: &'static str,
    /// Types and names alternating, types in their conventional case. A list ends in a type.
    path: Vec<String>,
}

impl Place {
    fn is_list(&self) -> bool {
        self.path.len() % 2 == 1
    }

    fn what(&self) -> String {
        format!("{}/{}", self.namespace, self.path.join("/"))
    }
}

/// All verbs on all paths below a group that no other route takes.
pub(crate) fn routes() -> MethodRouter<Arc<FrontDoor>> {
    get(read).put(put).delete(delete).fallback(any_other)
}

async fn any_other(scope: Scope, request: Request) -> Answer {
    let path = request.uri().path();
    if let Some(refusal) = (request.method() == Method::POST).then(|| actions::not_simulated(path)).flatten() {
        return Err(refusal);
    }
    Err(unmatched::why(&scope.door, request.method(), request.uri().path()))
}

fn place(scope: &Scope) -> Option<Place> {
    let namespace = scope.param("namespace");
    let segments: Vec<&str> = scope.param("path").split('/').collect();
    TYPES.iter().find_map(|(known, types)| {
        let fits = known.eq_ignore_ascii_case(namespace)
            && segments.len().div_ceil(2) == types.len()
            && segments.iter().step_by(2).zip(*types).all(|(segment, kind)| segment.eq_ignore_ascii_case(kind));
        let spelled = |(index, segment): (usize, &&str)| match types.get(index / 2) {
            Some(kind) if index % 2 == 0 => (*kind).to_owned(),
            _ => (*segment).to_owned(),
        };
        fits.then(|| Place { namespace: known, path: segments.iter().enumerate().map(spelled).collect() })
    })
}

async fn read(scope: Scope, request: Request) -> Answer {
    let Some(place) = place(&scope) else {
        return Err(unmatched::why(&scope.door, request.method(), request.uri().path()));
    };
    let group = scope.group();
    scope.world().group(&group).ok_or_else(|| group_not_found(&group))?;
    require_parent(&scope, &place)?;
    if place.is_list() {
        let all = scope.world().generics(&group);
        let wanted = all.iter().filter(|one| {
            one.namespace.eq_ignore_ascii_case(place.namespace)
                && one.path.len() == place.path.len() + 1
                && one.path.iter().zip(&place.path).all(|(a, b)| a.eq_ignore_ascii_case(b))
        });
        return Ok(answer::provider(json::list(wanted, |one, out| object(out, |o| write(o, &scope, one)))));
    }
    let found = scope.world().generic(&group, place.namespace, &place.path);
    match found.or_else(|| network::embedded_subnet(&scope, &place.path)) {
        Some(found) => Ok(resource(&scope, StatusCode::OK, &found)),
        None => Err(missing(&group, &place)),
    }
}

async fn put(scope: Scope, Content(body): Content) -> Answer {
    let Some(place) = place(&scope).filter(|place| !place.is_list()) else {
        return Err(not_kept(&scope));
    };
    let mut members = Members::of(&body)?;
    members.drop_all(&["id", "name", "type", "etag"]);
    let group = scope.group();
    require_parent(&scope, &place)?;
    let mut body = members.rest();
    if place.path[0] == "snapshots" {
        snapshot::complete(&scope, &mut body)?;
    }
    let wanted = GenericResource { group, namespace: place.namespace.to_owned(), path: place.path, body };
    let done = scope.world().put_generic(wanted).await?;
    Ok(resource(&scope, created_or_ok(done.created), &done.value))
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

/// `GET …/providers/Microsoft.ContainerService/snapshots` of a subscription.
pub(crate) async fn snapshots(scope: Scope) -> Answer {
    let groups = scope.world().groups(scope.subscription.id);
    let all = groups.iter().flat_map(|group| scope.world().generics(&group.id));
    let wanted = all.filter(|one| one.path.len() == 2 && one.path[0] == "snapshots");
    Ok(answer::provider(json::list(wanted, |one, out| object(out, |o| write(o, &scope, &one)))))
}

async fn delete(scope: Scope) -> Answer {
    let Some(place) = place(&scope).filter(|place| !place.is_list()) else {
        return Err(not_kept(&scope));
    };
    let existed = scope.world().delete_generic(&scope.group(), place.namespace, &place.path).await?;
    Ok(answer::empty(if existed { StatusCode::OK } else { StatusCode::NO_CONTENT }))
}

fn not_kept(scope: &Scope) -> Error {
    let text = format!(
        "Slipway does not simulate resources of the type in '{}/{}'; nothing was changed.",
        scope.param("namespace"),
        scope.param("path")
    );
    Error::gateway(RefusalKind::NotImplemented, "NotSimulated", text)
}

fn resource(scope: &Scope, status: StatusCode, found: &GenericResource) -> Response {
    answer::json(Voice::Provider, status, document(|o| write(o, scope, found)))
}

/// The id of a kept resource.
pub(crate) fn id_of(resource: &GenericResource) -> String {
    format!("{}/providers/{}/{}", GroupPath(&resource.group), resource.namespace, resource.path.join("/"))
}

/// `Namespace/type[/type]`.
pub(crate) fn type_of(resource: &GenericResource) -> String {
    let types: Vec<_> = resource.path.iter().step_by(2).map(String::as_str).collect();
    format!("{}/{}", resource.namespace, types.join("/"))
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
            o.value("principalId", &made("principal")).value("clientId", &made("client"));
            o.rest(properties, &["tenantId", "principalId", "clientId"]);
        }
        "virtualNetworks" if resource.path.len() == 2 => network::write_network(o, scope, resource, properties),
        "managedClusters" | "snapshots" => {
            o.rest(properties, &[]);
        }
        _ => {
            o.value("provisioningState", "Succeeded").rest(properties, &["provisioningState"]);
        }
    });
    o.rest(&resource.body, &["location", "tags", "properties"]);
}
