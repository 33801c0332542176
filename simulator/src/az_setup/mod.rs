//! A private configuration directory with which `az` is logged in from the first command on.
//!
//! What the files hold was found out by running azure-cli 2.66.0 and 2.91.0 against it. Nothing outside the data
//! directory is touched; `~/.azure` stays as it is.

mod ini;
mod profile;

use std::fs;
use std::path::Path;

use serde_json::{Value, json};
use uuid::Uuid;

pub use profile::Account;

use crate::data_dir::{private_dir, update_private};
use crate::failure::{Failure, OrFail as _};

/// The name of the cloud in az's files. It must not be `AzureCloud`, whose login endpoint az overwrites.
pub const CLOUD: &str = "Slipway";

/// Everything that goes into the directory.
#[derive(Clone, Debug)]
pub struct AzSetup<'a> {
    /// The simulator's origin, without a trailing slash.
    pub origin: &'a str,
    /// The tenant that all subscriptions trust.
    pub tenant: Uuid,
    /// The service principal that is logged in.
    pub client: Uuid,
    /// Its secret.
    pub secret: &'a str,
    /// The subscriptions, the default one first.
    pub subscriptions: Vec<Account>,
}

impl AzSetup<'_> {
    /// Writes the four files. What a user changed in them since (another default subscription, an output format,
    /// another cloud) is kept; what Slipway needs is put right. Doing it twice changes nothing.
    ///
    /// # Errors
    /// When a file cannot be written.
    pub fn write(&self, dir: &Path) -> Result<(), Failure> {
        let failed = || format!("cannot write the configuration of az in {}", dir.display());
        private_dir(dir).or_fail(failed)?;
        let read = |name: &str| fs::read_to_string(dir.join(name)).unwrap_or_default();
        let profile = profile::merge(&read("azureProfile.json"), self);
        let clouds = self.clouds(&read("clouds.config"), &profile.default_subscription);
        for (name, contents) in [
            ("config", self.config(&read("config"))),
            ("clouds.config", clouds),
            ("azureProfile.json", profile.json),
            ("service_principal_entries.json", self.principals(&read("service_principal_entries.json"))),
        ] {
            update_private(&dir.join(name), contents.as_bytes()).or_fail(failed)?;
        }
        Ok(())
    }

    /// Slipway's service principal, and those that the user has logged in with since.
    fn principals(&self, before: &str) -> String {
        let mut principals: Vec<Value> = serde_json::from_str(before).unwrap_or_default();
        principals.retain(|p| p["client_id"] != json!(self.client));
        principals.insert(0, json!({ "client_id": self.client, "tenant": self.tenant, "client_secret": self.secret }));
        Value::from(principals).to_string()
    }

    fn config(&self, before: &str) -> String {
        let index = format!("{}/extensions/index.json", self.origin);
        ini::merge(
            before,
            &[
                ("cloud", "name", CLOUD),
                // Instance discovery goes to login.microsoftonline.com, whatever the cloud's endpoints are.
                ("core", "instance_discovery", "false"),
                // The cache is a pickle that an older az cannot read after a newer one.
                ("core", "use_msal_http_cache", "false"),
                ("core", "collect_telemetry", "no"),
                ("core", "survey_message", "no"),
                ("core", "login_experience_v2", "no"),
                ("output", "show_survey_link", "no"),
                ("auto-upgrade", "enable", "no"),
                ("extension", "use_dynamic_install", "no"),
                ("extension", "index_url", &index),
            ],
        )
    }

    fn clouds(&self, before: &str, subscription: &str) -> String {
        let origin = format!("{}/", self.origin);
        ini::merge(
            before,
            &[
                (CLOUD, "endpoint_resource_manager", &origin),
                (CLOUD, "endpoint_management", &origin),
                (CLOUD, "endpoint_active_directory", self.origin),
                (CLOUD, "endpoint_active_directory_resource_id", &origin),
                (CLOUD, "endpoint_active_directory_graph_resource_id", &origin),
                (CLOUD, "endpoint_microsoft_graph_resource_id", &origin),
                (CLOUD, "endpoint_gallery", &origin),
                (CLOUD, "suffix_acr_login_server_endpoint", ".azurecr.localhost"),
                (CLOUD, "suffix_keyvault_dns", ".vault.localhost"),
                (CLOUD, "suffix_storage_endpoint", "core.localhost"),
                (CLOUD, "subscription", subscription),
            ],
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn setup(origin: &str) -> AzSetup<'_> {
        AzSetup {
            origin,
            tenant: Uuid::from_u128(1),
            client: Uuid::from_u128(2),
            secret: "s",
            subscriptions: vec![
                Account { id: Uuid::from_u128(10), name: "One".to_owned() },
                Account { id: Uuid::from_u128(11), name: "Two".to_owned() },
            ],
        }
    }

    fn files(dir: &Path) -> Vec<(String, String)> {
        let mut files: Vec<_> = fs::read_dir(dir)
            .unwrap()
            .map(|entry| entry.unwrap())
            .map(|e| (e.file_name().into_string().unwrap(), fs::read_to_string(e.path()).unwrap()))
            .collect();
        files.sort();
        files
    }

    #[test]
    fn writing_twice_changes_nothing() {
        let temp = tempfile::tempdir().unwrap();
        setup("https://localhost:1").write(temp.path()).unwrap();
        let first = files(temp.path());
        setup("https://localhost:1").write(temp.path()).unwrap();
        assert_eq!(first, files(temp.path()));
        assert_eq!(first.len(), 4);
    }

    #[test]
    fn a_new_port_arrives_and_the_users_own_settings_stay() {
        let temp = tempfile::tempdir().unwrap();
        setup("https://localhost:1").write(temp.path()).unwrap();
        let config = temp.path().join("config");
        let mine = fs::read_to_string(&config).unwrap() + "[defaults]\ngroup = mine\n";
        fs::write(&config, mine).unwrap();
        setup("https://localhost:2").write(temp.path()).unwrap();
        let after = fs::read_to_string(&config).unwrap();
        assert!(after.contains("group = mine"), "{after}");
        assert!(after.contains("https://localhost:2/extensions"), "{after}");
        let clouds = fs::read_to_string(temp.path().join("clouds.config")).unwrap();
        assert!(clouds.contains("endpoint_active_directory = https://localhost:2\n"), "{clouds}");
        assert!(!clouds.contains("localhost:1"), "{clouds}");
    }
}
