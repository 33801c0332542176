//! Resources that the simulator stores and returns without acting on them.

use serde::{Deserialize, Serialize};

use super::Opaque;
use crate::ids::GroupId;

/// A resource of a type that is only kept: identities, virtual networks and the like.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct GenericResource {
    /// The group it lives in.
    pub group: GroupId,
    /// The provider namespace with its conventional case.
    pub namespace: String,
    /// The type and name segments after the namespace, alternating.
    pub path: Vec<String>,
    /// The resource as it is returned, without `id`, `name` and `type`.
    pub body: Opaque,
}

impl GenericResource {
    /// The key under which such a resource is stored.
    pub fn key(group: &GroupId, namespace: &str, path: &[String]) -> String {
        use crate::ids::StorageKey;
        format!("{}/{}/{}", group.storage_key(), namespace, path.join("/")).to_lowercase()
    }
}
