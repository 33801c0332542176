//! Carries deployments out: writes resources in order, follows their operations, and ends.
//!
//! Level-triggered as the engine is: a pass looks at what is stored and does what can be done now; it is repeated
//! whenever something became durable. Clients may come and go, and a restart changes nothing.

use std::sync::Arc;

use control_plane::clock::VirtualTime;
use control_plane::ids::{ClusterId, GroupId, Name, OperationId, PoolId};
use control_plane::model::{GenericResource, Opaque, OperationState, Provisioning};
use control_plane::refusal::Refusal;
use control_plane::world::World;

use super::Deployments;
use super::expression::surroundings::Surroundings;
use super::failure::Fault;
use super::positions::Positions;
use super::record::{Progress, Record, State, Step};
use super::template::Template;
use crate::metadata;

/// One deployment that is being carried out.
pub(super) struct Runner {
    deployments: Arc<Deployments>,
    group: GroupId,
    name: String,
    /// What was last read, so that an unchanged record is not read again.
    seen: Option<(Arc<GenericResource>, Record)>,
    template: Option<Arc<Template>>,
}

/// What a pass came to.
enum Pass {
    /// Nothing more will happen.
    Ended,
    /// Nothing more can be done now.
    Waits,
}

impl Runner {
    /// For a deployment that is stored.
    pub(super) fn new(deployments: Arc<Deployments>, group: GroupId, name: String) -> Self {
        Runner { deployments, group, name, seen: None, template: None }
    }

    /// Runs until the deployment has ended, or is gone, or the world is.
    pub(super) async fn run(mut self) {
        let mut changes = self.world().watch();
        let mut first = true;
        loop {
            changes.borrow_and_update();
            match self.pass(first).await {
                Ok(Pass::Ended) => return,
                Ok(Pass::Waits) => {}
                Err(refusal) => {
                    tracing::debug!(deployment = self.name, %refusal, "a deployment cannot go on");
                    return;
                }
            }
            first = false;
            if changes.changed().await.is_err() {
                return;
            }
        }
    }

    fn world(&self) -> &World {
        &self.deployments.door.world
    }

    async fn pass(&mut self, first: bool) -> Result<Pass, Refusal> {
        let deployments = Arc::clone(&self.deployments);
        let _turn = deployments.turn.lock().await;
        let Some(mut record) = self.current() else {
            return Ok(Pass::Ended);
        };
        if record.state.is_ended() {
            return Ok(Pass::Ended);
        }
        let mut moved = record.state == State::Accepted;
        record.state = State::Running;
        if first {
            moved |= self.take_up(&mut record);
        }
        moved |= self.follow(&mut record);
        moved |= self.begin_what_is_ready(&mut record).await?;
        if let Some(end) = self.end(&mut record).await {
            record.end(end, self.world().now());
            moved = true;
        }
        if moved {
            self.save(&mut record).await?;
        }
        Ok(if record.state.is_ended() { Pass::Ended } else { Pass::Waits })
    }

    fn current(&mut self) -> Option<Record> {
        let stored = Record::stored(self.world(), &self.group, &self.name)?;
        match &self.seen {
            Some((seen, record)) if Arc::ptr_eq(seen, &stored) => Some(record.clone()),
            _ => {
                let record = Record::read(&stored)?;
                self.seen = Some((stored, record.clone()));
                Some(record)
            }
        }
    }

    async fn save(&self, record: &mut Record) -> Result<(), Refusal> {
        record.changed = self.world().now();
        record.save(self.world(), &self.group).await
    }

    /// Finds out, after a restart, whether a resource that was about to be written was.
    fn take_up(&self, record: &mut Record) -> bool {
        let mut moved = false;
        for step in record.steps.iter_mut().filter(|step| step.progress == Progress::Writing) {
            step.progress = match running_on(self.world(), &self.group, step) {
                Some((operation, created)) => Progress::Running { operation, created },
                // Writing it again is as good as writing it once.
                None => Progress::Waiting,
            };
            moved = true;
        }
        moved
    }

