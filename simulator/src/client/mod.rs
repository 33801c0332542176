//! Talking to the running simulator over HTTPS: its control API, and its front door like any other client.

mod arm;
mod transport;

pub use arm::{Arm, Finished};
pub use transport::{agent, segment};

use serde::Serialize;
use serde::de::DeserializeOwned;
use ureq::http::Method;

use crate::control::PATH_PREFIX;
use crate::data_dir::DataDir;
use crate::failure::Failure;
use crate::run_file::{self, Running};

/// A client of the control API.
#[derive(Clone, Debug)]
pub struct Client {
    agent: ureq::Agent,
    running: Running,
    secret: String,
    dir: DataDir,
}

impl Client {
    /// Finds the simulator of a data directory. Nothing is sent yet.
    ///
    /// # Errors
    /// When there is none, or its files cannot be read.
    pub fn find(dir: &DataDir) -> Result<Client, Failure> {
        let running = run_file::find(dir).ok_or_else(|| run_file::nobody(dir))?;
        let secret = run_file::secret(dir)?;
        let agent = agent(&running.ca)?;
        Ok(Client { agent, running, secret, dir: dir.clone() })
    }

    /// Where the simulator is.
    pub fn running(&self) -> &Running {
        &self.running
    }

    /// The connections, to be shared with other clients of the same origin.
    pub fn agent(&self) -> &ureq::Agent {
        &self.agent
    }

    /// `GET` with a JSON answer.
    ///
    /// # Errors
    /// When nobody answers, or the request is refused.
    pub fn get<T: DeserializeOwned>(&self, path: &str) -> Result<T, Failure> {
        self.send(Method::GET, path, None)
    }

    /// `POST` of JSON with a JSON answer.
    ///
    /// # Errors
    /// When nobody answers, or the request is refused.
    pub fn post<T: DeserializeOwned>(&self, path: &str, body: &impl Serialize) -> Result<T, Failure> {
        self.send(Method::POST, path, Some(transport::json(body)?))
    }

    /// `PUT` of JSON with a JSON answer.
    ///
    /// # Errors
    /// When nobody answers, or the request is refused.
    pub fn put<T: DeserializeOwned>(&self, path: &str, body: &impl Serialize) -> Result<T, Failure> {
        self.send(Method::PUT, path, Some(transport::json(body)?))
    }

    /// `GET` of raw bytes.
    ///
    /// # Errors
    /// When nobody answers, or the request is refused.
    pub fn bytes(&self, path: &str) -> Result<Vec<u8>, Failure> {
        self.exchange(Method::GET, path, None)
    }

    /// `POST` without bodies.
    ///
    /// # Errors
    /// When nobody answers, or the request is refused.
    pub fn command(&self, path: &str) -> Result<(), Failure> {
        self.exchange(Method::POST, path, None).map(drop)
    }

    fn send<T: DeserializeOwned>(&self, method: Method, path: &str, body: Option<Vec<u8>>) -> Result<T, Failure> {
        transport::from_json(&self.exchange(method, path, body)?)
    }

    fn exchange(&self, method: Method, path: &str, body: Option<Vec<u8>>) -> Result<Vec<u8>, Failure> {
        let url = format!("{}{PATH_PREFIX}{path}", self.running.url);
        let answer = transport::exchange(&self.agent, method, &url, &self.secret, body)
            .map_err(|error| transport::unreachable(&error, &self.dir, &self.running))?;
        answer.success()
    }
}
