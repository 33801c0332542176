//! Opening a world, and what exists in a new one.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use uuid::Uuid;

use super::{Inner, World};
use crate::catalog::Catalog;
use crate::clock::{Clock, Pace, VirtualTime, wall_unix_seconds};
use crate::era::Era;
use crate::ids::SubscriptionId;
use crate::model::{ProviderState, Subscription};
use crate::store::{Meta, Store, StoreError};
use crate::timings::Timings;

/// Where a world is kept and how it runs.
#[derive(Clone, Debug)]
pub struct WorldConfig {
    /// The store's directory; created when missing.
    pub dir: PathBuf,
    /// Decides all names and durations. Only a new world takes it; an existing one keeps its own.
    pub seed: u64,
    /// How virtual time moves.
    pub pace: Pace,
}

/// The world cannot be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The store cannot be opened or read.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The first subscriptions cannot be written.
    #[error("cannot set up a new world: {0}")]
    Setup(String),
}

impl World {
    /// Opens or creates a world.
    pub async fn open(config: WorldConfig) -> Result<World, OpenError> {
        let start = VirtualTime::from_millis(wall_unix_seconds().saturating_mul(1000));
        let first = Meta { seed: config.seed, ids_drawn: 0, last_event: 0, clock: start };
        let dir = config.dir.clone();
        let store = Store::open(&dir, &first)?;
        let meta = store.get::<Meta>(Meta::KEY).map_or(first, |meta| (*meta).clone());
        let inner = Inner {
            store,
            clock: Clock::new(meta.clock, config.pace),
            catalog: Catalog::builtin(),
            timings: Timings::new(meta.seed),
        };
        let world = World { inner: Arc::new(inner) };
        if world.subscriptions().is_empty() {
            world.set_up().await?;
        }
        Ok(world)
    }

    async fn set_up(&self) -> Result<(), OpenError> {
        for (name, era) in [("Slipway", Era::CURRENT), ("Slipway preview era", Era::Preview)] {
            self.add_subscription(name.to_owned(), era).await.map_err(|r| OpenError::Setup(r.message))?;
        }
        Ok(())
    }

    /// Lets go of the disk, so that the same directory can be opened again. Later writes are refused.
    pub async fn close(&self) {
        self.store().close().await;
    }

    /// The tenant that all subscriptions trust. It follows from the seed.
    pub fn tenant(&self) -> Uuid {
        let seed = self.store().get::<Meta>(Meta::KEY).map_or(0, |meta| meta.seed);
        Uuid::new_v5(&Uuid::NAMESPACE_OID, format!("slipway tenant {seed}").as_bytes())
    }

    /// Adds a subscription that lives under the rules of `era`.
    pub async fn add_subscription(&self, name: String, era: Era) -> Result<Arc<Subscription>, crate::refusal::Refusal> {
        let tenant = self.tenant();
        self.transact(move |world, tx, now| {
            let registered = ProviderState::Registered { at: now };
            let at_first = world.catalog().providers().iter().filter(|provider| provider.registered);
            let subscription = Subscription {
                id: SubscriptionId(tx.fresh_uuid()),
                name,
                tenant,
                era,
                added: now,
                order: tx.scan::<Subscription>("").len(),
                features: BTreeMap::new(),
                providers: at_first.map(|provider| (provider.namespace.to_lowercase(), registered)).collect(),
            };
            Ok(tx.put(subscription))
        })
        .await
    }
}
