//! Names and identities. ARM compares names without regard to case and gives them back as they were first written.

use std::cmp::Ordering;
use std::fmt;
use std::hash::{Hash, Hasher};

use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// A resource name: keeps its case, compares without it.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Name(String);

impl Name {
    /// Takes any text; whether it is a valid name is a rule's business.
    pub fn new(text: impl Into<String>) -> Self {
        Name(text.into())
    }

    /// The name as it was first written.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The form that equality uses, and that storage keys are made of.
    pub fn folded(&self) -> String {
        self.0.to_lowercase()
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl PartialEq for Name {
    fn eq(&self, other: &Self) -> bool {
        self.0.to_lowercase() == other.0.to_lowercase()
    }
}

impl Eq for Name {}

impl PartialOrd for Name {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Name {
    fn cmp(&self, other: &Self) -> Ordering {
        self.0.to_lowercase().cmp(&other.0.to_lowercase())
    }
}

impl Hash for Name {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.0.to_lowercase().hash(state);
    }
}

impl From<&str> for Name {
    fn from(text: &str) -> Self {
        Name::new(text)
    }
}

/// A subscription's id.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct SubscriptionId(pub Uuid);

impl fmt::Display for SubscriptionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// A resource group in a subscription.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct GroupId {
    /// Where it lives.
    pub subscription: SubscriptionId,
    /// Its name.
    pub name: Name,
}

/// A managed cluster in a resource group.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct ClusterId {
    /// Where it lives.
    pub group: GroupId,
    /// Its name.
    pub name: Name,
}

/// An agent pool of a cluster.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct PoolId {
    /// The cluster it belongs to.
    pub cluster: ClusterId,
    /// Its name.
    pub name: Name,
}

/// A node of a pool, by its scale set instance number.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct NodeId {
    /// The pool it belongs to.
    pub pool: PoolId,
    /// The scale set instance number; never used twice in a pool's life.
    pub instance: u32,
}

/// An asynchronous operation's id, the last segment of its status URL.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct OperationId(pub Uuid);

impl fmt::Display for OperationId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// Storage keys: folded names joined by `/`, so that a parent's key is a prefix of its children's.
pub trait StorageKey {
    /// The key in its table.
    fn storage_key(&self) -> String;

    /// The prefix under which the children of this resource are found in their tables.
    fn children_prefix(&self) -> String {
        let mut key = self.storage_key();
        key.push('/');
        key
    }
}

impl StorageKey for SubscriptionId {
    fn storage_key(&self) -> String {
        self.0.to_string()
    }
}

impl StorageKey for GroupId {
    fn storage_key(&self) -> String {
        format!("{}/{}", self.subscription, self.name.folded())
    }
}

impl StorageKey for ClusterId {
    fn storage_key(&self) -> String {
        format!("{}/{}", self.group.storage_key(), self.name.folded())
    }
}

impl StorageKey for PoolId {
    fn storage_key(&self) -> String {
        format!("{}/{}", self.cluster.storage_key(), self.name.folded())
    }
}

impl StorageKey for NodeId {
    fn storage_key(&self) -> String {
        format!("{}/{:08}", self.pool.storage_key(), self.instance)
    }
}

impl StorageKey for OperationId {
    fn storage_key(&self) -> String {
        self.0.to_string()
    }
}
