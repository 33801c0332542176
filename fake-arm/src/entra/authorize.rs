//! Interactive logins: approved at once, as the one user.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::{RawQuery, State};
use axum::response::Response;
use http::{HeaderValue, StatusCode, header};
use serde_json::json;
use uuid::Uuid;

use super::CLI_CLIENT_ID;
use super::claims::{CODE_SECONDS, Caller, Claims, Purpose};
use super::error::LoginError;
use super::form::Form;
use crate::answer;
use crate::door::FrontDoor;
use crate::query;

/// `GET /{tenant}/oauth2/v2.0/authorize`: sends a code straight back, by a form that submits itself
/// (`response_mode=form_post`) or by a redirect.
pub(crate) async fn approve(
    State(door): State<Arc<FrontDoor>>,
    RawQuery(query): RawQuery,
) -> Result<Response, LoginError> {
    let form = Form::parse(query.as_deref().unwrap_or(""));
    let redirect = form.require("redirect_uri")?;
    require_loopback(redirect)?;
    let code = make_code(&door, &form, redirect)?;
    let state = form.get("state").unwrap_or("");
    if form.get("response_mode") == Some("form_post") {
        return Ok(page(form_post(redirect, &code, state)));
    }
    let joiner = if redirect.contains('?') { '&' } else { '?' };
    // A code is base64url with dots; the state is the client's own text and goes back encoded.
    let target = format!("{redirect}{joiner}code={code}&state={}", encode(state));
    let location = HeaderValue::from_str(&target)
        .map_err(|_| LoginError::BadRequest("The redirect_uri cannot be written into a header.".to_owned()))?;
    let mut response = answer::empty(StatusCode::FOUND);
    response.headers_mut().insert(header::LOCATION, location);
    Ok(response)
}

/// Codes go to programs on this machine only: whoever gets one is the user.
fn require_loopback(redirect: &str) -> Result<(), LoginError> {
    let uri: Option<http::Uri> = redirect.parse().ok();
    let host = uri.as_ref().and_then(http::Uri::host).unwrap_or("");
    if ["localhost", "127.0.0.1", "[::1]", "::1"].contains(&host) {
        return Ok(());
    }
    Err(LoginError::BadRequest(format!(
        "The redirect URI '{redirect}' specified in the request does not match the redirect URIs configured for the application: only loopback addresses are allowed."
    )))
}

fn make_code(door: &FrontDoor, form: &Form, redirect: &str) -> Result<String, LoginError> {
    let caller = Caller::User { client: form.get("client_id").unwrap_or(CLI_CLIENT_ID).to_owned() };
    let base = door.authority.claims(&caller, door.origin.as_str(), door.origin.as_str(), CODE_SECONDS);
    if form.get("code_challenge").is_some() && form.get("code_challenge_method") != Some("S256") {
        return Err(LoginError::BadRequest("The code_challenge_method must be S256.".to_owned()));
    }
    Ok(door.authority.sign(&Claims {
        purpose: Purpose::Code,
        nonce: form.get("nonce").map(str::to_owned),
        challenge: form.get("code_challenge").map(str::to_owned),
        redirect: Some(redirect.to_owned()),
        ..base
    })?)
}

/// `POST /{tenant}/oauth2/v2.0/devicecode`: the code is good at once, the page only says so.
pub(crate) async fn device_code(State(door): State<Arc<FrontDoor>>, form: Form) -> Result<Response, LoginError> {
    let caller = Caller::User { client: form.require("client_id")?.to_owned() };
    let base = door.authority.claims(&caller, door.origin.as_str(), door.origin.as_str(), CODE_SECONDS);
    let code = door.authority.sign(&Claims { purpose: Purpose::Device, ..base })?;
    let user_code: String = Uuid::new_v4().simple().to_string().to_uppercase().chars().take(9).collect();
    let page = format!("{}/devicelogin", door.origin);
    let body = json!({
        "user_code": user_code,
        "device_code": code,
        "verification_uri": page,
        "expires_in": CODE_SECONDS,
        "interval": 1,
        "message": format!("Slipway approves this login by itself; there is nothing to enter at {page} (code {user_code})."),
    });
    Ok(answer::gateway(body.to_string().into_bytes()))
}

/// `GET /devicelogin`.
pub(crate) async fn device_page() -> Response {
    page(
        "<!doctype html><title>Slipway</title><p>Nothing to do here: Slipway approves device logins by itself.</p>"
            .to_owned(),
    )
}

fn page(html: String) -> Response {
    let mut response = Response::new(Body::from(html));
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8"));
    response
}

fn form_post(redirect: &str, code: &str, state: &str) -> String {
    let [redirect, code, state] = [redirect, code, state].map(escape);
    format!(
        "<!doctype html><title>Slipway</title><form method=\"post\" action=\"{redirect}\"><input type=\"hidden\" name=\"code\" value=\"{code}\"><input type=\"hidden\" name=\"state\" value=\"{state}\"><noscript><button>Continue</button></noscript></form><script>document.forms[0].submit()</script>"
    )
}

fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            c => out.push(c),
        }
    }
    out
}

/// Percent-encodes a query value: all but RFC 3986's unreserved characters.
fn encode(text: &str) -> String {
    query::encode(text, b"-._~")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_page_cannot_be_broken_out_of() {
        let html = form_post("http://localhost:1/", "c", "\"><script>alert(1)</script>");
        assert_eq!(html.matches("<script>").count(), 1);
        assert_eq!(encode("a b&c"), "a%20b%26c");
    }

    #[test]
    fn codes_go_to_this_machine_only() {
        assert!(require_loopback("http://localhost:8400").is_ok());
        assert!(require_loopback("http://127.0.0.1:8400/x").is_ok());
        for bad in ["https://example.com", "http://localhost.example.com/", "javascript:alert(1)", ""] {
            assert!(require_loopback(bad).is_err(), "{bad}");
        }
    }
}
