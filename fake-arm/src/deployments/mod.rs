//! Microsoft.Resources/deployments: ARM templates, deployed to a resource group.
//!
//! - `lenient`, `request`: what clients send. `expression`, `template`: what it means.
//! - `preflight`: what the resource providers would say to it. `runner`, `desk`: doing it. `record`: where it stands.
//! - `handlers`, `operations`, `what_if`, `shown`: what clients get.
//!
//! A template may have the resources that the simulator can write on their own (`resource_types`); what else ARM can
//! deploy, and what of the template language is not simulated, is refused by name before anything is written.

mod desk;
mod difference;
mod expression;
mod failure;
pub(crate) mod handlers;
mod lenient;
pub(crate) mod operations;
mod positions;
mod preflight;
mod record;
mod request;
mod resource_types;
mod runner;
mod shown;
mod template;
pub(crate) mod what_if;

use std::collections::VecDeque;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use axum::Router;
use control_plane::ids::GroupId;
use serde_json::Value;
use uuid::Uuid;

use crate::door::FrontDoor;
use desk::Desk;
use record::Record;
use runner::Runner;

/// How many what-if results wait to be fetched; older ones are forgotten, and all of them at a restart.
const FORECASTS_MAX: usize = 64;

/// The deployments that are being carried out.
pub(crate) struct Deployments {
    door: Arc<FrontDoor>,
    desk: Desk,
    /// Held by whoever changes a stored deployment.
    turn: tokio::sync::Mutex<()>,
    forecasts: Mutex<VecDeque<(Uuid, Value)>>,
    forecasts_made: AtomicU64,
}

impl Deployments {
    /// Takes up what is not finished. `routes` serve single resources.
    ///
    /// Outside of a tokio runtime nothing can be taken up; deployments then wait for a start inside of one.
    pub(crate) fn open(door: &Arc<FrontDoor>, routes: Router<Arc<FrontDoor>>) -> Arc<Self> {
        let deployments = Arc::new(Deployments {
            door: Arc::clone(door),
            desk: Desk::new(routes, door),
            turn: tokio::sync::Mutex::default(),
            forecasts: Mutex::default(),
            forecasts_made: AtomicU64::default(),
        });
        let world = &door.world;
        let groups = world.subscriptions().into_iter().flat_map(|subscription| world.groups(subscription.id));
        for group in groups {
            for record in Record::all(world, &group.id).into_iter().filter(|record| !record.state.is_ended()) {
                deployments.carry_out(group.id.clone(), record.name);
            }
        }
        deployments
    }

    /// Sees to a stored deployment until it has ended, whoever asked for it.
    fn carry_out(self: &Arc<Self>, group: GroupId, name: String) {
        let runner = Runner::new(Arc::clone(self), group, name);
        match tokio::runtime::Handle::try_current() {
            Ok(runtime) => drop(runtime.spawn(runner.run())),
            Err(error) => tracing::warn!(%error, "an unfinished deployment is not taken up"),
        }
    }

    /// Keeps a what-if result until it is fetched and gives the id under which it is.
    fn keep(&self, correlation: Uuid, result: Value) -> Uuid {
        let number = self.forecasts_made.fetch_add(1, Ordering::Relaxed);
        let id = Uuid::new_v5(&correlation, &number.to_le_bytes());
        let mut forecasts = self.forecasts.lock().unwrap_or_else(PoisonError::into_inner);
        forecasts.push_back((id, result));
        if forecasts.len() > FORECASTS_MAX {
            forecasts.pop_front();
        }
        id
    }

    /// A what-if result that was kept.
    fn kept(&self, id: Uuid) -> Option<Value> {
        let forecasts = self.forecasts.lock().unwrap_or_else(PoisonError::into_inner);
        forecasts.iter().find(|(own, _)| *own == id).map(|(_, result)| result.clone())
    }
}
