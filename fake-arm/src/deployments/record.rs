//! Deployments as they are stored: enough to go on with one after a restart, and to tell about it when it is over.

use std::sync::Arc;
use std::time::Duration;

use control_plane::clock::VirtualTime;
use control_plane::ids::{GroupId, OperationId};
use control_plane::model::{GenericResource, Opaque};
use control_plane::refusal::Refusal;
use control_plane::world::World;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use sha2::{Digest, Sha256};
use uuid::Uuid;

use super::failure::Fault;
use super::template::{Planned, Template};
use crate::wire::ids::GroupPath;

/// Where deployments are kept among the stored resources.
pub(super) const NAMESPACE: &str = "Microsoft.Resources";
/// Their type.
pub(super) const TYPE: &str = "deployments";
/// The member of the stored resource that holds a record.
const MEMBER: &str = "record";

/// Where a deployment stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum State {
    /// Asked for.
    Accepted,
    /// Resources are being written.
    Running,
    /// Everything is deployed.
    Succeeded,
    /// Something could not be deployed.
    Failed,
    /// A client ended it; what it had begun goes on.
    Canceled,
}

impl State {
    /// As ARM writes it.
    pub(super) fn as_str(self) -> &'static str {
        match self {
            State::Accepted => "Accepted",
            State::Running => "Running",
            State::Succeeded => "Succeeded",
            State::Failed => "Failed",
            State::Canceled => "Canceled",
        }
    }

    /// Whether it is over.
    pub(super) fn is_ended(self) -> bool {
        !matches!(self, State::Accepted | State::Running)
    }
}

/// Where one resource of a deployment stands.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "at")]
pub(super) enum Progress {
    /// Waits for others.
    Waiting,
    /// About to be written: stored before the write, so that after a crash it is known that it may have happened.
    Writing,
    /// Written; the resource provider is at work.
    Running {
        /// Its operation.
        operation: OperationId,
        /// Whether the resource is new.
        created: bool,
    },
    /// Done.
    Succeeded {
        /// Whether the resource is new.
        created: bool,
    },
    /// Not done.
    Failed {
        /// The HTTP status that the provider answered, or that its failure amounts to.
        status: u16,
        /// Why.
        error: Fault,
    },
}

impl Progress {
    /// Whether nothing more happens to it.
    pub(super) fn is_ended(&self) -> bool {
        matches!(self, Progress::Succeeded { .. } | Progress::Failed { .. })
    }
}

/// One resource of a deployment.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Step {
    /// The resource's id.
    pub(super) id: String,
    /// Its type.
    pub(super) kind: String,
    /// Its full name.
    pub(super) name: String,
    /// The api-version it is written with.
    pub(super) api: String,
    /// The region that the template gives it, where that can be told beforehand.
    pub(super) location: Option<String>,
    /// Places of the steps before it.
    pub(super) after: Vec<usize>,
    /// How it goes.
    pub(super) progress: Progress,
    /// When it was begun.
    pub(super) started: Option<VirtualTime>,
    /// When it ended.
    pub(super) ended: Option<VirtualTime>,
}

impl Step {
    fn new(template: &Template, planned: &Planned) -> Step {
        let body = template.body(planned, None).unwrap_or_default();
        Step {
            id: planned.id.clone(),
            kind: planned.kind.clone(),
            name: planned.full_name(),
            api: planned.api.clone(),
            location: body.get("location").and_then(Value::as_str).map(str::to_owned),
            after: planned.after.clone(),
            progress: Progress::Waiting,
            started: None,
            ended: None,
        }
    }
}

/// A deployment.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Record {
    /// Its name, as the client wrote it.
    pub(super) name: String,
    /// The last segment of its status URL: twenty digits.
    pub(super) status_id: String,
    /// The id that all its requests share.
    pub(super) correlation: Uuid,
    /// The template.
    pub(super) template: Arc<Opaque>,
    /// A number that follows from the template.
    pub(super) template_hash: String,
    /// The parameters as they are shown: secure ones without a value.
    pub(super) parameters: Opaque,
    /// The parameters as they were given, for as long as they are needed.
    pub(super) supplied: Option<Opaque>,
    /// The deployment's tags.
    pub(super) tags: Option<Opaque>,
    /// When it was asked for.
    pub(super) asked: VirtualTime,
    /// When it last changed.
    pub(super) changed: VirtualTime,
    /// Where it stands.
    pub(super) state: State,
    /// Its resources, each after those it depends on.
    pub(super) steps: Vec<Step>,
    /// Its outputs, once it succeeded.
    pub(super) outputs: Opaque,
    /// Why it failed.
    pub(super) error: Option<Fault>,
}

