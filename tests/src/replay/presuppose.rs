//! What a recording presupposes, found out from the recording itself.
//!
//! A recording begins in the middle of somebody's subscription: resource groups exist, features are registered,
//! clusters of an earlier test step run. All of it is made before the request that needs it, so that the recorded
//! order of answers stays possible.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use super::recording::{Exchange, Recording, Request};

/// A resource group that must exist.
#[derive(Clone, Debug, PartialEq)]
pub struct Group {
    /// Its name.
    pub name: String,
    /// The region, as recorded or as the resources in it have it.
    pub location: String,
    /// Tags, as recorded.
    pub tags: Value,
}

/// Where resources are when nothing in the recording tells.
const DEFAULT_LOCATION: &str = "westus2";

/// The era whose rules were in force for an api-version of Microsoft.ContainerService.
///
/// Preview api-versions up to 2024-09 belong to the preview of trusted launch; the others to the era in which they
/// were the newest one.
pub fn era_of(api_version: &str) -> &'static str {
    match api_version.get(..7).unwrap_or_default() {
        "" => "2026-07",
        month if month < "2024-10" && api_version.ends_with("-preview") => "preview",
        month if month < "2025-08" => "ga",
        month if month < "2026-05" => "2025-08",
        _ => "2026-07",
    }
}

/// The resource groups that exist before the first exchange.
pub fn groups(recording: &Recording) -> Vec<Group> {
    let mut found: BTreeMap<String, Option<Group>> = BTreeMap::new();
    for exchange in &recording.exchanges {
        let Some(name) = exchange.segment_after("resourceGroups") else { continue };
        // The first exchange that names a group decides whether it was there before.
        found.entry(name.to_ascii_lowercase()).or_insert_with(|| {
            exists_before(exchange, name).then(|| Group {
                name: name.to_owned(),
                location: location_of(recording, name),
                tags: recorded_group(recording, name).map_or(json!({}), |group| group["tags"].clone()),
            })
        });
    }
    found.into_values().flatten().collect()
}

fn is_group_itself(exchange: &Exchange, name: &str) -> bool {
    exchange.path().to_ascii_lowercase().ends_with(&format!("/resourcegroups/{}", name.to_ascii_lowercase()))
}

fn exists_before(exchange: &Exchange, name: &str) -> bool {
    let missing = exchange.status == 404
        && (is_group_itself(exchange, name) || exchange.response["error"]["code"] == "ResourceGroupNotFound");
    let made = exchange.method == "PUT" && is_group_itself(exchange, name) && exchange.status == 201;
    // A cluster's node resource group comes and goes with the cluster.
    !missing && !made && !name.starts_with("MC_")
}

fn recorded_group<'r>(recording: &'r Recording, name: &str) -> Option<&'r Value> {
    let shown = recording.exchanges.iter().filter(|e| e.status == 200 && is_group_itself(e, name));
    shown.map(|exchange| &exchange.response).find(|group| group["location"].is_string())
}

fn location_of(recording: &Recording, name: &str) -> String {
    let group = recorded_group(recording, name).and_then(|group| group["location"].as_str());
    let inside = recording
        .exchanges
        .iter()
        .filter(|e| e.segment_after("resourceGroups").is_some_and(|group| group.eq_ignore_ascii_case(name)));
    let body = inside.filter_map(|exchange| match &exchange.request {
        Request::Json(body) => body["location"].as_str(),
        _ => None,
    });
    let polled = recording.exchanges.iter().filter_map(|exchange| exchange.segment_after("locations"));
    group
        .or_else(|| body.into_iter().next())
        .or_else(|| polled.into_iter().next())
        .unwrap_or(DEFAULT_LOCATION)
        .to_owned()
}

/// What in an answer shows that a feature of Microsoft.ContainerService was registered in the preview era.
///
/// A pool that asked for neither Secure Boot nor vTPM got a trusted-launch image only with `TrustedLaunchPreview`.
const EVIDENCE: &[(&str, &str)] = &[
    ("gen2TLcontainerd", "TrustedLaunchPreview"),
    ("\"nodeResourceGroupProfile\"", "NRGLockdownPreview"),
    ("\"static-egress-controller\"", "StaticEgressGatewayPreview"),
    ("\"podLinkLocalAccess\"", "IMDSRestrictionPreview"),
];

