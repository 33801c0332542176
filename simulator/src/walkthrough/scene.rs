//! What the steps share: the simulator, an ARM client, and a resource group of their own.

use serde_json::{Value, json};

use super::board::{Board, nobody_waits};
use crate::api::{NodeView, Nodes, Status, Subscriptions, TimeView};
use crate::client::{Arm, Client, Finished, segment};
use crate::data_dir::DataDir;
use crate::failure::Failure;

const GROUP: &str = "slipway-walkthrough";
pub(super) const CLUSTER: &str = "myAKSCluster";
pub(super) const LOCATION: &str = "eastus";

/// The scene.
pub(super) struct Scene<'a> {
    pub(super) client: &'a Client,
    pub(super) arm: Arm,
    pub(super) data: &'a DataDir,
    pub(super) status: Status,
    pub(super) group: String,
}

impl<'a> Scene<'a> {
    /// Speaks for the default subscription, in a resource group whose name is still free.
    pub(super) fn set(client: &'a Client, data: &'a DataDir) -> Result<Scene<'a>, Failure> {
        let status = client.get("/status")?;
        let all: Subscriptions = client.get("/subscriptions")?;
        let first = all.subscriptions.first().ok_or_else(|| Failure::Failed("there is no subscription".to_owned()))?;
        let arm = Arm::new(client, &first.id.to_string())?;
        let mut names = std::iter::once(GROUP.to_owned()).chain((2..).map(|n| format!("{GROUP}-{n}")));
        let group = loop {
            let name = names.next().unwrap_or_default();
            match arm.get(&arm.url(&name, "")) {
                Ok(_) => {}
                Err(Failure::NotFound(_)) => break name,
                Err(failure) => return Err(failure),
            }
        };
        Ok(Scene { client, arm, data, status, group })
    }

    /// Creates the resource group.
    pub(super) fn create_group(&self) -> Result<(), Failure> {
        self.arm.put(&self.arm.url(&self.group, ""), &json!({ "location": LOCATION })).map(drop)
    }

    /// The URL of the cluster, or of something below it.
    pub(super) fn cluster_url(&self, below: &str) -> String {
        self.arm.cluster_url(&self.group, CLUSTER, below)
    }

    /// Writes a resource and shows the nodes of a pool until the operation ends, which must be well.
    pub(super) fn put_and_watch(
        &self,
        url: &str,
        body: &Value,
        pool: &str,
        waits: fn(&NodeView) -> bool,
    ) -> Result<(), Failure> {
        let Some(operation) = self.arm.put(url, body)? else { return Ok(()) };
        let mut board = Board::new(waits);
        let finished = self.arm.wait(&operation, || self.show_nodes(&mut board, pool));
        board.finish()?;
        match finished? {
            Finished::Succeeded => Ok(()),
            Finished::Failed { code, message } => {
                Err(Failure::Failed(format!("the operation failed: {code}: {message}")))
            }
        }
    }

    /// The nodes of a pool, by name.
    pub(super) fn nodes(&self, pool: &str) -> Result<Vec<NodeView>, Failure> {
        let mut nodes = self.client.get::<Nodes>("/nodes")?.nodes;
        nodes.retain(|n| n.resource_group == self.group && n.cluster == CLUSTER && n.pool == pool);
        nodes.sort_by(|a, b| a.name.cmp(&b.name));
        Ok(nodes)
    }

    /// The first node of a pool.
    pub(super) fn first_node(&self, pool: &str) -> Result<NodeView, Failure> {
        let first = self.nodes(pool)?.into_iter().next();
        first.ok_or_else(|| Failure::Failed(format!("pool {pool} has no nodes")))
    }

    /// The control API's path of a node, or of something below it.
    pub(super) fn node_path(&self, node: &NodeView, below: &str) -> String {
        format!("/nodes/{}{below}", segment(&format!("{}/{}", node.cluster, node.name)))
    }

    /// Restarts a node and shows it until it runs or is refused.
    pub(super) fn reboot_and_watch(&self, node: &NodeView) -> Result<NodeView, Failure> {
        let mut node: NodeView = self.client.post(&self.node_path(node, "/reboot"), &json!({}))?;
        let mut board = Board::new(nobody_waits);
        loop {
            let now: TimeView = self.client.get("/time")?;
            board.show(now.unix_ms, std::slice::from_ref(&node))?;
            if node.until.is_none() {
                board.finish()?;
                return Ok(node);
            }
            std::thread::sleep(std::time::Duration::from_millis(100));
            node = self.client.get(&self.node_path(&node, ""))?;
        }
    }

    fn show_nodes(&self, board: &mut Board, pool: &str) -> Result<(), Failure> {
        let nodes = self.nodes(pool)?;
        let now: TimeView = self.client.get("/time")?;
        board.show(now.unix_ms, &nodes)
    }
}
