//! The control API under `/_slipway/v1`: what a simulator can do that Azure cannot. It moves time, shows and breaks
//! nodes, and hands out evidence.
//!
//! Every request needs the secret that `slipway up` writes, readable by its owner only, into the data directory.

mod auth;
mod error;
mod events;
mod evidence;
mod faults;
mod nodes;
mod session;
mod subscriptions;
mod time;

use std::path::PathBuf;
use std::sync::Arc;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::middleware::from_fn_with_state;
use axum::routing::{get, post, put};
use control_plane::engine::Engine;
use control_plane::world::World;
use fake_arm::{Authority, Origin};
use tokio::sync::watch;
use vtpm_backend::fleet::Fleet;

pub use error::ControlError;

/// Where the control API is mounted.
pub const PATH_PREFIX: &str = "/_slipway/v1";

/// The largest request body, in bytes.
const BODY_BYTES_MAX: usize = 64 * 1024;

/// Everything that control requests are answered from.
pub struct Control {
    /// The simulated world.
    pub world: World,
    /// What drives it.
    pub engine: Arc<Engine>,
    /// The machines.
    pub fleet: Arc<Fleet>,
    /// Who issues tokens.
    pub authority: Arc<Authority>,
    /// The simulator's origin.
    pub origin: Origin,
    /// Where az's configuration is, which lists the subscriptions.
    pub az_dir: PathBuf,
    /// What lets a request in.
    pub secret: String,
    /// Set to `true` to stop the simulator.
    pub stop: watch::Sender<bool>,
}

/// The routes, to be mounted at [`PATH_PREFIX`].
pub fn router(control: Arc<Control>) -> Router {
    Router::new()
        .route("/status", get(session::status))
        .route("/token", post(session::token))
        .route("/shutdown", post(session::shutdown))
        .route("/subscriptions", get(subscriptions::list).post(subscriptions::add))
        .route("/time", get(time::show))
        .route("/time/pace", put(time::set_pace))
        .route("/time/advance", post(time::advance))
        .route("/events", get(events::list))
        .route("/nodes", get(nodes::list))
        .route("/nodes/{node}", get(nodes::show))
        .route("/nodes/{node}/reboot", post(nodes::reboot))
        .route("/nodes/{node}/tamper", post(faults::tamper))
        .route("/nodes/{node}/faults", get(faults::of_node).post(faults::change_node))
        .route("/pools/{group}/{cluster}/{pool}/faults", get(faults::of_pool).post(faults::change_pool))
        .route("/nodes/{node}/console", get(evidence::console))
        .route("/nodes/{node}/eventlog", get(evidence::event_log))
        .route("/nodes/{node}/pcrs", get(evidence::pcrs))
        .route("/nodes/{node}/pcrs-at-refusal", get(evidence::pcrs_at_refusal))
        .route("/nodes/{node}/quote", post(evidence::quote))
        .route("/nodes/{node}/reference", get(evidence::reference))
        .route("/nodes/{node}/sbinfo", get(faults::sbinfo))
        .route("/nodes/{node}/rehearsal", get(evidence::rehearsal))
        .route("/nodes/{node}/tcti", get(evidence::tcti))
        .fallback(error::no_such_route)
        .layer(from_fn_with_state(Arc::clone(&control), auth::check))
        .layer(DefaultBodyLimit::max(BODY_BYTES_MAX))
        .with_state(control)
}
