//! What the gateway says to paths and verbs that nothing serves.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::response::{IntoResponse, Response};
use control_plane::refusal::RefusalKind;
use http::Method;

use super::providers::unknown_namespace;
use crate::door::FrontDoor;
use crate::error::Error;

/// For paths without a route.
pub(crate) async fn not_found(State(door): State<Arc<FrontDoor>>, request: Request) -> Response {
    why(&door, request.method(), request.uri().path()).into_response()
}

/// `POST {group}/exportTemplate`.
pub(crate) async fn group_export() -> Error {
    Error::not_simulated("exporting a resource group as a template", "Single resources can be read.")
}

/// `…/tagNames/{tag}`: names of tags that are there before any resource has them.
pub(crate) async fn predefined_tag() -> Error {
    Error::not_simulated("tag names without resources", "Tag a resource: 'az tag create --resource-id'.")
}

/// For routes that do not have the verb. Azure answers without a useful code; the text is ASP.NET's, which it shows.
pub(crate) async fn method_not_allowed(request: Request) -> Response {
    let text = format!("The requested resource does not support http method '{}'.", request.method());
    Error::gateway(RefusalKind::MethodNotAllowed, "MethodNotAllowed", text).into_response()
}

/// Names the part of the path that is not known: the namespace, the type, or all of it.
pub(crate) fn why(door: &FrontDoor, method: &Method, path: &str) -> Error {
    let Some((namespace, types)) = namespace_and_types(path) else {
        let text = format!("No HTTP resource was found that matches the request URI '{}{path}'.", door.origin);
        return Error::gateway(RefusalKind::NotFound, "NotFound", text);
    };
    let Some(provider) = door.world.catalog().provider(namespace) else {
        return unknown_namespace(namespace);
    };
    let known = |kind: &str| provider.types.iter().find(|known| known.name.eq_ignore_ascii_case(kind));
    let (namespace, kind) = (&provider.namespace, types.join("/"));
    if let Some(known) = known(&kind) {
        return Error::not_simulated(&format!("{method} on {namespace}/{}", known.name), "");
    }
    // A POST ends in the name of an action on the resource before it.
    if let (&Method::POST, [types @ .., action]) = (method, &types[..])
        && let Some(known) = known(&types.join("/"))
    {
        return Error::not_simulated(&format!("the action '{action}' of {namespace}/{}", known.name), "");
    }
    let text = format!(
        "The resource type '{kind}' could not be found in the namespace '{namespace}'. Slipway knows the types that clients of trusted launch on AKS use."
    );
    Error::gateway(RefusalKind::NotFound, "InvalidResourceType", text)
}

/// The namespace after the last `providers`, and the types after it.
fn namespace_and_types(path: &str) -> Option<(&str, Vec<&str>)> {
    let (_, tail) = path.rsplit_once("/providers/")?;
    let mut segments = tail.split('/');
    let namespace = segments.next().filter(|n| !n.is_empty())?;
    let types: Vec<_> = segments.step_by(2).collect();
    (!types.is_empty()).then_some((namespace, types))
}

#[cfg(test)]
mod tests {
    use super::namespace_and_types;

    #[test]
    fn types_alternate_with_names() {
        let path = "/subscriptions/S/resourcegroups/g/providers/microsoft.network/virtualnetworks/v/subnets/s";
        assert_eq!(namespace_and_types(path), Some(("microsoft.network", vec!["virtualnetworks", "subnets"])));
        assert_eq!(namespace_and_types("/subscriptions/S/providers/a"), None);
        assert_eq!(namespace_and_types("/x"), None);
    }
}
