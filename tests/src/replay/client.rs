//! A bare HTTPS client: requests as they are, answers as they come.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use serde_json::Value;
use ureq::Agent;
use ureq::http::Request;
use ureq::tls::{Certificate, RootCerts, TlsConfig};

use super::Failure;
use super::compare::Answer;

/// Sends requests with a bearer token.
pub struct Client {
    agent: Agent,
    bearer: String,
}

impl Client {
    /// A client that trusts one CA.
    ///
    /// # Errors
    /// When the CA's certificate cannot be read.
    pub fn new(ca: &Path, token: &str) -> Result<Client, Failure> {
        let failed = |why: String| Failure(format!("cannot read the CA certificate {}: {why}", ca.display()));
        let pem = std::fs::read(ca).map_err(|e| failed(e.to_string()))?;
        let certificate = Certificate::from_pem(&pem).map_err(|e| failed(e.to_string()))?;
        let tls = TlsConfig::builder()
            .root_certs(RootCerts::new_with_certs(&[certificate]))
            .unversioned_rustls_crypto_provider(Arc::new(rustls::crypto::aws_lc_rs::default_provider()))
            .build();
        let config = Agent::config_builder().tls_config(tls).proxy(None).http_status_as_error(false).max_redirects(0);
        Ok(Client { agent: config.build().into(), bearer: format!("Bearer {token}") })
    }

    /// Sends a request; gives the answer, whatever its status.
    ///
    /// # Errors
    /// When there is no answer, or its body is neither empty nor JSON.
    pub fn send(&self, method: &str, url: &str, features: &str, body: Option<&Value>) -> Result<Answer, Failure> {
        let failed = |why: String| Failure(format!("{method} {url}: {why}"));
        let mut request = Request::builder().method(method).uri(url).header("authorization", &self.bearer);
        if !features.is_empty() {
            request = request.header("AKSHTTPCustomFeatures", features);
        }
        if body.is_some() {
            request = request.header("content-type", "application/json");
        }
        let bytes = body.map(|body| body.to_string().into_bytes()).unwrap_or_default();
        let request = request.body(bytes).map_err(|e| failed(e.to_string()))?;
        let mut response = self.agent.run(request).map_err(|e| failed(e.to_string()))?;
        let headers = response.headers().iter();
        let headers: BTreeMap<_, _> =
            headers.filter_map(|(k, v)| Some((k.as_str().to_owned(), v.to_str().ok()?.to_owned()))).collect();
        let text = response.body_mut().read_to_string().map_err(|e| failed(e.to_string()))?;
        let body = match text.trim() {
            "" => Value::Null,
            text => serde_json::from_str(text).map_err(|e| failed(format!("the answer is not JSON: {e}")))?,
        };
        Ok(Answer { status: response.status().as_u16(), headers, body })
    }
}
