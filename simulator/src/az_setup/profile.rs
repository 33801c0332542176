//! `azureProfile.json`: the subscriptions that az believes to be logged in to.

use serde_json::{Value, json};
use uuid::Uuid;

use super::{AzSetup, CLOUD};

/// A subscription as az lists it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Account {
    /// Its id.
    pub id: Uuid,
    /// Its name.
    pub name: String,
}

pub(super) struct Profile {
    pub(super) json: String,
    pub(super) default_subscription: String,
}

/// A profile with exactly the given subscriptions, and those of other clouds that the user has logged in to with this
/// directory. The user's choice of the default one survives.
pub(super) fn merge(before: &str, setup: &AzSetup<'_>) -> Profile {
    // az writes a byte order mark.
    let before: Value = serde_json::from_str(before.trim_start_matches('\u{feff}')).unwrap_or_default();
    let known = before["subscriptions"].as_array().cloned().unwrap_or_default();
    let (ours, others): (Vec<_>, Vec<_>) = known.into_iter().partition(|s| s["environmentName"] == CLOUD);
    let chosen = ours.iter().find(|s| s["isDefault"] == true).and_then(|s| s["id"].as_str());
    let default_subscription = setup
        .subscriptions
        .iter()
        .map(|account| account.id.to_string())
        .find(|id| Some(id.as_str()) == chosen)
        .or_else(|| setup.subscriptions.first().map(|account| account.id.to_string()))
        .unwrap_or_default();
    let mut subscriptions: Vec<Value> =
        setup.subscriptions.iter().map(|account| entry(setup, account, &default_subscription)).collect();
    subscriptions.extend(others);
    let installation = before["installationId"].as_str().map_or_else(|| installation_id(setup), str::to_owned);
    let json = json!({ "installationId": installation, "subscriptions": subscriptions }).to_string();
    Profile { json, default_subscription }
}

/// az sends it with telemetry, which is off; it only has to be there and to stay the same.
fn installation_id(setup: &AzSetup<'_>) -> String {
    Uuid::new_v5(&setup.tenant, b"az installation").to_string()
}

fn entry(setup: &AzSetup<'_>, account: &Account, default_subscription: &str) -> Value {
    let id = account.id.to_string();
    json!({
        "isDefault": id == default_subscription,
        "id": id,
        "name": account.name,
        "state": "Enabled",
        "user": { "name": setup.client, "type": "servicePrincipal" },
        "tenantId": setup.tenant,
        "homeTenantId": setup.tenant,
        "environmentName": CLOUD,
        "managedByTenants": [],
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn setup() -> AzSetup<'static> {
        let account = |n: u128| Account { id: Uuid::from_u128(n), name: format!("s{n}") };
        AzSetup {
            origin: "https://localhost:1",
            tenant: Uuid::from_u128(1),
            client: Uuid::from_u128(2),
            secret: "s",
            subscriptions: vec![account(10), account(11)],
        }
    }

    fn default_of(json: &str) -> Vec<String> {
        let value: Value = serde_json::from_str(json).unwrap();
        let all = value["subscriptions"].as_array().unwrap().clone();
        all.iter().filter(|s| s["isDefault"] == true).map(|s| s["name"].as_str().unwrap().to_owned()).collect()
    }

    #[test]
    fn the_first_subscription_is_the_default_until_the_user_chooses() {
        let first = merge("", &setup());
        assert_eq!(default_of(&first.json), ["s10"]);
        let chosen = first.json.replace("\"isDefault\":true", "\"isDefault\":null").replacen("false", "true", 1);
        let second = merge(&format!("\u{feff}{chosen}"), &setup());
        assert_eq!(default_of(&second.json), ["s11"]);
        assert_eq!(second.default_subscription, Uuid::from_u128(11).to_string());
    }

    #[test]
    fn a_default_that_no_longer_exists_is_replaced() {
        let gone = r#"{"installationId":"i","subscriptions":[
            {"id":"gone","isDefault":true,"environmentName":"Slipway"},
            {"id":"x","name":"other","environmentName":"AzureCloud"}]}"#;
        let profile = merge(gone, &setup());
        assert_eq!(default_of(&profile.json), ["s10"]);
        assert!(profile.json.contains("\"other\""), "other clouds' subscriptions stay");
        assert!(!profile.json.contains("gone"));
    }
}
