//! Nodes: finding one by what a person typed, showing it, breaking it, restarting it.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, State};
use control_plane::model::Node;
use control_plane::refusal::RefusalKind;

use super::{Control, ControlError};
use crate::api::{NodeView, Nodes};

/// How many names an error lists at most.
const NAMES_SHOWN_MAX: usize = 5;

pub(super) async fn list(State(control): State<Arc<Control>>) -> Json<Nodes> {
    Json(Nodes { nodes: control.world.all_nodes().iter().map(|node| NodeView::new(node, None)).collect() })
}

pub(super) async fn show(
    State(control): State<Arc<Control>>,
    Path(node): Path<String>,
) -> Result<Json<NodeView>, ControlError> {
    let node = find(&control, &node)?;
    // Waits while the machine boots; a list does not.
    let tpm = control.fleet.status(node.vm).await.power;
    Ok(Json(NodeView::new(&node, Some(tpm.into()))))
}

pub(super) async fn reboot(
    State(control): State<Arc<Control>>,
    Path(node): Path<String>,
) -> Result<Json<NodeView>, ControlError> {
    let node = find(&control, &node)?;
    let node = control.world.reboot_node(&node.id).await?;
    Ok(Json(NodeView::new(&node, None)))
}

/// The one node that is meant.
pub(super) fn find(control: &Control, pattern: &str) -> Result<Arc<Node>, ControlError> {
    let mut found = control.world.find_nodes(pattern);
    match (found.len(), found.pop()) {
        (1, Some(node)) => Ok(node),
        (_, None) => Err(ControlError::new(
            RefusalKind::NotFound,
            "NodeNotFound",
            format!("there is no node '{pattern}'; 'slipway node list' shows all"),
        )),
        (count, Some(last)) => {
            let mut names: Vec<String> = found.iter().chain([&last]).map(|node| full_name(node)).collect();
            names.sort();
            names.truncate(NAMES_SHOWN_MAX);
            Err(ControlError::new(
                RefusalKind::NotFound,
                "NodeAmbiguous",
                format!("'{pattern}' can mean {count} nodes; name one, for example {}", names.join(", ")),
            ))
        }
    }
}

fn full_name(node: &Node) -> String {
    format!("{}/{}", node.id.pool.cluster.name, node.name)
}
