//! A bare ARM client: requests as they are, answers as they come.

use std::sync::Arc;

use serde_json::{Value, json};
use ureq::Agent;
use ureq::http::{HeaderMap, Request};
use ureq::tls::{Certificate, RootCerts, TlsConfig};

use super::{Slipway, eventually};

/// The api-version for Microsoft.ContainerService that azure-cli 2.91.0 sends.
const API_VERSION: &str = "2026-06-01";

/// A client of one subscription.
pub struct Arm {
    agent: Agent,
    origin: String,
    bearer: String,
    subscription: String,
}

/// An answer, whatever its status.
#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub headers: HeaderMap,
    pub text: String,
}

impl Answer {
    /// The body as JSON.
    #[track_caller]
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|e| panic!("no JSON ({e}): {self:?}"))
    }

    /// A header.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }

    /// The error code, in either of Azure's envelopes.
    #[track_caller]
    pub fn code(&self) -> String {
        let body = self.json();
        let code = body["error"]["code"].as_str().or(body["code"].as_str());
        code.unwrap_or_else(|| panic!("no error envelope: {self:?}")).to_owned()
    }

    /// The error message, in either of Azure's envelopes.
    #[track_caller]
    pub fn message(&self) -> String {
        let body = self.json();
        let message = body["error"]["message"].as_str().or(body["message"].as_str());
        message.unwrap_or_else(|| panic!("no error envelope: {self:?}")).to_owned()
    }
}

impl Arm {
    /// Logs in with a token from `slipway token`.
    #[track_caller]
    pub fn new(slipway: &Slipway, subscription: &str) -> Arm {
        let pem = std::fs::read(slipway.ca()).expect("the CA certificate is readable");
        let certificate = Certificate::from_pem(&pem).expect("the CA certificate is PEM");
        let tls = TlsConfig::builder()
            .root_certs(RootCerts::new_with_certs(&[certificate]))
            .unversioned_rustls_crypto_provider(Arc::new(rustls::crypto::aws_lc_rs::default_provider()))
            .build();
        let config = Agent::config_builder().tls_config(tls).proxy(None).http_status_as_error(false).build();
        Arm {
            agent: config.into(),
            origin: slipway.url().to_owned(),
            bearer: format!("Bearer {}", slipway.ok(&["token"]).trim()),
            subscription: subscription.to_owned(),
        }
    }

    /// Where the simulator is.
    pub fn origin(&self) -> &str {
        &self.origin
    }

    /// A path below the subscription; with an api-version unless it has a query.
    pub fn url(&self, path: &str) -> String {
        let query = if path.contains('?') { String::new() } else { format!("?api-version={API_VERSION}") };
        format!("{}/subscriptions/{}{path}{query}", self.origin, self.subscription)
    }

    /// Sends anything anywhere. `None` when no answer came, because the simulator was killed meanwhile.
    pub fn try_send(&self, method: &str, url: &str, headers: &[(&str, &str)], body: Option<&[u8]>) -> Option<Answer> {
        let mut request = Request::builder().method(method).uri(url);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let body = body.unwrap_or_default().to_vec();
        let mut response = self.agent.run(request.body(body).expect("a request")).ok()?;
        let headers = response.headers().clone();
        let text = response.body_mut().read_to_string().ok()?;
        Some(Answer { status: response.status().as_u16(), headers, text })
    }

    /// Sends anything anywhere.
    #[track_caller]
    pub fn send(&self, method: &str, url: &str, headers: &[(&str, &str)], body: Option<&[u8]>) -> Answer {
        self.try_send(method, url, headers, body).unwrap_or_else(|| panic!("no answer to {method} {url}"))
    }

    /// Sends a request with token and JSON content type.
    #[track_caller]
    pub fn request(&self, method: &str, path: &str, body: Option<&Value>) -> Answer {
        let text = body.map(Value::to_string);
        self.send(method, &self.url(path), &self.headers(), text.as_deref().map(str::as_bytes))
    }

    /// The headers of a proper request.
    pub fn headers(&self) -> [(&str, &str); 2] {
        [("authorization", &self.bearer), ("content-type", "application/json")]
    }

    /// Writes a resource; the answer must be a success.
    #[track_caller]
    pub fn put(&self, path: &str, body: &Value) -> Answer {
        let answer = self.request("PUT", path, Some(body));
        assert!(matches!(answer.status, 200 | 201), "PUT {path}: {answer:?}");
        answer
    }

    /// Reads a resource that must exist.
    #[track_caller]
    pub fn get(&self, path: &str) -> Value {
        let answer = self.request("GET", path, None);
        assert_eq!(answer.status, 200, "GET {path}: {answer:?}");
        answer.json()
    }

    /// Waits for the end of the operation that an answer started; gives its status document.
    #[track_caller]
    pub fn finish(&self, answer: &Answer) -> Value {
        let url = answer.header("azure-asyncoperation").expect("the answer started an operation").to_owned();
        eventually("the operation ends", || {
            let status = self.try_send("GET", &url, &self.headers(), None)?.json();
            (status["status"] != "InProgress").then_some(status)
        })
    }

    /// Writes a resource and waits until that has succeeded.
    #[track_caller]
    pub fn put_and_wait(&self, path: &str, body: &Value) {
        let answer = self.put(path, body);
        let status = self.finish(&answer);
        assert_eq!(status["status"], "Succeeded", "PUT {path}: {status}");
    }

    /// A resource group with a cluster whose only pool, `nodepool1`, has `count` nodes.
    #[track_caller]
    pub fn cluster(&self, group: &str, cluster: &str, count: u32, security: &Value) {
        self.put(&format!("/resourceGroups/{group}"), &json!({ "location": "eastus" }));
        let mut pool = pool_body(count, security)["properties"].take();
        pool["name"] = json!("nodepool1");
        pool["mode"] = json!("System");
        let body = json!({
            "location": "eastus",
            "identity": { "type": "SystemAssigned" },
            "properties": { "dnsPrefix": "it", "agentPoolProfiles": [pool] },
        });
        self.put_and_wait(&cluster_path(group, cluster), &body);
    }

    /// Adds a pool to a cluster.
    #[track_caller]
    pub fn pool(&self, group: &str, cluster: &str, pool: &str, count: u32, security: &Value) {
        let path = format!("{}/agentPools/{pool}", cluster_path(group, cluster));
        self.put_and_wait(&path, &pool_body(count, security));
    }
}

/// The path of a cluster.
pub fn cluster_path(group: &str, cluster: &str) -> String {
    format!("/resourceGroups/{group}/providers/Microsoft.ContainerService/managedClusters/{cluster}")
}

/// The body of a Linux pool.
pub fn pool_body(count: u32, security: &Value) -> Value {
    json!({ "properties": {
        "count": count,
        "vmSize": "Standard_D2s_v5",
        "osType": "Linux",
        "mode": "User",
        "type": "VirtualMachineScaleSets",
        "securityProfile": security,
    } })
}
