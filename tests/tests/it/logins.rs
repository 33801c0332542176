//! Logging in without `slipway env`'s own service principal, and limits on how often one may ask.

use serde_json::json;

use crate::support::{Az, NEW, Sdk, Slipway, cluster_path, pool_body};

const WITH_IDENTITY: [&str; 2] = ["--identity-listen", "127.0.0.1:0"];

#[test]
fn the_python_sdks_log_in_in_every_way() {
    let slipway = Slipway::start("3000");
    Sdk::new(&slipway, &[]).python_suite("test_logins");
}

#[test]
fn the_javascript_sdks_log_in_in_every_way() {
    let slipway = Slipway::start("3000");
    Sdk::new(&slipway, &[]).node_suite("logins.test.mjs");
}

#[test]
fn programs_log_in_by_managed_identity() {
    let slipway = Slipway::start_with("3000", &WITH_IDENTITY);
    let sdk = Sdk::new(&slipway, &["--identity"]);
    sdk.python_suite("test_identity");
    sdk.node_suite("identity.test.mjs");
}

#[test]
fn az_logs_in_by_managed_identity() {
    let slipway = Slipway::start_with("3000", &WITH_IDENTITY);
    let mut az = Az::with(&slipway, NEW, &["--identity"]);
    let subscriptions = az.ok("az login --identity");
    assert_eq!(subscriptions[0]["user"]["assignedIdentityInfo"], "MSI", "{subscriptions}");
    az.ok("az group create -n g -l eastus");

    let reader = slipway.json(&["token", "--reader"]);
    az.ok(&format!("az login --identity --client-id {}", reader["clientId"].as_str().expect("an id")));
    assert_eq!(az.ok("az group list")[0]["name"], "g");
    let refused = az.fails(1, "az group delete -n g --yes");
    assert!(refused.contains("AuthorizationFailed"), "{refused}");

    az.set("IDENTITY_HEADER", "wrong");
    let refused = az.fails(1, "az login --identity");
    assert!(refused.contains("X-IDENTITY-HEADER is missing or wrong"), "{refused}");
}

#[test]
fn az_logs_in_as_the_user_and_by_assertion() {
    let slipway = Slipway::start("3000");
    let az = Az::new(&slipway, NEW);
    let subscriptions = az.ok("az login --use-device-code");
    assert_eq!(subscriptions[0]["user"], json!({ "name": "captain@slipway.localhost", "type": "user" }));
    az.ok("az group create -n g -l eastus");
    // One more token, by the refresh token.
    slipway.ok(&["time", "explicit"]);
    slipway.ok(&["time", "advance", "25h"]);
    assert_eq!(az.ok("az group list")[0]["name"], "g");

    let (client, tenant) = (az.variable("AZURE_CLIENT_ID"), az.variable("AZURE_TENANT_ID"));
    az.ok(&format!("az login --service-principal -u {client} --federated-token aaa --tenant {tenant}"));
    assert_eq!(az.ok("az account show")["user"]["name"], client);
    assert_eq!(az.ok("az group exists -n g"), json!(true));
}

#[test]
fn az_goes_on_after_time_was_moved_past_the_end_of_its_token() {
    let slipway = Slipway::start("explicit");
    let az = Az::new(&slipway, NEW);
    az.ok("az group list");
    let old = format!("Bearer {}", slipway.ok(&["token"]).trim());
    slipway.ok(&["time", "advance", "25h"]);
    let arm = slipway.arm();
    let url = arm.url("/resourcegroups?api-version=2024-11-01");
    let refused = arm.send("GET", &url, &[("authorization", &old)], None);
    assert_eq!((refused.status, refused.code()), (401, "ExpiredAuthenticationToken".to_owned()));
    let challenge = refused.header("www-authenticate").expect("a challenge");
    assert!(challenge.contains("error=\"invalid_token\""), "{challenge}");
    az.ok("az group list");
}

#[test]
fn identities_are_served_only_when_asked_for_and_only_here() {
    let slipway = Slipway::start("3000");
    let complaint = slipway.fails(1, &["env", "--identity"]);
    assert!(complaint.contains("--identity-listen"), "{complaint}");
    let complaint = slipway.fails(2, &["up", "--identity-listen", "0.0.0.0:0"]);
    assert!(complaint.contains("loopback only"), "{complaint}");
}

#[test]
fn clients_that_are_throttled_come_back_and_get_through() {
    let slipway = Slipway::start_with("3000", &["--throttling"]);
    let arm = slipway.arm();
    arm.cluster("g", "c", 1, &json!({ "enableVTPM": true }));
    let az = Az::new(&slipway, NEW);
    az.ok("az account get-access-token");
    // At this speed a pool may be written every three seconds, after twenty times at once.
    slipway.ok(&["time", "speed", "20"]);
    let pool = format!("{}/agentPools/nodepool1", cluster_path("g", "c"));
    let nothing = pool_body(1, &json!({ "enableVTPM": "neither" }));
    let refused = (0..100).map(|_| arm.request("PUT", &pool, Some(&nothing))).find(|answer| answer.status == 429);
    let refused = refused.expect("one is too many");
    assert_eq!((refused.code(), refused.header("retry-after")), ("Throttled".to_owned(), Some("3")));
    let updated = az.ok("az aks nodepool update -g g --cluster-name c -n nodepool1 --labels a=b");
    assert_eq!(updated["nodeLabels"]["a"], "b");

    slipway.ok(&["time", "explicit"]);
    let sdk = Sdk::new(&slipway, &[]);
    sdk.python_suite("test_throttling");
    sdk.node_suite("throttling.test.mjs");
}
