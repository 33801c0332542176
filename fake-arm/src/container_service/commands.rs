//! `runCommand`: a command in the cluster, as `az aks command invoke` sends it.
//!
//! Azure runs the command in a pod. Slipway has no pods: it answers the few reads that the world itself can answer and
//! ends everything else with exit code 1 and a log that says why. Nothing is ever executed.

use control_plane::clock::VirtualTime;
use control_plane::model::{Cluster, GenericResource, PowerState};
use control_plane::refusal::RefusalKind;
use http::StatusCode;
use serde_json::{Value, json};
use uuid::Uuid;

use super::kubectl;
use crate::answer;
use crate::error::{Answer, Error};
use crate::middleware::Content;
use crate::scope::Scope;
use crate::wire::ids::ClusterPath;
use crate::wire::json::document;
use crate::wire::read::Members;

/// The api-version in the result's URL; any would do.
const RESULT_API_VERSION: &str = "2024-08-01";

/// The longest command that is looked at, in bytes.
const COMMAND_BYTES_MAX: usize = 4096;

/// `POST {cluster}/runCommand`: 202 with the result's URL in `Location`. The result is kept with the cluster.
pub(crate) async fn run(scope: Scope, Content(body): Content) -> Answer {
    let cluster = scope.existing_cluster()?;
    let command = Members::of(&body)?.text_or_default("command")?.ok_or_else(|| Members::missing("command"))?;
    if command.len() > COMMAND_BYTES_MAX {
        let text = format!("The command is longer than {COMMAND_BYTES_MAX} bytes.");
        return Err(Error::provider(RefusalKind::BadRequest, "BadRequest", text));
    }
    let id = Uuid::new_v4().simple().to_string();
    let result = result(&scope, &cluster, &command);
    let body = json!({ "properties": result }).as_object().cloned().unwrap_or_default();
    scope.world().put_generic(kept(&cluster, &id, body)).await?;
    let url = format!(
        "{}{}/commandResults/{id}?api-version={RESULT_API_VERSION}",
        scope.door.origin,
        ClusterPath(&cluster.id)
    );
    Ok(answer::with_location(answer::empty(StatusCode::ACCEPTED), &url))
}

/// `GET {cluster}/commandResults/{command}`.
pub(crate) async fn show(scope: Scope) -> Answer {
    let cluster = scope.existing_cluster()?;
    let id = scope.param("command");
    let place = kept(&cluster, id, serde_json::Map::new());
    let found = scope.world().generic(&place.group, &place.namespace, &place.path).ok_or_else(|| {
        // The text is inferred.
        Error::provider(RefusalKind::NotFound, "NotFound", format!("Could not find the command result {id}."))
    })?;
    Ok(answer::provider(document(|o| {
        o.value("id", id).kept(&found.body, "properties");
    })))
}

fn kept(cluster: &Cluster, id: &str, body: serde_json::Map<String, Value>) -> GenericResource {
    let path = ["managedClusters", cluster.id.name.as_str(), "commandResults", id].map(str::to_owned).to_vec();
    GenericResource { group: cluster.id.group.clone(), namespace: "Microsoft.ContainerService".to_owned(), path, body }
}

fn result(scope: &Scope, cluster: &Cluster, command: &str) -> Value {
    let now: VirtualTime = scope.world().now();
    let time = now.rfc3339();
    if cluster.power == PowerState::Stopped {
        // The text is inferred: Azure cannot reach the API server of a stopped cluster either.
        let reason = "The cluster is stopped; start it to run commands in it.";
        return json!({"provisioningState": "Failed", "reason": reason, "startedAt": time, "finishedAt": time});
    }
    let (code, logs) = kubectl::answer(scope.world(), cluster, command);
    json!({"provisioningState": "Succeeded", "exitCode": code, "startedAt": time, "finishedAt": time, "logs": logs})
}
