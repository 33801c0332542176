//! Token buckets in virtual time.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{Mutex, PoisonError};

use control_plane::clock::VirtualTime;

/// The most buckets that are kept; when there are more, the full ones go first.
const BUCKETS_MAX: usize = 4096;

/// How much a bucket holds and how fast it fills.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Rate {
    /// How many requests may come at once.
    pub(super) burst: u32,
    /// Virtual seconds until one more may come.
    pub(super) seconds: f64,
}

impl Rate {
    /// A bucket that fills by so many requests a second.
    pub(super) fn per_second(burst: u32, requests: f64) -> Self {
        Rate { burst, seconds: 1.0 / requests }
    }
}

#[derive(Clone, Copy)]
struct Bucket {
    tokens: f64,
    at: VirtualTime,
    rate: Rate,
}

impl Bucket {
    fn filled(self, now: VirtualTime) -> f64 {
        let gained = now.since(self.at).as_secs_f64() / self.rate.seconds;
        (self.tokens + gained).min(f64::from(self.rate.burst))
    }
}

/// Buckets by what is counted together.
pub(super) struct Buckets<K>(Mutex<HashMap<K, Bucket>>);

impl<K> Default for Buckets<K> {
    fn default() -> Self {
        Buckets(Mutex::default())
    }
}

impl<K: Eq + Hash> Buckets<K> {
    /// Takes a token: how many whole ones are left, or how many whole virtual seconds (at least 1) until there is one.
    pub(super) fn take(&self, key: K, rate: Rate, now: VirtualTime) -> Result<u32, u64> {
        let mut buckets = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if buckets.len() >= BUCKETS_MAX {
            buckets.retain(|_, bucket| bucket.filled(now) < f64::from(bucket.rate.burst));
            if buckets.len() >= BUCKETS_MAX {
                buckets.clear();
            }
        }
        let bucket = buckets.entry(key).or_insert(Bucket { tokens: f64::from(rate.burst), at: now, rate });
        let tokens = bucket.filled(now);
        (bucket.at, bucket.rate) = (now, rate);
        #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "small and not negative")]
        if tokens < 1.0 {
            bucket.tokens = tokens;
            Err((((1.0 - tokens) * rate.seconds).ceil() as u64).max(1))
        } else {
            bucket.tokens = tokens - 1.0;
            Ok(bucket.tokens as u32)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn a_bucket_empties_and_fills_with_virtual_time() {
        let buckets = Buckets::default();
        let rate = Rate::per_second(2, 1.0 / 60.0);
        let start = VirtualTime::from_millis(0);
        assert_eq!(buckets.take("a", rate, start), Ok(1));
        assert_eq!(buckets.take("a", rate, start), Ok(0));
        assert_eq!(buckets.take("a", rate, start), Err(60));
        assert_eq!(buckets.take("b", rate, start), Ok(1), "its own bucket");
        assert_eq!(buckets.take("a", rate, start + Duration::from_secs(45)), Err(15));
        assert_eq!(buckets.take("a", rate, start + Duration::from_secs(60)), Ok(0));
        assert_eq!(buckets.take("a", rate, start + Duration::from_secs(9999)), Ok(1), "never more than it holds");
    }

    #[test]
    fn the_number_of_buckets_is_limited() {
        let buckets = Buckets::default();
        let rate = Rate::per_second(2, 1.0);
        for key in 0..3 * BUCKETS_MAX {
            assert_eq!(buckets.take(key, rate, VirtualTime::from_millis(0)), Ok(1));
        }
        assert!(buckets.0.lock().unwrap().len() <= BUCKETS_MAX);
    }
}
