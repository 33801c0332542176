//! Whatever is asked for, resolving and judging give an answer, and what passes is consistent.

use proptest::option::of;
use proptest::prelude::*;
use proptest::sample::select;

use super::scene::{Scene, pool};
use crate::catalog::Catalog;
use crate::era::Era;
use crate::model::{GpuDriver, NodePoolMode, OsDiskType, OsType, PoolKind, PoolSpec, Priority};
use crate::refusal::RefusalKind;
use crate::rules;

fn size() -> impl Strategy<Value = String> {
    let names: Vec<String> = Catalog::builtin().vm_sizes().iter().map(|s| s.name.clone()).collect();
    prop_oneof![8 => select(names), 1 => ".{0,20}"]
}

fn text(known: &'static [&'static str]) -> impl Strategy<Value = String> {
    prop_oneof![8 => select(known).prop_map(str::to_owned), 1 => ".{0,12}"]
}

const SKUS: &[&str] = &[
    "",
    "Ubuntu",
    "Ubuntu2204",
    "Ubuntu2404",
    "AzureLinux",
    "AzureLinux3",
    "CBLMariner",
    "AzureContainerLinux",
    "Windows2019",
    "Windows2022",
    "Windows2025",
];
const VERSIONS: &[&str] = &["", "1.24", "1.24.10", "1.25.5", "1.28", "1.29.9", "1.32.6", "1.34", "1.35.6", "1.36.2"];

prop_compose! {
    fn shape()(
        vm_size in of(size()),
        os_sku in of(text(SKUS)),
        orchestrator_version in of(text(VERSIONS)),
        workload_runtime in of(text(&["", "OCIContainer", "KataVmIsolation", "WasmWasi"])),
        os_type in of(select(OsType::ALL)),
        kind in of(select(PoolKind::ALL)),
        fips in of(any::<bool>()),
        secure_boot in of(any::<bool>()),
        vtpm in of(any::<bool>()),
        gpu_driver in of(select(GpuDriver::ALL)),
    ) -> PoolSpec {
        PoolSpec {
            vm_size, os_sku, orchestrator_version, workload_runtime, os_type, kind, fips, secure_boot, vtpm, gpu_driver,
            ..PoolSpec::default()
        }
    }
}

prop_compose! {
    fn spec()(
        base in shape().boxed(),
        name in prop_oneof![4 => Just("pool".to_owned()), 1 => ".{0,14}"],
        mode in of(select(NodePoolMode::ALL)),
        count in of(prop_oneof![4 => 0i64..20, 1 => any::<i64>()]),
        os_disk_type in of(select(OsDiskType::ALL)),
        os_disk_size_gb in of(prop_oneof![4 => 0i64..400, 1 => any::<i64>()]),
        max_pods in of(prop_oneof![4 => 0i64..260, 1 => any::<i64>()]),
        priority in of(select(Priority::ALL)),
        node_image_version in of(".{0,12}"),
    ) -> PoolSpec {
        PoolSpec { name, mode, count, os_disk_type, os_disk_size_gb, max_pods, priority, node_image_version, ..base }
    }
}

prop_compose! {
    fn scene(with_before: bool)(
        era in select(&Era::ALL[..]),
        spec in spec().boxed(),
        before in spec().boxed(),
        version in text(VERSIONS),
        flags in any::<[bool; 5]>(),
    ) -> Scene {
        let mut scene = Scene::pool(era);
        if with_before {
            scene.spec = before;
            scene.before = scene.resolve().ok().map(|settings| pool("pool", settings));
        }
        scene.spec = spec;
        if flags[0] {
            scene.cluster_version = version;
        }
        (scene.feature, scene.virtual_nodes, scene.windows_profile) = (flags[1], flags[2], flags[3]);
        (scene.embedded, scene.first_pool) = (flags[4], flags[4]);
        scene
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_request_is_answered(scene in any::<bool>().prop_flat_map(scene)) {
        match scene.resolve() {
            Ok(settings) => {
                let _ = rules::judge_pool(&scene.context(&Catalog::builtin()), &scene.spec, &settings);
            }
            // An internal error would be a lookup that no rule covers.
            Err(refusal) => prop_assert_ne!(refusal.kind, RefusalKind::Internal, "{}", refusal.message),
        }
    }

    #[test]
    fn settings_fit_any_context(scene in scene(false), other in scene(true)) {
        if let Ok(settings) = scene.resolve() {
            let _ = rules::judge_pool(&other.context(&Catalog::builtin()), &other.spec, &settings);
        }
    }

    #[test]
    fn a_pool_that_passes_with_a_flag_has_a_trusted_launch_image(scene in any::<bool>().prop_flat_map(scene)) {
        if scene.judge().is_ok() {
            let settings = scene.resolve().unwrap();
            prop_assert!(!settings.wants_trusted_launch() || settings.has_trusted_launch_image(), "{settings:?}");
        }
    }

    #[test]
    fn resolving_what_is_there_changes_nothing(scene in scene(false)) {
        if scene.judge().is_ok() {
            let settings = scene.resolve().unwrap();
            let mut again = scene;
            again.exists();
            prop_assert_eq!(again.resolve().unwrap(), settings.clone());
            prop_assert_eq!(again.judge(), Ok(()));
            // What az does: it sends back what it read.
            again.spec = PoolSpec {
                name: again.spec.name.clone(),
                mode: Some(settings.mode),
                count: Some(i64::from(settings.count)),
                vm_size: Some(settings.vm_size.clone()),
                os_type: Some(settings.os_type),
                os_sku: Some(settings.os_sku.clone()),
                kind: Some(settings.kind),
                orchestrator_version: Some(settings.orchestrator_version.clone()),
                fips: Some(settings.fips),
                secure_boot: Some(settings.secure_boot),
                vtpm: Some(settings.vtpm),
                os_disk_type: Some(settings.os_disk_type),
                os_disk_size_gb: Some(i64::from(settings.os_disk_size_gb)),
                max_pods: Some(i64::from(settings.max_pods)),
                gpu_driver: settings.gpu_driver,
                workload_runtime: settings.workload_runtime.clone(),
                priority: Some(settings.priority),
                node_image_version: Some(settings.node_image_version.clone()),
                taints: Some(settings.taints.clone()),
                labels: Some(settings.labels.clone()),
                tags: Some(settings.tags.clone()),
                ..PoolSpec::default()
            };
            prop_assert_eq!(again.resolve().unwrap(), settings);
            prop_assert_eq!(again.judge(), Ok(()));
        }
    }
}
