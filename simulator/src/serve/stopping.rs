//! An orderly end: no request is cut off, no TPM loses its state, nothing written is lost.

use std::net::SocketAddr;
use std::time::Duration;

use axum_server::Handle;

use super::compose::Parts;

/// How long requests that are being answered may take at most.
const GRACE: Duration = Duration::from_secs(2);

pub(super) async fn stop(handle: &Handle<SocketAddr>, parts: &Parts) {
    tracing::info!("stopping");
    handle.graceful_shutdown(Some(GRACE));
    parts.control.engine.shutdown().await;
    parts.control.fleet.shutdown().await;
    tracing::info!("stopped");
}
