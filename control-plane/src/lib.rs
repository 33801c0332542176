//! The simulated world behind Slipway's doors: no HTTP, no wire formats, no machine clock.
//!
//! A write validates, stores the desired state, an operation and a journal entry in one transaction, and returns when
//! that is durable ([`world`]). A level-triggered [`engine`] drives every node towards the desired state through the
//! [`hardware`] trait; an operation ends when its resource has converged. After a crash the engine goes on from what is
//! stored. Time is virtual ([`clock`], [`timings`]), and the documented constraints are one table ([`rules`]).
#![forbid(unsafe_code)]

pub mod catalog;
pub mod clock;
pub mod engine;
pub mod era;
pub mod faults;
pub mod hardware;
pub mod ids;
pub mod model;
pub mod refusal;
pub mod resolve;
pub mod rules;
pub mod store;
pub mod timings;
pub mod world;
