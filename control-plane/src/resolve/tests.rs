use super::*;
use crate::clock::VirtualTime;
use crate::ids::{ClusterId, GroupId, Name, OperationId, PoolId, SubscriptionId};
use crate::model::{NodePoolMode, OsDiskType, Provisioning};
use serde_json::json;
use uuid::Uuid;

fn context(catalog: &Catalog, era: Era) -> PoolContext<'_> {
    let version = catalog.versions(era, "eastus").iter().find(|minor| minor.default).unwrap();
    PoolContext {
        catalog,
        era,
        now: VirtualTime::from_millis(0),
        image_weeks: 0,
        newest_image: false,
        location: "eastus",
        cluster_version: &version.patches.last().unwrap().version,
        cluster_version_asked: &version.minor,
        pod_network: PodNetwork::of(era, None),
        virtual_nodes: false,
        windows_profile: true,
        first_pool: false,
        trusted_launch_feature: true,
        before: None,
        embedded: false,
    }
}

fn pool(settings: PoolSettings) -> Pool {
    let group = GroupId { subscription: SubscriptionId(Uuid::nil()), name: Name::new("g") };
    Pool {
        abort: None,
        present: Vec::new(),
        previous: None,
        reimage: None,
        id: PoolId { cluster: ClusterId { group, name: Name::new("c") }, name: Name::new("pool") },
        settings,
        provisioning: Provisioning::Succeeded,
        operation: OperationId(Uuid::nil()),
        ready_not_before: VirtualTime::from_millis(0),
        etag: Uuid::nil(),
        next_instance: 0,
        made_with_feature: true,
        image_faults: Vec::new(),
        created: VirtualTime::from_millis(0),
    }
}

fn spec() -> PoolSpec {
    PoolSpec { name: "pool".into(), ..PoolSpec::default() }
}

fn flags(vtpm: Option<bool>, secure_boot: Option<bool>) -> PoolSpec {
    PoolSpec { vtpm, secure_boot, ..spec() }
}

/// Whether the image is a trusted-launch image after each of these requests in turn.
fn images(era: Era, feature: bool, requests: &[PoolSpec]) -> Vec<bool> {
    let catalog = Catalog::builtin();
    let mut before: Option<Pool> = None;
    let mut seen = Vec::new();
    for request in requests {
        let ctx = PoolContext { before: before.as_ref(), trusted_launch_feature: feature, ..context(&catalog, era) };
        let settings = resolve_pool(&ctx, request).unwrap();
        seen.push(settings.has_trusted_launch_image());
        before = Some(pool(settings));
    }
    seen
}

#[test]
fn image_transitions_by_era() {
    let (none, on, off) = (spec(), flags(Some(true), None), flags(Some(false), Some(false)));
    let sequence = [none, on, off];
    assert_eq!(images(Era::Preview, true, &sequence), [true, true, true]);
    assert_eq!(images(Era::Preview, false, &sequence[..1]), [false]);
    assert_eq!(images(Era::Ga, false, &sequence), [true, true, true]);
    assert_eq!(images(Era::Y2025M08, false, &sequence[..1]), [false]);
    assert_eq!(images(Era::Y2025M08, false, &sequence[1..]), [true, true]);
    assert_eq!(images(Era::Y2026M06, false, &sequence[1..]), [true, true]);
    assert_eq!(images(Era::Y2026M07, false, &sequence), [false, true, false]);
}

#[test]
fn the_image_names_are_the_recorded_ones() {
    let catalog = Catalog::builtin();
    let image = |era, spec: &PoolSpec| resolve_pool(&context(&catalog, era), spec).unwrap().node_image_version;
    assert_eq!(image(Era::Ga, &flags(Some(true), None)), "AKSUbuntu-2204gen2TLcontainerd-202410.09.0");
    let sized = |name: &str| PoolSpec { vm_size: Some(name.into()), ..spec() };
    assert_eq!(image(Era::Ga, &sized("Standard_D2_v2")), "AKSUbuntu-2204containerd-202410.09.0");
    assert_eq!(image(Era::Ga, &sized("Standard_D2ps_v5")), "AKSUbuntu-2204gen2arm64containerd-202410.09.0");
    let fips = PoolSpec { fips: Some(true), ..flags(Some(true), Some(true)) };
    assert_eq!(image(Era::Y2026M07, &fips), "AKSUbuntu-2204gen2fipsTLcontainerd-202607.13.0");
    let newer = PoolSpec { orchestrator_version: Some("1.35.6".into()), ..spec() };
    assert_eq!(image(Era::Y2026M07, &newer), "AKSUbuntu-2404gen2containerd-202607.13.0");
    let azure_linux = PoolSpec { os_sku: Some("azurelinux".into()), ..flags(None, Some(true)) };
    assert_eq!(image(Era::Y2026M07, &azure_linux), "AKSAzureLinux-V3gen2TL-202607.13.0");
    assert_eq!(image(Era::Preview, &azure_linux), "AKSCBLMariner-V2gen2TL-202403.25.0");
}

