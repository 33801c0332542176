//! Resource providers and their registration.

use axum::response::Response;
use control_plane::catalog::{Location, Provider};
use control_plane::refusal::RefusalKind;
use control_plane::world::RegistrationShown;

use crate::answer;
use crate::error::{Answer, Error};
use crate::scope::Scope;
use crate::wire::json::{self, Object, document, object};

/// `GET …/providers`.
pub(crate) async fn list(scope: Scope) -> Answer {
    let catalog = scope.world().catalog();
    let shown = scope.world().providers(scope.subscription.id);
    let known = shown.iter().filter_map(|(namespace, state)| Some((catalog.provider(namespace)?, *state)));
    Ok(answer::gateway(json::list(known, |(provider, state), out| {
        object(out, |o| write(o, &scope, provider, state));
    })))
}

/// `GET …/providers/{namespace}`.
pub(crate) async fn show(scope: Scope) -> Answer {
    let state = scope.world().provider(scope.subscription.id, scope.param("namespace"));
    one(&scope, state)
}

/// `POST …/providers/{namespace}/register`.
pub(crate) async fn register(scope: Scope) -> Answer {
    let state = scope.world().register_provider(scope.subscription.id, scope.param("namespace")).await?;
    one(&scope, Some(state))
}

/// `POST …/providers/{namespace}/unregister`.
pub(crate) async fn unregister(scope: Scope) -> Answer {
    let state = scope.world().unregister_provider(scope.subscription.id, scope.param("namespace")).await?;
    one(&scope, Some(state))
}

fn one(scope: &Scope, state: Option<RegistrationShown>) -> Result<Response, Error> {
    let namespace = scope.param("namespace");
    let (Some(provider), Some(state)) = (scope.world().catalog().provider(namespace), state) else {
        return Err(unknown_namespace(namespace));
    };
    Ok(answer::gateway(document(|o| write(o, scope, provider, state))))
}

/// `InvalidResourceNamespace`.
pub(crate) fn unknown_namespace(namespace: &str) -> Error {
    let text = format!("The resource namespace '{namespace}' is invalid.");
    Error::gateway(RefusalKind::NotFound, "InvalidResourceNamespace", text)
}

fn write(o: &mut Object<'_>, scope: &Scope, provider: &Provider, state: RegistrationShown) {
    let regions = scope.world().catalog().locations();
    o.text("id", format_args!("/subscriptions/{}/providers/{}", scope.subscription.id, provider.namespace));
    o.value("namespace", &provider.namespace);
    o.array("resourceTypes", &provider.types, |kind, out| {
        object(out, |o| {
            o.value("resourceType", &kind.name);
            let places: &[Location] = if kind.global { &[] } else { regions };
            o.array("locations", places, |region, out| {
                // Text into memory cannot fail.
                let _ = serde_json::to_writer(out, &region.display_name);
            });
            o.value("apiVersions", &kind.api_versions);
            o.value("capabilities", if kind.global { "None" } else { "SupportsTags, SupportsLocation" });
        });
    });
    o.value("registrationState", state.as_str()).value("registrationPolicy", "RegistrationRequired");
}