/// Features of Microsoft.ContainerService that must have been registered. Those that requests bring along in
/// `AKSHTTPCustomFeatures` need not be.
pub fn features(recording: &Recording) -> BTreeSet<&'static str> {
    let brought: String = recording.exchanges.iter().map(|exchange| exchange.features.as_str()).collect();
    let answers: Vec<_> = recording.exchanges.iter().map(|exchange| exchange.response.to_string()).collect();
    let shown = |evidence: &str| answers.iter().any(|answer| answer.contains(evidence));
    let needed = EVIDENCE.iter().filter(|(evidence, name)| shown(evidence) && !brought.contains(name));
    needed.map(|(_, name)| *name).collect()
}

/// A cluster, by resource group and name.
pub type ClusterName = (String, String);

/// The cluster that an exchange presupposes: it names something below it or gets it shown, and nobody made it before.
pub fn cluster(exchange: &Exchange, made: &BTreeSet<ClusterName>) -> Option<ClusterName> {
    let group = exchange.segment_after("resourceGroups")?;
    let name = exchange.segment_after("managedClusters")?;
    let below = !exchange.path().to_ascii_lowercase().ends_with(&name.to_ascii_lowercase());
    let missing = exchange.response["error"]["code"] == "ResourceNotFound";
    let shown = exchange.method != "PUT" && exchange.status < 300;
    let updated = exchange.method == "PUT" && exchange.status == 200;
    let key = (group.to_owned(), name.to_owned());
    let needed = (below || shown || updated) && !missing && exchange.status != 204;
    (needed && !made.contains(&key)).then_some(key)
}

/// The body of a presupposed cluster: the smallest one that az would make.
pub fn cluster_body(location: &str) -> Value {
    json!({
        "location": location,
        "identity": { "type": "SystemAssigned" },
        "properties": {
            "dnsPrefix": "presupposed",
            "agentPoolProfiles": [{
                "name": "nodepool1",
                "count": 1,
                "vmSize": "Standard_DS2_v2",
                "osType": "Linux",
                "mode": "System",
                "type": "VirtualMachineScaleSets",
            }],
        },
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn exchange(method: &str, path: &str, status: u16, request: Request, response: Value) -> Exchange {
        Exchange {
            place: 0,
            command: String::new(),
            features: String::new(),
            method: method.into(),
            uri: format!("https://h/subscriptions/s{path}?api-version=2024-06-02-preview"),
            request,
            status,
            headers: BTreeMap::new(),
            response,
        }
    }

    #[test]
    fn groups_are_those_that_the_recording_did_not_make() {
        let cluster = "/resourceGroups/a/providers/Microsoft.ContainerService/managedClusters/c";
        let put = Request::Json(json!({"location": "eastus"}));
        let exchanges = vec![
            exchange("PUT", cluster, 201, put, Value::Null),
            exchange("HEAD", "/resourcegroups/b", 404, Request::None, Value::Null),
            exchange("PUT", "/resourcegroups/c", 201, Request::None, Value::Null),
        ];
        let found = groups(&Recording { name: String::new(), exchanges });
        assert_eq!(found, [Group { name: "a".into(), location: "eastus".into(), tags: json!({}) }]);
    }

    #[test]
    fn a_cluster_is_presupposed_by_what_is_below_it() {
        let below = "/resourceGroups/a/providers/P/managedClusters/c/agentPools";
        let asked = exchange("GET", below, 200, Request::None, json!({}));
        let key = ("a".to_owned(), "c".to_owned());
        assert_eq!(cluster(&asked, &BTreeSet::new()), Some(key.clone()));
        assert_eq!(cluster(&asked, &BTreeSet::from([key])), None);
        let create = exchange("PUT", "/resourceGroups/a/providers/P/managedClusters/c", 201, Request::None, json!({}));
        assert_eq!(cluster(&create, &BTreeSet::new()), None);
    }

    #[test]
    fn eras_follow_api_versions() {
        assert_eq!(era_of("2024-06-02-preview"), "preview");
        assert_eq!(era_of("2024-08-01"), "ga");
        assert_eq!(era_of("2025-09-01"), "2025-08");
        assert_eq!(era_of("2026-06-01"), "2026-07");
    }
}
