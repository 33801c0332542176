//! Logging in, as MSAL does it.

use axum::body::Body;
use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use http::Request;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::house::{House, Reply};

async fn open(house: &House, uri: &str) -> Reply {
    house.raw(Request::get(uri).body(Body::empty()).unwrap()).await
}

async fn post(house: &House, uri: &str, form: &str) -> Reply {
    let request = Request::post(uri).header("content-type", "application/x-www-form-urlencoded");
    house.raw(request.body(Body::from(form.to_owned())).unwrap()).await
}

fn claims(token: &Value) -> Value {
    let middle = token.as_str().unwrap().split('.').nth(1).unwrap().to_owned();
    serde_json::from_slice(&BASE64_URL_SAFE_NO_PAD.decode(middle).unwrap()).unwrap()
}

async fn use_token(house: &House, token: &Value) -> u16 {
    let uri = "/subscriptions?api-version=2022-12-01";
    let bearer = format!("Bearer {}", token.as_str().unwrap());
    house.raw(Request::get(uri).header("authorization", bearer).body(Body::empty()).unwrap()).await.status.as_u16()
}

#[tokio::test]
async fn any_tenant_string_leads_to_the_tenant() {
    let house = House::open().await;
    let tenant = house.world.tenant().to_string();
    for name in ["common", "organizations", "x.onmicrosoft.com", &tenant] {
        let found = open(&house, &format!("/{name}/v2.0/.well-known/openid-configuration")).await.ok(200).json();
        assert_eq!(found["token_endpoint"], format!("https://localhost:8443/{tenant}/oauth2/v2.0/token"));
    }
    let adfs = open(&house, "/adfs/.well-known/openid-configuration").await.ok(200).json();
    assert_eq!(adfs["token_endpoint"], "https://localhost:8443/adfs/oauth2/v2.0/token");
    let keys = open(&house, &format!("/{tenant}/discovery/v2.0/keys")).await.ok(200).json();
    assert_eq!(keys["keys"][0]["kty"], "RSA");
    open(&house, "/common/discovery/instance?api-version=1.1").await.ok(200);
}

#[tokio::test]
async fn a_secret_gets_a_token_and_a_wrong_one_gets_its_number() {
    let house = House::open().await;
    let client = house.authority.client().clone();
    let form = |secret: &str| {
        format!(
            "client_id={}&client_secret={secret}&grant_type=client_credentials&client_info=1&scope=https%3A%2F%2Flocalhost%3A8443%2F%2F.default",
            client.id
        )
    };
    let granted = post(&house, "/common/oauth2/v2.0/token", &form(&client.secret)).await.ok(200).json();
    assert_eq!(granted["token_type"], "Bearer");
    assert_eq!(granted["expires_in"], 3599);
    let told = "&claims=%7B%22access_token%22%3A%7B%22xms_cc%22%3A%7B%22values%22%3A%5B%22CP1%22%5D%7D%7D%7D";
    let longer =
        post(&house, "/common/oauth2/v2.0/token", &format!("{}{told}", form(&client.secret))).await.ok(200).json();
    assert_eq!(longer["expires_in"], 86399);
    assert_eq!(use_token(&house, &granted["access_token"]).await, 200);
    assert_eq!(claims(&granted["access_token"])["tid"], house.world.tenant().to_string());
    let wrong = post(&house, "/common/oauth2/v2.0/token", &form("nope")).await.ok(401).json();
    assert_eq!(wrong["error"], "invalid_client");
    assert_eq!(wrong["error_codes"][0], 7_000_215);
    assert!(wrong["error_description"].as_str().unwrap().starts_with("AADSTS7000215: "));
    let stranger =
        post(&house, "/common/oauth2/v2.0/token", "client_id=x&client_secret=y&grant_type=client_credentials").await;
    assert_eq!(stranger.json()["error_codes"][0], 700_016);
    let federated = format!(
        "client_id={}&client_assertion=aaa&client_assertion_type=x&grant_type=client_credentials&scope=a",
        client.id
    );
    post(&house, "/adfs/oauth2/v2.0/token", &federated).await.ok(200);
    assert_eq!(
        post(&house, "/common/oauth2/v2.0/token", "grant_type=implicit").await.json()["error"],
        "unsupported_grant_type"
    );
    assert_eq!(post(&house, "/common/oauth2/v2.0/token", "").await.json()["error"], "invalid_request");
}

