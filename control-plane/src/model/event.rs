//! The journal: what happened, in order, for people and for the page that shows it.

use serde::{Deserialize, Serialize};

use crate::clock::VirtualTime;
use crate::ids::SubscriptionId;

/// What kind of thing happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[allow(missing_docs, reason = "the variants are the values")]
pub enum EventKind {
    Requested,
    NodeState,
    OperationEnded,
    Refused,
    Fault,
    Time,
}

/// One entry of the journal.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Event {
    /// Its place in the journal; starts at 1 and has no gaps.
    pub sequence: u64,
    /// When, in virtual time.
    pub at: VirtualTime,
    /// What kind of thing.
    pub kind: EventKind,
    /// Where, if it belongs to a subscription.
    pub subscription: Option<SubscriptionId>,
    /// What it is about: `cluster/pool/node`, as far as it goes.
    pub subject: String,
    /// One sentence.
    pub text: String,
}
