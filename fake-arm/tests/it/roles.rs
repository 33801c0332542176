//! Role assignments, and what they allow.

use fake_arm::Caller;
use serde_json::json;

use crate::house::{House, Reply};
use crate::setup;

const READER: &str = "acdd72a7-3385-48ef-bd42-f606fba81ae7";
const CONTRIBUTOR: &str = "b24988ac-6180-42a0-ab88-20f7382dd24c";

fn token_of(house: &House, client: &str) -> String {
    let origin = fake_arm::Origin::new("https://localhost:8443").unwrap();
    house.authority.issue_token(&Caller::Application(client.to_owned()), &origin).unwrap()
}

async fn ask(house: &House, token: &str, method: &str, uri: &str, body: serde_json::Value) -> Reply {
    let request = http::Request::builder()
        .method(method)
        .uri(format!("{uri}?api-version=2026-06-01"))
        .header("authorization", format!("Bearer {token}"))
        .header("content-type", "application/json");
    house.raw(request.body(axum::body::Body::from(body.to_string())).unwrap()).await
}

#[tokio::test]
async fn a_reader_reads_and_is_refused_writes_in_azures_words() {
    let house = House::open().await;
    let path = setup::cluster(&house).await;
    let id = house.authority.reader().id.to_string();
    let token = token_of(&house, &id);
    ask(&house, &token, "GET", &path, json!({})).await.ok(200);
    let refused = ask(&house, &token, "PUT", &path, setup::cluster_body()).await.ok(403);
    assert_eq!(refused.error().1, "AuthorizationFailed");
    let text = refused.json()["error"]["message"].as_str().unwrap().to_owned();
    assert!(text.starts_with(&format!("The client '{id}' with object id '")), "{text}");
    assert!(
        text.contains(&format!("does not have authorization to perform action 'Microsoft.ContainerService/managedClusters/write' over scope '{path}' or the scope is invalid.")),
        "{text}"
    );
    for (method, rest, action) in [
        ("DELETE", "", "managedClusters/delete"),
        ("POST", "/listClusterUserCredential", "managedClusters/listClusterUserCredential/action"),
        ("PUT", "/agentPools/p", "managedClusters/agentPools/write"),
    ] {
        let refused = ask(&house, &token, method, &format!("{path}{rest}"), json!({})).await.ok(403);
        assert!(refused.text().contains(&format!("'Microsoft.ContainerService/{action}'")), "{}", refused.text());
    }
    assert_eq!(house.get(&path).await.json()["properties"]["provisioningState"], "Succeeded");
}

#[tokio::test]
async fn a_role_holds_at_its_scope_and_below_until_it_is_deleted() {
    let house = House::open().await;
    let path = setup::cluster(&house).await;
    house.put(&house.path("/resourcegroups/other"), json!({"location": "eastus"})).await.ok(201);
    let reader = house.authority.reader().id.to_string();
    let token = token_of(&house, &reader);
    let list = house.path("/providers/Microsoft.Authorization/roleAssignments");
    let all = house.get(&list).await.ok(200).json();
    let own = all["value"]
        .as_array()
        .unwrap()
        .iter()
        .find(|one| one["properties"]["roleDefinitionId"].as_str().unwrap().ends_with(READER));
    let principal = own.unwrap()["properties"]["principalId"].as_str().unwrap().to_owned();

    let name = "11111111-1111-1111-1111-111111111111";
    let group = house.path("/resourceGroups/g");
    let one = format!("{group}/providers/Microsoft.Authorization/roleAssignments/{name}");
    let body = json!({"properties": {"roleDefinitionId": house.path(&format!("/providers/Microsoft.Authorization/roleDefinitions/{CONTRIBUTOR}")), "principalId": principal, "principalType": "ServicePrincipal"}});
    let made = house.put(&one, body.clone()).await.ok(201).json();
    assert_eq!((&made["id"], &made["properties"]["scope"]), (&json!(one), &json!(group)));
    let again =
        format!("{group}/providers/Microsoft.Authorization/roleAssignments/22222222-2222-2222-2222-222222222222");
    assert_eq!(house.put(&again, body.clone()).await.error(), (409, "RoleAssignmentExists".to_owned()));

    ask(&house, &token, "PUT", &format!("{path}/agentPools/p"), json!({"properties": {"count": 1, "mode": "User"}}))
        .await
        .ok(201);
    let elsewhere = house.path("/resourceGroups/other");
    ask(&house, &token, "DELETE", &elsewhere, json!({})).await.ok(403);
    // A contributor does not give roles away.
    ask(&house, &token, "PUT", &again, body).await.ok(403);

    let at = |filter: &str| {
        format!("{path}/providers/Microsoft.Authorization/roleAssignments?api-version=2022-04-01&$filter={filter}")
    };
    let mine = house.get(&at(&format!("principalId%20eq%20'{principal}'"))).await.ok(200).json();
    assert_eq!(mine["value"].as_array().unwrap().len(), 2);
    let above =
        house.path("/providers/Microsoft.Authorization/roleAssignments?api-version=2022-04-01&$filter=atScope()");
    assert_eq!(house.get(&above).await.ok(200).json()["value"].as_array().unwrap().len(), 3, "nothing below");

    house.delete(&one).await.ok(200);
    house.delete(&one).await.ok(204);
    ask(&house, &token, "DELETE", &path, json!({})).await.ok(403);
}

