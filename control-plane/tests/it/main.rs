//! The world and its engine, with hardware that does nothing but remember what it was asked.

mod convergence;
mod crash;
mod host;
mod registration;
