//! `{scope}/providers/Microsoft.Authorization/roleAssignments`.

use std::sync::Arc;

use axum::Extension;
use axum::extract::RawQuery;
use axum::response::Response;
use control_plane::ids::{GroupId, Name};
use control_plane::model::{Opaque, RoleAssignment, is_at_or_below};
use control_plane::refusal::RefusalKind;
use http::StatusCode;
use uuid::Uuid;

use super::filter::Narrowed;
use super::{definitions, roles};
use crate::answer::{self, Voice};
use crate::entra::Principal;
use crate::error::{Answer, Error};
use crate::middleware::Content;
use crate::middleware::extension_scope::ExtensionScope;
use crate::scope::{Scope, group_not_found};
use crate::wire::json::{self, Object, document, object};
use crate::wire::read::Members;

/// Principals as `principalType` names them.
const PRINCIPAL_TYPES: [&str; 5] = ["ServicePrincipal", "User", "Group", "ForeignGroup", "Device"];

/// `GET …/roleAssignments`: those at the scope and above and, unless `atScope()` says otherwise, below.
pub(crate) async fn list(
    scope: Scope,
    Extension(ExtensionScope(at)): Extension<ExtensionScope>,
    RawQuery(query): RawQuery,
) -> Answer {
    let narrowed = Narrowed::from_query(query.as_deref())?;
    let mut all = built_in(&scope);
    all.extend(scope.world().role_assignments(scope.subscription.id).iter().map(|one| (**one).clone()));
    let fits = |one: &&RoleAssignment| {
        let near = one.covers(&at) || (!narrowed.at_scope && is_at_or_below(&one.scope, &at));
        let own = |wanted: &String| wanted.eq_ignore_ascii_case(&one.principal.to_string());
        near && narrowed.principal.as_ref().is_none_or(own)
    };
    Ok(answer::gateway(json::list(all.iter().filter(fits), |one, out| object(out, |o| write(o, one)))))
}

/// `GET …/roleAssignments/{name}`.
pub(crate) async fn show(scope: Scope) -> Answer {
    let name = name(&scope)?;
    let built_in = built_in(&scope).into_iter().find(|one| one.name == name);
    let found = match built_in {
        Some(found) => found,
        None => {
            let stored = scope.world().role_assignment(scope.subscription.id, name);
            (*stored.ok_or_else(|| not_found(name))?).clone()
        }
    };
    Ok(resource(StatusCode::OK, &found))
}

/// `PUT …/roleAssignments/{name}`: 201, also when it is there already, as Azure does.
pub(crate) async fn put(
    scope: Scope,
    Extension(ExtensionScope(at)): Extension<ExtensionScope>,
    Extension(caller): Extension<Arc<Principal>>,
    Content(body): Content,
) -> Answer {
    require_group(&scope, &at)?;
    let wanted = read(&scope, at, &caller, &body)?;
    if built_in(&scope).iter().any(|one| one.name == wanted.name) {
        return Err(belongs_to_slipway(RefusalKind::Conflict));
    }
    let done = scope.world().put_role_assignment(wanted).await?;
    Ok(resource(StatusCode::CREATED, &done.value))
}

/// `DELETE …/roleAssignments/{name}`: 200 with what it was, 204 when there was none.
pub(crate) async fn delete(scope: Scope) -> Answer {
    let name = name(&scope)?;
    if built_in(&scope).iter().any(|one| one.name == name) {
        return Err(belongs_to_slipway(RefusalKind::BadRequest));
    }
    let before = scope.world().delete_role_assignment(scope.subscription.id, name).await?;
    Ok(before.map_or_else(|| answer::empty(StatusCode::NO_CONTENT), |before| resource(StatusCode::OK, &before)))
}

fn name(scope: &Scope) -> Result<Uuid, Error> {
    let text = scope.param("assignment");
    Uuid::try_parse(text).map_err(|_| {
        let text = format!("The role assignment ID '{text}' is not valid. The role assignment ID must be a GUID.");
        Error::gateway(RefusalKind::BadRequest, "InvalidRoleAssignmentId", text)
    })
}

fn not_found(name: Uuid) -> Error {
    let text = format!("The role assignment '{name}' is not found.");
    Error::gateway(RefusalKind::NotFound, "RoleAssignmentNotFound", text)
}

fn belongs_to_slipway(kind: RefusalKind) -> Error {
    // Azure refuses to delete the last owner in these words (Azure RBAC troubleshooting); the code is inferred.
    let text = "Cannot delete the last RBAC admin assignment. Slipway's own assignments belong to every subscription.";
    Error::gateway(kind, "LastRbacAdminAssignment", text)
}

