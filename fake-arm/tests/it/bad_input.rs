//! Bad input at every door gets Azure's envelope with a useful message.

use axum::body::Body;
use http::Request;
use serde_json::json;

use crate::house::{House, TODAY};
use crate::setup;

async fn put_raw(house: &House, uri: &str, content_type: &str, body: impl Into<Body>) -> crate::house::Reply {
    let request = Request::put(format!("{uri}?api-version={TODAY}"))
        .header("authorization", format!("Bearer {}", house.token))
        .header("content-type", content_type);
    house.raw(request.body(body.into()).unwrap()).await
}

#[tokio::test]
async fn api_versions_are_required_and_checked() {
    let house = House::open().await;
    let none = house.get(&house.path("?x=1")).await;
    assert_eq!(none.error(), (400, "MissingApiVersionParameter".to_owned()));
    assert_eq!(
        none.json()["error"]["message"],
        "The api-version query parameter (?api-version=) is required for all requests."
    );
    let bad = house.get(&house.path("?api-version=latest")).await;
    assert_eq!(bad.error(), (400, "InvalidApiVersionParameter".to_owned()));
}

#[tokio::test]
async fn tokens_are_required_and_checked() {
    let house = House::open().await;
    let uri = house.path(&format!("?api-version={TODAY}"));
    let none = house.raw(Request::get(&uri).body(Body::empty()).unwrap()).await;
    assert_eq!(none.error(), (401, "AuthenticationFailed".to_owned()));
    assert!(none.header("www-authenticate").unwrap().starts_with("Bearer authorization_uri=\"https://localhost:8443/"));
    for token in ["nonsense", "a.b.c", &house.token[..house.token.len() - 4]] {
        let bad = Request::get(&uri).header("authorization", format!("Bearer {token}")).body(Body::empty()).unwrap();
        assert_eq!(house.raw(bad).await.error(), (401, "InvalidAuthenticationToken".to_owned()), "{token}");
    }
}

#[tokio::test]
async fn bodies_are_checked() {
    let house = House::open().await;
    setup::group(&house).await;
    let path = setup::cluster_path(&house);
    let broken = put_raw(&house, &path, "application/json", "{\n \"location\": }").await;
    assert_eq!(broken.error(), (400, "InvalidRequestContent".to_owned()));
    assert!(broken.text().contains("line 2"), "{}", broken.text());
    let mut wrong = setup::cluster_body();
    wrong["properties"]["agentPoolProfiles"][0]["count"] = json!("three");
    let wrong = house.put(&path, wrong).await;
    assert_eq!(wrong.error(), (400, "InvalidRequestContent".to_owned()));
    assert!(wrong.text().contains("properties.agentPoolProfiles[0].count"), "{}", wrong.text());
    let text = put_raw(&house, &path, "text/plain", "{}").await;
    assert_eq!(text.error(), (415, "UnsupportedMediaType".to_owned()));
    let large = put_raw(&house, &path, "application/json", vec![b' '; fake_arm::REQUEST_BODY_BYTES_MAX + 1]).await;
    assert_eq!(large.error(), (413, "RequestContentTooLarge".to_owned()));
    let empty = put_raw(&house, &path, "application/json", "").await;
    assert_eq!(empty.error(), (400, "InvalidRequestContent".to_owned()));
    let nowhere = house.put(&path, json!({"properties": {}})).await;
    assert_eq!(nowhere.error(), (400, "LocationRequired".to_owned()));
}

#[tokio::test]
async fn what_does_not_exist_is_named() {
    let house = House::open().await;
    let other = "/subscriptions/00000000-0000-0000-0000-0000000000ff/resourcegroups";
    assert_eq!(house.get(other).await.error(), (404, "SubscriptionNotFound".to_owned()));
    assert_eq!(house.get("/subscriptions/x/resourcegroups").await.error(), (400, "InvalidSubscriptionId".to_owned()));
    let path = setup::cluster_path(&house);
    assert_eq!(house.get(&path).await.error(), (404, "ResourceGroupNotFound".to_owned()));
    assert_eq!(house.put(&path, setup::cluster_body()).await.error(), (404, "ResourceGroupNotFound".to_owned()));
    setup::group(&house).await;
    assert_eq!(house.get(&path).await.error(), (404, "ResourceNotFound".to_owned()));
    let pool = format!("{path}/agentPools/p");
    assert_eq!(house.get(&pool).await.error(), (404, "ResourceNotFound".to_owned()));
    assert_eq!(house.put(&pool, json!({"properties": {}})).await.error(), (404, "ParentResourceNotFound".to_owned()));
    let group = "/resourceGroups/g/providers";
    let unknown = |rest: &str| house.path(&format!("{group}/{rest}"));
    assert_eq!(
        house.get(&unknown("Microsoft.Nope/things/t")).await.error(),
        (404, "InvalidResourceNamespace".to_owned())
    );
    assert_eq!(house.get(&unknown("Microsoft.Compute/nope/t")).await.error(), (404, "InvalidResourceType".to_owned()));
    assert_eq!(house.get(&unknown("Microsoft.Compute/disks/d")).await.error(), (501, "NotSimulated".to_owned()));
    assert_eq!(
        house.put(&unknown("Microsoft.Storage/storageAccounts/s"), json!({})).await.error(),
        (501, "NotSimulated".to_owned())
    );
    assert_eq!(house.send("PATCH", &pool, Some(json!({})), &[]).await.error(), (405, "MethodNotAllowed".to_owned()));
    assert_eq!(house.get("/nowhere").await.error(), (404, "NotFound".to_owned()));
}

#[tokio::test]
async fn paths_are_read_in_any_case_and_with_doubled_slashes() {
    let house = House::open().await;
    let path = setup::cluster(&house).await;
    let shouted =
        path.replace("resourceGroups", "RESOURCEGROUPS").replace("/managedClusters/c", "//MANAGEDCLUSTERS/C/");
    assert_eq!(house.get(&shouted).await.ok(200).json()["name"], "c");
}