#[test]
fn defaults_are_filled_in() {
    let catalog = Catalog::builtin();
    let settings = resolve_pool(&context(&catalog, Era::Ga), &spec()).unwrap();
    assert_eq!(settings.vm_size, "Standard_DS2_v2");
    assert_eq!((settings.os_disk_type, settings.os_disk_size_gb), (OsDiskType::Managed, 128));
    assert_eq!((settings.max_pods, settings.count, settings.mode), (110, 1, NodePoolMode::User));
    assert_eq!((settings.os_sku.as_str(), settings.gpu_driver), ("Ubuntu", None));
    assert_eq!(
        (settings.orchestrator_version.as_str(), settings.current_orchestrator_version.as_str()),
        ("1.29", "1.29.9")
    );
    assert!(!settings.vtpm && !settings.secure_boot && settings.taints.is_empty());
}

#[test]
fn the_preview_era_shows_the_patch_version_of_a_pool_without_a_version() {
    let catalog = Catalog::builtin();
    let settings = resolve_pool(&context(&catalog, Era::Preview), &spec()).unwrap();
    assert_eq!(settings.orchestrator_version, settings.current_orchestrator_version);
}

#[test]
fn a_default_disk_leaves_room_for_the_guest_state() {
    let catalog = Catalog::builtin();
    let ctx = context(&catalog, Era::CURRENT);
    let disk = |name: &str, gb| {
        let asked = PoolSpec { vm_size: Some(name.into()), os_disk_size_gb: Some(gb), ..spec() };
        let settings = resolve_pool(&ctx, &asked).unwrap();
        (settings.os_disk_type, settings.os_disk_size_gb)
    };
    assert_eq!(disk("Standard_D8ds_v5", 0), (OsDiskType::Ephemeral, 299));
    assert_eq!(disk("Standard_D16plds_v5", 0), (OsDiskType::Ephemeral, 600));
    assert_eq!(disk("Standard_D8ds_v5", 300), (OsDiskType::Managed, 300));
    assert_eq!(disk("Standard_D8s_v5", 0), (OsDiskType::Managed, 256));
    assert_eq!(disk("Standard_D64s_v3", 100), (OsDiskType::Ephemeral, 100));
}

#[test]
fn an_update_keeps_what_it_does_not_name() {
    let catalog = Catalog::builtin();
    let opaque = |key: &str| [(key.to_owned(), json!({"a": 1}))].into_iter().collect::<Opaque>();
    let first = PoolSpec {
        count: Some(7),
        vm_size: Some("standard_d4s_V3".into()),
        priority: Some(Priority::Spot),
        labels: Some(opaque("kept")),
        tags: Some(opaque("gone")),
        properties: opaque("one"),
        ..spec()
    };
    let before = pool(resolve_pool(&context(&catalog, Era::CURRENT), &first).unwrap());
    assert_eq!(before.settings.taints, [SPOT_TAINT]);
    let ctx = PoolContext { before: Some(&before), ..context(&catalog, Era::CURRENT) };
    let change = PoolSpec {
        vm_size: Some("Standard_D4s_v3".into()),
        tags: Some(Opaque::new()),
        properties: opaque("two"),
        ..spec()
    };
    let after = resolve_pool(&ctx, &change).unwrap();
    assert_eq!((after.count, after.vm_size.as_str()), (7, "standard_d4s_V3"));
    assert!(after.labels.contains_key("kept") && after.tags.is_empty());
    assert!(after.properties.contains_key("one") && after.properties.contains_key("two"));
}

#[test]
fn a_version_that_runs_stays_although_it_is_no_longer_offered() {
    let catalog = Catalog::builtin();
    let ctx =
        PoolContext { cluster_version: "1.20.1", cluster_version_asked: "1.20", ..context(&catalog, Era::CURRENT) };
    let made = resolve_pool(&ctx, &spec()).unwrap();
    assert_eq!((made.orchestrator_version.as_str(), made.current_orchestrator_version.as_str()), ("1.20", "1.20.1"));
    let named = PoolSpec { orchestrator_version: Some("1.20.2".into()), ..spec() };
    assert_eq!(resolve_pool(&ctx, &named).unwrap_err().code, "AgentPoolK8sVersionNotSupported");
}
