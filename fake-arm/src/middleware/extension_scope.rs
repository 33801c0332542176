//! Extension resources: role assignments, role definitions, tags and availability statuses hang off any resource id.
//!
//! `{any resource}/providers/{namespace}/{type}/{name}` has as many segments before the last `providers` as
//! the resource's own id; the router cannot say that. This moves the scope out of the path: what is routed is the same
//! resource at its subscription, the scope travels as [`ExtensionScope`].

use axum::extract::Request;

use super::canonical_path::{Asked, set_path};

/// The types that hang off other resources, with their namespaces.
const TYPES: [(&str, &str); 4] = [
    ("microsoft.authorization", "roleassignments"),
    ("microsoft.authorization", "roledefinitions"),
    ("microsoft.resources", "tags"),
    ("microsoft.resourcehealth", "availabilitystatuses"),
];

/// The resource that an extension resource hangs off, as the client wrote it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ExtensionScope(pub(crate) String);

/// Takes the scope out of the path of an extension resource.
pub(crate) fn rewrite(mut request: Request) -> Request {
    let asked = request.extensions().get::<Asked>().map(|asked| asked.0.clone());
    if let Some((scope, path)) = asked.as_ref().and_then(|uri| split(uri.path())) {
        request.extensions_mut().insert(ExtensionScope(scope));
        set_path(&mut request, path);
    }
    request
}

/// The scope and the path to route.
fn split(path: &str) -> Option<(String, String)> {
    let segments: Vec<&str> = path.split('/').filter(|segment| !segment.is_empty()).collect();
    let at = segments.iter().rposition(|segment| segment.eq_ignore_ascii_case("providers"))?;
    let (scope, [_, namespace, kind, name @ ..]) = segments.split_at(at) else {
        return None;
    };
    let [root, subscription, ..] = scope else { return None };
    let is = |known: &&(&str, &str)| known.0.eq_ignore_ascii_case(namespace) && known.1.eq_ignore_ascii_case(kind);
    let (namespace, kind) = TYPES.iter().find(is)?;
    if !root.eq_ignore_ascii_case("subscriptions") || name.len() > 1 {
        return None;
    }
    let mut routed = format!("/subscriptions/{subscription}/providers/{namespace}/{kind}");
    if let [name] = name {
        routed.push('/');
        routed.push_str(name);
    }
    Some((format!("/{}", scope.join("/")), routed))
}

#[cfg(test)]
mod tests {
    use super::split;

    #[test]
    fn the_scope_is_everything_before_the_last_providers() {
        let subnet = "/subscriptions/S/resourceGroups/G/providers/Microsoft.Network/virtualNetworks/v/subnets/s";
        let (scope, path) = split(&format!("{subnet}/providers/Microsoft.Authorization//roleAssignments/N")).unwrap();
        assert_eq!(scope, subnet);
        assert_eq!(path, "/subscriptions/S/providers/microsoft.authorization/roleassignments/N");
        let (scope, _) = split("/Subscriptions/S/providers/Microsoft.Authorization/roleDefinitions").unwrap();
        assert_eq!(scope, "/Subscriptions/S");
        for other in [subnet, "/providers/Microsoft.Authorization/roleAssignments", "/", "/subscriptions/S"] {
            assert_eq!(split(other), None, "{other}");
        }
    }
}
