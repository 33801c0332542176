//! Examples for the rules on pools, but for trusted launch.

use serde_json::json;

use super::Example;
use super::scene::Scene;
use crate::model::{GpuDriver, NodePoolMode, OsDiskType, OsType, PoolKind, Priority};

/// An example on a new pool without flags.
macro_rules! new_pool {
    ($id:literal, |$s:ident| $trip:expr, |$n:ident| $near:expr) => {
        Example { id: $id, scene: Scene::plain, trip: |$s| $trip, near: |$n| $near }
    };
}

/// An example on a change of a pool without flags.
macro_rules! change {
    ($id:literal, |$s:ident| $trip:expr, |$n:ident| $near:expr) => {
        Example { id: $id, scene: Scene::update, trip: |$s| $trip, near: |$n| $near }
    };
}

fn labelled(s: &mut Scene, key: &str) {
    s.spec.labels = Some([(key.to_owned(), json!("true"))].into_iter().collect());
}

fn windows(s: &mut Scene) {
    s.spec.os_type = Some(OsType::Windows);
    s.spec.name = "winp".into();
}

fn gpu(s: &mut Scene) {
    s.spec.vm_size = Some("Standard_NC16as_T4_v3".into());
}

fn ephemeral(s: &mut Scene, size: &str, gb: i64) {
    s.spec.vm_size = Some(size.into());
    s.spec.os_disk_type = Some(OsDiskType::Ephemeral);
    s.spec.os_disk_size_gb = Some(gb);
}

fn kata(s: &mut Scene) {
    s.spec.workload_runtime = Some("katavmisolation".into());
    s.spec.os_sku = Some("AzureLinux".into());
}

/// An Azure Linux that fits the era's versions.
fn azure_linux_3(s: &mut Scene, version: &str) {
    s.spec.os_sku = Some("AzureLinux3".into());
    s.cluster_version = version.into();
}

