//! What is on disk, in memory.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::table::Shared;
use super::{Record, StoreError, Table};
use crate::engine::Unit;

/// All durable records.
#[derive(Default)]
pub struct Image {
    tables: BTreeMap<Table, BTreeMap<String, Shared>>,
    /// Where something changed since the engine last looked.
    pub(super) touched: BTreeSet<Unit>,
}

impl Image {
    pub(super) fn load(db: &sled::Db) -> Result<Image, StoreError> {
        let mut image = Image::default();
        for item in db.iter() {
            let (key, value) = item.map_err(|e| StoreError::Open(e.to_string()))?;
            let (table, key) = split(&key)?;
            let record = table.decode(&key, &value)?;
            image.set(table, key, Some(record));
        }
        Ok(image)
    }

    pub(super) fn set(&mut self, table: Table, key: String, value: Option<Shared>) {
        let rows = self.tables.entry(table).or_default();
        match value {
            Some(value) => rows.insert(key, value),
            None => rows.remove(&key),
        };
    }

    pub(super) fn put<R: Record>(&mut self, record: Arc<R>) {
        self.set(R::TABLE, record.key(), Some(record));
    }

    pub(super) fn raw(&self, table: Table, key: &str) -> Option<&Shared> {
        self.tables.get(&table)?.get(key)
    }

    pub(super) fn range<'a>(&'a self, table: Table, prefix: &'a str) -> impl Iterator<Item = (&'a String, &'a Shared)> {
        self.tables
            .get(&table)
            .into_iter()
            .flat_map(move |rows| rows.range(prefix.to_owned()..))
            .take_while(move |(key, _)| key.starts_with(prefix))
    }

    /// One record.
    pub fn get<R: Record>(&self, key: &str) -> Option<Arc<R>> {
        downcast(self.raw(R::TABLE, key)?)
    }

    /// All records of a kind whose key starts with `prefix`, in key order.
    pub fn scan<R: Record>(&self, prefix: &str) -> Vec<Arc<R>> {
        self.range(R::TABLE, prefix).filter_map(|(_, value)| downcast(value)).collect()
    }

    /// At most `limit` records whose key is `from` or later, in key order.
    pub fn scan_from<R: Record>(&self, from: &str, limit: usize) -> Vec<Arc<R>> {
        let rows = self.tables.get(&R::TABLE).into_iter().flat_map(|rows| rows.range(from.to_owned()..));
        rows.filter_map(|(_, value)| downcast(value)).take(limit).collect()
    }
}

pub(super) fn downcast<R: Record>(value: &Shared) -> Option<Arc<R>> {
    Arc::clone(value).downcast::<R>().ok()
}

fn split(key: &[u8]) -> Result<(Table, String), StoreError> {
    let corrupt = |why: &str| StoreError::Corrupt { key: format!("{key:?}"), why: why.to_owned() };
    let (first, rest) = key.split_first().ok_or_else(|| corrupt("an empty key"))?;
    let table = Table::ALL
        .into_iter()
        .find(|t| *t as u8 == *first)
        .ok_or_else(|| corrupt("an unknown table; was it written by a newer version?"))?;
    let text = std::str::from_utf8(rest).map_err(|_| corrupt("not text"))?;
    Ok((table, text.to_owned()))
}