impl Record {
    /// The id of a deployment of that name.
    pub(super) fn id_of(group: &GroupId, name: &str) -> String {
        format!("{}/providers/{NAMESPACE}/{TYPE}/{name}", GroupPath(group))
    }

    /// A deployment that is just asked for.
    pub(super) fn new(template: &Template, supplied: &Opaque, tags: Option<Opaque>) -> Record {
        let here = template.surroundings();
        let text = serde_json::to_vec(&*here.template).unwrap_or_default();
        let digest = Sha256::digest(text);
        let hash = digest.iter().take(8).fold(0_u64, |hash, byte| hash << 8 | u64::from(*byte));
        Record {
            name: here.deployment.clone(),
            status_id: status_id(here.asked, here.correlation),
            correlation: here.correlation,
            template: Arc::clone(&here.template),
            template_hash: hash.to_string(),
            parameters: template.shown_parameters(),
            supplied: Some(supplied.clone()),
            tags,
            asked: here.asked,
            changed: here.asked,
            state: State::Accepted,
            steps: template.resources().iter().map(|planned| Step::new(template, planned)).collect(),
            outputs: Opaque::new(),
            error: None,
        }
    }

    /// How long it has taken.
    pub(super) fn duration(&self) -> Duration {
        self.changed.since(self.asked)
    }

    /// Ends it and forgets what must not be kept.
    pub(super) fn end(&mut self, state: State, now: VirtualTime) {
        self.state = state;
        self.changed = now;
        self.supplied = None;
    }

    /// What a stored resource says, if it is a deployment.
    pub(super) fn read(stored: &GenericResource) -> Option<Record> {
        if stored.namespace != NAMESPACE || stored.path.first().map(String::as_str) != Some(TYPE) {
            return None;
        }
        let value = stored.body.get(MEMBER)?;
        Record::deserialize(value)
            .inspect_err(|error| tracing::error!(%error, path = ?stored.path, "a stored deployment cannot be read"))
            .ok()
    }

    /// One deployment.
    pub(super) fn load(world: &World, group: &GroupId, name: &str) -> Option<Record> {
        Record::read(&*Record::stored(world, group, name)?)
    }

    /// One deployment as it is stored.
    pub(super) fn stored(world: &World, group: &GroupId, name: &str) -> Option<Arc<GenericResource>> {
        world.generic(group, NAMESPACE, &[TYPE.to_owned(), name.to_owned()])
    }

    /// All deployments of a group, the latest first.
    pub(super) fn all(world: &World, group: &GroupId) -> Vec<Record> {
        let mut all: Vec<_> = world.generics(group).iter().filter_map(|stored| Record::read(stored)).collect();
        all.sort_by(|a, b| b.asked.cmp(&a.asked).then_with(|| a.name.cmp(&b.name)));
        all
    }

    /// Stores it.
    ///
    /// # Errors
    /// When the group is gone or is being deleted, or the store cannot write.
    pub(super) async fn save(&self, world: &World, group: &GroupId) -> Result<(), Refusal> {
        // A record of text, numbers and JSON cannot fail to become JSON.
        let value = serde_json::to_value(self).unwrap_or(Value::Null);
        let body = Opaque::from_iter([(MEMBER.to_owned(), value)]);
        let path = vec![TYPE.to_owned(), self.name.clone()];
        let stored = GenericResource { group: group.clone(), namespace: NAMESPACE.to_owned(), path, body };
        world.put_generic(stored).await.map(|_| ())
    }

    /// Forgets one; `false` when there was none.
    ///
    /// # Errors
    /// When the store cannot write.
    pub(super) async fn forget(world: &World, group: &GroupId, name: &str) -> Result<bool, Refusal> {
        world.delete_generic(group, NAMESPACE, &[TYPE.to_owned(), name.to_owned()]).await
    }
}

/// The twenty digits of a status id: what is left of .NET's time, as in real status URLs. Later ids are smaller.
pub(super) fn status_id(now: VirtualTime, correlation: Uuid) -> String {
    const EPOCH_MS: u64 = 62_135_596_800_000;
    let ticks = now.as_millis().saturating_add(EPOCH_MS).saturating_mul(10_000);
    let below_a_millisecond = u64::try_from(correlation.as_u128() % 10_000).unwrap_or(0);
    let left = u64::try_from(i64::MAX).unwrap_or(u64::MAX).saturating_sub(ticks.saturating_add(below_a_millisecond));
    format!("{left:020}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn status_ids_look_like_azures() {
        let id = status_id(VirtualTime::from_millis(1_755_000_000_000), Uuid::from_u128(7));
        assert_eq!(id.len(), 20);
        assert!(id.starts_with("08584"), "{id}");
        assert!(status_id(VirtualTime::from_millis(1_755_000_000_001), Uuid::from_u128(7)) < id);
    }
}
