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

/// For routes that do not have the verb. Azure answers without a useful code; the text is ASP.NET's, which it shows.
pub(crate) async fn method_not_allowed(request: Request) -> Response {
    let text = format!("The requested resource does not support http method '{}'.", request.method());
    Error::gateway(RefusalKind::MethodNotAllowed, "MethodNotAllowed", text).into_response()
}

/// Names the part of the path that is not known: the namespace, the type, or all of it.
pub(crate) fn why(door: &FrontDoor, method: &Method, path: &str) -> Error {
    let Some((namespace, kind)) = namespace_and_type(path) else {
        let text = format!("No HTTP resource was found that matches the request URI '{}{path}'.", door.origin);
        return Error::gateway(RefusalKind::NotFound, "NotFound", text);
    };
    let Some(provider) = door.world.catalog().provider(namespace) else {
        return unknown_namespace(namespace);
    };
    let namespace = &provider.namespace;
    match provider.types.iter().find(|known| known.name.eq_ignore_ascii_case(&kind)) {
        Some(known) => Error::not_simulated(&format!("{method} on {namespace}/{}", known.name), ""),
        None => Error::gateway(
            RefusalKind::NotFound,
            "InvalidResourceType",
            format!(
                "The resource type '{kind}' could not be found in the namespace '{namespace}'. Slipway knows the types that clients of trusted launch on AKS use."
            ),
        ),
    }
}

/// The namespace after the last `providers`, and the types after it joined by `/`.
fn namespace_and_type(path: &str) -> Option<(&str, String)> {
    let (_, tail) = path.rsplit_once("/providers/")?;
    let mut segments = tail.split('/');
    let namespace = segments.next().filter(|n| !n.is_empty())?;
    let types: Vec<_> = segments.step_by(2).collect();
    (!types.is_empty()).then(|| (namespace, types.join("/")))
}

#[cfg(test)]
mod tests {
    use super::namespace_and_type;

    #[test]
    fn types_alternate_with_names() {
        let path = "/subscriptions/S/resourcegroups/g/providers/microsoft.network/virtualnetworks/v/subnets/s";
        assert_eq!(namespace_and_type(path), Some(("microsoft.network", "virtualnetworks/subnets".to_owned())));
        assert_eq!(namespace_and_type("/subscriptions/S/providers/a"), None);
        assert_eq!(namespace_and_type("/x"), None);
    }
}
