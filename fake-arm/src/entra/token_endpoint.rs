//! `POST /{tenant}/oauth2/v2.0/token`.

use std::sync::Arc;

use aws_lc_rs::constant_time::verify_slices_are_equal;
use axum::extract::State;
use axum::response::Response;
use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use serde_json::Value;
use sha2::{Digest, Sha256};

use super::authority::Rejected;
use super::claims::{Caller, Claims, DAY_SECONDS, HOUR_SECONDS, Purpose};
use super::error::LoginError;
use super::form::Form;
use super::login::Login;
use crate::answer;
use crate::door::FrontDoor;

/// Exchanges a secret, an assertion, a code or a refresh token for tokens.
pub(crate) async fn token(State(door): State<Arc<FrontDoor>>, form: Form) -> Result<Response, LoginError> {
    let (caller, nonce) = match form.require("grant_type")? {
        "client_credentials" => (application(&door, &form)?, None),
        "authorization_code" => redeem_code(&door, &form)?,
        "refresh_token" => (redeem(&door, &form, "refresh_token", Purpose::Refresh)?.0, None),
        "device_code" | "urn:ietf:params:oauth:grant-type:device_code" => {
            (redeem(&door, &form, "device_code", Purpose::Device)?.0, None)
        }
        "password" => (user(&door, &form)?, None),
        other => return Err(LoginError::UnsupportedGrant(other.to_owned())),
    };
    let scope = form.get("scope").or_else(|| form.get("resource")).unwrap_or("");
    let seconds = lifetime(form.get("claims"));
    let login = Login { authority: &door.authority, origin: &door.origin, caller, scope, nonce, seconds };
    let body = Value::Object(login.tokens()?);
    Ok(answer::gateway(body.to_string().into_bytes()))
}

/// How long an access token is good: a day for clients with capability CP1, which they claim as
/// `{"access_token":{"xms_cc":{"values":["CP1"]}}}`.
fn lifetime(claims: Option<&str>) -> u64 {
    let claims: Value = claims.and_then(|text| serde_json::from_str(text).ok()).unwrap_or_default();
    let capabilities = claims["access_token"]["xms_cc"]["values"].as_array().into_iter().flatten();
    let told = capabilities.filter_map(Value::as_str).any(|name| name.eq_ignore_ascii_case("CP1"));
    if told { DAY_SECONDS } else { HOUR_SECONDS }
}

/// Checks the user's name and password.
fn user(door: &FrontDoor, form: &Form) -> Result<Caller, LoginError> {
    let (client, name) = (form.require("client_id")?, form.require("username")?);
    let password = form.require("password")?;
    if !name.eq_ignore_ascii_case(door.authority.user()) {
        return Err(LoginError::UnknownUser(name.to_owned()));
    }
    if verify_slices_are_equal(password.as_bytes(), door.authority.client().secret.as_bytes()).is_err() {
        return Err(LoginError::WrongPassword);
    }
    Ok(Caller::User { client: client.to_owned() })
}

/// Checks an application's secret. An assertion is taken at its word: there is no issuer to ask about it.
fn application(door: &FrontDoor, form: &Form) -> Result<Caller, LoginError> {
    let id = form.require("client_id")?;
    let known = [door.authority.client(), door.authority.reader()];
    let client = known.into_iter().find(|client| id.eq_ignore_ascii_case(&client.id.to_string()));
    let client = client.ok_or_else(|| LoginError::UnknownClient(id.to_owned()))?;
    if form.get("client_assertion").is_none() {
        let secret = form.require("client_secret")?;
        if verify_slices_are_equal(secret.as_bytes(), client.secret.as_bytes()).is_err() {
            return Err(LoginError::WrongSecret(id.to_owned()));
        }
    }
    Ok(Caller::Application(client.id.to_string()))
}

/// Checks a code or refresh token made here and gives its caller.
fn redeem(door: &FrontDoor, form: &Form, field: &str, purpose: Purpose) -> Result<(Caller, Claims), LoginError> {
    let claims = door.authority.open_token(form.require(field)?).map_err(|why| match why {
        Rejected::KeyUnavailable(why) => LoginError::Unavailable(why),
        why => LoginError::InvalidGrant(format!(
            "The provided value for the input parameter '{field}' is not valid. {why}"
        )),
    })?;
    if claims.purpose != purpose {
        return Err(LoginError::InvalidGrant(format!("The provided value is not a {field}.")));
    }
    if form.get("client_id").is_some_and(|client| client != claims.appid) {
        return Err(LoginError::InvalidGrant("The grant was issued to another client.".to_owned()));
    }
    Ok((Caller::User { client: claims.appid.clone() }, claims))
}

/// Checks an authorization code, its redirect URI and its PKCE verifier.
fn redeem_code(door: &FrontDoor, form: &Form) -> Result<(Caller, Option<String>), LoginError> {
    let (caller, claims) = redeem(door, form, "code", Purpose::Code)?;
    if let (Some(given), Some(sent)) = (form.get("redirect_uri"), claims.redirect.as_deref())
        && given != sent
    {
        return Err(LoginError::InvalidGrant("The redirect URI is not the one that the code was sent to.".to_owned()));
    }
    if let Some(challenge) = &claims.challenge {
        let answered = BASE64_URL_SAFE_NO_PAD.encode(Sha256::digest(form.require("code_verifier")?.as_bytes()));
        if answered != *challenge {
            return Err(LoginError::InvalidGrant("The Code_Verifier does not match the code_challenge.".to_owned()));
        }
    }
    Ok((caller, claims.nonce))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clients_that_can_be_told_keep_their_tokens_for_a_day() {
        assert_eq!(lifetime(Some(r#"{"access_token":{"xms_cc":{"values":["CP1"]}}}"#)), DAY_SECONDS);
        for others in [None, Some("{}"), Some("no JSON"), Some(r#"{"access_token":{"xms_cc":{"values":["x"]}}}"#)] {
            assert_eq!(lifetime(others), HOUR_SECONDS);
        }
    }
}
