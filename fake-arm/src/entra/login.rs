//! What a successful login returns.

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use serde_json::{Map, Value, json};

use super::authority::{Authority, AuthorityError};
use super::claims::{Caller, Claims, Purpose, REFRESH_SECONDS};
use super::error::LoginError;
use crate::door::Origin;

impl From<AuthorityError> for LoginError {
    fn from(error: AuthorityError) -> Self {
        LoginError::Unavailable(error.to_string())
    }
}

/// Who logs in, and for what.
pub(super) struct Login<'a> {
    pub(super) authority: &'a Authority,
    pub(super) origin: &'a Origin,
    pub(super) caller: Caller,
    /// The scopes asked for.
    pub(super) scope: &'a str,
    /// To be repeated in the id token.
    pub(super) nonce: Option<String>,
    /// How long the access token shall be good, in seconds.
    pub(super) seconds: u64,
}

impl Login<'_> {
    /// The answer of the token endpoint. Users get a refresh token, an id token and `client_info` besides.
    pub(super) fn tokens(&self) -> Result<Map<String, Value>, LoginError> {
        let access = self.authority.sign(&self.claims(&self.audience(), self.seconds))?;
        let mut body = Map::new();
        body.insert("token_type".into(), json!("Bearer"));
        if matches!(self.caller, Caller::User { .. }) {
            body.insert("scope".into(), json!(self.scope));
        }
        body.insert("expires_in".into(), json!(self.seconds));
        body.insert("ext_expires_in".into(), json!(self.seconds));
        body.insert("access_token".into(), json!(access));
        if matches!(self.caller, Caller::User { .. }) {
            body.insert("refresh_token".into(), json!(self.refresh_token()?));
            body.insert("id_token".into(), json!(self.id_token()?));
            body.insert("client_info".into(), json!(self.client_info()));
        }
        Ok(body)
    }

    fn claims(&self, audience: &str, seconds: u64) -> Claims {
        self.authority.claims(&self.caller, self.origin.as_str(), audience, seconds)
    }

    /// The resource before `/.default` of the first scope that names one.
    fn audience(&self) -> String {
        let resource = self.scope.split_whitespace().find_map(|scope| scope.rsplit_once('/'));
        match resource {
            Some((resource, _)) if resource.contains("://") => resource.to_owned(),
            _ => format!("{}/", self.origin),
        }
    }

    fn refresh_token(&self) -> Result<String, AuthorityError> {
        let claims = Claims { purpose: Purpose::Refresh, ..self.claims(self.origin.as_str(), REFRESH_SECONDS) };
        self.authority.sign(&claims)
    }

    fn id_token(&self) -> Result<String, AuthorityError> {
        let base = self.claims(self.caller.client(), self.seconds);
        self.authority.sign(&Claims { purpose: Purpose::Identity, nonce: self.nonce.clone(), ..base })
    }

    /// `{"uid","utid"}`, from which MSAL makes the account's id.
    fn client_info(&self) -> String {
        let info = json!({"uid": self.authority.object_id(&self.caller), "utid": self.authority.tenant()});
        BASE64_URL_SAFE_NO_PAD.encode(info.to_string())
    }
}
