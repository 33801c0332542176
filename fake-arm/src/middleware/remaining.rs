//! `x-ms-ratelimit-remaining-subscription-*`: what is left of ARM's limits for reads, writes and deletions.
//!
//! Sent with accepted reads of a subscription, and with accepted writes of Microsoft.ContainerService. The numbers
//! count: each request takes one, and virtual time gives them back. Nothing is refused when they reach zero.
//!
//! Limits of one principal and, for the headers with `global`, of all principals in a subscription together:
//! 12,000 reads, 1,200 writes and 15,000 deletions an hour until 2024 (azure-docs `request-limits-and-throttling.md`;
//! recorded: 1199 and 14999 after the first); then token buckets, of 250 reads (recorded in 2025: 249, 3749 over all
//! principals), 800 writes (recorded in October 2024: 799 and 11999) and 200 deletions (recorded in July 2025 in
//! `test_aks_control_plane_user_assigned_identity` of Azure/azure-cli: 199 and 2999). How fast they fill is documented
//! for reads alone, 25 a second; that the others fill within an hour is inferred.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::Response;
use control_plane::clock::VirtualTime;
use control_plane::era::Era;
use control_plane::ids::SubscriptionId;
use http::{HeaderName, HeaderValue, Method};
use uuid::Uuid;

use crate::door::FrontDoor;
use crate::entra::Principal;

/// At most this many limits are counted at a time; beyond that, counting starts anew.
const LIMITS_MAX: usize = 40_000;

/// How long a limit takes to fill up again, in milliseconds.
const HOUR_MS: u64 = 3_600_000;

/// How long a bucket of reads takes to fill up again, in milliseconds.
const READS_MS: u64 = 10_000;

/// A kind of limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Limit {
    Reads,
    Writes,
    Deletes,
    GlobalReads,
    GlobalWrites,
    GlobalDeletes,
}

impl Limit {
    fn header(self) -> HeaderName {
        HeaderName::from_static(match self {
            Limit::Reads => "x-ms-ratelimit-remaining-subscription-reads",
            Limit::Writes => "x-ms-ratelimit-remaining-subscription-writes",
            Limit::Deletes => "x-ms-ratelimit-remaining-subscription-deletes",
            Limit::GlobalReads => "x-ms-ratelimit-remaining-subscription-global-reads",
            Limit::GlobalWrites => "x-ms-ratelimit-remaining-subscription-global-writes",
            Limit::GlobalDeletes => "x-ms-ratelimit-remaining-subscription-global-deletes",
        })
    }

    fn size(self, era: Era) -> Size {
        let (tokens, refill_ms) = match (self, era) {
            (Limit::Reads, Era::Preview) => (12_000, HOUR_MS),
            (Limit::Writes, Era::Preview) => (1_200, HOUR_MS),
            (Limit::Deletes, Era::Preview) => (15_000, HOUR_MS),
            (Limit::Reads, _) => (250, READS_MS),
            (Limit::GlobalReads, _) => (3_750, READS_MS),
            (Limit::Writes, _) => (800, HOUR_MS),
            (Limit::GlobalWrites, _) => (12_000, HOUR_MS),
            (Limit::Deletes, _) => (200, HOUR_MS),
            (Limit::GlobalDeletes, _) => (3_000, HOUR_MS),
        };
        Size { tokens, refill_ms }
    }

    /// Whether all principals take from one bucket.
    fn is_shared(self) -> bool {
        matches!(self, Limit::GlobalReads | Limit::GlobalWrites | Limit::GlobalDeletes)
    }

    /// The limits that a request counts towards.
    fn of(method: &Method, era: Era) -> &'static [Limit] {
        let (own, both): (&[Limit], &[Limit]) = match *method {
            Method::GET | Method::HEAD => (&[Limit::Reads], &[Limit::Reads, Limit::GlobalReads]),
            Method::DELETE => (&[Limit::Deletes], &[Limit::Deletes, Limit::GlobalDeletes]),
            _ => (&[Limit::Writes], &[Limit::Writes, Limit::GlobalWrites]),
        };
        if era == Era::Preview { own } else { both }
    }
}

/// How much a limit holds and how long it takes to fill.
#[derive(Clone, Copy, Debug)]
struct Size {
    tokens: u64,
    refill_ms: u64,
}

/// What is left of a limit, in thousandths, at a moment.
#[derive(Clone, Copy, Debug)]
struct Left {
    thousandths: u64,
    at: VirtualTime,
}

