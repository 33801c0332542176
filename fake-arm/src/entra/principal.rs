//! Whom a token speaks for, as role assignments and error texts name them.

use uuid::Uuid;

use super::claims::Claims;

/// The bearer of an access token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Principal {
    /// The object id in the tenant.
    pub(crate) object: Uuid,
    /// What error texts call it: a user's name, or an application's client id.
    pub(crate) name: String,
}

impl Principal {
    /// The bearer that a token's claims name.
    pub(super) fn of(claims: &Claims) -> Self {
        Principal {
            object: Uuid::try_parse(&claims.oid).unwrap_or_default(),
            name: claims.upn.clone().unwrap_or_else(|| claims.appid.clone()),
        }
    }
}
