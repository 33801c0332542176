//! Putting the rooms together: the one place where all of them meet.

use std::sync::Arc;

use axum::Router;
use control_plane::clock::Pace;
use control_plane::engine::Engine;
use control_plane::world::{World, WorldConfig};
use fake_arm::{FrontDoor, Origin};
use tokio::sync::{mpsc, watch};
use vtpm_backend::fleet::{Fleet, FleetConfig};

use super::{UpOptions, az, kube, tokens};
use crate::control::{self, Control};
use crate::failure::{Failure, OrFail as _};
use crate::tls::LocalCa;

/// The parts of an open simulator.
pub(super) struct Parts {
    pub(super) router: Router,
    pub(super) control: Arc<Control>,
}

/// Opens store and fleet, starts the engine and builds the routes.
pub(super) async fn open(
    options: &UpOptions,
    origin: &str,
    ca: &Arc<LocalCa>,
    stop: watch::Sender<bool>,
) -> Result<Parts, Failure> {
    let data = &options.data;
    let origin = Origin::new(origin).or_fail(|| "cannot serve".to_owned())?;
    let config = WorldConfig { dir: data.path("world"), seed: options.seed, pace: options.pace };
    let world = World::open(config).await.or_fail(|| format!("cannot open the world in {}", data.root().display()))?;
    let (events, heard) = mpsc::unbounded_channel();
    let clock = world.clone();
    let mut config = FleetConfig::new(data.path("machines"), Arc::new(move || clock.now().unix_seconds()));
    config.firmware = options.firmware;
    let fleet = Fleet::open(config, events).await.or_fail(|| "cannot set up the nodes' TPMs".to_owned())?;
    let engine = Engine::start(world.clone(), fleet.clone(), heard).await;
    let authority = tokens::authority(data, &world)?;
    let secret = tokens::random_secret()?;
    let kubeconfig = kube::Kubeconfigs::open(data, &origin, ca)?;
    let az_dir = data.path(az::DIRECTORY);
    az::write(&world, &authority, &origin, &az_dir)?;
    let door = FrontDoor {
        world: world.clone(),
        authority: Arc::clone(&authority),
        origin: origin.clone(),
        accelerated_polls: options.fast_polls || accelerated(options.pace),
        throttling: options.throttling,
        kubeconfig: Arc::new(kubeconfig),
    };
    let control = Arc::new(Control { world: world.clone(), engine, fleet, authority, origin, az_dir, secret, stop });
    let router = Router::new()
        .nest(control::PATH_PREFIX, control::router(Arc::clone(&control)))
        .nest(fake_kube::PATH_PREFIX, fake_kube::router(world))
        .fallback_service(fake_arm::router(door));
    Ok(Parts { router, control })
}

/// At Azure's own pace clients wait as they do with Azure; faster than that, they are told to ask again soon.
fn accelerated(pace: Pace) -> bool {
    match pace {
        Pace::Auto { speed } => speed > 1.0,
        Pace::Explicit => true,
    }
}