/// Scopes in a group need the group; whether the resource exists is not asked, it may be of a type kept elsewhere.
fn require_group(scope: &Scope, at: &str) -> Result<(), Error> {
    let segments: Vec<&str> = at.split('/').collect();
    match segments.as_slice() {
        [_, _, _, kind, name, ..] if kind.eq_ignore_ascii_case("resourceGroups") => {
            let group = GroupId { subscription: scope.subscription.id, name: Name::new(*name) };
            scope.world().group(&group).map(|_| ()).ok_or_else(|| group_not_found(&group))
        }
        _ => Ok(()),
    }
}

fn read(scope: &Scope, at: String, caller: &Principal, body: &[u8]) -> Result<RoleAssignment, Error> {
    let mut members = Members::of(body)?;
    let mut properties = members.nested("properties")?.ok_or_else(|| Members::missing("properties"))?;
    let definition = properties
        .text_or_default("roleDefinitionId")?
        .ok_or_else(|| Members::missing("properties.roleDefinitionId"))?;
    let role =
        definition.rsplit('/').next().and_then(|id| Uuid::try_parse(id).ok()).filter(|id| roles::find(*id).is_some());
    let principal =
        properties.text_or_default("principalId")?.ok_or_else(|| Members::missing("properties.principalId"))?;
    let kind = properties.text_or_default("principalType")?;
    properties.drop_all(&["scope", "createdOn", "updatedOn", "createdBy", "updatedBy"]);
    let bad = |code: &str, text: String| Error::gateway(RefusalKind::BadRequest, code, text);
    let spelled = |given: String| {
        let known = PRINCIPAL_TYPES.iter().find(|known| known.eq_ignore_ascii_case(&given));
        known.copied().ok_or_else(|| bad("InvalidPrincipalType", format!("The principal type '{given}' is not valid.")))
    };
    Ok(RoleAssignment {
        subscription: scope.subscription.id,
        name: name(scope)?,
        scope: at,
        role: role.ok_or_else(|| definitions::does_not_exist(&definition))?,
        principal: Uuid::try_parse(&principal).map_err(|_| {
            bad("InvalidPrincipalId", format!("A valid principal ID must be provided, not '{principal}'."))
        })?,
        principal_type: kind.map_or(Ok(PRINCIPAL_TYPES[0]), spelled)?.to_owned(),
        created: scope.world().now(),
        created_by: caller.object,
        properties: properties.rest(),
    })
}

/// What every subscription has from the start.
fn built_in(scope: &Scope) -> Vec<RoleAssignment> {
    let [application, user] = scope.door.authority.owners();
    let reader = scope.door.authority.reader_object();
    let subscription = &scope.subscription;
    let made = |(principal, role, kind): (Uuid, Uuid, &str)| RoleAssignment {
        subscription: subscription.id,
        name: Uuid::new_v5(&subscription.id.0, principal.as_bytes()),
        scope: format!("/subscriptions/{}", subscription.id),
        role,
        principal,
        principal_type: kind.to_owned(),
        created: subscription.added,
        created_by: user,
        properties: Opaque::new(),
    };
    [
        (application, roles::OWNER, "ServicePrincipal"),
        (user, roles::OWNER, "User"),
        (reader, roles::READER, "ServicePrincipal"),
    ]
    .map(made)
    .into()
}

fn resource(status: StatusCode, one: &RoleAssignment) -> Response {
    answer::json(Voice::Gateway, status, document(|o| write(o, one)))
}

fn write(o: &mut Object<'_>, one: &RoleAssignment) {
    let (created, by) = (one.created.rfc3339(), one.created_by.to_string());
    o.object("properties", |o| {
        o.text("roleDefinitionId", definitions::Id(one.subscription, one.role));
        o.text("principalId", one.principal).value("principalType", &one.principal_type).value("scope", &one.scope);
        for name in ["condition", "conditionVersion", "delegatedManagedIdentityResourceId", "description"] {
            o.kept_or(&one.properties, name, &());
        }
        o.value("createdOn", &created).value("updatedOn", &created).value("createdBy", &by).value("updatedBy", &by);
        o.rest(
            &one.properties,
            &["condition", "conditionVersion", "delegatedManagedIdentityResourceId", "description"],
        );
    });
    o.text("id", format_args!("{}/providers/Microsoft.Authorization/roleAssignments/{}", one.scope, one.name));
    o.value("type", "Microsoft.Authorization/roleAssignments").text("name", one.name);
}