    /// Looks at the operations that run.
    fn follow(&self, record: &mut Record) -> bool {
        let mut moved = false;
        for step in &mut record.steps {
            let Progress::Running { operation, created } = step.progress else {
                continue;
            };
            if let Some((progress, ended)) = outcome(self.world(), step, operation, created) {
                step.progress = progress;
                step.ended = Some(ended);
                moved = true;
            }
        }
        moved
    }

    /// Writes every resource that waits for nothing, unless one has failed.
    async fn begin_what_is_ready(&mut self, record: &mut Record) -> Result<bool, Refusal> {
        let mut moved = false;
        // Writing one can make others ready at once; a step is ready only after those before it.
        for at in 0..record.steps.len() {
            let done = |before: &usize| matches!(record.steps[*before].progress, Progress::Succeeded { .. });
            let ready = record.steps[at].progress == Progress::Waiting && record.steps[at].after.iter().all(done);
            if !ready || record.steps.iter().any(|step| matches!(step.progress, Progress::Failed { .. })) {
                continue;
            }
            record.steps[at].progress = Progress::Writing;
            record.steps[at].started = Some(self.world().now());
            self.save(record).await?;
            record.steps[at].progress = self.write(record, at).await;
            if record.steps[at].progress.is_ended() {
                record.steps[at].ended = Some(self.world().now());
            }
            moved = true;
        }
        Ok(moved)
    }

    async fn write(&mut self, record: &Record, at: usize) -> Progress {
        let step = &record.steps[at];
        let body = match self.body(record, at).await {
            Ok(body) => body,
            Err(error) => return Progress::Failed { status: 400, error },
        };
        match self.deployments.desk.put(&step.id, &step.api, &body).await {
            Ok(written) => match written.operation {
                Some(operation) => Progress::Running { operation, created: written.created },
                None => Progress::Succeeded { created: written.created },
            },
            Err((status, error)) => Progress::Failed { status, error },
        }
    }

    /// The body of a resource, with what the resources before it have become.
    async fn body(&mut self, record: &Record, at: usize) -> Result<Opaque, Fault> {
        let template = self.template(record)?;
        let planned = template.resources().get(at).ok_or_else(|| {
            Fault::template(format_args!("The resource '{}' is gone from the plan.", record.steps[at].id))
        })?;
        let ids = template.references_of(planned).map_err(|trouble| template.body_fault(planned, &trouble))?;
        let deployed = self.deployments.desk.get_all(&ids, |id| api_of(record, id)).await;
        template.body(planned, Some(&deployed)).map_err(|trouble| template.body_fault(planned, &trouble))
    }

    /// The state to end in, once nothing runs and nothing can be begun.
    async fn end(&mut self, record: &mut Record) -> Option<State> {
        let runs = |step: &Step| matches!(step.progress, Progress::Running { .. } | Progress::Writing);
        if record.steps.iter().any(runs) {
            return None;
        }
        let details: Vec<Fault> = record.steps.iter().filter_map(failure_of).collect();
        if !details.is_empty() {
            record.error = Some(deployment_failed(&Record::id_of(&self.group, &record.name), details));
            return Some(State::Failed);
        }
        if !record.steps.iter().all(|step| step.progress.is_ended()) {
            return None;
        }
        match self.outputs(record).await {
            Ok(outputs) => {
                record.outputs = outputs;
                Some(State::Succeeded)
            }
            Err(fault) => {
                record.error = Some(fault);
                Some(State::Failed)
            }
        }
    }

    async fn outputs(&mut self, record: &Record) -> Result<Opaque, Fault> {
        let template = self.template(record)?;
        // What cannot be told here is told by the evaluation.
        let ids = template.references_of_outputs().unwrap_or_default();
        let deployed = self.deployments.desk.get_all(&ids, |id| api_of(record, id)).await;
        template.outputs(&deployed)
    }

