//! Kubeconfigs for clusters whose API is served on the simulator's own origin.

use std::fs;
use std::sync::Arc;

use aws_lc_rs::hmac;
use control_plane::model::Cluster;
use fake_arm::{CredentialKind, KubeconfigSource, Origin};
use fake_kube::{Kubeconfig, KubeconfigUser, server_path};

use super::tokens::random_secret;
use crate::data_dir::{DataDir, write_private};
use crate::failure::{Failure, OrFail as _};
use crate::tls::LocalCa;

/// Writes kubeconfigs. Tokens follow from a key in the data directory, so that a kubeconfig outlives a restart.
pub(super) struct Kubeconfigs {
    origin: Origin,
    ca_pem: String,
    key: hmac::Key,
}

impl Kubeconfigs {
    /// Reads the key, or makes one.
    pub(super) fn open(data: &DataDir, origin: &Origin, ca: &Arc<LocalCa>) -> Result<Self, Failure> {
        let path = data.path("kube.key");
        let secret = match fs::read_to_string(&path) {
            Ok(secret) => secret,
            Err(_) => {
                let secret = random_secret()?;
                write_private(&path, secret.as_bytes()).or_fail(|| format!("cannot write {}", path.display()))?;
                secret
            }
        };
        Ok(Kubeconfigs {
            origin: origin.clone(),
            ca_pem: ca.certificate_pem(),
            key: hmac::Key::new(hmac::HMAC_SHA256, secret.as_bytes()),
        })
    }
}

impl KubeconfigSource for Kubeconfigs {
    fn kubeconfig(&self, cluster: &Cluster, user: CredentialKind) -> String {
        let message = format!("{}/{}", cluster.resource_uid, user.as_str());
        let token = hex::encode(hmac::sign(&self.key, message.as_bytes()));
        Kubeconfig {
            cluster: cluster.id.name.as_str(),
            resource_group: cluster.id.group.name.as_str(),
            server: &format!("{}{}", self.origin, server_path(&cluster.id)),
            ca_pem: &self.ca_pem,
            user: match user {
                CredentialKind::User => KubeconfigUser::User,
                CredentialKind::Admin => KubeconfigUser::Admin,
                CredentialKind::Monitoring => KubeconfigUser::Monitoring,
            },
            token: &token,
        }
        .to_yaml()
    }
}
