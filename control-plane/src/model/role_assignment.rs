//! Who may do what where: role assignments of Microsoft.Authorization.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::Opaque;
use crate::clock::VirtualTime;
use crate::ids::SubscriptionId;

/// A role given to a principal at a scope and everything below it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RoleAssignment {
    /// The subscription that the scope lies in.
    pub subscription: SubscriptionId,
    /// Its name.
    pub name: Uuid,
    /// The resource id at which it holds, as the client wrote it.
    pub scope: String,
    /// The role definition.
    pub role: Uuid,
    /// The principal's object id.
    pub principal: Uuid,
    /// `User`, `Group` or `ServicePrincipal`.
    pub principal_type: String,
    /// When it was made.
    pub created: VirtualTime,
    /// The object id of who made it.
    pub created_by: Uuid,
    /// Other properties, kept and returned.
    pub properties: Opaque,
}

impl RoleAssignment {
    /// The key under which it is stored.
    pub fn key(subscription: SubscriptionId, name: Uuid) -> String {
        format!("{subscription}/{name}")
    }

    /// Whether it holds at a scope: its own or one below.
    pub fn covers(&self, scope: &str) -> bool {
        is_at_or_below(scope, &self.scope)
    }
}

/// Whether a resource id is another one or lies below it. Ids compare without regard to case.
pub fn is_at_or_below(id: &str, above: &str) -> bool {
    let (id, above) = (id.trim_end_matches('/'), above.trim_end_matches('/'));
    match id.split_at_checked(above.len()) {
        Some((head, tail)) => head.eq_ignore_ascii_case(above) && (tail.is_empty() || tail.starts_with('/')),
        None => false,
    }
}

#[cfg(test)]
mod tests {
    use super::is_at_or_below;

    #[test]
    fn scopes_end_at_segments() {
        assert!(is_at_or_below("/subscriptions/S/resourceGroups/g", "/subscriptions/s"));
        assert!(is_at_or_below("/subscriptions/s/", "/subscriptions/S"));
        assert!(!is_at_or_below("/subscriptions/s/resourceGroups/group", "/subscriptions/s/resourceGroups/g"));
        assert!(!is_at_or_below("/subscriptions/s", "/subscriptions/s/resourceGroups/g"));
    }
}
