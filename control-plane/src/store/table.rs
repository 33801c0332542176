//! The tables and what is stored in them.

use std::any::Any;
use std::sync::Arc;

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::{Meta, StoreError};
use crate::ids::StorageKey;
use crate::model::{
    Cluster, Event, GenericResource, Node, Operation, Pool, ResourceGroup, RoleAssignment, Subscription,
};

/// A value of any table.
pub(super) type Shared = Arc<dyn Any + Send + Sync>;

/// The tables. The discriminant is the first byte of every key on disk and must never change.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
#[allow(missing_docs, reason = "named after what they hold")]
pub enum Table {
    Meta = b'm',
    Subscription = b's',
    Group = b'g',
    Cluster = b'c',
    Pool = b'p',
    Node = b'n',
    Operation = b'o',
    Event = b'e',
    Generic = b'r',
    RoleAssignment = b'a',
}

impl Table {
    pub(super) const ALL: [Table; 10] = [
        Table::Meta,
        Table::Subscription,
        Table::Group,
        Table::Cluster,
        Table::Pool,
        Table::Node,
        Table::Operation,
        Table::Event,
        Table::Generic,
        Table::RoleAssignment,
    ];

    pub(super) fn disk_key(self, key: &str) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(key.len() + 1);
        bytes.push(self as u8);
        bytes.extend_from_slice(key.as_bytes());
        bytes
    }

    pub(super) fn decode(self, key: &str, bytes: &[u8]) -> Result<Shared, StoreError> {
        match self {
            Table::Meta => decode::<Meta>(key, bytes),
            Table::Subscription => decode::<Subscription>(key, bytes),
            Table::Group => decode::<ResourceGroup>(key, bytes),
            Table::Cluster => decode::<Cluster>(key, bytes),
            Table::Pool => decode::<Pool>(key, bytes),
            Table::Node => decode::<Node>(key, bytes),
            Table::Operation => decode::<Operation>(key, bytes),
            Table::Event => decode::<Event>(key, bytes),
            Table::Generic => decode::<GenericResource>(key, bytes),
            Table::RoleAssignment => decode::<RoleAssignment>(key, bytes),
        }
    }
}

fn decode<R: Record>(key: &str, bytes: &[u8]) -> Result<Shared, StoreError> {
    let record: R = serde_json::from_slice(bytes)
        .map_err(|e| StoreError::Corrupt { key: format!("{:?}/{key}", R::TABLE), why: e.to_string() })?;
    Ok(Arc::new(record))
}

/// Something that can be stored.
pub trait Record: Serialize + DeserializeOwned + Send + Sync + 'static {
    /// Its table.
    const TABLE: Table;

    /// Its key in the table.
    fn key(&self) -> String;
}

macro_rules! record {
    ($type:ty, $table:ident, |$value:ident| $key:expr) => {
        impl Record for $type {
            const TABLE: Table = Table::$table;

            fn key(&self) -> String {
                let $value = self;
                $key
            }
        }
    };
}

record!(Subscription, Subscription, |s| s.id.storage_key());
record!(ResourceGroup, Group, |g| g.id.storage_key());
record!(Cluster, Cluster, |c| c.id.storage_key());
record!(Pool, Pool, |p| p.id.storage_key());
record!(Node, Node, |n| n.id.storage_key());
record!(Operation, Operation, |o| o.id.storage_key());
record!(Event, Event, |e| format!("{:016}", e.sequence));
record!(GenericResource, Generic, |r| GenericResource::key(&r.group, &r.namespace, &r.path));
record!(RoleAssignment, RoleAssignment, |a| RoleAssignment::key(a.subscription, a.name));
