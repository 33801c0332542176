//! Throttling by the AKS resource provider: token buckets, in virtual time (quotas-skus-regions in its documentation).
//!
//! Off by default. What ARM's gateway has left is told by `middleware::remaining`.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use control_plane::clock::Pace;
use control_plane::refusal::RefusalKind;
use http::{HeaderValue, Method, header};

use super::buckets::{Buckets, Rate};
use crate::door::FrontDoor;
use crate::error::Error;

/// What has been let through so far. It is not stored: after a restart all buckets are full.
pub(crate) struct Throttle {
    door: Arc<FrontDoor>,
    buckets: Buckets<String>,
}

impl Throttle {
    /// Full buckets.
    pub(crate) fn new(door: Arc<FrontDoor>) -> Arc<Self> {
        Arc::new(Throttle { door, buckets: Buckets::default() })
    }
}

/// Refuses a request that is one too many, where throttling is switched on.
pub(crate) async fn limit(State(throttle): State<Arc<Throttle>>, request: Request, next: Next) -> Response {
    let door = &throttle.door;
    if door.throttling
        && let Some((key, rate)) = bucket_of(request.method(), request.uri().path())
        && let Err(wait_s) = throttle.buckets.take(key, rate, door.world.now())
    {
        let mut response = throttled().into_response();
        let wait_s = real_seconds(wait_s, door.world.clock().pace());
        response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(wait_s));
        return response;
    }
    next.run(request).await
}

/// Clients wait in real time. Where time is moved by command, they are told the virtual wait.
fn real_seconds(virtual_s: u64, pace: Pace) -> u64 {
    match pace {
        Pace::Explicit => virtual_s,
        Pace::Auto { speed } => {
            let real = Duration::from_secs(virtual_s).div_f64(speed.max(f64::MIN_POSITIVE));
            u64::try_from(real.as_millis().div_ceil(1000)).unwrap_or(u64::MAX).max(1)
        }
    }
}

/// The AKS bucket of a request and its key, for paths in canonical form. Buckets that Azure keeps for each region are
/// kept for the subscription.
fn bucket_of(method: &Method, path: &str) -> Option<(String, Rate)> {
    let (scope, below) = path.split_once("/providers/microsoft.containerservice/")?;
    let in_group = scope.contains("/resourcegroups/");
    let segments: Vec<&str> = below.split('/').collect();
    let is = |wanted: &Method| method == wanted;
    let (name, at, rate) = match segments.as_slice() {
        ["managedclusters"] if is(&Method::GET) && !in_group => ("list", scope, Rate::per_second(500, 1.0)),
        ["managedclusters"] if is(&Method::GET) => ("list", scope, Rate::per_second(60, 1.0)),
        ["managedclusters", _, "agentpools", _] if is(&Method::PUT) => ("put", path, Rate::per_second(20, 1.0 / 60.0)),
        ["managedclusters", _] if is(&Method::PUT) => ("put", path, Rate::per_second(20, 1.0 / 60.0)),
        ["managedclusters", _] if is(&Method::GET) => ("get", path, Rate::per_second(60, 1.0)),
        ["locations", _, "operations" | "operationresults", _] if is(&Method::GET) => {
            ("status", scope, Rate::per_second(200, 2.0))
        }
        _ => ("other", scope.split("/resourcegroups/").next().unwrap_or(scope), Rate::per_second(60, 1.0)),
    };
    Some((format!("{name} {}", at.to_lowercase()), rate))
}

/// The code is Azure's (quotas-skus-regions), the text inferred.
fn throttled() -> Error {
    let text = "The request was throttled: too many requests of this kind. Wait as long as the Retry-After header says, then try again. See https://aka.ms/aks/quotas-skus-regions for details.";
    Error::provider(RefusalKind::TooManyRequests, "Throttled", text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clients_are_told_to_wait_in_their_own_time() {
        assert_eq!(real_seconds(60, Pace::Explicit), 60);
        assert_eq!(real_seconds(60, Pace::Auto { speed: 1.0 }), 60);
        assert_eq!(real_seconds(60, Pace::Auto { speed: 25.0 }), 3);
        assert_eq!(real_seconds(1, Pace::Auto { speed: 600.0 }), 1);
    }

    #[test]
    fn every_kind_of_request_has_its_bucket() {
        let aks = "/subscriptions/s/resourcegroups/G/providers/microsoft.containerservice/managedclusters";
        let of = |method: &Method, path: &str| bucket_of(method, path).map(|(key, rate)| (key, rate.burst));
        assert_eq!(of(&Method::PUT, &format!("{aks}/C")), Some((format!("put {}/c", aks.to_lowercase()), 20)));
        assert_eq!(of(&Method::GET, &format!("{aks}/C")).unwrap().1, 60);
        assert_eq!(of(&Method::GET, aks).unwrap().0, "list /subscriptions/s/resourcegroups/g");
        assert_eq!(of(&Method::POST, &format!("{aks}/C/stop")), Some(("other /subscriptions/s".to_owned(), 60)));
        let all = "/subscriptions/s/providers/microsoft.containerservice/managedclusters";
        assert_eq!(of(&Method::GET, all), Some(("list /subscriptions/s".to_owned(), 500)));
        let status = "/subscriptions/s/providers/microsoft.containerservice/locations/l/operations/o";
        assert_eq!(of(&Method::GET, status), Some(("status /subscriptions/s".to_owned(), 200)));
        assert_eq!(of(&Method::GET, "/subscriptions/s/resourcegroups/g"), None);
    }
}
