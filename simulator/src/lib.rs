//! The `slipway` binary: composition of all rooms, command line, control API, walkthrough and benchmark.
//!
//! `slipway up` ([`serve`]) owns the world; every other command ([`cli`]) talks to it over HTTPS through [`client`],
//! like anybody else could. [`api`] holds the types that both sides share.
#![forbid(unsafe_code)]

pub mod api;
pub mod az_setup;
pub mod bench;
pub mod cli;
pub mod client;
pub mod control;
pub mod data_dir;
pub mod duration;
pub mod failure;
pub mod run_file;
pub mod serve;
pub mod table;
pub mod tls;
pub mod walkthrough;
