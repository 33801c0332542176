//! The little of Microsoft Graph that az asks for around role assignments: who a principal is.
//!
//! The directory holds the two applications and the user. Others are not found, as unknown ids are in Graph.

use std::sync::Arc;

use axum::extract::{RawQuery, State};
use axum::response::Response;
use serde_json::{Value, json};

use crate::answer;
use crate::door::FrontDoor;
use crate::error::Answer;
use crate::middleware::Content;
use crate::query;
use crate::wire::read::Members;

/// Everything in the directory.
fn directory(door: &FrontDoor) -> Vec<Value> {
    let authority = &door.authority;
    let [application, user] = authority.owners();
    let principal = |object, client: &crate::Client, name: &str| {
        json!({
            "@odata.type": "#microsoft.graph.servicePrincipal", "id": object, "appId": client.id, "displayName": name,
            "servicePrincipalNames": [client.id], "servicePrincipalType": "Application",
        })
    };
    vec![
        principal(application, authority.client(), "slipway"),
        principal(authority.reader_object(), authority.reader(), "slipway-reader"),
        json!({
            "@odata.type": "#microsoft.graph.user", "id": user, "displayName": "Slipway Captain",
            "userPrincipalName": authority.user(), "mail": authority.user(),
        }),
    ]
}

/// `POST /v1.0/directoryObjects/getByIds` with `{"ids":[…]}`.
pub(crate) async fn by_ids(State(door): State<Arc<FrontDoor>>, Content(body): Content) -> Answer {
    let ids = Members::of(&body)?.texts("ids")?.unwrap_or_default();
    let known = |one: &Value| ids.iter().any(|id| one["id"].as_str().is_some_and(|own| own.eq_ignore_ascii_case(id)));
    Ok(listed(&directory(&door).into_iter().filter(known).collect::<Vec<_>>()))
}

/// `GET /v1.0/servicePrincipals`, filtered by any client id, object id or name that the filter quotes.
pub(crate) async fn service_principals(State(door): State<Arc<FrontDoor>>, RawQuery(query): RawQuery) -> Response {
    of_type(&door, query.as_deref(), "#microsoft.graph.servicePrincipal")
}

/// `GET /v1.0/users`.
pub(crate) async fn users(State(door): State<Arc<FrontDoor>>, RawQuery(query): RawQuery) -> Response {
    of_type(&door, query.as_deref(), "#microsoft.graph.user")
}

fn of_type(door: &FrontDoor, query: Option<&str>, kind: &str) -> Response {
    let filter = query::value(query, "$filter").unwrap_or_default();
    let wanted: Vec<&str> = filter.split('\'').skip(1).step_by(2).collect();
    let fits = |one: &Value| {
        let own = ["id", "appId", "displayName", "userPrincipalName"].map(|name| one[name].as_str().unwrap_or(""));
        one["@odata.type"] == kind && wanted.iter().all(|text| own.iter().any(|own| own.eq_ignore_ascii_case(text)))
    };
    listed(&directory(door).into_iter().filter(fits).collect::<Vec<_>>())
}

fn listed(found: &[Value]) -> Response {
    answer::gateway(json!({ "value": found }).to_string().into_bytes())
}
