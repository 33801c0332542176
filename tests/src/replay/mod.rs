//! Replays recorded traffic between a client and Azure against the simulator, and compares the answers.
//!
//! Goals, before types:
//! - A request is sent as it was recorded, after translation: host, subscription, and ids that an earlier answer gave.
//! - What the recording presupposes (groups, features, clusters made before it began) is made first.
//! - Virtual time stands still but where the recording shows that something had ended.
//! - Status, headers, every JSON path, type and value are compared; what depends on the moment by its form
//!   ([`rules`]), never ignored.
//! - Faults of a moment (502 and the like) and requests of which the recorder kept a part only cannot be replayed.
//!   They are shown as such and are part of no score.

pub mod classify;
pub mod client;
pub mod compare;
pub mod flat;
pub mod pattern;
pub mod presuppose;
pub mod recording;
pub mod report;
pub mod rules;
pub mod run;
pub mod score;
pub mod simulator;
pub mod translation;

use std::fmt;

/// Why a replay could not be done at all. The text says what happened and what to do.
#[derive(Debug)]
pub struct Failure(pub String);

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Failure {}
