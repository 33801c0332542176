//! Paths as Azure understands them: keywords in any letter case, slashes in any number, names as they were written.
//!
//! az sends `/resourceGroups/` and `/resourcegroups/` depending on the command, `az resource show` sends a double
//! slash after the namespace, `az deployment group list` ends in a slash. Routes are written in lower case; this
//! turns every ARM path into that form before a route is looked for.

use axum::extract::Request;
use http::Uri;
use http::uri::PathAndQuery;

/// The request's URI as the client wrote it.
#[derive(Clone)]
pub(crate) struct Asked(pub(crate) Uri);

/// The request's URI as the client wrote it; the one at hand where nothing was rewritten.
pub(crate) fn asked(request: &Request) -> Uri {
    request.extensions().get::<Asked>().map_or_else(|| request.uri().clone(), |asked| asked.0.clone())
}

/// Rewrites the request's path and keeps what was asked for as [`Asked`].
pub(crate) fn rewrite(mut request: Request) -> Request {
    let asked = Asked(request.uri().clone());
    request.extensions_mut().insert(asked);
    if let Some(path) = canonical(request.uri().path()) {
        set_path(&mut request, path);
    }
    request
}

/// Replaces the path and leaves the query.
pub(super) fn set_path(request: &mut Request, path: String) {
    let path_and_query = match request.uri().query() {
        Some(query) => format!("{path}?{query}"),
        None => path,
    };
    let mut parts = request.uri().clone().into_parts();
    if let Ok(new) = PathAndQuery::try_from(path_and_query) {
        parts.path_and_query = Some(new);
        if let Ok(uri) = Uri::from_parts(parts) {
            *request.uri_mut() = uri;
        }
    }
}

/// What the next segment of an ARM path is.
enum Next {
    /// `subscriptions`, `resourceGroups`, a resource type or an action.
    Keyword,
    /// A name, after the keyword that says of what.
    Name,
    /// The namespace after `providers`.
    Namespace,
}

/// The canonical form of a path, or `None` when it has it already.
pub(crate) fn canonical(path: &str) -> Option<String> {
    let mut out = String::with_capacity(path.len());
    let mut segments = path.split('/').filter(|segment| !segment.is_empty()).peekable();
    let arm = segments.peek().is_some_and(|first| is_arm(first));
    let mut next = Next::Keyword;
    for segment in segments {
        out.push('/');
        if !arm {
            out.push_str(segment);
            continue;
        }
        match next {
            Next::Keyword => {
                fold_onto(&mut out, segment);
                next = if segment.eq_ignore_ascii_case("providers") && !in_features(&out) {
                    Next::Namespace
                } else {
                    Next::Name
                };
            }
            Next::Name => {
                out.push_str(segment);
                next = Next::Keyword;
            }
            Next::Namespace => {
                fold_onto(&mut out, segment);
                next = Next::Keyword;
            }
        }
    }
    if out.is_empty() {
        out.push('/');
    }
    (out != path).then_some(out)
}

fn is_arm(first: &str) -> bool {
    ["subscriptions", "providers", "tenants", "metadata", "extensions"]
        .iter()
        .any(|root| root.eq_ignore_ascii_case(first))
}

/// In `…/providers/Microsoft.Features/providers/NS/features/F`, the second `providers` is a resource type and NS a
/// name of it.
fn in_features(path_so_far: &str) -> bool {
    path_so_far.ends_with("/providers/microsoft.features/providers")
}

fn fold_onto(out: &mut String, segment: &str) {
    out.extend(segment.chars().map(|c| c.to_ascii_lowercase()));
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn of(path: &str) -> String {
        canonical(path).unwrap_or_else(|| path.to_owned())
    }

    #[test]
    fn keywords_fold_and_names_stay() {
        assert_eq!(
            of(
                "/Subscriptions/ABC/resourceGroups/MyGroup/providers/Microsoft.ContainerService//managedClusters/MyC/agentPools/P1/"
            ),
            "/subscriptions/ABC/resourcegroups/MyGroup/providers/microsoft.containerservice/managedclusters/MyC/agentpools/P1"
        );
        assert_eq!(
            of("/subscriptions/S/providers/Microsoft.ContainerService/locations/eastUS/kubernetesVersions"),
            "/subscriptions/S/providers/microsoft.containerservice/locations/eastUS/kubernetesversions"
        );
        assert_eq!(
            of(
                "/subscriptions/S/providers/Microsoft.Features/providers/Microsoft.ContainerService/features/TrustedLaunchPreview/register"
            ),
            "/subscriptions/S/providers/microsoft.features/providers/Microsoft.ContainerService/features/TrustedLaunchPreview/register"
        );
    }

    #[test]
    fn other_paths_only_lose_slashes() {
        assert_eq!(of("//MyTenant/oauth2//v2.0/token"), "/MyTenant/oauth2/v2.0/token");
        assert_eq!(of("//metadata/endpoints"), "/metadata/endpoints");
        assert_eq!(of("/"), "/");
        assert_eq!(of("///"), "/");
        assert_eq!(canonical("/subscriptions"), None);
    }

    proptest! {
        #[test]
        fn is_idempotent(path in "(/[A-Za-z0-9.%_-]{0,12}|/subscriptions|/Providers|/Microsoft.Features){0,12}") {
            let once = of(&path);
            prop_assert_eq!(canonical(&once), None, "{} -> {}", path, once);
        }

        #[test]
        fn never_panics_and_keeps_what_is_not_a_keyword(path in "\\PC{0,60}") {
            let once = of(&path);
            prop_assert!(!once.contains("//"));
            prop_assert!(once.eq_ignore_ascii_case(&once.clone()));
            prop_assert!(once == "/" || !once.ends_with('/'));
        }
    }
}