#[tokio::test]
async fn a_reader_calls_no_action_and_deploys_nothing() {
    let house = House::open().await;
    let path = setup::cluster(&house).await;
    let token = token_of(&house, &house.authority.reader().id.to_string());
    let pool = format!("{path}/agentPools/nodepool1");
    for (uri, action) in [
        (format!("{path}/listClusterAdminCredential"), "managedClusters/listClusterAdminCredential/action"),
        (
            format!("{path}/listClusterMonitoringUserCredential"),
            "managedClusters/listClusterMonitoringUserCredential/action",
        ),
        (format!("{path}/stop"), "managedClusters/stop/action"),
        (format!("{path}/runCommand"), "managedClusters/runCommand/action"),
        (format!("{path}/rotateClusterCertificates"), "managedClusters/rotateClusterCertificates/action"),
        (format!("{pool}/abort"), "managedClusters/agentPools/abort/action"),
        (format!("{pool}/upgradeNodeImageVersion"), "managedClusters/agentPools/upgradeNodeImageVersion/action"),
        (format!("{pool}/deleteMachines"), "managedClusters/agentPools/deleteMachines/action"),
    ] {
        let refused = ask(&house, &token, "POST", &uri, json!({})).await;
        assert_eq!(refused.error(), (403, "AuthorizationFailed".to_owned()), "{uri}");
        assert!(refused.text().contains(&format!("'Microsoft.ContainerService/{action}'")), "{}", refused.text());
    }

    let group = house.path("/resourceGroups/g");
    let template = json!({
        "$schema": "https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#",
        "contentVersion": "1.0.0.0",
        "resources": [{"type": "Microsoft.ContainerService/managedClusters/agentPools", "apiVersion": "2026-06-01",
            "name": "c/smuggled", "properties": {"count": 1, "mode": "User"}}],
    });
    let deployment = json!({"properties": {"mode": "Incremental", "template": template}});
    let uri = format!("{group}/providers/Microsoft.Resources/deployments/d");
    let refused = ask(&house, &token, "PUT", &uri, deployment.clone()).await;
    assert_eq!(refused.error(), (403, "AuthorizationFailed".to_owned()));

    // Network Contributor may deploy, but not everything that is in a template.
    let assignment =
        format!("{group}/providers/Microsoft.Authorization/roleAssignments/11111111-1111-1111-1111-111111111111");
    let all = house.get(&house.path("/providers/Microsoft.Authorization/roleAssignments")).await.ok(200).json();
    let reader = all["value"]
        .as_array()
        .unwrap()
        .iter()
        .find(|one| one["properties"]["roleDefinitionId"].as_str().unwrap().ends_with(READER));
    let principal = &reader.unwrap()["properties"]["principalId"];
    let body =
        json!({"properties": {"roleDefinitionId": "4d97b98b-1d4f-4787-a291-c67834d212e7", "principalId": principal}});
    house.put(&assignment, body).await.ok(201);
    for (method, uri) in [("POST", format!("{uri}/validate")), ("PUT", uri)] {
        let refused = ask(&house, &token, method, &uri, deployment.clone()).await;
        assert_eq!(refused.error(), (403, "InvalidTemplateDeployment".to_owned()), "{method}");
        let text = refused.text();
        assert!(text.contains("Authorization failed for template resource 'c/smuggled'"), "{text}");
        assert!(text.contains("'Microsoft.ContainerService/managedClusters/agentPools/write'"), "{text}");
    }
    house.settle().await;
    house.get(&format!("{path}/agentPools/smuggled")).await.ok(404);
}

