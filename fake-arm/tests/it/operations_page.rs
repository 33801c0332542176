//! `docs/OPERATIONS.md` says what is true: every request on it is sent, and every route is on it.

use serde_json::json;

use crate::house::House;
use crate::setup;

const PAGE: &str = include_str!("../../../docs/OPERATIONS.md");
const ROUTES: &str = include_str!("../../src/routes.rs");

/// Request and state of every row.
fn rows() -> Vec<(&'static str, &'static str, &'static str)> {
    let cells = PAGE.lines().filter_map(|line| line.strip_prefix("| `")?.split_once("` | "));
    cells
        .filter_map(|(request, rest)| {
            let (method, path) = request.split_once(' ')?;
            let state = rest.trim_end_matches(" |").rsplit(" | ").next()?;
            Some((method, path, state))
        })
        .collect()
}

/// Codes of answers from nobody in particular: no route took the request.
const NOBODY: [&str; 5] =
    ["NotSimulated", "InvalidResourceType", "InvalidResourceNamespace", "MethodNotAllowed", "DeploymentNotSimulated"];

#[tokio::test]
async fn every_request_on_the_page_is_answered_as_it_says() {
    let house = House::open().await;
    let cluster = setup::cluster(&house).await;
    let (subscription, group) = (house.path(""), house.path("/resourceGroups/g"));
    let sets = house.path("/resourceGroups/MC_g_c_eastus/providers/Microsoft.Compute/virtualMachineScaleSets");
    let set = house.get(&sets).await.ok(200).json()["value"][0]["name"].as_str().unwrap().to_owned();
    let rows = rows();
    assert!(rows.len() > 100, "{}", rows.len());
    for (method, path, state) in rows {
        let uri = path
            .replace("{AKS}", &format!("{subscription}/providers/Microsoft.ContainerService"))
            .replace("{SS}", &format!("{sets}/{set}"))
            .replace("{NG}", &house.path("/resourceGroups/MC_g_c_eastus"))
            .replace("{P}", &format!("{cluster}/agentPools/nodepool1"))
            .replace("{MC}", &cluster)
            .replace("{G}", &group)
            .replace("{S}", &subscription);
        let body = (!["GET", "DELETE"].contains(&method)).then(|| json!({}));
        let reply = house.send(method, &uri, body, &[]).await;
        let text = reply.text();
        let code = serde_json::from_str::<serde_json::Value>(&text).unwrap_or_default();
        let code = code["error"]["code"].as_str().or(code["code"].as_str()).unwrap_or("").to_owned();
        match state.strip_prefix("refused `") {
            Some(rest) => assert!(rest.starts_with(&format!("{code}`")), "{method} {path}: {text}"),
            None => {
                assert!(state.starts_with("works"), "{method} {path}: '{state}' is neither works nor refused");
                assert!(!NOBODY.contains(&code.as_str()), "{method} {path}: {text}");
                assert!(!text.contains("No HTTP resource was found"), "{method} {path}: {text}");
                assert!(!reply.status.is_server_error(), "{method} {path}: {text}");
            }
        }
        house.settle().await;
    }
}

#[test]
fn every_route_has_a_row() {
    let page = PAGE.to_lowercase();
    let mut seen = 0;
    for literal in ROUTES.split('"').skip(1).step_by(2).filter(|text| text.contains('/')) {
        let literal = literal.to_lowercase();
        let last = literal.rsplit('/').find(|segment| !segment.is_empty() && !segment.contains(['{', '}']));
        let Some(last) = last else { continue };
        seen += 1;
        assert!(page.contains(&format!("/{last}")), "the route '{literal}' has no row in docs/OPERATIONS.md");
    }
    assert!(seen > 60, "{seen}");
}
