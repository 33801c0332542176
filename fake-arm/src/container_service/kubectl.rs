//! The reads that `runCommand` answers from the world, in kubectl's own layout.

use std::time::Duration;

use control_plane::model::{Cluster, Node, NodeState};
use control_plane::world::World;

/// What a shell shows for a command that ended well.
const DONE: i32 = 0;

/// What a shell shows for a command that failed.
const FAILED: i32 = 1;

/// Exit code and output of a command.
pub(super) fn answer(world: &World, cluster: &Cluster, command: &str) -> (i32, String) {
    let words: Vec<&str> = command.split_whitespace().collect();
    match words.as_slice() {
        ["kubectl", "get", "nodes" | "node" | "no"] => (DONE, table(world, cluster)),
        ["kubectl", "get", "nodes" | "node" | "no", "-o", "name"] => (DONE, names(world, cluster)),
        ["kubectl", "version"] => (DONE, format!("Server Version: v{}\n", cluster.current_kubernetes_version)),
        _ => (FAILED, refusal(command)),
    }
}

fn refusal(command: &str) -> String {
    format!(
        "slipway: '{command}' was not run: Slipway has no pods to run commands in. It answers 'kubectl get nodes', 'kubectl get nodes -o name' and 'kubectl version'; for anything else point kubectl at the cluster with 'az aks get-credentials'.\n"
    )
}

fn table(world: &World, cluster: &Cluster) -> String {
    let mut rows = vec![["NAME", "STATUS", "ROLES", "AGE", "VERSION"].map(str::to_owned)];
    let pools = world.pools(&cluster.id);
    for node in joined(world, cluster) {
        let version = pools.iter().find(|pool| pool.id == node.0.id.pool);
        let version = version.map_or("", |pool| pool.settings.current_orchestrator_version.as_str());
        rows.push([
            node.0.name.clone(),
            node.1.to_owned(),
            "<none>".to_owned(),
            age(world.now().since(node.0.created)),
            format!("v{version}"),
        ]);
    }
    if rows.len() == 1 {
        return "No resources found\n".to_owned();
    }
    aligned(&rows)
}

/// Columns as wide as their widest cell and three blanks, the last one unpadded.
fn aligned(rows: &[[String; 5]]) -> String {
    let width = |column: usize| rows.iter().map(|row| row[column].len()).max().unwrap_or(0) + 3;
    let widths: Vec<usize> = (0..4).map(width).collect();
    let mut out = String::new();
    for row in rows {
        for (cell, width) in row.iter().zip(&widths) {
            out.push_str(&format!("{cell:<width$}"));
        }
        out.push_str(&row[4]);
        out.push('\n');
    }
    out
}

fn names(world: &World, cluster: &Cluster) -> String {
    joined(world, cluster).into_iter().map(|(node, _)| format!("node/{}\n", node.name)).collect()
}

/// The nodes that have an object in Kubernetes, with their status.
fn joined(world: &World, cluster: &Cluster) -> Vec<(std::sync::Arc<Node>, &'static str)> {
    let nodes = world.nodes_of(&cluster.id).into_iter();
    nodes.filter_map(|node| status(&node.state).map(|status| (node, status))).collect()
}

fn status(state: &NodeState) -> Option<&'static str> {
    match state {
        NodeState::Ready { .. } => Some("Ready"),
        NodeState::Draining { .. } => Some("Ready,SchedulingDisabled"),
        NodeState::Reimaging { .. }
        | NodeState::Booting { .. }
        | NodeState::BootRefused { .. }
        | NodeState::HostFault { .. } => Some("NotReady"),
        NodeState::Allocating { .. }
        | NodeState::Stopping { .. }
        | NodeState::Stopped { .. }
        | NodeState::Deleting { .. } => None,
    }
}

/// kubectl's `HumanDuration`: the two largest units while they matter.
fn age(of: Duration) -> String {
    let seconds = of.as_secs();
    let (minutes, hours, days) = (seconds / 60, seconds / 3600, seconds / 86_400);
    let pair = |large: u64, unit: char, small: u64, small_unit: char| match small {
        0 => format!("{large}{unit}"),
        small => format!("{large}{unit}{small}{small_unit}"),
    };
    match seconds {
        0..120 => format!("{seconds}s"),
        120..600 => pair(minutes, 'm', seconds % 60, 's'),
        600..10_800 => format!("{minutes}m"),
        10_800..28_800 => pair(hours, 'h', minutes % 60, 'm'),
        28_800..172_800 => format!("{hours}h"),
        172_800..691_200 => pair(days, 'd', hours % 24, 'h'),
        _ => format!("{days}d"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ages_are_written_as_kubectl_does() {
        for (seconds, text) in [
            (0, "0s"),
            (119, "119s"),
            (125, "2m5s"),
            (3600, "60m"),
            (11_000, "3h3m"),
            (180_000, "2d2h"),
            (900_000, "10d"),
        ] {
            assert_eq!(age(Duration::from_secs(seconds)), text);
        }
    }

    #[test]
    fn columns_are_aligned() {
        let row = |name: &str| [name, "b", "c", "d", "e"].map(str::to_owned);
        assert_eq!(aligned(&[row("a"), row("long")]), "a      b   c   d   e\nlong   b   c   d   e\n");
    }
}
