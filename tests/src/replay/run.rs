//! Replays recordings, one after another, each in a subscription of its own.

use std::collections::BTreeSet;

use serde_json::json;

use super::Failure;
use super::classify::{Unreplayable, refused_by_name, shows_an_end, unreplayable};
use super::compare::{Answer, Difference, compare};
use super::presuppose::{self, ClusterName};
use super::recording::{Exchange, Recording, Request};
use super::score::Score;
use super::simulator::Simulator;
use super::translation::Translation;

/// The api-version for what the replay itself asks for in resource groups and features.
const RESOURCES_API: &str = "2022-09-01";

/// More virtual time than a registration takes.
const REGISTRATION: &str = "1h";

/// How an exchange went.
#[derive(Clone, Debug)]
pub enum Outcome {
    /// It was sent and the answer compared.
    Compared {
        /// How much was equal.
        score: Score,
        /// What was not.
        differences: Vec<Difference>,
        /// What the simulator said that it does not simulate.
        refused: Option<String>,
    },
    /// It was not sent; it is part of no score.
    NotReplayed(Unreplayable),
}

/// An exchange and how it went.
#[derive(Clone, Debug)]
pub struct Replayed {
    /// Place in the file, from 0.
    pub place: usize,
    /// `GET /resourceGroups/…`, without host and subscription.
    pub request: String,
    /// How it went.
    pub outcome: Outcome,
}

/// A file and how it went.
#[derive(Clone, Debug)]
pub struct Replay {
    /// The file's name.
    pub name: String,
    /// The era of its subscription.
    pub era: &'static str,
    /// What was made before the first request.
    pub presupposed: Vec<String>,
    /// All exchanges in order.
    pub exchanges: Vec<Replayed>,
}

impl Replay {
    /// The sum over all exchanges that were compared.
    pub fn score(&self) -> Score {
        let mut sum = Score::default();
        for exchange in &self.exchanges {
            if let Outcome::Compared { score, .. } = &exchange.outcome {
                sum += *score;
            }
        }
        sum
    }
}

/// Replays one recording in a new subscription.
///
/// # Errors
/// When the simulator does not answer, or what the recording presupposes cannot be made.
pub fn replay(simulator: &Simulator, recording: &Recording) -> Result<Replay, Failure> {
    let era = presuppose::era_of(recording.api_version().unwrap_or_default());
    let subscription = simulator.add_subscription(era)?;
    let recorded = recording.exchanges.iter().find_map(|e| e.segment_after("subscriptions")).unwrap_or("-");
    let translation = Translation::new(simulator.url(), recorded, &subscription);
    let mut session = Session { simulator, translation, subscription, made: BTreeSet::new(), presupposed: Vec::new() };
    session.prepare(recording, era)?;
    let exchanges = recording.exchanges.iter().map(|e| session.exchange(recording, e)).collect::<Result<_, _>>()?;
    Ok(Replay { name: recording.name.clone(), era, presupposed: session.presupposed, exchanges })
}

struct Session<'s> {
    simulator: &'s Simulator,
    translation: Translation,
    subscription: String,
    /// Clusters that exist because this session made them.
    made: BTreeSet<ClusterName>,
    presupposed: Vec<String>,
}

