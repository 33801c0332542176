//! The only module that knows sled.
//!
//! Everything that exists is held in memory as it is on disk; readers see only what is durable. All writes go through
//! one committer thread that runs transactions in order, writes a group of them as one atomic sled batch, flushes it,
//! publishes it to readers, and only then answers: nothing is acknowledged before it is durable, and one flush pays
//! for many writers.

mod committer;
mod image;
mod table;
mod tx;

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::{Arc, RwLock};

use serde::{Deserialize, Serialize};
use tokio::sync::{oneshot, watch};

use crate::clock::VirtualTime;
use crate::engine::Unit;
pub use image::Image;
pub use table::{Record, Table};
pub use tx::Tx;

/// The store cannot do its work.
#[derive(Clone, Debug, thiserror::Error)]
pub enum StoreError {
    /// The directory cannot be opened; another process may hold it.
    #[error("cannot open the store: {0}")]
    Open(String),
    /// A stored value does not have the expected form.
    #[error("the store holds something unreadable at {key}: {why}")]
    Corrupt {
        /// The key.
        key: String,
        /// What is wrong.
        why: String,
    },
    /// Writing failed (disk full, I/O error).
    #[error("cannot write to the store: {0}")]
    Write(String),
    /// The committer has stopped.
    #[error("the store has stopped")]
    Stopped,
}

/// What the store remembers about itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Meta {
    /// The seed of all names and durations.
    pub seed: u64,
    /// How many ids were drawn.
    pub ids_drawn: u64,
    /// The last entry of the journal.
    pub last_event: u64,
    /// Virtual time at the last write.
    pub clock: VirtualTime,
}

impl Record for Meta {
    const TABLE: Table = Table::Meta;

    fn key(&self) -> String {
        Meta::KEY.to_owned()
    }
}

impl Meta {
    /// The key of the only value in its table.
    pub const KEY: &'static str = "meta";
}

/// The store.
#[derive(Clone)]
pub struct Store {
    image: Arc<RwLock<Image>>,
    jobs: committer::Queue,
    committed: watch::Receiver<u64>,
}

impl Store {
    /// Opens or creates the store in `dir`. `first` is written when it is new.
    pub fn open(dir: &Path, first: &Meta) -> Result<Store, StoreError> {
        let db = sled::Config::new()
            .path(dir)
            .cache_capacity(32 * 1024 * 1024)
            .flush_every_ms(None)
            .open()
            .map_err(|e| StoreError::Open(format!("{}: {e}", dir.display())))?;
        let mut image = Image::load(&db)?;
        if image.get::<Meta>(Meta::KEY).is_none() {
            let bytes = serde_json::to_vec(first).map_err(|e| StoreError::Write(e.to_string()))?;
            db.insert(Table::Meta.disk_key(Meta::KEY), bytes).map_err(|e| StoreError::Write(e.to_string()))?;
            db.flush().map_err(|e| StoreError::Write(e.to_string()))?;
            image.put(Arc::new(first.clone()));
        }
        let image = Arc::new(RwLock::new(image));
        let (notify, committed) = watch::channel(0);
        let jobs = committer::start(db, Arc::clone(&image), notify);
        Ok(Store { image, jobs, committed })
    }

    /// One record.
    pub fn get<R: Record>(&self, key: &str) -> Option<Arc<R>> {
        self.read().get(key)
    }

    /// All records of a kind whose key starts with `prefix`, in key order.
    pub fn scan<R: Record>(&self, prefix: &str) -> Vec<Arc<R>> {
        self.read().scan(prefix)
    }

    /// At most `limit` records whose key is `from` or later, in key order.
    pub fn scan_from<R: Record>(&self, from: &str, limit: usize) -> Vec<Arc<R>> {
        self.read().scan_from(from, limit)
    }

    /// Runs a transaction. It sees all earlier ones; when it returns `Err`, nothing of it happened. The future resolves
    /// once its outcome is durable.
    pub async fn commit<T, E, F>(&self, run: F) -> Result<Result<T, E>, StoreError>
    where
        T: Send + 'static,
        E: Send + 'static,
        F: FnOnce(&mut Tx<'_>) -> Result<T, E> + Send + 'static,
    {
        let (reply, answer) = oneshot::channel();
        self.jobs.send(committer::job(run, reply))?;
        answer.await.map_err(|_| StoreError::Stopped)?
    }

    /// Lets go of the disk after all earlier transactions. Later ones are refused; reads go on.
    pub async fn close(&self) {
        self.jobs.close().await;
    }

    /// Takes what was touched since the last call.
    pub(crate) fn take_touched(&self) -> BTreeSet<Unit> {
        let mut image = self.image.write().unwrap_or_else(std::sync::PoisonError::into_inner);
        std::mem::take(&mut image.touched)
    }

    /// Changes with every published group of transactions.
    pub fn watch(&self) -> watch::Receiver<u64> {
        self.committed.clone()
    }

    fn read(&self) -> std::sync::RwLockReadGuard<'_, Image> {
        self.image.read().unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}
