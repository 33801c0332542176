//! Examples for the rules on scaling, Spot, upgrades, power, snapshots and on what a pool keeps.

use serde_json::json;

use super::Example;
use super::scene::Scene;
use crate::model::{MachineGroup, NodePoolMode, OsType, PoolKind, PowerState, Priority, Provisioning, UsedVersions};

const fn new_pool(id: &'static str, trip: fn(&mut Scene), near: fn(&mut Scene)) -> Example {
    Example { id, scene: Scene::plain, trip, near }
}

const fn change(id: &'static str, trip: fn(&mut Scene), near: fn(&mut Scene)) -> Example {
    Example { id, scene: Scene::update, trip, near }
}

fn autoscaled(s: &mut Scene, min: i64, max: i64) {
    s.spec.autoscaling = Some(true);
    (s.spec.min_count, s.spec.max_count) = (Some(min), Some(max));
}

fn system(s: &mut Scene) {
    s.spec.mode = Some(NodePoolMode::System);
}

fn spot(s: &mut Scene) {
    s.spec.priority = Some(Priority::Spot);
}

fn tainted(s: &mut Scene, taint: &str) {
    s.spec.taints = Some(vec![taint.to_owned()]);
}

fn zones(s: &mut Scene, zones: &[&str]) {
    s.spec.zones = Some(zones.iter().map(|zone| (*zone).to_owned()).collect());
}

fn machines(s: &mut Scene, sizes: &[(&str, i64)]) {
    s.spec.kind = Some(PoolKind::VirtualMachines);
    let group = |(size, count): &(&str, i64)| MachineGroup { size: (*size).to_owned(), count: *count };
    s.spec.machines = Some(sizes.iter().map(group).collect());
}

fn property(s: &mut Scene, value: serde_json::Value) {
    s.spec.properties = [("enableNodePublicIP".to_owned(), value)].into_iter().collect();
}

fn upgraded(s: &mut Scene, image: &str) {
    let left = s.now;
    let orchestrator_version = s.existing().current_orchestrator_version.clone();
    let node_image_version = image.to_owned();
    s.before.as_mut().unwrap().previous = Some(UsedVersions { orchestrator_version, node_image_version, left });
    s.spec.node_image_version = Some(image.to_owned());
}

fn older_image(s: &mut Scene) -> String {
    format!("{}-202001.01.0", crate::resolve::definition(&s.existing().node_image_version))
}

