//! What a request wants to do, in the words of role definitions: an action at a scope.

use control_plane::catalog::Catalog;
use http::Method;

/// An action, e.g. `Microsoft.ContainerService/managedClusters/write`, and the resource id it is done to.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Wanted {
    /// The action.
    pub(crate) action: String,
    /// The resource id, as the client wrote it.
    pub(crate) scope: String,
}

impl Wanted {
    /// Reads it off the path as the client wrote it; `None` for what is below no subscription and needs no role.
    pub(crate) fn of(catalog: &Catalog, method: &Method, path: &str) -> Option<Self> {
        let segments: Vec<&str> = path.split('/').filter(|segment| !segment.is_empty()).collect();
        let [root, _subscription, ..] = segments.as_slice() else { return None };
        if !root.eq_ignore_ascii_case("subscriptions") {
            return None;
        }
        Some(match provider_at(&segments) {
            Some(at) => of_provider(catalog, method, &segments, at),
            None => of_gateway(method, &segments),
        })
    }
}

/// Where the last `providers/{namespace}` begins. In `Microsoft.Features/providers/NS/features/F` the second
/// `providers` is a resource type.
fn provider_at(segments: &[&str]) -> Option<usize> {
    let last = segments.iter().rposition(|segment| segment.eq_ignore_ascii_case("providers"))?;
    let before = last.checked_sub(2)?;
    let nested = segments[before].eq_ignore_ascii_case("providers")
        && segments[last - 1].eq_ignore_ascii_case("microsoft.features");
    let at = if nested { before } else { last };
    (at + 1 < segments.len()).then_some(at)
}

fn of_provider(catalog: &Catalog, method: &Method, segments: &[&str], at: usize) -> Wanted {
    let namespace = segments[at + 1];
    let mut below = &segments[at + 2..];
    let mut scope = &segments[..at];
    let mut verb = verb(method);
    // A POST ends in the name of its action: after a name, or right after the namespace.
    if *method == Method::POST
        && !below.len().is_multiple_of(2)
        && let Some((action, rest)) = below.split_last()
    {
        below = rest;
        verb = format!("{action}/action");
    }
    if !below.is_empty() && below.len().is_multiple_of(2) {
        scope = &segments[..at + 2 + below.len()];
    }
    let types = below.iter().step_by(2).copied().collect::<Vec<_>>().join("/");
    let provider = catalog.provider(namespace);
    let known = provider.and_then(|p| p.types.iter().find(|kind| kind.name.eq_ignore_ascii_case(&types)));
    let namespace = provider.map_or(namespace, |provider| provider.namespace.as_str());
    let types = known.map_or(types.as_str(), |kind| kind.name.as_str());
    let slash = if types.is_empty() { "" } else { "/" };
    Wanted { action: format!("{namespace}{slash}{types}/{verb}"), scope: format!("/{}", scope.join("/")) }
}

/// The gateway's own types, which the path names without a namespace.
fn of_gateway(method: &Method, segments: &[&str]) -> Wanted {
    let types: Vec<&str> = segments.iter().step_by(2).map(|segment| spelled(segment)).collect();
    let names = segments.len() - segments.len() % 2;
    Wanted {
        action: format!("Microsoft.Resources/{}/{}", types.join("/"), verb(method)),
        scope: format!("/{}", segments[..names].join("/")),
    }
}

fn spelled(keyword: &str) -> &str {
    ["subscriptions", "resourceGroups"].into_iter().find(|known| known.eq_ignore_ascii_case(keyword)).unwrap_or(keyword)
}

fn verb(method: &Method) -> String {
    match method.as_str() {
        "GET" | "HEAD" => "read".to_owned(),
        "DELETE" => "delete".to_owned(),
        "POST" => "action".to_owned(),
        _ => "write".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wanted(method: Method, path: &str) -> (String, String) {
        let wanted = Wanted::of(&Catalog::builtin(), &method, path).unwrap();
        (wanted.action, wanted.scope)
    }

    #[test]
    fn actions_and_scopes_are_azures() {
        let cluster = "/subscriptions/S/resourceGroups/g/providers/Microsoft.ContainerService/managedClusters/c";
        let type_name = "Microsoft.ContainerService/managedClusters";
        assert_eq!(wanted(Method::PUT, &cluster.to_lowercase()).0, format!("{type_name}/write"));
        assert_eq!(wanted(Method::PUT, cluster), (format!("{type_name}/write"), cluster.to_owned()));
        assert_eq!(
            wanted(Method::POST, &format!("{cluster}/listClusterUserCredential")),
            (format!("{type_name}/listClusterUserCredential/action"), cluster.to_owned())
        );
        assert_eq!(
            wanted(Method::DELETE, &format!("{cluster}/agentPools/p")).0,
            format!("{type_name}/agentPools/delete")
        );
        let list = "/subscriptions/S/providers/Microsoft.ContainerService/managedClusters";
        assert_eq!(wanted(Method::GET, list), (format!("{type_name}/read"), "/subscriptions/S".to_owned()));
        assert_eq!(
            wanted(Method::PUT, "/subscriptions/S/resourcegroups/g"),
            (
                "Microsoft.Resources/subscriptions/resourceGroups/write".to_owned(),
                "/subscriptions/S/resourcegroups/g".to_owned()
            )
        );
        assert_eq!(
            wanted(Method::POST, "/subscriptions/S/providers/Microsoft.Compute/register"),
            ("Microsoft.Compute/register/action".to_owned(), "/subscriptions/S".to_owned())
        );
        let feature = "/subscriptions/S/providers/Microsoft.Features/providers/NS/features/F/register";
        assert_eq!(wanted(Method::POST, feature).0, "Microsoft.Features/providers/features/register/action");
        assert_eq!(
            wanted(Method::GET, "/subscriptions/S/providers").0,
            "Microsoft.Resources/subscriptions/providers/read"
        );
        assert_eq!(Wanted::of(&Catalog::builtin(), &Method::GET, "/subscriptions"), None);
    }
}
