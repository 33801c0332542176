//! The front door driven as a client drives it: requests in, answers out, on a world in a temporary directory whose
//! time moves by command only.
#![allow(missing_docs, clippy::unwrap_used, reason = "a test crate: a panic is how it fails")]

mod bad_input;
mod clusters;
mod deployments;
mod entra;
mod gateway;
mod golden;
mod house;
mod limits;
mod matrix;
mod operations_page;
mod pool_versions;
mod pools;
mod profiles;
mod resource_health;
mod roles;
mod setup;
mod shape;
mod surface;
