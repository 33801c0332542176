//! Resources that are stored and returned without acting on them.

use std::sync::Arc;

use super::tags::laid_over;
use super::{Put, World, guard};
use crate::ids::{GroupId, StorageKey};
use crate::model::GenericResource;
use crate::refusal::Refusal;

impl World {
    /// One stored resource.
    pub fn generic(&self, group: &GroupId, namespace: &str, path: &[String]) -> Option<Arc<GenericResource>> {
        self.store().get(&GenericResource::key(group, namespace, path))
    }

    /// All stored resources of a group.
    pub fn generics(&self, group: &GroupId) -> Vec<Arc<GenericResource>> {
        self.store().scan(&group.children_prefix())
    }

    /// Stores a resource; members of an existing one that the request leaves out stay.
    pub async fn put_generic(&self, resource: GenericResource) -> Result<Put<GenericResource>, Refusal> {
        self.transact(move |_, tx, now| {
            let subscription = guard::subscription(tx, resource.group.subscription)?;
            guard::registered(&subscription, &resource.namespace, now)?;
            guard::group(tx, &resource.group)?;
            let key = GenericResource::key(&resource.group, &resource.namespace, &resource.path);
            let before = tx.get::<GenericResource>(&key);
            let created = before.is_none();
            let body = match before {
                Some(before) => laid_over(before.body.clone(), resource.body),
                None => resource.body,
            };
            let value = tx.put(GenericResource { body, ..resource });
            Ok(Put { created, value, operation: None })
        })
        .await
    }

    /// Deletes a stored resource; `false` when there was none.
    pub async fn delete_generic(&self, group: &GroupId, namespace: &str, path: &[String]) -> Result<bool, Refusal> {
        let key = GenericResource::key(group, namespace, path);
        self.transact(move |_, tx, _| {
            let existed = tx.get::<GenericResource>(&key).is_some();
            tx.delete::<GenericResource>(&key);
            Ok(existed)
        })
        .await
    }
}
