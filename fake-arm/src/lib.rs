//! The front door that az and the SDKs see: Entra tokens, cloud metadata, the ARM gateway and its resource providers.
//!
//! The goal is that an unmodified client cannot tell this from Azure by looking at paths, casing, headers, bodies or
//! errors. What is *decided* about a request (rules, defaults, states) is decided by `control-plane`; this crate
//! translates, and it is the only one that knows ARM's JSON, api-versions and headers.
//!
//! - [`routes`](mod@routes) reads as the specification of what is served.
//! - `middleware`, one per file: what happens to every request.
//! - `entra`, `metadata`, `extensions`: what a client needs before its first ARM request.
//! - `gateway`, `container_service`, `compute`, `kept`: the resource providers.
//! - `deployments`: ARM templates.
//! - `wire`: JSON to model and back.
//! - `error`, `answer`: how requests end.
#![forbid(unsafe_code)]

mod answer;
mod authorization;
mod compute;
mod container_service;
mod deployments;
mod door;
mod entra;
mod error;
mod extensions;
mod gateway;
mod kept;
mod metadata;
mod middleware;
mod page;
mod query;
mod resource_health;
mod routes;
mod scope;
mod wire;

pub use door::{
    CredentialKind, FrontDoor, KubeconfigSource, Origin, OriginError, POLL_RETRY_MS, REQUEST_BODY_BYTES_MAX,
};
pub use entra::{Authority, AuthorityError, CLI_CLIENT_ID, Caller, Client, Skipped, identity_router};
pub use routes::router;
