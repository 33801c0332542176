//! Microsoft.Features, api-version 2021-07-01: preview features and their registration.

use axum::response::Response;
use control_plane::ids::SubscriptionId;
use control_plane::world::RegistrationShown;

use crate::answer;
use crate::error::Answer;
use crate::scope::Scope;
use crate::wire::json::{self, Object, document, object};

/// `GET …/Microsoft.Features/features`.
pub(crate) async fn list_all(scope: Scope) -> Answer {
    Ok(listed(&scope, None))
}

/// `GET …/Microsoft.Features/providers/{provider}/features`.
pub(crate) async fn list(scope: Scope) -> Answer {
    Ok(listed(&scope, Some(scope.param("provider"))))
}

fn listed(scope: &Scope, namespace: Option<&str>) -> Response {
    let subscription = scope.subscription.id;
    let features = scope.world().features(subscription, namespace);
    answer::gateway(json::list(&features, |(name, state), out| object(out, |o| write(o, subscription, name, *state))))
}

/// `GET …/features/{feature}`.
pub(crate) async fn show(scope: Scope) -> Answer {
    let state = scope.world().feature(scope.subscription.id, scope.param("provider"), scope.param("feature"))?;
    Ok(one(&scope, state))
}

/// `POST …/features/{feature}/register`.
pub(crate) async fn register(scope: Scope) -> Answer {
    let (namespace, name) = (scope.param("provider"), scope.param("feature"));
    let state = scope.world().register_feature(scope.subscription.id, namespace, name).await?;
    Ok(one(&scope, state))
}

/// `POST …/features/{feature}/unregister`.
pub(crate) async fn unregister(scope: Scope) -> Answer {
    let (namespace, name) = (scope.param("provider"), scope.param("feature"));
    let state = scope.world().unregister_feature(scope.subscription.id, namespace, name).await?;
    Ok(one(&scope, state))
}

fn one(scope: &Scope, state: RegistrationShown) -> Response {
    let (namespace, name) = (scope.param("provider"), scope.param("feature"));
    // The spelling of the catalog, whatever the client's.
    let known = scope.world().catalog().feature(namespace, name);
    let full = known.map_or_else(|| format!("{namespace}/{name}"), |f| format!("{}/{}", f.namespace, f.name));
    answer::gateway(document(|o| write(o, scope.subscription.id, &full, state)))
}

/// Member order as recorded in azure-cli's `test_feature_unregister`.
fn write(o: &mut Object<'_>, subscription: SubscriptionId, full_name: &str, state: RegistrationShown) {
    let (namespace, name) = full_name.split_once('/').unwrap_or((full_name, ""));
    o.object("properties", |o| {
        o.value("state", state.as_str());
    });
    o.text(
        "id",
        format_args!(
            "/subscriptions/{subscription}/providers/Microsoft.Features/providers/{namespace}/features/{name}"
        ),
    );
    o.value("type", "Microsoft.Features/providers/features").value("name", full_name);
}
