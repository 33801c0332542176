//! What MSAL asks for first.

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use serde_json::json;

use super::error::LoginError;
use crate::answer;
use crate::door::FrontDoor;

/// `GET /{tenant}/v2.0/.well-known/openid-configuration`, for any tenant string (`common`, `organizations`, a domain):
/// the URLs in it name the tenant by its id. Under `/adfs`, which MSAL takes for an ADFS server that needs no instance
/// discovery, the URLs stay there.
pub(crate) async fn openid_configuration(State(door): State<Arc<FrontDoor>>, tenant: Option<Path<String>>) -> Response {
    let origin = &door.origin;
    let is_adfs = tenant.is_none_or(|Path(name)| name.eq_ignore_ascii_case("adfs"));
    let base = if is_adfs { format!("{origin}/adfs") } else { format!("{origin}/{}", door.authority.tenant()) };
    let body = json!({
        "token_endpoint": format!("{base}/oauth2/v2.0/token"),
        "token_endpoint_auth_methods_supported": ["client_secret_post", "private_key_jwt", "client_secret_basic"],
        "jwks_uri": format!("{base}/discovery/v2.0/keys"),
        "response_modes_supported": ["query", "fragment", "form_post"],
        "subject_types_supported": ["pairwise"],
        "id_token_signing_alg_values_supported": ["RS256"],
        "response_types_supported": ["code", "id_token", "code id_token"],
        "scopes_supported": ["openid", "profile", "email", "offline_access"],
        "issuer": format!("{origin}/{}/v2.0", door.authority.tenant()),
        "authorization_endpoint": format!("{base}/oauth2/v2.0/authorize"),
        "device_authorization_endpoint": format!("{base}/oauth2/v2.0/devicecode"),
        "claims_supported": ["sub", "iss", "aud", "exp", "iat", "nonce", "preferred_username", "name", "tid", "oid"],
        "tenant_region_scope": null,
        "cloud_instance_name": origin.authority(),
    });
    answer::gateway(body.to_string().into_bytes())
}

/// `GET /{tenant}/discovery/v2.0/keys`: the public half of the signing key.
pub(crate) async fn keys(State(door): State<Arc<FrontDoor>>) -> Response {
    let key = match door.authority.key() {
        Ok(key) => key,
        Err(error) => return LoginError::Unavailable(error.to_string()).into_response(),
    };
    let body = json!({"keys": [{
        "kty": "RSA", "use": "sig", "alg": "RS256", "kid": key.id, "x5t": key.id, "n": key.modulus, "e": key.exponent,
    }]});
    answer::gateway(body.to_string().into_bytes())
}

/// `GET /common/discovery/instance`: MSAL asks only Microsoft's own host by default; clients that were pointed here
/// learn that this host is its own cloud.
pub(crate) async fn instance_discovery(State(door): State<Arc<FrontDoor>>) -> Response {
    let host = door.origin.authority();
    let body = json!({
        "tenant_discovery_endpoint":
            format!("{}/{}/v2.0/.well-known/openid-configuration", door.origin, door.authority.tenant()),
        "api-version": "1.1",
        "metadata": [{"preferred_network": host, "preferred_cache": host, "aliases": [host]}],
    });
    answer::gateway(body.to_string().into_bytes())
}
