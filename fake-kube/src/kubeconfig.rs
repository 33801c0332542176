//! The file that `az aks get-credentials` merges into `~/.kube/config`.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

/// Whose credentials a kubeconfig holds. AKS names its users after the list that they came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KubeconfigUser {
    /// `listClusterUserCredential`.
    User,
    /// `listClusterAdminCredential`, the local administrator.
    Admin,
    /// `listClusterMonitoringUserCredential`.
    Monitoring,
}

impl KubeconfigUser {
    fn prefix(self) -> &'static str {
        match self {
            KubeconfigUser::User => "clusterUser",
            KubeconfigUser::Admin => "clusterAdmin",
            KubeconfigUser::Monitoring => "clusterMonitoringUser",
        }
    }

    fn context(self, cluster: &str) -> String {
        match self {
            KubeconfigUser::User | KubeconfigUser::Monitoring => cluster.to_owned(),
            KubeconfigUser::Admin => format!("{cluster}-admin"),
        }
    }
}

/// Everything that a kubeconfig says.
#[derive(Clone, Debug)]
pub struct Kubeconfig<'a> {
    /// The cluster's name.
    pub cluster: &'a str,
    /// Its resource group.
    pub resource_group: &'a str,
    /// The URL of its API, without a trailing slash.
    pub server: &'a str,
    /// The CA that signs the server's certificate, PEM.
    pub ca_pem: &'a str,
    /// Whose credentials.
    pub user: KubeconfigUser,
    /// The bearer token.
    pub token: &'a str,
}

impl Kubeconfig<'_> {
    /// The file, in YAML, in the order of members in which AKS writes it.
    pub fn to_yaml(&self) -> String {
        let user = format!("{}_{}_{}", self.user.prefix(), self.resource_group, self.cluster);
        let context = self.user.context(self.cluster);
        format!(
            "apiVersion: v1\n\
             clusters:\n\
             - cluster:\n    certificate-authority-data: {ca}\n    server: {server}\n  name: {cluster}\n\
             contexts:\n\
             - context:\n    cluster: {cluster}\n    user: {user}\n  name: {context}\n\
             current-context: {context}\n\
             kind: Config\n\
             preferences: {{}}\n\
             users:\n\
             - name: {user}\n  user:\n    token: {token}\n",
            ca = STANDARD.encode(self.ca_pem),
            server = scalar(self.server),
            cluster = scalar(self.cluster),
            user = scalar(&user),
            context = scalar(&context),
            token = scalar(self.token),
        )
    }
}

/// A YAML scalar. A JSON string is one, whatever it contains.
fn scalar(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample(user: KubeconfigUser) -> String {
        Kubeconfig {
            cluster: "my: cluster",
            resource_group: "rg(1)",
            server: "https://localhost:8443/kube/s/rg/c",
            ca_pem: "-----BEGIN CERTIFICATE-----\n",
            user,
            token: "0123",
        }
        .to_yaml()
    }

    #[test]
    fn it_is_yaml_that_holds_together_whatever_the_names_are() {
        let config: serde_yaml_ng::Value = serde_yaml_ng::from_str(&sample(KubeconfigUser::User)).unwrap();
        assert_eq!(config["kind"], "Config");
        assert_eq!(config["current-context"], "my: cluster");
        assert_eq!(config["contexts"][0]["name"], "my: cluster");
        assert_eq!(config["contexts"][0]["context"]["cluster"], config["clusters"][0]["name"]);
        assert_eq!(config["contexts"][0]["context"]["user"], config["users"][0]["name"]);
        assert_eq!(config["users"][0]["name"], "clusterUser_rg(1)_my: cluster");
        assert_eq!(config["users"][0]["user"]["token"], "0123");
        let ca = config["clusters"][0]["cluster"]["certificate-authority-data"].as_str().unwrap();
        assert_eq!(STANDARD.decode(ca).unwrap(), b"-----BEGIN CERTIFICATE-----\n");
    }

    #[test]
    fn the_administrator_has_a_user_and_a_context_of_its_own() {
        let config: serde_yaml_ng::Value = serde_yaml_ng::from_str(&sample(KubeconfigUser::Admin)).unwrap();
        assert_eq!(config["current-context"], "my: cluster-admin");
        assert_eq!(config["users"][0]["name"], "clusterAdmin_rg(1)_my: cluster");
        assert_eq!(config["clusters"][0]["name"], "my: cluster");
    }
}
