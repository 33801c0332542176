//! Who asks: a bearer token that this simulator signed.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use control_plane::refusal::RefusalKind;
use http::{HeaderValue, header};

use crate::door::FrontDoor;
use crate::entra::Rejected;
use crate::error::Error;

/// Refuses requests without a valid token and hands the bearer (`Arc<Principal>`) on.
pub(crate) async fn require(State(door): State<Arc<FrontDoor>>, mut request: Request, next: Next) -> Response {
    let given = request.headers().get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
    let verdict = match given.and_then(bearer) {
        Some(token) => door.authority.check(token).map_err(|why| rejected(&why)),
        None => Err(missing()),
    };
    match verdict {
        Ok(principal) => {
            request.extensions_mut().insert(principal);
            next.run(request).await
        }
        Err(error) => {
            let mut response = error.into_response();
            response.headers_mut().insert(header::WWW_AUTHENTICATE, challenge(&door));
            response
        }
    }
}

fn bearer(value: &str) -> Option<&str> {
    let (scheme, token) = value.split_once(' ')?;
    let token = token.trim();
    (scheme.eq_ignore_ascii_case("bearer") && !token.is_empty()).then_some(token)
}

fn missing() -> Error {
    Error::gateway(
        RefusalKind::Unauthorized,
        "AuthenticationFailed",
        "Authentication failed. The 'Authorization' header is missing or invalid.",
    )
}

fn rejected(why: &Rejected) -> Error {
    match why {
        Rejected::Expired => Error::gateway(
            RefusalKind::Unauthorized,
            "ExpiredAuthenticationToken",
            "The access token has expired. Log in again, or print a fresh one with 'slipway token'.",
        ),
        Rejected::Unreadable | Rejected::Foreign | Rejected::NotForAccess => {
            Error::gateway(RefusalKind::Unauthorized, "InvalidAuthenticationToken", why.to_string())
        }
        Rejected::KeyUnavailable(_) => Error::gateway(RefusalKind::Internal, "InternalServerError", why.to_string()),
    }
}

fn challenge(door: &FrontDoor) -> HeaderValue {
    let text = format!(
        "Bearer authorization_uri=\"{}/{}\", error=\"invalid_token\", error_description=\"The authentication failed because of missing 'Authorization' header or an invalid token.\"",
        door.origin,
        door.authority.tenant()
    );
    HeaderValue::from_str(&text).unwrap_or_else(|_| HeaderValue::from_static("Bearer"))
}

#[cfg(test)]
mod tests {
    use super::bearer;

    #[test]
    fn only_bearer_tokens_count() {
        assert_eq!(bearer("Bearer abc"), Some("abc"));
        assert_eq!(bearer("bearer  abc "), Some("abc"));
        for none in ["", "Bearer", "Bearer  ", "Basic abc", "abc"] {
            assert_eq!(bearer(none), None, "{none}");
        }
    }
}
