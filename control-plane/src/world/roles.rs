//! Role assignments.

use std::sync::Arc;

use uuid::Uuid;

use super::{Put, World, guard};
use crate::ids::{StorageKey, SubscriptionId};
use crate::model::{RoleAssignment, is_at_or_below};
use crate::refusal::{Refusal, RefusalKind};
use crate::store::Tx;

/// The most role assignments in a subscription (Azure RBAC limits).
const PER_SUBSCRIPTION_MAX: usize = 4000;

impl World {
    /// All role assignments of a subscription.
    pub fn role_assignments(&self, subscription: SubscriptionId) -> Vec<Arc<RoleAssignment>> {
        self.store().scan(&subscription.children_prefix())
    }

    /// One role assignment.
    pub fn role_assignment(&self, subscription: SubscriptionId, name: Uuid) -> Option<Arc<RoleAssignment>> {
        self.store().get(&RoleAssignment::key(subscription, name))
    }

    /// Stores a role assignment. The same one once more changes nothing.
    ///
    /// # Errors
    /// When the name is taken by another one, when the same role is assigned under another name, or when the
    /// subscription is full.
    pub async fn put_role_assignment(&self, wanted: RoleAssignment) -> Result<Put<RoleAssignment>, Refusal> {
        self.transact(move |_, tx, now| {
            guard::subscription(tx, wanted.subscription)?;
            let all = tx.scan::<RoleAssignment>(&wanted.subscription.children_prefix());
            if let Some(same) = all.iter().find(|one| one.name == wanted.name) {
                if !says_the_same(same, &wanted) {
                    let text = "Tenant ID, application ID, principal ID, and scope are not allowed to be updated.";
                    return Err(Refusal::gateway(RefusalKind::Conflict, "RoleAssignmentUpdateNotPermitted", text));
                }
                return Ok(Put { created: false, value: same.clone(), operation: None });
            }
            if let Some(same) = all.iter().find(|one| says_the_same(one, &wanted)) {
                let text = format!(
                    "The role assignment already exists. The ID of the existing role assignment is {}.",
                    same.name.simple()
                );
                return Err(Refusal::gateway(RefusalKind::Conflict, "RoleAssignmentExists", text));
            }
            if all.len() >= PER_SUBSCRIPTION_MAX {
                let text = "No more role assignments can be created.";
                return Err(Refusal::gateway(RefusalKind::BadRequest, "RoleAssignmentLimitExceeded", text));
            }
            let value = tx.put(RoleAssignment { created: now, ..wanted });
            Ok(Put { created: true, value, operation: None })
        })
        .await
    }

    /// Deletes a role assignment and gives what it was.
    ///
    /// # Errors
    /// When the store cannot write.
    pub async fn delete_role_assignment(
        &self,
        subscription: SubscriptionId,
        name: Uuid,
    ) -> Result<Option<Arc<RoleAssignment>>, Refusal> {
        let key = RoleAssignment::key(subscription, name);
        self.transact(move |_, tx, _| {
            let before = tx.get::<RoleAssignment>(&key);
            tx.delete::<RoleAssignment>(&key);
            Ok(before)
        })
        .await
    }
}

fn says_the_same(one: &RoleAssignment, other: &RoleAssignment) -> bool {
    one.role == other.role && one.principal == other.principal && one.scope.eq_ignore_ascii_case(&other.scope)
}

/// Forgets the role assignments at a scope that ceases to exist and below it.
pub(crate) fn forget(tx: &mut Tx<'_>, subscription: SubscriptionId, scope: &str) {
    for one in tx.scan::<RoleAssignment>(&subscription.children_prefix()) {
        if is_at_or_below(&one.scope, scope) {
            tx.delete::<RoleAssignment>(&RoleAssignment::key(subscription, one.name));
        }
    }
}
