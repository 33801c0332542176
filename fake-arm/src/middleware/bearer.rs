//! Who asks: a bearer token that this simulator signed.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use control_plane::clock::VirtualTime;
use control_plane::refusal::RefusalKind;
use http::{HeaderValue, header};

use crate::door::FrontDoor;
use crate::entra::Rejected;
use crate::error::Error;

/// Refuses requests without a valid token and hands the bearer (`Arc<Principal>`) on.
pub(crate) async fn require(State(door): State<Arc<FrontDoor>>, mut request: Request, next: Next) -> Response {
    let given = request.headers().get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
    let verdict = match given.and_then(bearer) {
        Some(token) => door.authority.check(token).map_err(|why| rejected(&why, door.world.now())),
        None => Err(missing()),
    };
    match verdict {
        Ok(principal) => {
            request.extensions_mut().insert(principal);
            next.run(request).await
        }
        Err(error) => {
            let challenge = challenge(&door, &error.0.message);
            let mut response = error.into_response();
            response.headers_mut().insert(header::WWW_AUTHENTICATE, challenge);
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

fn rejected(why: &Rejected, now: VirtualTime) -> Error {
    match why {
        // The text is Azure's (microsoft/vscode-azureappservice issue 2483).
        Rejected::Expired { ago } => Error::gateway(
            RefusalKind::Unauthorized,
            "ExpiredAuthenticationToken",
            format!(
                "The access token expiry UTC time '{}' is earlier than current UTC time '{}'.",
                clock_time(now.unix_seconds().saturating_sub(*ago)),
                clock_time(now.unix_seconds()),
            ),
        ),
        Rejected::Unreadable | Rejected::Foreign | Rejected::NotForAccess => {
            Error::gateway(RefusalKind::Unauthorized, "InvalidAuthenticationToken", why.to_string())
        }
        Rejected::KeyUnavailable(_) => Error::gateway(RefusalKind::Internal, "InternalServerError", why.to_string()),
    }
}

/// `5/14/2023 9:30:52 PM`, as .NET writes times in the United States.
fn clock_time(unix_seconds: u64) -> String {
    let seconds = i64::try_from(unix_seconds).unwrap_or(0);
    jiff::Timestamp::from_second(seconds).unwrap_or_default().strftime("%-m/%-d/%Y %-I:%M:%S %p").to_string()
}

/// What RFC 6750 calls the challenge, with the login authority as Azure names it.
fn challenge(door: &FrontDoor, why: &str) -> HeaderValue {
    let text = format!(
        "Bearer authorization_uri=\"{}/{}\", error=\"invalid_token\", error_description=\"{}\"",
        door.origin,
        door.authority.tenant(),
        why.replace(['"', '\\'], "'"),
    );
    HeaderValue::from_str(&text).unwrap_or_else(|_| HeaderValue::from_static("Bearer"))
}

#[cfg(test)]
mod tests {
    use super::{bearer, clock_time};

    #[test]
    fn times_are_written_as_in_azures_text() {
        assert_eq!(clock_time(1_684_099_852), "5/14/2023 9:30:52 PM");
    }

    #[test]
    fn only_bearer_tokens_count() {
        assert_eq!(bearer("Bearer abc"), Some("abc"));
        assert_eq!(bearer("bearer  abc "), Some("abc"));
        for none in ["", "Bearer", "Bearer  ", "Basic abc", "abc"] {
            assert_eq!(bearer(none), None, "{none}");
        }
    }
}
