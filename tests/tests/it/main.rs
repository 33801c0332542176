//! The real `slipway`, as a process of its own, under the real az, the real tpm2-tools and whatever else comes along.
//!
//! `./test` builds and installs what these tests need. To run them alone: `cargo build --bin slipway`, then
//! `cargo test -p slipway-tests`.
#![forbid(unsafe_code)]
#![allow(unreachable_pub, reason = "one binary; nothing is public")]

mod around;
mod articles;
mod bad_input;
mod clusters;
mod commands;
mod conflicts;
mod crash;
mod evidence;
mod explain;
mod faults;
mod isolation;
mod logins;
mod parsers;
mod pools;
mod preview;
mod replay;
mod restart;
mod sdks;
mod support;
