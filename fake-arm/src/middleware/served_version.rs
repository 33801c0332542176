//! Api-versions that Microsoft.ContainerService cannot have: from before it existed, or from far in the future.
//!
//! Azure refuses every version that the provider did not publish. It has published some sixty, previews included, and
//! publishes one a month; the catalog lists those that clients are known to use. Versions between the first one and a
//! year after the newest known one are therefore taken for published.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::Response;
use control_plane::catalog::ResourceType;
use control_plane::ids::{GroupId, Name, SubscriptionId};
use control_plane::refusal::RefusalKind;
use uuid::Uuid;

use super::ApiVersion;
use crate::door::FrontDoor;
use crate::error::Error;
use crate::query;

const NAMESPACE: &str = "Microsoft.ContainerService";

/// Refuses api-versions that cannot exist, as the gateway does.
pub(crate) async fn require(
    State(door): State<Arc<FrontDoor>>,
    request: Request,
    next: Next,
) -> Result<Response, Error> {
    let version = request.extensions().get::<ApiVersion>().copied();
    if let Some((kind, version)) = asked_type(&door, request.uri().path()).zip(version)
        && !is_plausible(kind, version)
    {
        return Err(refusal(&door, &request, kind));
    }
    Ok(next.run(request).await)
}

/// The type below a resource group or subscription that a canonical path is about. Regions are not looked at: status
/// URLs carry versions of their own.
fn asked_type<'a>(door: &'a FrontDoor, path: &str) -> Option<&'a ResourceType> {
    let (_, tail) = path.rsplit_once("/providers/microsoft.containerservice/")?;
    let types: Vec<&str> = tail.split('/').step_by(2).collect();
    let known = &door.world.catalog().provider(NAMESPACE)?.types;
    let named = |kind: &str| known.iter().find(|one| one.name.eq_ignore_ascii_case(kind));
    // Actions and singletons belong to the resource before them.
    let found = named(&types.join("/")).or_else(|| named(&types[..types.len() - 1].join("/")));
    found.filter(|kind| !kind.name.starts_with("locations"))
}

fn is_plausible(kind: &ResourceType, version: ApiVersion) -> bool {
    let newest = kind.api_versions.iter().filter_map(|text| ApiVersion::parse(text)).map(ApiVersion::year).max();
    !version.is_before(2017, 8) && newest.is_none_or(|year| version.year() <= year + 1)
}

/// For lists the type is not found in that version; for resources no provider is, in the region of their group.
fn refusal(door: &FrontDoor, request: &Request, kind: &ResourceType) -> Error {
    let asked = query::value(request.uri().query(), "api-version").unwrap_or_default();
    let (name, supported) = (&kind.name, kind.api_versions.join(", "));
    let Some(location) = group_location(door, request.uri().path()) else {
        let text = format!(
            "The resource type '{name}' could not be found in the namespace '{NAMESPACE}' for api version '{asked}'. The supported api-versions are '{supported}'."
        );
        return Error::gateway(RefusalKind::NotFound, "InvalidResourceType", text);
    };
    let locations: Vec<_> = door.world.catalog().locations().iter().map(|one| one.name.as_str()).collect();
    let text = format!(
        "No registered resource provider found for location '{location}' and API version '{asked}' for type '{name}'. The supported api-versions are '{supported}'. The supported locations are '{}'.",
        locations.join(", ")
    );
    Error::gateway(RefusalKind::BadRequest, "NoRegisteredProviderFound", text)
}

fn group_location(door: &FrontDoor, path: &str) -> Option<String> {
    let segments: Vec<&str> = path.split('/').collect();
    let ["", "subscriptions", subscription, "resourcegroups", group, ..] = segments.as_slice() else {
        return None;
    };
    let subscription = SubscriptionId(Uuid::try_parse(subscription).ok()?);
    let id = GroupId { subscription, name: Name::new(*group) };
    door.world.group(&id).map(|group| group.location.clone())
}