impl Session<'_> {
    fn prepare(&mut self, recording: &Recording, era: &str) -> Result<(), Failure> {
        for group in presuppose::groups(recording) {
            let body = json!({ "location": group.location, "tags": group.tags });
            self.ask("PUT", &format!("/resourcegroups/{}?api-version={RESOURCES_API}", group.name), Some(&body))?;
            self.presupposed.push(format!("resource group {} in {}", group.name, group.location));
        }
        self.register(&presuppose::features(recording), era)
    }

    /// Registers features, and the provider after that: the documented last step. In later eras there are none.
    fn register(&mut self, features: &BTreeSet<&str>, era: &str) -> Result<(), Failure> {
        const NAMESPACE: &str = "providers/Microsoft.ContainerService";
        if features.is_empty() || era != "preview" {
            return Ok(());
        }
        for feature in features {
            let path = format!("/providers/Microsoft.Features/{NAMESPACE}/features/{feature}/register");
            self.ask("POST", &format!("{path}?api-version=2021-07-01"), None)?;
            self.presupposed.push(format!("feature {feature}"));
        }
        self.simulator.advance(REGISTRATION)?;
        self.ask("POST", &format!("/{NAMESPACE}/register?api-version={RESOURCES_API}"), None)?;
        self.simulator.advance(REGISTRATION)
    }

    /// Sends a request of the replay's own; it must succeed.
    fn ask(&self, method: &str, path: &str, body: Option<&serde_json::Value>) -> Result<Answer, Failure> {
        let url = format!("{}/subscriptions/{}{path}", self.simulator.url(), self.subscription);
        let answer = self.simulator.client().send(method, &url, "", body)?;
        if answer.status >= 300 {
            return Err(Failure(format!(
                "what the recording presupposes is refused: {method} {path}: {}",
                answer.body
            )));
        }
        Ok(answer)
    }

    fn exchange(&mut self, recording: &Recording, exchange: &Exchange) -> Result<Replayed, Failure> {
        let outcome = match self.unreplayable(recording, exchange) {
            Some(why) => Outcome::NotReplayed(why),
            None => self.send(recording, exchange)?,
        };
        let request = exchange.uri.split_once("/subscriptions/").map_or(exchange.uri.as_str(), |(_, rest)| rest);
        let request = request.find('/').map_or(request, |at| &request[at..]);
        Ok(Replayed { place: exchange.place, request: format!("{} {request}", exchange.method), outcome })
    }

    /// An operation that the recording began and the simulator did not is asked about all the same: that it is missing
    /// counts.
    fn unreplayable(&self, recording: &Recording, exchange: &Exchange) -> Option<Unreplayable> {
        let began = |id: &str| recording.exchanges.iter().any(|e| e.headers.values().any(|value| value.contains(id)));
        let unknown = exchange.is_poll() && exchange.operation().is_some_and(|id| !began(id));
        unreplayable(exchange).or(unknown.then_some(Unreplayable::UnknownOperation))
    }

    fn send(&mut self, recording: &Recording, exchange: &Exchange) -> Result<Outcome, Failure> {
        self.make_cluster(recording, exchange)?;
        if shows_an_end(exchange) {
            self.simulator.settle()?;
        }
        let body = match &exchange.request {
            Request::Json(body) => Some(self.translation.body(body)),
            Request::None | Request::Cut => None,
        };
        let url = self.translation.uri(&exchange.uri);
        let answer = self.simulator.client().send(&exchange.method, &url, &exchange.features, body.as_ref())?;
        let recorded =
            Answer { status: exchange.status, headers: exchange.headers.clone(), body: exchange.response.clone() };
        let answer = self.translation.to_recorded(&answer);
        self.translation.learn(&recorded, &answer);
        self.remember_cluster(exchange, answer.status);
        let refused = refused_by_name(&answer.body).map(str::to_owned);
        let (score, differences) = compare(&recorded, &answer);
        Ok(Outcome::Compared { score, differences, refused })
    }

    /// Makes the cluster that an exchange presupposes, if any.
    fn make_cluster(&mut self, recording: &Recording, exchange: &Exchange) -> Result<(), Failure> {
        let Some(key) = presuppose::cluster(exchange, &self.made) else { return Ok(()) };
        let groups = presuppose::groups(recording);
        let Some(group) = groups.iter().find(|group| group.name.eq_ignore_ascii_case(&key.0)) else { return Ok(()) };
        let path = format!(
            "/resourceGroups/{}/providers/Microsoft.ContainerService/managedClusters/{}?api-version={}",
            key.0,
            key.1,
            recording.api_version().unwrap_or("2026-06-01")
        );
        self.ask("PUT", &path, Some(&presuppose::cluster_body(&group.location)))?;
        self.simulator.settle()?;
        self.presupposed.push(format!("cluster {} before exchange {}", key.1, exchange.place));
        self.made.insert(key);
        Ok(())
    }

    fn remember_cluster(&mut self, exchange: &Exchange, status: u16) {
        let named = exchange.segment_after("resourceGroups").zip(exchange.segment_after("managedClusters"));
        if let Some((group, cluster)) = named
            && exchange.method == "PUT"
            && status < 300
        {
            self.made.insert((group.to_owned(), cluster.to_owned()));
        }
    }
}
