//! Moving an explicit clock: step by step, so that everything happens at its own moment and in the same order.

use std::time::Duration;

use super::{Engine, Progress};
use crate::clock::{Pace, VirtualTime};

/// How many timers one command may run through; more means that something never settles.
const STEPS_MAX: usize = 1_000_000;

/// Time moves by itself; it cannot be stepped.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("virtual time runs by itself; switch to explicit time first")]
pub struct NotExplicit;

/// What a stepping command did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Advanced {
    /// Virtual time before.
    pub from: VirtualTime,
    /// Virtual time after.
    pub to: VirtualTime,
    /// How many units were brought a step further.
    pub steps: u64,
    /// When something happens next.
    pub next: Option<VirtualTime>,
}

impl Engine {
    /// Moves time forward by a duration, through everything that falls into it.
    pub async fn advance(&self, by: Duration) -> Result<Advanced, NotExplicit> {
        let _one = self.stepping.lock().await;
        let from = self.explicit_now().await?;
        let steps = self.progress.borrow().steps;
        let target = from + by;
        for _ in 0..STEPS_MAX {
            match self.quiet().await {
                Some(due) if due <= target => self.world.clock().move_to(due),
                _ => break,
            }
        }
        self.world.clock().move_to(target);
        self.quiet().await;
        Ok(self.report(from, steps))
    }

    /// Moves time to the next moment at which something happens.
    pub async fn advance_to_next(&self) -> Result<Advanced, NotExplicit> {
        let _one = self.stepping.lock().await;
        let from = self.explicit_now().await?;
        let steps = self.progress.borrow().steps;
        if let Some(due) = self.quiet().await {
            self.world.clock().move_to(due);
            self.quiet().await;
        }
        Ok(self.report(from, steps))
    }

    /// Moves time until nothing happens by itself any more.
    pub async fn advance_until_idle(&self) -> Result<Advanced, NotExplicit> {
        let _one = self.stepping.lock().await;
        let from = self.explicit_now().await?;
        let steps = self.progress.borrow().steps;
        for _ in 0..STEPS_MAX {
            match self.quiet().await {
                Some(due) => self.world.clock().move_to(due),
                None => break,
            }
        }
        Ok(self.report(from, steps))
    }

    async fn explicit_now(&self) -> Result<VirtualTime, NotExplicit> {
        if self.world.clock().pace() != Pace::Explicit {
            return Err(NotExplicit);
        }
        self.quiet().await;
        Ok(self.world.now())
    }

    /// Waits until everything that is due at the present moment has happened; gives the next timer.
    async fn quiet(&self) -> Option<VirtualTime> {
        let now = self.world.now();
        let committed = *self.world.watch().borrow();
        let quiet = |p: &Progress| p.seen >= committed && p.quiet_at.is_some_and(|at| at >= now);
        let mut progress = self.progress.clone();
        // An error means that the driver has stopped: nothing happens any more.
        progress.wait_for(quiet).await.ok()?.next_due
    }

    fn report(&self, from: VirtualTime, steps_before: u64) -> Advanced {
        let progress = *self.progress.borrow();
        Advanced { from, to: self.world.now(), steps: progress.steps - steps_before, next: progress.next_due }
    }
}
