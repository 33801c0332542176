//! Features and providers, and what the preview era makes of them.

use std::time::Duration;

use control_plane::era::Era;
use control_plane::ids::{ClusterId, GroupId, Name};
use control_plane::model::{ClusterSpec, NodePoolMode, PoolSpec};
use control_plane::world::{Conditions, GroupSpec, RegistrationShown};

use crate::host::{Host, trusted};

const NAMESPACE: &str = "Microsoft.ContainerService";
const FEATURE: &str = "TrustedLaunchPreview";

#[tokio::test]
async fn the_preview_needs_feature_and_provider_registration() {
    let dir = tempfile::tempdir().unwrap();
    let host = Host::start(dir.path()).await;
    let preview = host.world.subscriptions().into_iter().find(|s| s.era == Era::Preview).unwrap().id;
    let group = GroupId { subscription: preview, name: Name::new("rg") };
    host.world
        .put_group(group.clone(), GroupSpec { location: "eastus".to_owned(), ..GroupSpec::default() })
        .await
        .unwrap();
    let create = |name: &str| {
        let pool = PoolSpec { mode: Some(NodePoolMode::System), ..trusted("nodepool1", 1) };
        let spec = ClusterSpec { location: "eastus".to_owned(), pools: Some(vec![pool]), ..ClusterSpec::default() };
        let id = ClusterId { group: group.clone(), name: Name::new(name) };
        host.world.put_cluster(id, spec, Conditions::default())
    };
    assert!(create("early").await.is_err(), "accepted without the feature");
    let shown = host.world.register_feature(preview, NAMESPACE, FEATURE).await.unwrap();
    assert_eq!(shown, RegistrationShown::Registering);
    host.engine.advance(Duration::from_secs(600)).await.unwrap();
    assert_eq!(host.world.feature(preview, NAMESPACE, FEATURE).unwrap(), RegistrationShown::Registered);
    assert!(create("half").await.is_err(), "accepted before the provider was registered again");
    host.world.register_provider(preview, NAMESPACE).await.unwrap();
    create("late").await.unwrap();
}

#[tokio::test]
async fn unknown_features_are_refused() {
    let dir = tempfile::tempdir().unwrap();
    let host = Host::start(dir.path()).await;
    let subscription = host.world.subscriptions()[0].id;
    let refusal = host.world.register_feature(subscription, NAMESPACE, "NoSuchThing").await.unwrap_err();
    assert_eq!(refusal.kind.status(), 404);
}
