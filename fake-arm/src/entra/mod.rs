//! Just enough of Microsoft Entra ID for az and the SDKs to log in: one tenant, two applications (one may only read), one user.
//!
//! Passwords protect nothing here: the simulator listens on loopback. The application's secret is checked all the
//! same, so that a wrong one fails as it does in Azure. Interactive flows (browser, device code) are approved at
//! once, as the one user, and federated or certificate assertions are taken at their word: there is nobody to ask.
//! Tokens are signed with RSA-2048 and checked, so that a token from elsewhere is refused.

mod authority;
mod authorize;
mod claims;
mod discovery;
mod error;
mod form;
mod keys;
mod login;
mod managed_identity;
mod principal;
mod token_endpoint;
mod verified;

pub use authority::{Authority, AuthorityError, Client, Skipped};
pub use claims::Caller;
pub use managed_identity::identity_router;

pub(crate) use authority::Rejected;
pub(crate) use authorize::{approve, device_code, device_page};
pub(crate) use discovery::{instance_discovery, keys as json_web_keys, openid_configuration};
pub(crate) use principal::Principal;
pub(crate) use token_endpoint::token;

/// The client id of az itself, used in its interactive logins.
pub const CLI_CLIENT_ID: &str = "04b07795-8ddb-461a-bbee-02f9e1bf7b46";
