//! Throttling, managed identities, quotas, tags, and the small providers around clusters.

use std::time::Duration;

use axum::body::Body;
use fake_arm::{Caller, Origin};
use http::{Request, StatusCode};
use serde_json::{Value, json};
use tower::ServiceExt;

use crate::house::{House, Reply};
use crate::setup;

#[tokio::test]
async fn a_cluster_can_be_read_sixty_times_at_once_and_then_once_a_second() {
    let house = House::open_with(true).await;
    let path = setup::cluster(&house).await;
    for _ in 0..60 {
        house.get(&path).await.ok(200);
    }
    let refused = house.get(&path).await;
    assert_eq!(refused.error(), (429, "Throttled".to_owned()));
    assert_eq!(refused.header("retry-after"), Some("1"));
    house.get(&format!("{path}/agentPools/nodepool1")).await.ok(200);
    house.engine.advance(Duration::from_secs(2)).await.unwrap();
    house.get(&path).await.ok(200);
    house.get(&path).await.ok(200);
    assert_eq!(house.get(&path).await.status, StatusCode::TOO_MANY_REQUESTS);
}

#[tokio::test]
async fn each_principal_has_its_own_tokens_of_the_gateway() {
    let house = House::open().await;
    let path = setup::cluster(&house).await;
    let left = |reply: &Reply, name: &str| -> u64 {
        let name = format!("x-ms-ratelimit-remaining-subscription-{name}");
        reply.header(&name).unwrap_or_else(|| panic!("no {name}")).parse().unwrap()
    };
    let group = house.path("/resourceGroups/g");
    let (first, second) = (house.get(&path).await.ok(200), house.get(&group).await.ok(200));
    assert_eq!(left(&first, "reads") - left(&second, "reads"), 1);
    assert_eq!(left(&first, "global-reads") - left(&second, "global-reads"), 1);
    let reader = Caller::Application(house.authority.reader().id.to_string());
    let token = house.authority.issue_token(&reader, &Origin::new("https://localhost:8443").unwrap()).unwrap();
    let request =
        Request::get(format!("{path}?api-version=2026-06-01")).header("authorization", format!("Bearer {token}"));
    let other = house.raw(request.body(Body::empty()).unwrap()).await.ok(200);
    assert_eq!(left(&other, "reads"), 249, "its own");
    assert_eq!(left(&second, "global-reads") - left(&other, "global-reads"), 1, "shared");
    house.engine.advance(Duration::from_secs(60)).await.unwrap();
    assert_eq!(left(&house.get(&path).await, "reads"), 249, "full again");
    let written = house.put(&group, json!({"location": "eastus"})).await.ok(200);
    assert!(written.header("x-ms-ratelimit-remaining-subscription-reads").is_none());
}

#[tokio::test]
async fn nothing_is_throttled_unless_it_is_switched_on() {
    let house = House::open().await;
    let path = setup::cluster(&house).await;
    for _ in 0..200 {
        house.get(&path).await.ok(200);
    }
}

async fn identity(house: &House, uri: &str, headers: &[(&str, &str)]) -> (StatusCode, Value) {
    let origin = Origin::new("https://localhost:8443").unwrap();
    let router = fake_arm::identity_router(house.authority.clone(), origin, "s3cret".to_owned());
    let request = headers.iter().fold(Request::get(uri), |request, (name, value)| request.header(*name, *value));
    let response = router.oneshot(request.body(Body::empty()).unwrap()).await.unwrap();
    let status = response.status();
    let body = axum::body::to_bytes(response.into_body(), usize::MAX).await.unwrap();
    (status, serde_json::from_slice(&body).unwrap())
}

#[tokio::test]
async fn managed_identities_get_tokens_in_both_styles() {
    let house = House::open().await;
    let group = setup::cluster_path(&house).split("/providers/").next().unwrap().to_owned();
    setup::group(&house).await;
    let imds = "/metadata/identity/oauth2/token?api-version=2018-02-01&resource=https://localhost:8443/";
    let (status, token) = identity(&house, imds, &[("metadata", "true")]).await;
    assert_eq!((status, &token["token_type"]), (StatusCode::OK, &json!("Bearer")));
    assert!(token["expires_on"].is_string() && token["expires_in"].is_string());
    let use_token = async |token: &Value, method: &str, uri: &str| {
        let request = Request::builder()
            .method(method)
            .uri(format!("{uri}?api-version=2024-11-01"))
            .header("authorization", format!("Bearer {}", token["access_token"].as_str().unwrap()));
        house.raw(request.body(Body::empty()).unwrap()).await
    };
    use_token(&token, "GET", &group).await.ok(200);
    let (status, _) = identity(&house, &imds.replace("token?", "token/?"), &[("metadata", "true")]).await;
    assert_eq!(status, StatusCode::OK);
    let msi = "/msi/token?api-version=2019-08-01&resource=https://localhost:8443/";
    let (status, _) = identity(&house, msi, &[("x-identity-header", "s3cret")]).await;
    assert_eq!(status, StatusCode::OK);
    let reader = format!("{imds}&client_id={}", house.authority.reader().id);
    let (_, token) = identity(&house, &reader, &[("metadata", "true")]).await;
    use_token(&token, "GET", &group).await.ok(200);
    assert_eq!(use_token(&token, "DELETE", &group).await.error(), (403, "AuthorizationFailed".to_owned()));
    for (uri, headers) in [
        (msi.to_owned(), [("x-identity-header", "wrong")]),
        (imds.to_owned(), [("x", "y")]),
        ("/metadata/identity/oauth2/token?api-version=2018-02-01".to_owned(), [("metadata", "true")]),
        (format!("{imds}&client_id=other"), [("metadata", "true")]),
        (format!("{imds}&mi_res_id=other"), [("metadata", "true")]),
    ] {
        let (status, body) = identity(&house, &uri, &headers).await;
        let envelope = if uri.starts_with("/msi/") { "statusCode" } else { "error_description" };
        assert!(status.is_client_error() && !body[envelope].is_null(), "{uri} {body}");
    }
}