pub(super) const EXAMPLES: &[Example] = &[
    new_pool!("pool-name", |s| s.spec.name = "1pool".into(), |s| s.spec.name = "pool12345678".into()),
    new_pool!("pool-name", |s| s.spec.name = "pool123456789".into(), |s| { s.spec.name = "p".into() }),
    new_pool!("pool-name", |s| s.spec.name = "Pool".into(), |s| windows(s)),
    new_pool!(
        "pool-name",
        |s| {
            windows(s);
            s.spec.name = "winpool".into()
        },
        |s| {
            windows(s);
            s.spec.name = "winpoo".into()
        }
    ),
    new_pool!("pool-count", |s| s.spec.count = Some(-1), |s| s.spec.count = Some(0)),
    new_pool!(
        "pool-count",
        |s| {
            s.spec.count = Some(0);
            s.spec.mode = Some(NodePoolMode::System)
        },
        |s| {
            s.spec.count = Some(1);
            s.spec.mode = Some(NodePoolMode::System)
        }
    ),
    new_pool!("pool-count-range", |s| s.spec.count = Some(1001), |s| s.spec.count = Some(1000)),
    new_pool!("pool-count-range", |s| s.spec.count = Some(i64::MAX), |s| { s.spec.count = None }),
    new_pool!("pool-max-pods", |s| s.spec.max_pods = Some(251), |s| s.spec.max_pods = Some(250)),
    new_pool!(
        "pool-max-pods",
        |s| {
            s.spec.max_pods = Some(29);
            s.spec.mode = Some(NodePoolMode::System)
        },
        |s| { s.spec.max_pods = Some(29) }
    ),
    new_pool!("os-disk-size", |s| s.spec.os_disk_size_gb = Some(2049), |s| s.spec.os_disk_size_gb = Some(2048)),
    new_pool!("vm-size-unknown", |s| s.spec.vm_size = Some("Standard_X".into()), |s| s.spec.vm_size = Some("".into())),
    new_pool!("vm-size-too-small", |s| s.spec.vm_size = Some("Standard_B1s".into()), |s| {
        s.spec.vm_size = Some("standard_b2s".into())
    }),
    new_pool!("pool-kubernetes-unsupported", |s| s.spec.orchestrator_version = Some("9.99.9".into()), |s| {
        s.spec.orchestrator_version = Some(s.cluster_version.clone())
    }),
    new_pool!("os-sku-unknown", |s| s.spec.os_sku = Some("Beos".into()), |s| s.spec.os_sku = Some("ubuntu".into())),
    new_pool!("os-sku-os-type", |s| s.spec.os_sku = Some("Windows2022".into()), |s| {
        windows(s);
        s.spec.os_sku = Some("windows2022".into())
    }),
    new_pool!(
        "os-sku-os-type",
        |s| {
            windows(s);
            s.spec.os_sku = Some("Ubuntu".into())
        },
        |s| windows(s)
    ),
    new_pool!("os-sku-kubernetes", |s| azure_linux_3(s, "1.27.9"), |s| { azure_linux_3(s, "1.28.0") }),
    new_pool!(
        "os-sku-kubernetes",
        |s| {
            s.spec.os_sku = Some("Ubuntu2404".into());
            s.cluster_version = "1.31.1".into()
        },
        |s| {
            s.spec.os_sku = Some("Ubuntu2404".into());
            s.cluster_version = "1.32.6".into()
        }
    ),
    new_pool!(
        "os-sku-kubernetes",
        |s| {
            s.spec.os_sku = Some("CBLMariner".into());
            s.cluster_version = "1.32.6".into()
        },
        |s| {
            s.spec.os_sku = Some("Mariner".into());
            s.cluster_version = "1.31.1".into()
        }
    ),
    new_pool!("os-sku-not-yet", |s| s.spec.os_sku = Some("AzureContainerLinux".into()), |s| {
        s.spec.os_sku = Some("AzureLinux".into())
    }),
    new_pool!("workload-runtime-unknown", |s| s.spec.workload_runtime = Some("Docker".into()), |s| {
        s.spec.workload_runtime = Some("ocicontainer".into())
    }),
    change!("node-image-rollback", |s| s.spec.node_image_version = Some("AKSUbuntu-1".into()), |s| {
        s.spec.node_image_version = Some(s.existing().node_image_version.clone())
    }),
    change!("vm-size-fixed-old", |s| s.spec.vm_size = Some("Standard_D8s_v3".into()), |s| {
        s.spec.vm_size = Some("standard_d4S_v3".into())
    }),
    change!("vm-size-fixed", |s| s.spec.vm_size = Some("Standard_D8s_v3".into()), |s| {
        s.spec.vm_size = Some("".into())
    }),
    change!(
        "os-type-fixed",
        |s| {
            s.existing().os_sku = "Windows2022".into();
            s.existing().os_type = OsType::Windows;
            s.before.as_mut().unwrap().settings.os_disk_size_gb = 128;
            s.spec.os_type = Some(OsType::Linux);
            s.spec.os_sku = Some("Ubuntu".into());
            s.spec.name = "winp".into()
        },
        |s| s.spec.os_type = Some(OsType::Linux)
    ),
    change!(
        "os-sku-fixed",
        |s| {
            windows_exists(s);
            s.spec.os_sku = Some("Windows2022".into());
            s.existing().os_sku = "Windows2019".into()
        },
        |s| s.spec.os_sku = Some("AzureLinux".into())
    ),
    change!("pool-type-fixed", |s| s.spec.kind = Some(PoolKind::VirtualMachines), |s| {
        s.spec.kind = Some(PoolKind::VirtualMachineScaleSets)
    }),
    change!("os-disk-type-fixed", |s| s.spec.os_disk_type = Some(OsDiskType::Ephemeral), |s| {
        s.spec.os_disk_type = Some(OsDiskType::Managed)
    }),
    change!("os-disk-size-fixed", |s| s.spec.os_disk_size_gb = Some(256), |s| s.spec.os_disk_size_gb = Some(0)),
    change!("max-pods-fixed", |s| s.spec.max_pods = Some(50), |s| s.spec.max_pods = Some(0)),
    change!("priority-fixed", |s| s.spec.priority = Some(Priority::Spot), |s| s.spec.priority =
        Some(Priority::Regular)),
    change!("workload-runtime-fixed", |s| s.spec.workload_runtime = Some("WasmWasi".into()), |s| {
        s.existing().workload_runtime = Some("OCIContainer".into());
        s.spec.workload_runtime = Some("ociContainer".into())
    }),
    change!(
        "gpu-driver-fixed",
        |s| {
            gpu_exists(s);
            s.spec.gpu_driver = Some(GpuDriver::None)
        },
        |s| {
            gpu_exists(s);
            s.spec.gpu_driver = Some(GpuDriver::Install)
        }
    ),
    new_pool!(
        "pool-newer-than-control-plane",
        |s| {
            s.spec.orchestrator_version = Some(s.cluster_version.clone());
            let asked = s.cluster_version.clone();
            s.exists();
            s.cluster_version = "1.24.10".into();
            s.existing().current_orchestrator_version = "1.24.9".into();
            s.existing().orchestrator_version = "1.24".into();
            s.spec.orchestrator_version = Some(asked)
        },
        |s| s.spec.orchestrator_version = Some(s.cluster_version.clone())
    ),
    new_pool!("pool-too-old-for-control-plane", |s| s.exists_at_newer_control_plane(4), |s| s
        .exists_at_newer_control_plane(2)),
    change!(
        "pool-downgrade",
        |s| {
            s.existing().current_orchestrator_version = "1.99.0".into();
            s.existing().orchestrator_version = "1.99".into();
            s.spec.orchestrator_version = Some(s.cluster_version.clone())
        },
        |s| s.spec.orchestrator_version = Some(s.cluster_version.clone())
    ),
    new_pool!(
        "windows-profile",
        |s| {
            windows(s);
            s.windows_profile = false
        },
        |s| windows(s)
    ),
    new_pool!(
        "windows-profile",
        |s| {
            windows(s);
            s.windows_profile = false
        },
        |s| s.windows_profile = false
    ),
    new_pool!(
        "windows-azure-cni",
        |s| {
            windows(s);
            s.azure_cni = false
        },
        |s| s.azure_cni = false
    ),
    new_pool!(
        "system-pool-linux",
        |s| {
            windows(s);
            s.spec.mode = Some(NodePoolMode::System);
            s.spec.max_pods = Some(30)
        },
        |s| s.spec.mode = Some(NodePoolMode::System)
    ),
    new_pool!(
        "system-pool-linux",
        |s| {
            windows(s);
            s.first_pool = true
        },
        |s| s.first_pool = true
    ),
    new_pool!(
        "system-pool-size",
        |s| {
            s.spec.mode = Some(NodePoolMode::System);
            s.spec.vm_size = Some("Standard_B1s".into())
        },
        |s| {
            s.spec.mode = Some(NodePoolMode::System);
            s.spec.vm_size = Some("Standard_A2_v2".into())
        }
    ),
    new_pool!(
        "system-pool-burstable",
        |s| {
            s.spec.mode = Some(NodePoolMode::System);
            s.spec.vm_size = Some("Standard_B4ms".into())
        },
        |s| s.spec.vm_size = Some("Standard_B4ms".into())
    ),
    new_pool!(
        "system-pool-spot",
        |s| {
            s.spec.mode = Some(NodePoolMode::System);
            s.spec.priority = Some(Priority::Spot)
        },
        |s| s.spec.priority = Some(Priority::Spot)
    ),
    new_pool!("agent-pool-api-availability-set", |s| s.spec.kind = Some(PoolKind::AvailabilitySet), |s| {
        s.spec.kind = Some(PoolKind::AvailabilitySet);
        s.embedded = true
    }),
    new_pool!("label-kubernetes-azure-com", |s| labelled(s, "kubernetes.azure.com/mode"), |s| {
        labelled(s, "notkubernetes.azure.com/mode")
    }),
    new_pool!("label-kubernetes-io", |s| labelled(s, "node-role.kubernetes.io/apps"), |s| {
        labelled(s, "node.kubernetes.io/apps")
    }),
    new_pool!("label-kubernetes-io", |s| labelled(s, "k8s.io/x"), |s| { labelled(s, "kubernetes.io") }),
    new_pool!(
        "pod-sandboxing",
        |s| {
            kata(s);
            s.spec.os_sku = Some("Ubuntu".into())
        },
        |s| kata(s)
    ),
    new_pool!(
        "pod-sandboxing",
        |s| {
            kata(s);
            s.spec.fips = Some(true)
        },
        |s| kata(s)
    ),
    new_pool!("ephemeral-unsupported", |s| ephemeral(s, "Standard_D4s_v5", 30), |s| ephemeral(
        s,
        "Standard_D4ds_v5",
        30
    )),
    new_pool!("ephemeral-too-large", |s| ephemeral(s, "Standard_D2ads_v5", 76), |s| {
        ephemeral(s, "Standard_D2ads_v5", 75)
    }),
    Example {
        id: "ephemeral-guest-state",
        scene: Scene::pool,
        trip: |s| ephemeral(s, "Standard_D2ads_v5", 75),
        near: |s| ephemeral(s, "Standard_D2ads_v5", 74),
    },
    Example {
        id: "ephemeral-guest-state",
        scene: Scene::pool,
        trip: |s| ephemeral(s, "Standard_D2s_v3", 50),
        near: |s| ephemeral(s, "Standard_D2s_v3", 49),
    },
];

fn windows_exists(s: &mut Scene) {
    *s = Scene::plain(s.era);
    windows(s);
    s.exists();
}

fn gpu_exists(s: &mut Scene) {
    *s = Scene::plain(s.era);
    gpu(s);
    s.exists();
}
