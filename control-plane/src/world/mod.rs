//! What can be asked of the simulated world, and what can be done to it.
//!
//! Reads come from memory and show only what is durable. Writes check everything, then change state in one
//! transaction, and return when it is on disk.

mod abort;
mod clusters;
mod conditions;
mod conflict;
mod creation;
mod deletion;
mod faults;
mod generic;
mod groups;
mod guard;
mod journal;
mod machines;
mod nodes;
mod open;
mod pools;
mod power;
mod preflight;
mod read;
mod registration;
pub(crate) mod roles;
mod tags;

use std::sync::Arc;

pub use conditions::Conditions;
pub use faults::FaultChange;
pub use groups::GroupSpec;
pub(crate) use journal::record;
pub use open::{OpenError, WorldConfig};
pub use preflight::Draft;
pub use registration::RegistrationShown;

use crate::catalog::Catalog;
use crate::clock::{Clock, VirtualTime};
use crate::ids::OperationId;
use crate::refusal::{Refusal, RefusalKind};
use crate::store::{Store, StoreError, Tx};
use crate::timings::Timings;

/// The outcome of a write that creates or changes something.
#[derive(Clone, Debug)]
pub struct Put<T> {
    /// Whether it is new.
    pub created: bool,
    /// The resource as it is now.
    pub value: Arc<T>,
    /// The operation that brings it to its desired state, if that takes time.
    pub operation: Option<OperationId>,
}

/// The simulated world. Cheap to clone.
#[derive(Clone)]
pub struct World {
    inner: Arc<Inner>,
}

struct Inner {
    store: Store,
    clock: Clock,
    catalog: Catalog,
    timings: Timings,
}

impl World {
    /// Virtual time now.
    pub fn now(&self) -> VirtualTime {
        self.inner.clock.now()
    }

    /// The virtual clock.
    pub fn clock(&self) -> &Clock {
        &self.inner.clock
    }

    /// VM sizes, images, Kubernetes versions, regions.
    pub fn catalog(&self) -> &Catalog {
        &self.inner.catalog
    }

    /// How long things take.
    pub fn timings(&self) -> &Timings {
        &self.inner.timings
    }

    pub(crate) fn store(&self) -> &Store {
        &self.inner.store
    }

    /// Runs a transaction that may refuse. A store that cannot write becomes an internal error: nothing happened.
    pub(crate) async fn transact<T, F>(&self, run: F) -> Result<T, Refusal>
    where
        T: Send + 'static,
        F: FnOnce(&World, &mut Tx<'_>, VirtualTime) -> Result<T, Refusal> + Send + 'static,
    {
        let world = self.clone();
        let outcome = self.store().commit(move |tx| {
            let now = world.now();
            tx.note_time(now);
            run(&world, tx, now)
        });
        outcome.await.unwrap_or_else(|fault| Err(internal(&fault)))
    }
}

fn internal(fault: &StoreError) -> Refusal {
    tracing::error!(%fault, "a write was lost and is refused");
    Refusal::gateway(
        RefusalKind::Internal,
        "InternalServerError",
        format!("Slipway could not store the change; nothing was changed. {fault}"),
    )
}
