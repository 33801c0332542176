//! One request, one answer.

use std::fs;
use std::io::ErrorKind;
use std::path::Path;
use std::time::Duration;

use serde::Serialize;
use serde::de::DeserializeOwned;
use ureq::Agent;
use ureq::http::{Method, Request};
use ureq::tls::{Certificate, RootCerts, TlsConfig, TlsProvider};

use crate::api::ErrorBody;
use crate::data_dir::DataDir;
use crate::failure::{Failure, OrFail as _};
use crate::run_file::{self, Running};
use crate::tls::provider;

/// The largest answer that is read, in bytes.
const ANSWER_BYTES_MAX: u64 = 64 * 1024 * 1024;

/// Connections that trust exactly one CA and use no proxy.
///
/// # Errors
/// When the CA's certificate cannot be read.
pub fn agent(ca: &Path) -> Result<Agent, Failure> {
    let cannot = || format!("cannot read the CA certificate {}", ca.display());
    let pem = fs::read(ca).or_fail(cannot)?;
    let certificate = Certificate::from_pem(&pem).or_fail(cannot)?;
    let tls = TlsConfig::builder()
        .provider(TlsProvider::Rustls)
        .unversioned_rustls_crypto_provider(provider())
        .root_certs(RootCerts::new_with_certs(&[certificate]))
        .build();
    let config = Agent::config_builder()
        .tls_config(tls)
        .proxy(None)
        .http_status_as_error(false)
        .timeout_connect(Some(Duration::from_secs(5)))
        .max_idle_connections_per_host(64)
        .build();
    Ok(config.into())
}

/// Text as one segment of a URL's path.
pub fn segment(text: &str) -> String {
    let mut out = String::new();
    for byte in text.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => out.push(char::from(byte)),
            _ => out.push_str(&format!("%{byte:02X}")),
        }
    }
    out
}

/// An answer, whatever its status.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) async_operation: Option<String>,
    pub(super) location: Option<String>,
    pub(super) body: Vec<u8>,
}

impl Answer {
    /// The body of a success, or the refusal in its own words.
    pub(super) fn success(self) -> Result<Vec<u8>, Failure> {
        if (200..300).contains(&self.status) {
            return Ok(self.body);
        }
        let text = refusal(&self.body).unwrap_or_else(|| format!("the simulator answered with status {}", self.status));
        Err(if self.status == 404 { Failure::NotFound(text) } else { Failure::Failed(text) })
    }
}

/// The message of either error envelope.
fn refusal(body: &[u8]) -> Option<String> {
    if let Ok(nested) = serde_json::from_slice::<ErrorBody>(body) {
        return Some(nested.error.message);
    }
    let flat: crate::api::ErrorView = serde_json::from_slice(body).ok()?;
    Some(format!("({}) {}", flat.code, flat.message))
}

/// Sends a request with a bearer token.
pub(super) fn exchange(
    agent: &Agent,
    method: Method,
    url: &str,
    token: &str,
    body: Option<Vec<u8>>,
) -> Result<Answer, ureq::Error> {
    let request = Request::builder()
        .method(method)
        .uri(url)
        .header("authorization", format!("Bearer {token}"))
        .header("content-type", "application/json");
    let mut response = match body {
        Some(body) => agent.run(request.body(body)?)?,
        None => agent.run(request.body(())?)?,
    };
    let header = |name: &str| response.headers().get(name).and_then(|v| v.to_str().ok()).map(str::to_owned);
    Ok(Answer {
        status: response.status().as_u16(),
        async_operation: header("azure-asyncoperation"),
        location: header("location"),
        body: response.body_mut().with_config().limit(ANSWER_BYTES_MAX).read_to_vec()?,
    })
}

/// What to tell somebody whose simulator does not answer.
pub(super) fn unreachable(error: &ureq::Error, dir: &DataDir, running: &Running) -> Failure {
    match error {
        ureq::Error::Io(io) if io.kind() == ErrorKind::ConnectionRefused => run_file::nobody(dir),
        ureq::Error::ConnectionFailed => run_file::nobody(dir),
        _ => Failure::Failed(format!(
            "the simulator at {} (process {}) does not answer as it should: {error}",
            running.url, running.pid
        )),
    }
}

/// Encodes a request.
pub(super) fn json(body: &impl Serialize) -> Result<Vec<u8>, Failure> {
    serde_json::to_vec(body).or_fail(|| "cannot encode the request".to_owned())
}

/// Decodes an answer.
pub(super) fn from_json<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Failure> {
    serde_json::from_slice(bytes).or_fail(|| {
        "the simulator's answer cannot be understood; is it of another version than this command?".to_owned()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(status: u16, body: &str) -> Answer {
        Answer { status, async_operation: None, location: None, body: body.as_bytes().to_vec() }
    }

    #[test]
    fn both_of_azures_error_envelopes_are_understood() {
        let nested = answer(404, r#"{"error":{"code":"ResourceNotFound","message":"not here"}}"#);
        assert_eq!(nested.success(), Err(Failure::NotFound("not here".to_owned())));
        let flat = answer(400, r#"{"code":"BadRequest","details":null,"message":"no","subcode":""}"#);
        assert_eq!(flat.success(), Err(Failure::Failed("(BadRequest) no".to_owned())));
        let neither = answer(502, "<html>");
        assert!(neither.success().is_err_and(|e| e.to_string().contains("502")));
    }

    #[test]
    fn a_name_with_a_slash_is_one_segment() {
        assert_eq!(segment("my cluster/aks-1"), "my%20cluster%2Faks-1");
    }
}