impl Left {
    fn full(size: Size, at: VirtualTime) -> Left {
        Left { thousandths: size.tokens * 1000, at }
    }

    /// Takes one after what time has given back; gives what is left then.
    fn take(&mut self, size: Size, now: VirtualTime) -> u64 {
        let full = size.tokens * 1000;
        let passed = u64::try_from(now.since(self.at).as_millis()).unwrap_or(size.refill_ms).min(size.refill_ms);
        let given_back = full * passed / size.refill_ms;
        self.thousandths = (self.thousandths + given_back).min(full).saturating_sub(1000);
        self.at = now;
        self.thousandths / 1000
    }
}

/// Whose limit: a subscription's, and a principal's in it unless all share it.
type Whose = (SubscriptionId, Option<Uuid>, Limit);

/// What all subscriptions have left.
pub(crate) struct Remaining {
    door: Arc<FrontDoor>,
    left: Mutex<HashMap<Whose, Left>>,
}

impl Remaining {
    /// All limits full.
    pub(crate) fn new(door: Arc<FrontDoor>) -> Arc<Remaining> {
        Arc::new(Remaining { door, left: Mutex::new(HashMap::new()) })
    }

    fn take(&self, whose: Whose, era: Era) -> u64 {
        let now = self.door.world.now();
        let size = whose.2.size(era);
        let mut left = self.left.lock().unwrap_or_else(PoisonError::into_inner);
        if left.len() >= LIMITS_MAX {
            left.clear();
        }
        left.entry(whose).or_insert_with(|| Left::full(size, now)).take(size, now)
    }
}

/// Counts accepted requests and says what is left.
pub(crate) async fn tell(State(remaining): State<Arc<Remaining>>, request: Request, next: Next) -> Response {
    let method = request.method().clone();
    let subscription = counted(&method, request.uri().path());
    let principal = request.extensions().get::<Arc<Principal>>().map(|principal| principal.object);
    let mut response = next.run(request).await;
    let found = subscription.and_then(|id| remaining.door.world.subscription(id));
    if let Some(subscription) = found.filter(|_| response.status().is_success()) {
        for limit in Limit::of(&method, subscription.era) {
            let whose = (subscription.id, principal.filter(|_| !limit.is_shared()), *limit);
            let left = remaining.take(whose, subscription.era);
            response.headers_mut().insert(limit.header(), HeaderValue::from(left));
        }
    }
    response
}

/// The subscription whose limits a request counts towards: reads, and writes of Microsoft.ContainerService.
fn counted(method: &Method, path: &str) -> Option<SubscriptionId> {
    let rest = path.strip_prefix("/subscriptions/")?;
    let (id, rest) = rest.split_once('/').unwrap_or((rest, ""));
    let reads = [Method::GET, Method::HEAD].contains(method);
    let counts = reads || rest.contains("providers/microsoft.containerservice/");
    counts.then(|| Uuid::try_parse(id).ok().map(SubscriptionId))?
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requests_take_and_time_gives_back() {
        let size = Limit::Writes.size(Era::Preview);
        let mut left = Left::full(size, VirtualTime::from_millis(0));
        assert_eq!(left.take(size, VirtualTime::from_millis(0)), 1_199);
        assert_eq!(left.take(size, VirtualTime::from_millis(0)), 1_198);
        assert_eq!(left.take(size, VirtualTime::from_millis(HOUR_MS)), 1_199);
        for _ in 0..2_000 {
            left.take(size, VirtualTime::from_millis(HOUR_MS));
        }
        assert_eq!(left.take(size, VirtualTime::from_millis(HOUR_MS)), 0);
    }

    #[test]
    fn reads_and_writes_of_container_service_count() {
        let id = "/subscriptions/00000000-0000-0000-0000-000000000000";
        let path = format!("{id}/resourcegroups/g/providers/microsoft.containerservice/managedclusters/c");
        assert!(counted(&Method::PUT, &path).is_some());
        assert!(counted(&Method::GET, &path).is_some() && counted(&Method::GET, id).is_some());
        assert!(counted(&Method::PUT, &format!("{id}/resourcegroups/g")).is_none());
        assert!(counted(&Method::GET, "/tenants").is_none());
        assert_eq!(Limit::of(&Method::DELETE, Era::Preview), [Limit::Deletes]);
    }
}
