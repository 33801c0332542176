//! Faults of nodes and pools.

use std::sync::Arc;

use axum::Json;
use axum::extract::rejection::{JsonRejection, QueryRejection};
use axum::extract::{Path, Query, State};
use control_plane::faults::{Fault, UnknownFault, check};
use control_plane::ids::{ClusterId, GroupId, Name, PoolId};
use control_plane::model::Pool;
use control_plane::refusal::RefusalKind;
use control_plane::world::FaultChange;
use serde::Deserialize;
use uuid::Uuid;

use super::nodes::find;
use super::{Control, ControlError};
use crate::api::{ChangeFaults, Faults, NodeView, SbInfo, Tamper};

impl From<UnknownFault> for ControlError {
    fn from(error: UnknownFault) -> Self {
        ControlError::new(RefusalKind::BadRequest, "UnknownFault", error)
    }
}

fn change(request: ChangeFaults) -> Result<FaultChange, UnknownFault> {
    let faults = |names: Vec<String>| names.iter().map(|name| name.parse()).collect::<Result<Vec<Fault>, _>>();
    Ok(FaultChange { clear: request.clear, remove: faults(request.remove)?, add: faults(request.add)? })
}

fn view(of: &str, faults: &[Fault]) -> Json<Faults> {
    Json(Faults { of: of.to_owned(), faults: faults.iter().map(ToString::to_string).collect() })
}

pub(super) async fn of_node(
    State(control): State<Arc<Control>>,
    Path(node): Path<String>,
) -> Result<Json<Faults>, ControlError> {
    let node = find(&control, &node)?;
    Ok(view(&node.name, &node.faults))
}

pub(super) async fn change_node(
    State(control): State<Arc<Control>>,
    Path(node): Path<String>,
    request: Result<Json<ChangeFaults>, JsonRejection>,
) -> Result<Json<Faults>, ControlError> {
    let Json(request) = request?;
    let node = find(&control, &node)?;
    let change = change(request)?;
    fits(&control, &node.model.image, &change).await?;
    let node = control.world.change_node_faults(&node.id, change).await?;
    Ok(view(&node.name, &node.faults))
}

/// Refuses faults that the image has no place for; taking faults away is always possible.
async fn fits(control: &Control, image: &str, change: &FaultChange) -> Result<(), ControlError> {
    if change.add.is_empty() {
        return Ok(());
    }
    let fitting = control.fleet.fits(image.to_owned(), change.add.clone()).await;
    fitting.map_err(|error| ControlError::new(RefusalKind::Conflict, "FaultDoesNotFit", error))
}

pub(super) async fn tamper(
    State(control): State<Arc<Control>>,
    Path(node): Path<String>,
    request: Result<Json<Tamper>, JsonRejection>,
) -> Result<Json<NodeView>, ControlError> {
    let Json(request) = request?;
    let node = find(&control, &node)?;
    let fault = Fault::Tampered { component: request.component };
    check(&[fault], true).map_err(|conflict| ControlError::new(RefusalKind::BadRequest, "FaultConflict", conflict))?;
    let change = FaultChange::add(fault);
    fits(&control, &node.model.image, &change).await?;
    let node = control.world.change_node_faults(&node.id, change).await?;
    Ok(Json(NodeView::new(&node, None)))
}

/// Looks at the disk as the node would boot from it now, with faults that were given since its last boot.
pub(super) async fn sbinfo(
    State(control): State<Arc<Control>>,
    Path(node): Path<String>,
) -> Result<Json<SbInfo>, ControlError> {
    let node = find(&control, &node)?;
    let findings = control.fleet.sbinfo(node.boot_order()).await;
    let findings = findings.map_err(|error| ControlError::new(RefusalKind::Conflict, "NoBootChain", error))?;
    Ok(Json(SbInfo { node: node.name.clone(), findings }))
}

/// A pool may be named in any subscription; when several have one of this name, the subscription must be given.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct InSubscription {
    subscription: Option<Uuid>,
}

type PoolPath = Path<(String, String, String)>;
type PoolQuery = Result<Query<InSubscription>, QueryRejection>;

pub(super) async fn of_pool(
    State(control): State<Arc<Control>>,
    path: PoolPath,
    query: PoolQuery,
) -> Result<Json<Faults>, ControlError> {
    let pool = find_pool(&control, path, query?.0.subscription)?;
    Ok(view(pool.id.name.as_str(), &pool.image_faults))
}

pub(super) async fn change_pool(
    State(control): State<Arc<Control>>,
    path: PoolPath,
    query: PoolQuery,
    request: Result<Json<ChangeFaults>, JsonRejection>,
) -> Result<Json<Faults>, ControlError> {
    let Json(request) = request?;
    let pool = find_pool(&control, path, query?.0.subscription)?;
    let change = change(request)?;
    fits(&control, &pool.settings.node_image_version, &change).await?;
    let pool = control.world.change_pool_faults(&pool.id, change).await?;
    Ok(view(pool.id.name.as_str(), &pool.image_faults))
}

fn find_pool(control: &Control, path: PoolPath, wanted: Option<Uuid>) -> Result<Arc<Pool>, ControlError> {
    let Path((group, cluster, pool)) = path;
    let subscriptions = control.world.subscriptions();
    let candidates = subscriptions.iter().filter(|s| wanted.is_none_or(|wanted| s.id.0 == wanted));
    let mut found: Vec<_> = candidates
        .filter_map(|subscription| {
            let group = GroupId { subscription: subscription.id, name: Name::new(&*group) };
            let cluster = ClusterId { group, name: Name::new(&*cluster) };
            control.world.pool(&PoolId { cluster, name: Name::new(&*pool) })
        })
        .collect();
    match (found.len(), found.pop()) {
        (1, Some(pool)) => Ok(pool),
        (_, None) => Err(ControlError::new(
            RefusalKind::NotFound,
            "PoolNotFound",
            format!("there is no pool '{pool}' in cluster '{cluster}' of resource group '{group}'"),
        )),
        (count, _) => Err(ControlError::new(
            RefusalKind::BadRequest,
            "PoolAmbiguous",
            format!("{count} subscriptions have such a pool; name one with '?subscription=ID'"),
        )),
    }
}
