//! What stands behind a cluster's door until its API is served: a `Status` that says so.

use axum::Router;
use axum::extract::{OriginalUri, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use control_plane::ids::{ClusterId, GroupId, Name, SubscriptionId};
use control_plane::world::World;
use serde_json::json;

/// The path under which every cluster's API lives on the simulator's own origin.
pub const PATH_PREFIX: &str = "/kube";

/// The path of one cluster's API: `/kube/<subscription>/<resource group>/<cluster>`.
pub fn server_path(cluster: &ClusterId) -> String {
    format!("{PATH_PREFIX}/{}/{}/{}", cluster.group.subscription, encoded(&cluster.group.name), encoded(&cluster.name))
}

/// Answers everything under [`PATH_PREFIX`]. Mount it there with `nest`.
pub fn router(world: World) -> Router {
    Router::new().fallback(answer).with_state(world)
}

async fn answer(State(world): State<World>, OriginalUri(uri): OriginalUri, headers: HeaderMap) -> Response {
    match cluster_of(uri.path()).filter(|id| world.cluster(id).is_some()) {
        Some(id) => {
            let text = format!(
                "the Kubernetes API of cluster '{}' is not served by this version of Slipway; its nodes are shown by \
                 'slipway node list', its pools by 'az aks nodepool list'",
                id.name
            );
            if is_discovery(&headers) {
                return (StatusCode::SERVICE_UNAVAILABLE, text).into_response();
            }
            status(StatusCode::NOT_IMPLEMENTED, "NotImplemented", &text)
        }
        None => {
            let text = "no cluster of this simulator has its Kubernetes API at this address; fetch its kubeconfig \
                        anew with 'az aks get-credentials'";
            status(StatusCode::NOT_FOUND, "NotFound", text)
        }
    }
}

/// Whether a client asks what the server has at all, which is the first thing that kubectl does. client-go does not
/// read a `Status` in the answer to that (`rest.Result.Raw`); of a 503 in plain text kubectl shows the text.
fn is_discovery(headers: &HeaderMap) -> bool {
    let accept = headers.get(header::ACCEPT).and_then(|value| value.to_str().ok());
    accept.is_some_and(|accept| accept.contains("as=APIGroupDiscoveryList"))
}

/// A failure in the shape of `k8s.io/apimachinery` `meta/v1.Status`.
fn status(code: StatusCode, reason: &str, message: &str) -> Response {
    let body = json!({
        "kind": "Status",
        "apiVersion": "v1",
        "metadata": {},
        "status": "Failure",
        "message": message,
        "reason": reason,
        "code": code.as_u16(),
    });
    (code, [(header::CONTENT_TYPE, "application/json")], body.to_string()).into_response()
}

fn cluster_of(path: &str) -> Option<ClusterId> {
    let mut segments = path.strip_prefix(PATH_PREFIX)?.split('/').skip(1);
    let subscription = SubscriptionId(segments.next()?.parse().ok()?);
    let group = decoded(segments.next()?)?;
    let name = decoded(segments.next()?)?;
    Some(ClusterId { group: GroupId { subscription, name: Name::new(group) }, name: Name::new(name) })
}

/// Percent-encodes what RFC 3986 does not call unreserved.
fn encoded(name: &Name) -> String {
    let mut out = String::new();
    for byte in name.as_str().bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => out.push(char::from(byte)),
            _ => out.push_str(&format!("%{byte:02X}")),
        }
    }
    out
}

/// The reverse of [`encoded`]; `None` for a broken escape or broken UTF-8.
fn decoded(segment: &str) -> Option<String> {
    let mut out = Vec::with_capacity(segment.len());
    let mut bytes = segment.bytes();
    while let Some(byte) = bytes.next() {
        if byte == b'%' {
            let high = char::from(bytes.next()?).to_digit(16)?;
            let low = char::from(bytes.next()?).to_digit(16)?;
            out.push(u8::try_from(high * 16 + low).ok()?);
        } else {
            out.push(byte);
        }
    }
    String::from_utf8(out).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cluster(group: &str, name: &str) -> ClusterId {
        let subscription = SubscriptionId("00000000-0000-4000-8000-000000000001".parse().unwrap());
        ClusterId { group: GroupId { subscription, name: group.into() }, name: name.into() }
    }

    #[test]
    fn a_path_leads_back_to_its_cluster_whatever_the_names_are() {
        for (group, name) in [("rg", "c"), ("größe (1)", "my-aks_2"), ("a%2Fb", "x.y")] {
            let id = cluster(group, name);
            assert_eq!(cluster_of(&server_path(&id)), Some(id.clone()), "{group}/{name}");
            assert_eq!(cluster_of(&format!("{}/api/v1/nodes", server_path(&id))), Some(id));
        }
    }

    #[test]
    fn paths_that_name_no_cluster_are_told_apart() {
        for path in ["/kube", "/kube/x/y/z", "/kube/00000000-0000-4000-8000-000000000001/rg", "/other"] {
            assert_eq!(cluster_of(path), None, "{path}");
        }
    }

    #[test]
    fn broken_escapes_are_no_names() {
        assert_eq!(decoded("%4"), None);
        assert_eq!(decoded("%zz"), None);
        assert_eq!(decoded("%ff"), None);
        assert_eq!(decoded("%41b").as_deref(), Some("Ab"));
    }
}
