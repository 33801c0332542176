//! `slipway up`: one process that serves a simulated Azure.
//!
//! Nothing slow happens before it listens; keys that take long to make are made by whoever owns them, in the
//! background.

pub mod az;
mod compose;
pub mod identity;
mod kube;
mod listen;
pub mod logging;
mod signals;
mod stopping;
pub mod tokens;

use std::net::SocketAddr;
use std::sync::Arc;

use axum_server::Handle;
use axum_server::tls_rustls::RustlsConfig;
use control_plane::clock::Pace;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use vtpm_backend::boot::engine::FirmwareProfile;

pub use listen::{DEFAULT_LISTEN, parse_identity_listen, parse_listen};

use crate::data_dir::DataDir;
use crate::failure::{Failure, OrFail as _};
use crate::run_file::{Hold, Running};
use crate::tls::{LocalCa, server_config, write_bundle};

/// The CA bundle's name in the data directory.
pub const BUNDLE: &str = "ca-bundle.pem";

/// What `slipway up` is told.
#[derive(Clone, Debug)]
pub struct UpOptions {
    /// Where to listen; port 0 picks a free one.
    pub listen: SocketAddr,
    /// The data directory.
    pub data: DataDir,
    /// How virtual time moves.
    pub pace: Pace,
    /// Decides names and durations of a new world.
    pub seed: u64,
    /// Whether clients are told to poll again soon even at Azure's own pace.
    pub fast_polls: bool,
    /// Whether request limits hold.
    pub throttling: bool,
    /// The firmware of nodes that boot from now on.
    pub firmware: &'static FirmwareProfile,
    /// Where to serve the managed identity endpoint, if anywhere.
    pub identity: Option<SocketAddr>,
}

/// A simulator that serves.
pub struct Server {
    running: Running,
    stop: watch::Sender<bool>,
    serving: JoinHandle<std::io::Result<()>>,
    handle: Handle<SocketAddr>,
    parts: compose::Parts,
    identity: Option<identity::Endpoint>,
    // Last, so that the data directory is given up only after everything else has ended.
    hold: Hold,
}

impl Server {
    /// Opens the world and listens. When this returns, requests are answered.
    ///
    /// # Errors
    /// When the data directory is taken or unusable, the port is taken, or swtpm cannot be found.
    pub async fn start(options: UpOptions) -> Result<Server, Failure> {
        let data = &options.data;
        data.create()?;
        let hold = Hold::take(data)?;
        let (listener, origin) = listen::bind(options.listen)?;
        let ca = Arc::new(LocalCa::load_or_make(&data.path("tls"))?);
        write_bundle(&ca, &data.path(BUNDLE))?;
        let tls = server_config(&ca, Some(options.listen.ip()))?;
        let (stop, _) = watch::channel(false);
        let parts = compose::open(&options, &origin, &ca, stop.clone()).await?;
        let handle = Handle::new();
        let server = axum_server::from_tcp_rustls(listener, RustlsConfig::from_config(tls))
            .or_fail(|| "cannot serve".to_owned())?
            .handle(handle.clone());
        let app = parts.router.clone();
        let serving = tokio::spawn(async move { server.serve(app.into_make_service()).await });
        let identity = options.identity.map(|address| identity::serve(address, data, &parts.control)).transpose()?;
        let running = Running {
            url: origin,
            ca: ca.pem_path().to_owned(),
            pid: std::process::id(),
            identity: identity.as_ref().map(|endpoint| endpoint.url.clone()),
        };
        hold.announce(&running, &parts.control.secret)?;
        Ok(Server { running, stop, serving, handle, parts, identity, hold })
    }

    /// Where it is.
    pub fn running(&self) -> &Running {
        &self.running
    }

    /// Serves until a signal, `slipway down` or a fault ends it, then puts everything to rest in order.
    ///
    /// # Errors
    /// When serving ended by a fault.
    pub async fn run(mut self) -> Result<(), Failure> {
        let mut stop = self.stop.subscribe();
        let ended = tokio::select! {
            ended = &mut self.serving => Some(ended),
            () = signals::termination() => None,
            // The sender lives in `self`: the wait ends by a change alone.
            _ = stop.wait_for(|stop| *stop) => None,
        };
        signals::let_a_second_one_end_the_process();
        if let Some(identity) = &self.identity {
            identity.stop();
        }
        stopping::stop(&self.handle, &self.parts).await;
        drop(self.hold);
        match ended {
            Some(Ok(Err(error))) => Err(Failure::Failed(format!("serving ended: {error}"))),
            Some(Err(error)) => Err(Failure::Failed(format!("serving broke down: {error}"))),
            Some(Ok(Ok(()))) | None => Ok(()),
        }
    }

    /// Asks it to stop; [`Server::run`] then returns.
    pub fn stopper(&self) -> watch::Sender<bool> {
        self.stop.clone()
    }
}

/// The runtime that a simulator needs.
///
/// # Errors
/// When the system gives no threads.
pub fn runtime() -> Result<tokio::runtime::Runtime, Failure> {
    tokio::runtime::Builder::new_multi_thread().enable_all().build().or_fail(|| "cannot start the runtime".to_owned())
}
