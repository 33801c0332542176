//! `x-ms-ratelimit-remaining-subscription-*`: what a subscription has left of ARM's limits for writes and deletions.
//!
//! Sent with accepted writes of Microsoft.ContainerService (recorded). The numbers count: each write takes one, and
//! virtual time gives them back. Nothing is refused when they reach zero.
//!
//! Limits: 1,200 writes and 15,000 deletions an hour until 2024 (azure-docs `request-limits-and-throttling.md`;
//! recorded: 1199 and 14999 after the first); then token buckets, of 800 writes a subscription and 12,000 over all of
//! its clients (recorded in October 2024: 799 and 11999). That deletions have the same sizes is inferred.

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

/// At most this many subscriptions are counted at a time; beyond that, counting starts anew.
const SUBSCRIPTIONS_MAX: usize = 10_000;

/// How long a limit takes to fill up again, in milliseconds.
const REFILL_MS: u64 = 3_600_000;

/// A kind of limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Limit {
    Writes,
    Deletes,
    GlobalWrites,
    GlobalDeletes,
}

impl Limit {
    fn header(self) -> HeaderName {
        HeaderName::from_static(match self {
            Limit::Writes => "x-ms-ratelimit-remaining-subscription-writes",
            Limit::Deletes => "x-ms-ratelimit-remaining-subscription-deletes",
            Limit::GlobalWrites => "x-ms-ratelimit-remaining-subscription-global-writes",
            Limit::GlobalDeletes => "x-ms-ratelimit-remaining-subscription-global-deletes",
        })
    }

    fn size(self, era: Era) -> u32 {
        match (self, era) {
            (Limit::Writes, Era::Preview) => 1_200,
            (Limit::Deletes, Era::Preview) => 15_000,
            (Limit::Writes | Limit::Deletes, _) => 800,
            (Limit::GlobalWrites | Limit::GlobalDeletes, _) => 12_000,
        }
    }

    /// The limits that a request counts towards.
    fn of(method: &Method, era: Era) -> &'static [Limit] {
        match (method == Method::DELETE, era) {
            (true, Era::Preview) => &[Limit::Deletes],
            (true, _) => &[Limit::Deletes, Limit::GlobalDeletes],
            (false, Era::Preview) => &[Limit::Writes],
            (false, _) => &[Limit::Writes, Limit::GlobalWrites],
        }
    }
}

/// What is left of a limit, in thousandths, at a moment.
#[derive(Clone, Copy, Debug)]
struct Left {
    thousandths: u64,
    at: VirtualTime,
}

impl Left {
    fn full(size: u32, at: VirtualTime) -> Left {
        Left { thousandths: u64::from(size) * 1000, at }
    }

    /// Takes one after what time has given back; gives what is left then.
    fn take(&mut self, size: u32, now: VirtualTime) -> u64 {
        let full = u64::from(size) * 1000;
        let passed = u64::try_from(now.since(self.at).as_millis()).unwrap_or(REFILL_MS).min(REFILL_MS);
        let given_back = full * passed / REFILL_MS;
        self.thousandths = (self.thousandths + given_back).min(full).saturating_sub(1000);
        self.at = now;
        self.thousandths / 1000
    }
}

/// What all subscriptions have left.
pub(crate) struct Remaining {
    door: Arc<FrontDoor>,
    left: Mutex<HashMap<(SubscriptionId, Limit), Left>>,
}

impl Remaining {
    /// All limits full.
    pub(crate) fn new(door: Arc<FrontDoor>) -> Arc<Remaining> {
        Arc::new(Remaining { door, left: Mutex::new(HashMap::new()) })
    }

    fn take(&self, subscription: SubscriptionId, limit: Limit, era: Era) -> u64 {
        let now = self.door.world.now();
        let size = limit.size(era);
        let mut left = self.left.lock().unwrap_or_else(PoisonError::into_inner);
        if left.len() >= SUBSCRIPTIONS_MAX {
            left.clear();
        }
        left.entry((subscription, limit)).or_insert_with(|| Left::full(size, now)).take(size, now)
    }
}

/// Counts accepted writes and says what is left.
pub(crate) async fn tell(State(remaining): State<Arc<Remaining>>, request: Request, next: Next) -> Response {
    let method = request.method().clone();
    let subscription = counted(&method, request.uri().path());
    let mut response = next.run(request).await;
    let found = subscription.and_then(|id| remaining.door.world.subscription(id));
    if let Some(subscription) = found.filter(|_| response.status().is_success()) {
        for limit in Limit::of(&method, subscription.era) {
            let left = remaining.take(subscription.id, *limit, subscription.era);
            response.headers_mut().insert(limit.header(), HeaderValue::from(left));
        }
    }
    response
}

/// The subscription whose limits a request counts towards: writes of Microsoft.ContainerService.
fn counted(method: &Method, path: &str) -> Option<SubscriptionId> {
    let writes = [Method::PUT, Method::POST, Method::PATCH, Method::DELETE].contains(method);
    let rest = path.strip_prefix("/subscriptions/").filter(|_| writes)?;
    let (id, rest) = rest.split_once('/')?;
    rest.contains("providers/microsoft.containerservice/").then(|| Uuid::try_parse(id).ok().map(SubscriptionId))?
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn writes_take_and_time_gives_back() {
        let mut left = Left::full(1_200, VirtualTime::from_millis(0));
        assert_eq!(left.take(1_200, VirtualTime::from_millis(0)), 1_199);
        assert_eq!(left.take(1_200, VirtualTime::from_millis(0)), 1_198);
        assert_eq!(left.take(1_200, VirtualTime::from_millis(REFILL_MS)), 1_199);
        for _ in 0..2_000 {
            left.take(1_200, VirtualTime::from_millis(REFILL_MS));
        }
        assert_eq!(left.take(1_200, VirtualTime::from_millis(REFILL_MS)), 0);
    }

    #[test]
    fn writes_of_container_service_count() {
        let id = "/subscriptions/00000000-0000-0000-0000-000000000000";
        let path = format!("{id}/resourcegroups/g/providers/microsoft.containerservice/managedclusters/c");
        assert!(counted(&Method::PUT, &path).is_some());
        assert!(counted(&Method::GET, &path).is_none());
        assert!(counted(&Method::PUT, &format!("{id}/resourcegroups/g")).is_none());
        assert_eq!(Limit::of(&Method::DELETE, Era::Preview), [Limit::Deletes]);
    }
}
