//! The world and its engine, with hardware that does nothing but remember what it was asked.

#![allow(clippy::unwrap_used, unreachable_pub, reason = "a test may panic, and its modules are its own")]

mod abort;
mod convergence;
mod crash;
mod host;
mod power;
mod registration;
