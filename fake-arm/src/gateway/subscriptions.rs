//! Subscriptions, tenants and regions.

use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;
use control_plane::model::Subscription;

use crate::answer;
use crate::door::FrontDoor;
use crate::error::Answer;
use crate::scope::Scope;
use crate::wire::json::{Object, document, object};

/// `GET /subscriptions`: az asks once, at login.
pub(crate) async fn list(State(door): State<Arc<FrontDoor>>) -> Response {
    let subscriptions = door.world.subscriptions();
    let count = subscriptions.len();
    answer::gateway(document(|o| {
        o.array("value", &subscriptions, |one, out| object(out, |o| write(o, one)));
        o.object("count", |o| {
            o.value("type", "Total").value("value", &count);
        });
    }))
}

/// `GET /subscriptions/{subscription}`.
pub(crate) async fn show(scope: Scope) -> Answer {
    Ok(answer::gateway(document(|o| write(o, &scope.subscription))))
}

fn write(o: &mut Object<'_>, subscription: &Subscription) {
    o.text("id", format_args!("/subscriptions/{}", subscription.id));
    o.value("authorizationSource", "RoleBased").array("managedByTenants", [(); 0], |(), _| {});
    o.text("subscriptionId", subscription.id);
    o.value("tenantId", &subscription.tenant).value("displayName", &subscription.name).value("state", "Enabled");
    o.object("subscriptionPolicies", |o| {
        o.value("locationPlacementId", "Public_2014-09-01");
        o.value("quotaId", "PayAsYouGo_2014-09-01").value("spendingLimit", "Off");
    });
}

/// `GET /tenants`: there is one.
pub(crate) async fn tenants(State(door): State<Arc<FrontDoor>>) -> Response {
    let tenant = door.authority.tenant();
    answer::gateway(document(|o| {
        o.array("value", [tenant], |tenant, out| {
            object(out, |o| {
                o.text("id", format_args!("/tenants/{tenant}")).value("tenantId", &tenant);
                o.value("countryCode", "US").value("displayName", "Slipway");
                o.value("domains", &["slipway.localhost"]).value("tenantCategory", "Home");
                o.value("defaultDomain", "slipway.localhost").value("tenantType", "AAD");
            });
        });
    }))
}

/// `GET /subscriptions/{subscription}/locations`.
pub(crate) async fn locations(scope: Scope) -> Answer {
    let subscription = scope.subscription.id;
    Ok(answer::gateway(document(|o| {
        o.array("value", scope.world().catalog().locations(), |location, out| {
            object(out, |o| {
                o.text("id", format_args!("/subscriptions/{subscription}/locations/{}", location.name));
                o.value("name", &location.name).value("type", "Region");
                o.value("displayName", &location.display_name).value("regionalDisplayName", &location.display_name);
                o.object("metadata", |o| {
                    o.value("regionType", "Physical").value("regionCategory", "Recommended");
                });
            });
        });
    })))
}
