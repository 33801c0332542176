//! Writing the journal.

use crate::clock::VirtualTime;
use crate::ids::SubscriptionId;
use crate::model::{Event, EventKind};
use crate::store::Tx;

/// How many entries the journal keeps.
pub(crate) const JOURNAL_MAX: u64 = 20_000;

/// Appends an entry; the oldest one goes when the journal is full.
pub(crate) fn record(
    tx: &mut Tx<'_>,
    at: VirtualTime,
    kind: EventKind,
    subscription: Option<SubscriptionId>,
    subject: String,
    text: String,
) {
    let sequence = tx.next_event();
    if sequence > JOURNAL_MAX {
        tx.delete::<Event>(&format!("{:016}", sequence - JOURNAL_MAX));
    }
    tx.put(Event { sequence, at, kind, subscription, subject, text });
}
