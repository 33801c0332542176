//! What the front door is made of.

use std::fmt;
use std::sync::Arc;

use control_plane::model::Cluster;
use control_plane::world::World;

use crate::entra::Authority;

/// How long an accelerated client waits between two polls of an unfinished operation, in milliseconds.
pub const POLL_RETRY_MS: u32 = 200;

/// The largest request body that is read, in bytes. ARM's own limit for a request is 4 MB.
pub const REQUEST_BODY_BYTES_MAX: usize = 4 * 1024 * 1024;

/// Everything that requests are answered from.
pub struct FrontDoor {
    /// The simulated world.
    pub world: World,
    /// Who signs and checks tokens.
    pub authority: Arc<Authority>,
    /// Where clients reach the simulator; every absolute URL in an answer starts with it.
    pub origin: Origin,
    /// Whether unfinished polls carry `retry-after-ms`, without which az sleeps 30 s of real time between two polls.
    /// Azure does not send it: switch it on where virtual time runs faster than real time.
    pub accelerated_polls: bool,
    /// Whether requests beyond Azure's limits are refused (429). The limits are counted in virtual time.
    pub throttling: bool,
    /// Who writes kubeconfigs.
    pub kubeconfig: Arc<dyn KubeconfigSource>,
}

/// Which of a cluster's credentials is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CredentialKind {
    /// `listClusterUserCredential`.
    User,
    /// `listClusterAdminCredential`.
    Admin,
    /// `listClusterMonitoringUserCredential`.
    Monitoring,
}

impl CredentialKind {
    /// The name in the answer's `kubeconfigs[].name`.
    pub fn as_str(self) -> &'static str {
        match self {
            CredentialKind::User => "clusterUser",
            CredentialKind::Admin => "clusterAdmin",
            CredentialKind::Monitoring => "clusterMonitoringUser",
        }
    }
}

/// Writes kubeconfigs: the simulator knows where a cluster's Kubernetes API is served and which CA signs it.
pub trait KubeconfigSource: Send + Sync + 'static {
    /// A complete kubeconfig file in YAML for one kind of user of a cluster.
    fn kubeconfig(&self, cluster: &Cluster, user: CredentialKind) -> String;
}

/// The scheme, host and port under which clients reach the simulator, without a slash at the end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Origin(String);

/// The text is not an origin.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("'{0}' is not an origin: give https://HOST:PORT and nothing after it")]
pub struct OriginError(String);

impl Origin {
    /// Takes `https://HOST[:PORT]`, with or without a slash at the end.
    ///
    /// # Errors
    /// When the text has another scheme, no host, or a path. az refuses to send a token over plain http.
    pub fn new(text: &str) -> Result<Self, OriginError> {
        let trimmed = text.trim_end_matches('/');
        let host = trimmed.strip_prefix("https://").unwrap_or("");
        let plain = host.bytes().all(|b| b.is_ascii_graphic() && !b"/?#\"\\@".contains(&b));
        if host.is_empty() || !plain {
            return Err(OriginError(text.to_owned()));
        }
        Ok(Origin(trimmed.to_owned()))
    }

    /// The origin as text, without a slash at the end.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Host and port.
    pub fn authority(&self) -> &str {
        self.0.strip_prefix("https://").unwrap_or(&self.0)
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_origin_has_no_path_and_no_trailing_slash() {
        assert_eq!(Origin::new("https://localhost:8443/").unwrap().as_str(), "https://localhost:8443");
        assert_eq!(Origin::new("https://localhost:8443").unwrap().authority(), "localhost:8443");
        for bad in ["http://localhost", "https://", "https://host/path", "localhost:1", "https://a b", "https://a\"b"] {
            assert!(Origin::new(bad).is_err(), "{bad}");
        }
    }
}
