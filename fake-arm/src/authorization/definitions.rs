//! `{scope}/providers/Microsoft.Authorization/roleDefinitions`: the built-in roles; there are no others.

use std::fmt;

use axum::extract::RawQuery;
use control_plane::ids::SubscriptionId;
use control_plane::refusal::RefusalKind;
use uuid::Uuid;

use super::filter::Narrowed;
use super::roles::{self, ROLES, Role};
use crate::answer;
use crate::error::{Answer, Error};
use crate::scope::Scope;
use crate::wire::json::{self, Object, document, object};

/// When the roles were made, as Azure shows for its oldest ones.
const MADE: &str = "2015-02-02T21:55:09.8806423Z";

/// The id of a role definition as a subscription shows it.
pub(super) struct Id(pub(super) SubscriptionId, pub(super) Uuid);

impl fmt::Display for Id {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "/subscriptions/{}/providers/Microsoft.Authorization/roleDefinitions/{}", self.0, self.1)
    }
}

/// `GET …/roleDefinitions`, with az's filters on name and type.
pub(crate) async fn list(scope: Scope, RawQuery(query): RawQuery) -> Answer {
    let narrowed = Narrowed::from_query(query.as_deref())?;
    let custom = narrowed.role_type.as_deref().is_some_and(|kind| !kind.eq_ignore_ascii_case("BuiltInRole"));
    let named = |role: &&Role| narrowed.role_name.as_deref().is_none_or(|name| name.eq_ignore_ascii_case(role.name));
    let wanted = ROLES.iter().filter(named).filter(|_| !custom);
    Ok(answer::gateway(json::list(wanted, |role, out| object(out, |o| write(o, scope.subscription.id, role)))))
}

/// `GET …/roleDefinitions/{id}`.
pub(crate) async fn show(scope: Scope) -> Answer {
    let id = scope.param("definition");
    let role = Uuid::try_parse(id).ok().and_then(roles::find).ok_or_else(|| does_not_exist(id))?;
    Ok(answer::gateway(document(|o| write(o, scope.subscription.id, role))))
}

/// `RoleDefinitionDoesNotExist`.
pub(super) fn does_not_exist(id: &str) -> Error {
    let id = id.rsplit('/').next().unwrap_or(id);
    let text = format!("The specified role definition with ID '{id}' does not exist.");
    Error::gateway(RefusalKind::NotFound, "RoleDefinitionDoesNotExist", text)
}

fn write(o: &mut Object<'_>, subscription: SubscriptionId, role: &Role) {
    o.object("properties", |o| {
        o.value("roleName", role.name).value("type", "BuiltInRole").value("description", role.description);
        o.value("assignableScopes", &["/"]);
        o.array("permissions", [role], |role, out| {
            object(out, |o| {
                o.value("actions", role.actions).value("notActions", role.not_actions);
                o.value("dataActions", &[(); 0]).value("notDataActions", &[(); 0]);
            });
        });
        o.value("createdOn", MADE).value("updatedOn", MADE).value("createdBy", &()).value("updatedBy", &());
    });
    o.text("id", Id(subscription, role.id)).value("type", "Microsoft.Authorization/roleDefinitions");
    o.text("name", role.id);
}
