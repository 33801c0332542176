//! How many TPMs are awake, so that a large fleet does not run out of file descriptors.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Above this many, a TPM is put to sleep as soon as it has been idle for a moment. Each costs two descriptors and
/// about 1 MB; the usual soft limit of descriptors is 1024.
const AWAKE_MAX: usize = 192;

/// Counts the TPMs of a fleet that are awake.
#[derive(Debug, Default)]
pub struct AwakeGauge(AtomicUsize);

impl AwakeGauge {
    /// One more; the count goes down when the returned value is dropped.
    pub(super) fn enter(self: &Arc<Self>) -> AwakeGuard {
        self.0.fetch_add(1, Ordering::Relaxed);
        AwakeGuard(Arc::clone(self))
    }

    /// Whether idle TPMs should go to sleep early.
    pub(super) fn is_high(&self) -> bool {
        self.0.load(Ordering::Relaxed) > AWAKE_MAX
    }

    /// How many are awake.
    pub fn count(&self) -> usize {
        self.0.load(Ordering::Relaxed)
    }
}

/// One TPM that is awake.
#[derive(Debug)]
pub(super) struct AwakeGuard(Arc<AwakeGauge>);

impl Drop for AwakeGuard {
    fn drop(&mut self) {
        self.0.0.fetch_sub(1, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_gauge_counts_those_that_are_awake() {
        let gauge = Arc::new(AwakeGauge::default());
        let mut awake: Vec<_> = (0..AWAKE_MAX).map(|_| gauge.enter()).collect();
        assert!(!gauge.is_high());
        awake.push(gauge.enter());
        assert!(gauge.is_high());
        drop(awake);
        assert_eq!(gauge.count(), 0);
    }
}
