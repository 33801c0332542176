//! Whether a principal may do what it wants.

use control_plane::ids::SubscriptionId;
use control_plane::model::is_at_or_below;
use control_plane::refusal::RefusalKind;
use uuid::Uuid;

use super::action::Wanted;
use super::roles;
use crate::door::FrontDoor;
use crate::entra::Principal;
use crate::error::Error;

/// Lets it pass or refuses it in the gateway's words.
///
/// # Errors
/// `AuthorizationFailed`.
pub(crate) fn decide(door: &FrontDoor, principal: &Principal, wanted: &Wanted) -> Result<(), Error> {
    if door.authority.is_owner(principal) || allowed(door, principal, wanted) {
        return Ok(());
    }
    let text = format!(
        "The client '{}' with object id '{}' does not have authorization to perform action '{}' over scope '{}' or the scope is invalid. If access was recently granted, please refresh your credentials.",
        principal.name, principal.object, wanted.action, wanted.scope
    );
    Err(Error::gateway(RefusalKind::Forbidden, "AuthorizationFailed", text))
}

fn allowed(door: &FrontDoor, principal: &Principal, wanted: &Wanted) -> bool {
    let reads = principal.object == door.authority.reader_object();
    if reads && roles::find(roles::READER).is_some_and(|role| role.allows(&wanted.action)) {
        return true;
    }
    let subscription = wanted.scope.split('/').nth(2).and_then(|id| Uuid::try_parse(id).ok()).map(SubscriptionId);
    let assigned = subscription.map(|id| door.world.role_assignments(id)).unwrap_or_default();
    let mut own = assigned.iter().filter(|one| one.principal == principal.object);
    own.any(|one| {
        is_at_or_below(&wanted.scope, &one.scope)
            && roles::find(one.role).is_some_and(|role| role.allows(&wanted.action))
    })
}
