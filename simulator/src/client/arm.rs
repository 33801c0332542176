//! A small ARM client: what the walkthrough and the benchmark send through the front door, like az would.

use std::time::Duration;

use serde_json::{Value, json};
use ureq::Agent;
use ureq::http::Method;

use super::Client;
use super::transport::{Answer, exchange, from_json};
use crate::api::Token;
use crate::failure::Failure;

/// The api-version for Microsoft.ContainerService that azure-cli 2.91.0 sends.
const AKS_VERSION: &str = "2026-06-01";
/// The api-version for resource groups that azure-cli 2.91.0 sends.
const GROUP_VERSION: &str = "2024-11-01";
/// How long to wait between two polls.
const POLL: Duration = Duration::from_millis(100);

/// How an operation ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Finished {
    /// As asked for.
    Succeeded,
    /// Not as asked for; code and message.
    Failed {
        /// Azure's error code.
        code: String,
        /// The text.
        message: String,
    },
}

/// A client of one subscription.
#[derive(Clone, Debug)]
pub struct Arm {
    agent: Agent,
    origin: String,
    token: String,
    subscription: String,
}

impl Arm {
    /// Fetches a token and speaks for a subscription.
    ///
    /// # Errors
    /// When the simulator does not answer.
    pub fn new(client: &Client, subscription: &str) -> Result<Arm, Failure> {
        let token: Token = client.post("/token", &json!({}))?;
        Ok(Arm {
            agent: client.agent().clone(),
            origin: client.running().url.clone(),
            token: token.access_token,
            subscription: subscription.to_owned(),
        })
    }

    /// The URL of a resource group, or of something in it.
    pub fn url(&self, group: &str, below: &str) -> String {
        let version = if below.is_empty() { GROUP_VERSION } else { AKS_VERSION };
        let (origin, subscription) = (&self.origin, &self.subscription);
        format!("{origin}/subscriptions/{subscription}/resourceGroups/{group}{below}?api-version={version}")
    }

    /// The URL of a cluster, or of something below it.
    pub fn cluster_url(&self, group: &str, cluster: &str, below: &str) -> String {
        self.url(group, &format!("/providers/Microsoft.ContainerService/managedClusters/{cluster}{below}"))
    }

    /// The URL of the list of clusters in a resource group.
    pub fn group_list_url(&self, group: &str) -> String {
        self.url(group, "/providers/Microsoft.ContainerService/managedClusters")
    }

    /// Reads a resource.
    ///
    /// # Errors
    /// When it does not exist, or nobody answers.
    pub fn get(&self, url: &str) -> Result<Value, Failure> {
        from_json(&self.send(Method::GET, url, None)?.success()?)
    }

    /// Writes a resource and gives back the URL under which its operation can be watched, if there is one.
    ///
    /// # Errors
    /// When it is refused, or nobody answers.
    pub fn put(&self, url: &str, body: &Value) -> Result<Option<String>, Failure> {
        let answer = self.send(Method::PUT, url, Some(body))?;
        let operation = answer.async_operation.clone();
        answer.success()?;
        Ok(operation)
    }

    /// Deletes a resource and gives back the URL under which its operation can be watched.
    ///
    /// # Errors
    /// When it is refused, or nobody answers.
    pub fn delete(&self, url: &str) -> Result<Option<String>, Failure> {
        let answer = self.send(Method::DELETE, url, None)?;
        let operation = answer.async_operation.clone().or_else(|| answer.location.clone());
        answer.success()?;
        Ok(operation)
    }

    /// Asks once how an operation stands; `None` while it runs.
    ///
    /// # Errors
    /// When nobody answers.
    pub fn poll(&self, operation: &str) -> Result<Option<Finished>, Failure> {
        let answer = self.send(Method::GET, operation, None)?;
        if answer.status == 202 {
            return Ok(None);
        }
        let body = answer.success()?;
        let status: Value = if body.is_empty() { Value::Null } else { from_json(&body)? };
        Ok(match status["status"].as_str() {
            Some("InProgress") => None,
            None | Some("Succeeded") => Some(Finished::Succeeded),
            Some(other) => {
                let text = |name: &str| status["error"][name].as_str().unwrap_or(other).to_owned();
                Some(Finished::Failed { code: text("code"), message: text("message") })
            }
        })
    }

    /// Waits for the end of an operation; between two polls `meanwhile` is called.
    ///
    /// # Errors
    /// When nobody answers, or `meanwhile` fails.
    pub fn wait(
        &self,
        operation: &str,
        mut meanwhile: impl FnMut() -> Result<(), Failure>,
    ) -> Result<Finished, Failure> {
        loop {
            let finished = self.poll(operation)?;
            meanwhile()?;
            match finished {
                Some(finished) => return Ok(finished),
                None => std::thread::sleep(POLL),
            }
        }
    }

    fn send(&self, method: Method, url: &str, body: Option<&Value>) -> Result<Answer, Failure> {
        let body = body.map(|body| body.to_string().into_bytes());
        exchange(&self.agent, method, url, &self.token, body)
            .map_err(|error| Failure::Failed(format!("the simulator at {} does not answer: {error}", self.origin)))
    }
}