    /// The template, worked out once a run.
    fn template(&mut self, record: &Record) -> Result<Arc<Template>, Fault> {
        if let Some(known) = &self.template {
            return Ok(Arc::clone(known));
        }
        let template = Arc::new(self.work_out(record)?);
        self.template = Some(Arc::clone(&template));
        Ok(template)
    }

    fn work_out(&self, record: &Record) -> Result<Template, Fault> {
        let world = self.world();
        let here = world.subscription(self.group.subscription).zip(world.group(&self.group));
        let (subscription, group) = here.ok_or_else(|| Fault::template("The resource group is gone."))?;
        let surroundings = Surroundings {
            subscription,
            group,
            deployment: record.name.clone(),
            correlation: record.correlation,
            asked: record.asked,
            cloud: metadata::cloud(&self.deployments.door),
            template: Arc::clone(&record.template),
        };
        let supplied = record.supplied.clone().unwrap_or_default();
        Template::read(surroundings, &supplied, Positions::default())
    }
}

/// The api-version with which the template writes a resource.
fn api_of(record: &Record, id: &str) -> Option<String> {
    record.steps.iter().find(|step| step.id.eq_ignore_ascii_case(id)).map(|step| step.api.clone())
}

/// How an operation ended, if it has.
fn outcome(world: &World, step: &Step, operation: OperationId, created: bool) -> Option<(Progress, VirtualTime)> {
    let Some(found) = world.operation(operation) else {
        let error = not_completed(step, "Failed", Vec::new());
        return Some((Progress::Failed { status: 409, error }, world.now()));
    };
    match &found.state {
        OperationState::InProgress => None,
        OperationState::Succeeded { ended } => Some((Progress::Succeeded { created }, *ended)),
        OperationState::Failed { ended, error } => {
            let inner = vec![Fault::new(&error.code, error.message.clone())];
            let error = not_completed(step, "Failed", inner);
            Some((Progress::Failed { status: 409, error }, *ended))
        }
        OperationState::Canceled { ended, .. } => {
            let error = not_completed(step, "Canceled", Vec::new());
            Some((Progress::Failed { status: 409, error }, *ended))
        }
    }
}

/// Azure/avdaccelerator issue 569.
fn not_completed(step: &Step, state: &str, details: Vec<Fault>) -> Fault {
    let text = format!(
        "The resource write operation failed to complete successfully, because it reached terminal provisioning state '{state}'."
    );
    Fault { details, ..Fault::new("ResourceDeploymentFailure", text) }.about(&step.id)
}

fn failure_of(step: &Step) -> Option<Fault> {
    match &step.progress {
        Progress::Failed { error, .. } => Some(error.clone()),
        _ => None,
    }
}

/// Azure/azure-cli issue 27975.
fn deployment_failed(id: &str, details: Vec<Fault>) -> Fault {
    let text = "At least one resource deployment operation failed. Please list deployment operations for details. Please see https://aka.ms/arm-deployment-operations for usage details.";
    Fault { details, ..Fault::new("DeploymentFailed", text) }.about(id)
}

/// The operation at work on a resource of a step, and whether it creates it.
fn running_on(world: &World, group: &GroupId, step: &Step) -> Option<(OperationId, bool)> {
    let (cluster, pool) = step.name.split_once('/').map_or((step.name.as_str(), None), |(c, p)| (c, Some(p)));
    let cluster = ClusterId { group: group.clone(), name: Name::new(cluster) };
    let (state, operation) = match (step.kind.as_str(), pool) {
        ("Microsoft.ContainerService/managedClusters", None) => {
            let cluster = world.cluster(&cluster)?;
            (cluster.provisioning, cluster.operation)
        }
        ("Microsoft.ContainerService/managedClusters/agentPools", Some(pool)) => {
            let pool = world.pool(&PoolId { cluster, name: Name::new(pool) })?;
            (pool.provisioning, pool.operation)
        }
        _ => return None,
    };
    state.is_running().then_some((operation, state == Provisioning::Creating))
}