#[tokio::test]
async fn roles_are_found_by_name_and_wrong_assignments_refused() {
    let house = House::open().await;
    setup::group(&house).await;
    let subnet = house.path("/resourceGroups/g/providers/Microsoft.Network/virtualNetworks/v/subnets/s");
    let definitions = format!("{subnet}/providers/Microsoft.Authorization/roleDefinitions");
    let found = house
        .get(&format!("{definitions}?api-version=2022-04-01&$filter=roleName%20eq%20'Network%20Contributor'"))
        .await;
    let found = found.ok(200).json();
    assert_eq!(found["value"].as_array().unwrap().len(), 1);
    assert_eq!(found["value"][0]["name"], "4d97b98b-1d4f-4787-a291-c67834d212e7");
    house.get(&format!("{definitions}/{READER}")).await.ok(200);
    house.get(&format!("{definitions}/33333333-3333-3333-3333-333333333333")).await.ok(404);
    let one =
        format!("{subnet}/providers/Microsoft.Authorization/roleAssignments/11111111-1111-1111-1111-111111111111");
    let body =
        |role: &str, principal: &str| json!({"properties": {"roleDefinitionId": role, "principalId": principal}});
    let principal = "44444444-4444-4444-4444-444444444444";
    assert_eq!(house.put(&one, body("nope", principal)).await.error(), (404, "RoleDefinitionDoesNotExist".to_owned()));
    assert_eq!(house.put(&one, body(READER, "nope")).await.error(), (400, "InvalidPrincipalId".to_owned()));
    house.put(&one, body(READER, principal)).await.ok(201);
    house.put(&one, body(READER, principal)).await.ok(201);
    assert_eq!(
        house.put(&one, body(CONTRIBUTOR, principal)).await.error(),
        (409, "RoleAssignmentUpdateNotPermitted".to_owned())
    );
    let bad = house.get(&format!("{definitions}?api-version=2022-04-01&$filter=x")).await;
    assert_eq!(bad.error(), (400, "InvalidFilter".to_owned()));
    // The group's end is the end of what was assigned in it.
    house.delete(&house.path("/resourcegroups/g")).await.ok(202);
    house.settle().await;
    house.get(&one).await.ok(404);
}

#[tokio::test]
async fn the_built_in_assignments_stay() {
    let house = House::open().await;
    let list = house.path("/providers/Microsoft.Authorization/roleAssignments");
    let all = house.get(&list).await.ok(200).json();
    for one in all["value"].as_array().unwrap() {
        let refused = house.delete(one["id"].as_str().unwrap()).await;
        assert_eq!(refused.error(), (400, "LastRbacAdminAssignment".to_owned()));
    }
    let ids: Vec<_> =
        all["value"].as_array().unwrap().iter().map(|one| one["properties"]["principalId"].clone()).collect();
    let known =
        house.send("POST", "/v1.0/directoryObjects/getByIds", Some(json!({"ids": ids})), &[]).await.ok(200).json();
    assert_eq!(known["value"].as_array().unwrap().len(), ids.len());
}
