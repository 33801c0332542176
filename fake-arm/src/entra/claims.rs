//! What tokens say.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// How long an access token is good, in seconds: what Entra gives, between 60 and 90 minutes, at its shortest.
pub(super) const HOUR_SECONDS: u64 = 3_599;

/// How long it is good for clients that say that they can be told to come back earlier (capability `CP1`, which az has),
/// and for managed identities, in seconds.
pub(super) const DAY_SECONDS: u64 = 86_399;

/// How long a refresh token is good, in seconds: 90 days.
pub(super) const REFRESH_SECONDS: u64 = 90 * 86_400;

/// How long an authorization code or device code is good, in seconds.
pub(super) const CODE_SECONDS: u64 = 900;

/// Who a token is issued to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Caller {
    /// An application, by its client id.
    Application(String),
    /// The one user, through an application.
    User {
        /// The client id of the application that the user logged in with.
        client: String,
    },
}

impl Caller {
    /// The client id.
    pub(super) fn client(&self) -> &str {
        match self {
            Caller::Application(client) | Caller::User { client } => client,
        }
    }
}

/// What a token may be used for. Access tokens do not say it: they are what everybody else understands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Purpose {
    /// Calling ARM.
    #[default]
    Access,
    /// Telling the client who logged in.
    Identity,
    /// Getting new tokens.
    Refresh,
    /// To be exchanged once, after a browser login.
    Code,
    /// To be exchanged once, after a device login.
    Device,
}

impl Purpose {
    fn is_access(&self) -> bool {
        *self == Purpose::Access
    }
}

/// The claims of every token made here; which are present depends on the purpose.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Claims {
    pub(super) aud: String,
    pub(super) iss: String,
    pub(super) iat: u64,
    pub(super) nbf: u64,
    pub(super) exp: u64,
    pub(super) appid: String,
    pub(super) oid: String,
    pub(super) sub: String,
    pub(super) tid: Uuid,
    pub(super) idtyp: String,
    pub(super) uti: String,
    pub(super) ver: String,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub(super) name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub(super) preferred_username: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub(super) upn: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub(super) nonce: Option<String>,
    /// PKCE: the challenge that the code's redeemer must answer.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub(super) challenge: Option<String>,
    /// Where the code was sent; its redeemer must name the same.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub(super) redirect: Option<String>,
    /// How many seconds of virtual time had been skipped by command when it was issued.
    #[serde(rename = "slipway_skipped", skip_serializing_if = "is_zero", default)]
    pub(super) skipped: u64,
    #[serde(rename = "slipway_purpose", skip_serializing_if = "Purpose::is_access", default)]
    pub(super) purpose: Purpose,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks by reference")]
fn is_zero(seconds: &u64) -> bool {
    *seconds == 0
}
