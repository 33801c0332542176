//! temp
#![allow(missing_docs, clippy::unwrap_used)]
use std::sync::Arc;
use control_plane::clock::Pace;
use control_plane::engine::Engine;
use control_plane::hardware::*;
use control_plane::model::Cluster;
use control_plane::world::{World, WorldConfig};
use fake_arm::*;
struct Willing;
impl Hardware for Willing {
    fn boot(&self, _o: BootOrder) -> HardwareFuture<'_, BootReport> { Box::pin(async { Ok(BootReport { outcome: BootOutcome::Booted, console: vec![] }) }) }
    fn power_off(&self, _v: VmId) -> HardwareFuture<'_, ()> { Box::pin(async { Ok(()) }) }
    fn remove(&self, _v: VmId) -> HardwareFuture<'_, ()> { Box::pin(async { Ok(()) }) }
    fn survived(&self, _v: VmId) -> HardwareFuture<'_, bool> { Box::pin(async { Ok(true) }) }
}
struct K;
impl KubeconfigSource for K {
    fn kubeconfig(&self, c: &Cluster, _u: CredentialKind) -> String {
        let n = &c.id.name;
        format!("apiVersion: v1\nkind: Config\nclusters:\n- name: {n}\n  cluster:\n    server: https://localhost:1/x\ncontexts:\n- name: {n}\n  context:\n    cluster: {n}\n    user: u_{n}\ncurrent-context: {n}\nusers:\n- name: u_{n}\n  user:\n    token: t\n")
    }
}
#[tokio::main]
async fn main() {
    let a: Vec<String> = std::env::args().collect();
    let (dir, port) = (std::path::PathBuf::from(&a[1]), &a[2]);
    let world = World::open(WorldConfig { dir: dir.join("world"), seed: 1, pace: Pace::Auto { speed: 120.0 } }).await.unwrap();
    let (_tx, rx) = tokio::sync::mpsc::unbounded_channel();
    let _engine = Engine::start(world.clone(), Arc::new(Willing), rx).await;
    let authority = Arc::new(Authority::open(&dir.join("entra"), world.tenant()).unwrap());
    let subs: Vec<String> = world.subscriptions().iter().map(|s| s.id.to_string()).collect();
    println!("{} {} {} {} {}", world.tenant(), authority.client().id, authority.client().secret, subs[0], subs[1]);
    let origin = Origin::new(&format!("https://localhost:{port}")).unwrap();
    let app = router(FrontDoor { world, authority, origin, accelerated_polls: true, kubeconfig: Arc::new(K) });
    let listener = std::net::TcpListener::bind(format!("127.0.0.1:{port}")).unwrap();
    listener.set_nonblocking(true).unwrap();
    rustls::crypto::aws_lc_rs::default_provider().install_default().unwrap();
    let tls = axum_server::tls_rustls::RustlsConfig::from_pem_file(&a[3], &a[4]).await.unwrap();
    axum_server::from_tcp_rustls(listener, tls).unwrap().serve(app.into_make_service()).await.unwrap();
}