#[tokio::test]
async fn a_browser_login_ends_in_tokens_for_its_user() {
    let house = House::open().await;
    let challenge = BASE64_URL_SAFE_NO_PAD.encode(Sha256::digest(b"verifier"));
    let query = format!(
        "client_id=cli&response_type=code&redirect_uri=http%3A%2F%2Flocalhost%3A8400&state=s&nonce=n&code_challenge={challenge}&code_challenge_method=S256&scope=openid"
    );
    let sent = open(&house, &format!("/common/oauth2/v2.0/authorize?{query}")).await.ok(302);
    let target = sent.header("location").unwrap();
    let code = target.split("code=").nth(1).unwrap().split('&').next().unwrap();
    assert!(target.ends_with("&state=s"), "{target}");
    let form =
        format!("client_id=cli&grant_type=authorization_code&code={code}&redirect_uri=http%3A%2F%2Flocalhost%3A8400");
    let unproved = post(&house, "/common/oauth2/v2.0/token", &format!("{form}&code_verifier=other")).await;
    assert_eq!(unproved.json()["error"], "invalid_grant");
    let granted =
        post(&house, "/common/oauth2/v2.0/token", &format!("{form}&code_verifier=verifier")).await.ok(200).json();
    let id = claims(&granted["id_token"]);
    assert_eq!((id["nonce"].as_str(), id["aud"].as_str()), (Some("n"), Some("cli")));
    assert!(id["preferred_username"].is_string());
    assert_eq!(use_token(&house, &granted["access_token"]).await, 200);
    assert_eq!(use_token(&house, &granted["refresh_token"]).await, 401, "a refresh token is no access token");
    let refresh =
        format!("client_id=cli&grant_type=refresh_token&refresh_token={}", granted["refresh_token"].as_str().unwrap());
    let again = post(&house, "/common/oauth2/v2.0/token", &refresh).await.ok(200).json();
    assert_eq!(use_token(&house, &again["access_token"]).await, 200);
    let posted =
        open(&house, &format!("/common/oauth2/v2.0/authorize?{query}&response_mode=form_post")).await.ok(200).text();
    assert!(posted.contains("action=\"http://localhost:8400\"") && posted.contains("name=\"code\""));
    let away = open(&house, "/common/oauth2/v2.0/authorize?redirect_uri=https%3A%2F%2Fevil.example").await;
    assert_eq!(away.status, 400);
}

#[tokio::test]
async fn a_user_logs_in_with_a_password() {
    let house = House::open().await;
    let login = |user: &str, password: &str| {
        format!(
            "client_id=cli&grant_type=password&scope=openid&username={}&password={password}",
            user.replace('@', "%40")
        )
    };
    let (user, password) = (house.authority.user(), house.authority.client().secret.clone());
    let granted = post(&house, "/organizations/oauth2/v2.0/token", &login(user, &password)).await.ok(200).json();
    assert_eq!(claims(&granted["id_token"])["preferred_username"], user);
    assert_eq!(use_token(&house, &granted["access_token"]).await, 200);
    for (user, password, number) in [(user, "wrong", 50_126), ("nobody@slipway.localhost", "x", 50_034)] {
        let refused = post(&house, "/common/oauth2/v2.0/token", &login(user, password)).await.ok(400).json();
        assert_eq!((&refused["error"], &refused["error_codes"][0]), (&json!("invalid_grant"), &json!(number)));
    }
}

#[tokio::test]
async fn tokens_die_when_time_is_moved_past_their_end() {
    let house = House::open().await;
    let client = house.authority.client().clone();
    let form = format!("client_id={}&client_secret={}&grant_type=client_credentials&scope=a", client.id, client.secret);
    let granted = post(&house, "/common/oauth2/v2.0/token", &form).await.ok(200).json();
    assert_eq!(use_token(&house, &granted["access_token"]).await, 200);
    house.engine.advance(std::time::Duration::from_secs(7_200)).await.unwrap();
    let bearer = format!("Bearer {}", granted["access_token"].as_str().unwrap());
    let request = Request::get("/subscriptions?api-version=2022-12-01").header("authorization", bearer);
    let refused = house.raw(request.body(Body::empty()).unwrap()).await;
    assert_eq!(refused.error(), (401, "ExpiredAuthenticationToken".to_owned()));
    assert!(refused.text().contains("is earlier than current UTC time"), "{}", refused.text());
    let challenge = refused.header("www-authenticate").unwrap();
    assert!(challenge.starts_with("Bearer authorization_uri=\"https://localhost:8443/"), "{challenge}");
    assert!(challenge.contains("error=\"invalid_token\", error_description=\"The access token expiry"), "{challenge}");
    let fresh = post(&house, "/common/oauth2/v2.0/token", &form).await.ok(200).json();
    assert_eq!(use_token(&house, &fresh["access_token"]).await, 200);
}

#[tokio::test]
async fn a_device_login_is_approved_at_once() {
    let house = House::open().await;
    let started = post(&house, "/common/oauth2/v2.0/devicecode", "client_id=cli&scope=openid").await.ok(200).json();
    let form = format!(
        "client_id=cli&grant_type=urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Adevice_code&device_code={}",
        started["device_code"].as_str().unwrap()
    );
    let granted = post(&house, "/organizations/oauth2/v2.0/token", &form).await.ok(200).json();
    assert_eq!(use_token(&house, &granted["access_token"]).await, 200);
}

#[tokio::test]
async fn metadata_has_three_shapes_and_the_extension_matches_its_digest() {
    let house = House::open().await;
    assert!(open(&house, "//metadata/endpoints?api-version=2022-09-01").await.ok(200).json().is_object());
    assert!(open(&house, "/metadata/endpoints?api-version=2019-05-01").await.ok(200).json().is_array());
    let old = open(&house, "/metadata/endpoints?api-version=2015-01-01").await.ok(200).json();
    assert!(old["galleryEndpoint"].is_string());
    let index = open(&house, "/extensions/index.json").await.ok(200).json();
    let entry = &index["extensions"]["aks-preview"][0];
    let wheel = open(&house, House::local(entry["downloadUrl"].as_str().unwrap())).await.ok(200);
    assert_eq!(entry["sha256Digest"], hex::encode(Sha256::digest(&wheel.body)));
}
