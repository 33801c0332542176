//! A transaction: reads through its own changes, then those of the group, then what is durable.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use sha2::{Digest, Sha256};
use uuid::Uuid;

use super::image::downcast;
use super::table::Shared;
use super::{Image, Meta, Record, StoreError, Table};
use crate::clock::VirtualTime;
use crate::engine::Unit;

/// One change: the value in memory and its bytes on disk; `None` deletes.
pub(super) type Change = Option<(Shared, Vec<u8>)>;

/// Changes that are not durable yet.
#[derive(Default)]
pub(super) struct Overlay {
    pub(super) changes: BTreeMap<(Table, String), Change>,
    pub(super) touched: BTreeSet<Unit>,
}

impl Overlay {
    pub(super) fn absorb(&mut self, other: Overlay) {
        self.changes.extend(other.changes);
        self.touched.extend(other.touched);
    }
}

/// A running transaction.
pub struct Tx<'a> {
    image: &'a Image,
    group: &'a Overlay,
    own: Overlay,
    fault: Option<StoreError>,
}

impl<'a> Tx<'a> {
    pub(super) fn new(image: &'a Image, group: &'a Overlay) -> Self {
        Tx { image, group, own: Overlay::default(), fault: None }
    }

    pub(super) fn finish(self) -> Result<Overlay, StoreError> {
        match self.fault {
            Some(fault) => Err(fault),
            None => Ok(self.own),
        }
    }

    /// One record.
    pub fn get<R: Record>(&self, key: &str) -> Option<Arc<R>> {
        let at = (R::TABLE, key.to_owned());
        for overlay in [&self.own, self.group] {
            if let Some(change) = overlay.changes.get(&at) {
                return change.as_ref().and_then(|(value, _)| downcast(value));
            }
        }
        self.image.get(key)
    }

    /// All records of a kind whose key starts with `prefix`, in key order.
    pub fn scan<R: Record>(&self, prefix: &str) -> Vec<Arc<R>> {
        let mut rows: BTreeMap<&String, Option<&Shared>> =
            self.image.range(R::TABLE, prefix).map(|(key, value)| (key, Some(value))).collect();
        let from = (R::TABLE, prefix.to_owned());
        for overlay in [self.group, &self.own] {
            let changed = overlay.changes.range(from.clone()..);
            for ((_, key), change) in changed.take_while(|((t, k), _)| *t == R::TABLE && k.starts_with(prefix)) {
                rows.insert(key, change.as_ref().map(|(value, _)| value));
            }
        }
        rows.into_values().flatten().filter_map(downcast).collect()
    }

    /// Writes a record and gives it back shared.
    pub fn put<R: Record>(&mut self, record: R) -> Arc<R> {
        let record = Arc::new(record);
        match serde_json::to_vec(&*record) {
            Ok(bytes) => {
                let value: Shared = Arc::clone(&record) as Shared;
                self.own.changes.insert((R::TABLE, record.key()), Some((value, bytes)));
            }
            Err(e) => self.fault = Some(StoreError::Write(e.to_string())),
        }
        record
    }

    /// Deletes a record; one that does not exist is no error.
    pub fn delete<R: Record>(&mut self, key: &str) {
        self.own.changes.insert((R::TABLE, key.to_owned()), None);
    }

    /// Tells the engine that something changed there.
    pub fn touch(&mut self, unit: Unit) {
        self.own.touched.insert(unit);
    }

    /// A new id. Ids follow from the seed and from how many were drawn, so that histories repeat.
    pub fn fresh_uuid(&mut self) -> Uuid {
        let mut meta = self.meta();
        meta.ids_drawn += 1;
        let mut hash = Sha256::new();
        hash.update(b"slipway id");
        hash.update(meta.seed.to_le_bytes());
        hash.update(meta.ids_drawn.to_le_bytes());
        let digest = hash.finalize();
        let mut bytes = [0u8; 16];
        bytes.copy_from_slice(&digest[..16]);
        self.put(meta);
        uuid::Builder::from_random_bytes(bytes).into_uuid()
    }

    /// The next place in the journal.
    pub(crate) fn next_event(&mut self) -> u64 {
        let mut meta = self.meta();
        meta.last_event += 1;
        let sequence = meta.last_event;
        self.put(meta);
        sequence
    }

    /// Notes the virtual time of this write, so that time never goes back over a restart.
    pub(crate) fn note_time(&mut self, now: VirtualTime) {
        let mut meta = self.meta();
        if now > meta.clock {
            meta.clock = now;
            self.put(meta);
        }
    }

    fn meta(&self) -> Meta {
        // Written when the store was first opened, and never deleted.
        self.get::<Meta>(Meta::KEY).map_or_else(
            || Meta { seed: 0, ids_drawn: 0, last_event: 0, clock: VirtualTime::default() },
            |meta| (*meta).clone(),
        )
    }
}