#[tokio::test]
async fn usage_counts_the_nodes_of_a_region() {
    let house = House::open().await;
    setup::cluster(&house).await;
    let usage = async |location: &str| {
        let uri = house.path(&format!("/providers/Microsoft.Compute/locations/{location}/usages"));
        let rows = house.get(&uri).await.ok(200).json();
        let rows = rows["value"].as_array().unwrap().clone();
        let machines = rows.into_iter().find(|row| row["name"]["value"] == "virtualMachines").unwrap();
        machines["currentValue"].as_u64().unwrap()
    };
    assert_eq!((usage("eastus").await, usage("westus2").await), (1, 0));
    let nowhere = house.get(&house.path("/providers/Microsoft.Compute/locations/nowhere/usages")).await;
    assert_eq!(nowhere.error(), (400, "LocationNotAvailableForResourceType".to_owned()));
}

#[tokio::test]
async fn scale_sets_are_not_changed_behind_akss_back() {
    let house = House::open().await;
    setup::cluster(&house).await;
    let sets = house.path("/resourceGroups/MC_g_c_eastus/providers/Microsoft.Compute/virtualMachineScaleSets");
    let mut set = house.get(&sets).await.ok(200).json()["value"][0].clone();
    let one = format!("{sets}/{}", set["name"].as_str().unwrap());
    assert_eq!(house.put(&one, set.clone()).await.error(), (501, "NotSimulated".to_owned()));
    set["properties"]["virtualMachineProfile"]["securityProfile"]["uefiSettings"]["vTpmEnabled"] = json!(false);
    let refused = house.put(&one, set).await;
    assert_eq!(refused.error(), (409, "PropertyChangeNotAllowed".to_owned()));
    assert_eq!(refused.json()["error"]["target"], "securityProfile.uefiSettings");
}

#[tokio::test]
async fn tags_are_merged_replaced_and_deleted() {
    let house = House::open().await;
    setup::group(&house).await;
    let tags = house.path("/resourceGroups/g/providers/Microsoft.Resources/tags/default");
    let patch = async |operation: &str, tags_given: Value| {
        let body = json!({"operation": operation, "properties": {"tags": tags_given}});
        house.send("PATCH", &tags, Some(body), &[]).await
    };
    patch("Merge", json!({"a": "1", "b": "2"})).await.ok(200);
    patch("Delete", json!({"b": "2", "a": "other"})).await.ok(200);
    let read = house.get(&tags).await.ok(200).json();
    assert_eq!(read["properties"]["tags"], json!({"a": "1"}));
    assert_eq!(read["id"], json!(tags));
    patch("Replace", json!({"c": "3"})).await.ok(200);
    assert_eq!(house.get(&house.path("/resourceGroups/g")).await.json()["tags"], json!({"c": "3"}));
    assert_eq!(patch("Nope", json!({})).await.error(), (400, "InvalidTagsOperation".to_owned()));
    let names = house.get(&house.path("/tagNames")).await.ok(200).json();
    assert_eq!(names["value"][0]["tagName"], "c");
    house.delete(&tags).await.ok(200);
    assert_eq!(house.get(&tags).await.json()["properties"]["tags"], json!({}));
}

#[tokio::test]
async fn resources_are_filtered_by_region_and_tag() {
    let house = House::open().await;
    let path = setup::cluster(&house).await;
    house.send("PATCH", &path, Some(json!({"tags": {"team": "a"}})), &[]).await.ok(200);
    house.settle().await;
    let count = async |filter: &str| {
        let uri = house.path(&format!("/resources?api-version=2024-11-01&$filter={}", filter.replace(' ', "%20")));
        house.get(&uri).await.ok(200).json()["value"].as_array().unwrap().len()
    };
    assert_eq!(count("tagname eq 'team' and tagvalue eq 'a'").await, 1);
    assert_eq!(count("tagname eq 'team' and tagvalue eq 'b'").await, 0);
    assert_eq!(count("location eq 'westus2'").await, 0);
    assert!(count("location eq 'eastus'").await >= 2);
}

#[tokio::test]
async fn security_lists_are_empty() {
    let house = House::open().await;
    setup::group(&house).await;
    for rest in [
        "/providers/Microsoft.Security/alerts",
        "/providers/Microsoft.Security/locations/eastus/alerts",
        "/providers/Microsoft.Security/assessments",
        "/resourceGroups/g/providers/Microsoft.Security/alerts",
    ] {
        assert_eq!(house.get(&house.path(rest)).await.ok(200).json(), json!({"value": []}), "{rest}");
    }
}