pub(super) const EXAMPLES: &[Example] = &[
    new_pool("autoscaler-min-count", |s| autoscaled(s, -1, 5), |s| autoscaled(s, 0, 5)),
    new_pool("autoscaler-min-count", |s| s.spec.autoscaling = Some(true), |s| s.spec.min_count = Some(-1)),
    new_pool(
        "autoscaler-min-count",
        |s| {
            system(s);
            autoscaled(s, 0, 5);
        },
        |s| {
            system(s);
            autoscaled(s, 1, 5);
        },
    ),
    new_pool("autoscaler-max-count", |s| autoscaled(s, 2, 1), |s| autoscaled(s, 2, 2)),
    new_pool("autoscaler-max-count", |s| autoscaled(s, 2, 1001), |s| autoscaled(s, 2, 1000)),
    new_pool(
        "spot-max-surge",
        |s| {
            spot(s);
            s.spec.max_surge = Some("10%".into());
        },
        |s| {
            spot(s);
            s.spec.max_surge = Some("".into());
        },
    ),
    new_pool("max-surge", |s| s.spec.max_surge = Some("101%".into()), |s| s.spec.max_surge = Some("100%".into())),
    new_pool("max-surge", |s| s.spec.max_surge = Some("some".into()), |s| s.spec.max_surge = Some("5".into())),
    new_pool(
        "max-unavailable",
        |s| s.spec.max_unavailable = Some("-1".into()),
        |s| {
            s.spec.max_unavailable = Some("33%".into());
        },
    ),
    new_pool(
        "max-unavailable-system",
        |s| {
            system(s);
            s.spec.max_unavailable = Some("1".into());
        },
        |s| {
            system(s);
            s.spec.max_unavailable = Some("0".into());
        },
    ),
    new_pool(
        "spot-max-price",
        |s| {
            spot(s);
            s.spec.spot_max_price = Some(0.0);
        },
        |s| {
            spot(s);
            s.spec.spot_max_price = Some(-1.0);
        },
    ),
    new_pool("taint-format", |s| tainted(s, "a=b"), |s| tainted(s, "a=b:NoSchedule")),
    new_pool("taint-format", |s| tainted(s, "a=b:Never"), |s| tainted(s, "a:NoExecute")),
    new_pool("zone-unsupported", |s| zones(s, &["1", "4"]), |s| zones(s, &["1", "3"])),
    new_pool(
        "machines-size-unknown",
        |s| machines(s, &[("Standard_D4s_v3", 1), ("Standard_X", 1)]),
        |s| machines(s, &[("Standard_D4s_v3", 1), ("standard_d2S_v3", 1)]),
    ),
    new_pool(
        "machines-sizes",
        |s| machines(s, &[("Standard_D4s_v3", 1), ("standard_d4S_v3", 1)]),
        |s| machines(s, &[("Standard_D4s_v3", 0)]),
    ),
    new_pool(
        "machines-families",
        |s| machines(s, &[("Standard_D4s_v3", 1), ("Standard_D2pds_v5", 1)]),
        |s| machines(s, &[("Standard_D4s_v3", 1), ("Standard_D2s_v3", 2)]),
    ),
    new_pool(
        "machines-linux",
        |s| {
            machines(s, &[("Standard_D4s_v3", 1)]);
            s.spec.os_type = Some(OsType::Windows);
            s.spec.name = "winp".into();
        },
        |s| machines(s, &[("Standard_D4s_v3", 1)]),
    ),
    new_pool(
        "machines-autoscaler",
        |s| {
            machines(s, &[("Standard_D4s_v3", 1)]);
            autoscaled(s, 1, 2);
        },
        |s| {
            machines(s, &[("Standard_D4s_v3", 1)]);
            s.spec.autoscaling = Some(false);
        },
    ),
    new_pool(
        "system-pool-taint",
        |s| {
            system(s);
            tainted(s, "a=b:NoSchedule");
        },
        |s| {
            system(s);
            tainted(s, "CriticalAddonsOnly=true:NoSchedule");
        },
    ),
    new_pool(
        "system-pool-taint",
        |s| {
            system(s);
            tainted(s, "a:NoExecute");
        },
        |s| {
            system(s);
            tainted(s, "a=b:PreferNoSchedule");
        },
    ),
    change(
        "system-pool-stop",
        |s| {
            s.existing().mode = NodePoolMode::System;
            s.spec.power = Some(PowerState::Stopped);
        },
        |s| s.spec.power = Some(PowerState::Stopped),
    ),
    change(
        "pool-stop-failed",
        |s| {
            s.before.as_mut().unwrap().provisioning = Provisioning::Failed;
            s.spec.power = Some(PowerState::Stopped);
        },
        |s| s.before.as_mut().unwrap().provisioning = Provisioning::Failed,
    ),
    change("zones-fixed", |s| zones(s, &["1"]), |s| zones(s, &[])),
    change("pool-property-fixed", |s| property(s, json!(true)), |s| property(s, json!(false))),
    new_pool(
        "snapshot-image",
        |s| s.spec.snapshot_image = Some("AKSAzureLinux-V3gen2-202001.01.0".into()),
        |s| {
            let image = s.resolve().unwrap().node_image_version;
            s.spec.snapshot_image = Some(format!("{}-202001.01.0", crate::resolve::definition(&image)));
        },
    ),
    change(
        "node-image-rollback",
        |s| {
            let image = older_image(s);
            upgraded(s, &image);
            s.now = s.now + UsedVersions::KEPT + std::time::Duration::from_millis(1);
        },
        |s| {
            let image = older_image(s);
            upgraded(s, &image);
            s.now = s.now + UsedVersions::KEPT;
        },
    ),
];
