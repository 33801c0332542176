//! The managed identity endpoint: a listener of its own, because clients look for it over plain http.

use std::fs;
use std::io::ErrorKind;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum_server::Handle;

use super::{listen, tokens};
use crate::control::Control;
use crate::data_dir::{DataDir, private_dir, write_private};
use crate::failure::{Failure, OrFail as _};

/// Where the value of `IDENTITY_HEADER` is kept, in the data directory. It stays the same over restarts.
const HEADER: &str = "entra/identity.header";

/// How long requests that are being answered may take at most when it is stopped.
const GRACE: Duration = Duration::from_millis(500);

/// An endpoint that is served.
pub struct Endpoint {
    /// What belongs into `IDENTITY_ENDPOINT`.
    pub url: String,
    handle: Handle<SocketAddr>,
}

impl Endpoint {
    /// Stops serving.
    pub fn stop(&self) {
        self.handle.graceful_shutdown(Some(GRACE));
    }
}

/// The secret that the endpoint asks for in `X-IDENTITY-HEADER`.
///
/// # Errors
/// When it cannot be read.
pub fn header(data: &DataDir) -> Result<String, Failure> {
    let path = data.path(HEADER);
    fs::read_to_string(&path).or_fail(|| format!("cannot read {}", path.display()))
}

/// Listens and serves.
///
/// # Errors
/// When the port is taken, or the secret cannot be read or made.
pub(super) fn serve(address: SocketAddr, data: &DataDir, control: &Control) -> Result<Endpoint, Failure> {
    let secret = make_header(data)?;
    let (listener, port) = listen::open(address, "--identity-listen")?;
    let app = fake_arm::identity_router(Arc::clone(&control.authority), control.origin.clone(), secret);
    let handle = Handle::new();
    let server = axum_server::from_tcp(listener).or_fail(|| "cannot serve managed identities".to_owned())?;
    let server = server.handle(handle.clone());
    tokio::spawn(async move {
        if let Err(error) = server.serve(app.into_make_service()).await {
            tracing::warn!(%error, "the managed identity endpoint is not served any more");
        }
    });
    let url = format!("http://{}/msi/token", SocketAddr::new(address.ip(), port));
    Ok(Endpoint { url, handle })
}

fn make_header(data: &DataDir) -> Result<String, Failure> {
    let path = data.path(HEADER);
    let failed = || format!("cannot keep the secret of the managed identity endpoint in {}", path.display());
    match fs::read_to_string(&path) {
        Err(error) if error.kind() == ErrorKind::NotFound => {
            let secret = tokens::random_secret()?;
            path.parent().map_or(Ok(()), private_dir).or_fail(failed)?;
            write_private(&path, secret.as_bytes()).or_fail(failed)?;
            Ok(secret)
        }
        read => read.or_fail(failed),
    }
}
