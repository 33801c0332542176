//! A world, an engine and a router, and a client for them.

use std::cell::RefCell;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use control_plane::clock::Pace;
use control_plane::engine::Engine;
use control_plane::hardware::{
    BootOrder, BootOutcome, BootReport, Component, Fault, Hardware, HardwareEvent, HardwareFuture, VmId,
};
use control_plane::model::{Cluster, Subscription};
use control_plane::world::{World, WorldConfig};
use fake_arm::{Authority, Caller, CredentialKind, FrontDoor, KubeconfigSource, Origin};
use http::{HeaderMap, Request, StatusCode};
use serde_json::Value;
use tokio::sync::mpsc;
use tower::ServiceExt;

/// The api-version of today's az.
pub(crate) const TODAY: &str = "2026-06-01";

/// Machines that always boot, but those whose GRUB was tampered with.
struct Willing;

impl Hardware for Willing {
    fn boot(&self, order: BootOrder) -> HardwareFuture<'_, BootReport> {
        let component = Component::Grub;
        let outcome = match order.faults.contains(&Fault::Tampered { component }) {
            true => BootOutcome::Refused { component, reason: "Security Violation".to_owned() },
            false => BootOutcome::Booted,
        };
        Box::pin(async { Ok(BootReport { outcome, console: Vec::new() }) })
    }
    fn power_off(&self, _vm: VmId) -> HardwareFuture<'_, ()> {
        Box::pin(async { Ok(()) })
    }
    fn remove(&self, _vm: VmId) -> HardwareFuture<'_, ()> {
        Box::pin(async { Ok(()) })
    }
    fn survived(&self, _vm: VmId) -> HardwareFuture<'_, bool> {
        Box::pin(async { Ok(true) })
    }
}

struct Kubeconfigs;

impl KubeconfigSource for Kubeconfigs {
    fn kubeconfig(&self, cluster: &Cluster, user: CredentialKind) -> String {
        format!("kubeconfig of {} for {}", cluster.id.name, user.as_str())
    }
}

pub(crate) struct House {
    pub(crate) world: World,
    pub(crate) engine: Arc<Engine>,
    pub(crate) authority: Arc<Authority>,
    pub(crate) router: Router,
    pub(crate) token: String,
    newer_token: RefCell<Option<String>>,
    _events: mpsc::UnboundedSender<HardwareEvent>,
    _dir: tempfile::TempDir,
}

/// What came back.
pub(crate) struct Reply {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Vec<u8>,
}

impl Reply {
    #[track_caller]
    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|e| panic!("{e}: {}", self.text()))
    }

    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|v| v.to_str().ok())
    }

    /// Status and error code, whichever envelope it is in.
    #[track_caller]
    pub(crate) fn error(&self) -> (u16, String) {
        let body = self.json();
        let code = body["error"]["code"].as_str().or(body["code"].as_str()).unwrap_or("?");
        (self.status.as_u16(), code.to_owned())
    }

    #[track_caller]
    pub(crate) fn ok(self, status: u16) -> Self {
        assert_eq!(self.status.as_u16(), status, "{}", self.text());
        self
    }
}

const ORIGIN: &str = "https://localhost:8443";

/// A token of the application that may do everything.
fn token(authority: &Authority, origin: &Origin) -> String {
    let caller = Caller::Application(authority.client().id.to_string());
    authority.issue_token(&caller, origin).unwrap()
}

impl House {
    pub(crate) async fn open() -> House {
        House::open_with(false).await
    }

    /// With throttling switched on or off.
    pub(crate) async fn open_with(throttling: bool) -> House {
        House::at(tempfile::tempdir().unwrap(), throttling).await
    }

    /// The same house after a restart.
    pub(crate) async fn reopen(self) -> House {
        self.world.close().await;
        House::at(self._dir, false).await
    }

    async fn at(dir: tempfile::TempDir, throttling: bool) -> House {
        let config = WorldConfig { dir: dir.path().join("world"), seed: 7, pace: Pace::Explicit };
        let world = World::open(config).await.unwrap();
        let (events, incoming) = mpsc::unbounded_channel();
        let engine = Engine::start(world.clone(), Arc::new(Willing), incoming).await;
        let clock = world.clone();
        let skipped = Box::new(move || clock.clock().skipped());
        let authority = Arc::new(Authority::open(&dir.path().join("entra"), world.tenant(), skipped).unwrap());
        let origin = Origin::new(ORIGIN).unwrap();
        let token = token(&authority, &origin);
        let router = fake_arm::router(FrontDoor {
            world: world.clone(),
            authority: authority.clone(),
            origin,
            accelerated_polls: true,
            throttling,
            kubeconfig: Arc::new(Kubeconfigs),
        });
        House { world, engine, authority, router, token, newer_token: RefCell::new(None), _events: events, _dir: dir }
    }

    /// The subscription with today's rules.
    pub(crate) fn today(&self) -> Arc<Subscription> {
        self.world.subscriptions()[0].clone()
    }

    /// The subscription in the preview era.
    pub(crate) fn preview(&self) -> Arc<Subscription> {
        self.world.subscriptions()[1].clone()
    }

    /// `/subscriptions/{today's}` and a path.
    pub(crate) fn path(&self, rest: &str) -> String {
        format!("/subscriptions/{}{rest}", self.today().id)
    }

    pub(crate) async fn raw(&self, request: Request<Body>) -> Reply {
        let response = self.router.clone().oneshot(request).await.unwrap();
        let (parts, body) = response.into_parts();
        let body = axum::body::to_bytes(body, usize::MAX).await.unwrap().to_vec();
        Reply { status: parts.status, headers: parts.headers, body }
    }

    /// A request with a token and, unless the URI has a query, today's api-version.
    pub(crate) async fn send(&self, method: &str, uri: &str, body: Option<Value>, headers: &[(&str, &str)]) -> Reply {
        let uri = if uri.contains('?') { uri.to_owned() } else { format!("{uri}?api-version={TODAY}") };
        let mut request = Request::builder().method(method).uri(uri);
        let newer = self.newer_token.borrow().clone();
        request = request.header("authorization", format!("Bearer {}", newer.as_ref().unwrap_or(&self.token)));
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let body = match body {
            Some(body) => {
                request = request.header("content-type", "application/json");
                Body::from(body.to_string())
            }
            None => Body::empty(),
        };
        self.raw(request.body(body).unwrap()).await
    }

    pub(crate) async fn get(&self, uri: &str) -> Reply {
        self.send("GET", uri, None, &[]).await
    }

    pub(crate) async fn put(&self, uri: &str, body: Value) -> Reply {
        self.send("PUT", uri, Some(body), &[]).await
    }

    pub(crate) async fn delete(&self, uri: &str) -> Reply {
        self.send("DELETE", uri, None, &[]).await
    }

    /// Path and query of an absolute URL of the simulator's own.
    #[track_caller]
    pub(crate) fn local(url: &str) -> &str {
        url.strip_prefix("https://localhost:8443").unwrap_or_else(|| panic!("not our origin: {url}"))
    }

    /// Lets a virtual week pass, and logs in again: tokens live for a day.
    pub(crate) async fn week(&self) {
        self.engine.advance(Duration::from_secs(7 * 24 * 60 * 60)).await.unwrap();
        let origin = Origin::new(ORIGIN).unwrap();
        *self.newer_token.borrow_mut() = Some(token(&self.authority, &origin));
    }

    pub(crate) async fn settle(&self) {
        self.engine.advance_until_idle().await.unwrap();
    }
}
