//! `slipway walkthrough`: everything once, through the simulator's own public HTTPS interface.
//!
//! What a client of Azure would do goes through ARM; what only a simulator can do (evidence, tampering, restarts) goes
//! through the control API. Nothing here looks behind either of them.

mod board;
mod chain;
mod scene;
mod stage;
mod steps;

use std::net::SocketAddr;
use std::sync::mpsc;

use control_plane::clock::Pace;
use vtpm_backend::boot::engine::FirmwareProfile;

use crate::cli::{Context, invocation};
use crate::client::Client;
use crate::failure::{Failure, OrFail as _};
use crate::serve::{Server, UpOptions, logging, runtime};
use scene::Scene;

/// What `slipway walkthrough` is told.
#[derive(Clone, Debug)]
pub struct Options {
    /// Whether to stay up afterwards.
    pub keep_up: bool,
    /// Where to listen when no simulator is running yet.
    pub listen: SocketAddr,
}

/// Shows everything once, on the running simulator of the data directory or on one of its own.
///
/// # Errors
/// When a step does not go as it should: then something is wrong with Slipway or with this machine.
pub(crate) fn run(context: &Context, options: &Options) -> Result<(), Failure> {
    logging::start("warn");
    let answers = |client: &Client| client.get::<crate::api::Status>("/status").is_ok();
    match Client::find(&context.data).ok().filter(answers) {
        Some(client) => {
            show(context, &client, true)?;
            Ok(())
        }
        None => with_own_simulator(context, options),
    }
}

/// Serves in this process; the show runs in a thread of its own and talks to it over HTTPS.
fn with_own_simulator(context: &Context, options: &Options) -> Result<(), Failure> {
    let up = UpOptions {
        listen: options.listen,
        data: context.data.clone(),
        pace: Pace::DEFAULT,
        seed: 1,
        fast_polls: false,
        throttling: false,
        firmware: FirmwareProfile::azure(),
        identity: None,
    };
    let keep_up = options.keep_up;
    runtime()?.block_on(async move {
        let server = Server::start(up).await?;
        let stopper = server.stopper();
        let (tell, told) = mpsc::channel();
        let show_context = Context { data: context.data.clone(), json: false };
        std::thread::spawn(move || {
            let outcome = Client::find(&show_context.data).and_then(|client| show(&show_context, &client, keep_up));
            if outcome.is_err() || !keep_up {
                stopper.send_replace(true);
            }
            // Nobody listens any more after Ctrl-C.
            let _ = tell.send(outcome);
        });
        server.run().await?;
        // Empty when a signal ended the simulator during the show.
        told.try_recv().unwrap_or_else(|_| Err(Failure::Failed("the walkthrough was interrupted".to_owned())))
    })
}

/// The show itself, at a speed at which it takes less than a minute.
fn show(context: &Context, client: &Client, stays_up: bool) -> Result<(), Failure> {
    let before: crate::api::TimeView = client.get("/time")?;
    let too_slow = !matches!(before.pace, Pace::Auto { speed } if speed >= 60.0);
    if too_slow {
        let _: crate::api::TimeView = client.put("/time/pace", &Pace::DEFAULT)?;
    }
    let outcome = Scene::set(client, &context.data).and_then(|scene| steps::play(&scene));
    if too_slow {
        let _: crate::api::TimeView = client.put("/time/pace", &before.pace)?;
    }
    let farewell = outcome?;
    if stays_up {
        stage::farewell(|command| invocation(context, command), &farewell)?;
    }
    Ok(())
}

/// The folder in the data directory in which the walkthrough keeps its evidence.
fn evidence_dir(data: &crate::data_dir::DataDir, name: &str) -> Result<std::path::PathBuf, Failure> {
    let dir = data.path("walkthrough").join(name);
    if dir.exists() {
        std::fs::remove_dir_all(&dir).or_fail(|| format!("cannot empty {}", dir.display()))?;
    }
    crate::data_dir::private_dir(&dir).or_fail(|| format!("cannot create {}", dir.display()))?;
    Ok(dir)
}
