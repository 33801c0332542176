//! Examples for the limitations of trusted launch. The untouched scene is a new pool with both flags.

use serde_json::json;

use super::Example;
use super::scene::Scene;
use crate::model::{GpuDriver, OsType, PoolKind};

macro_rules! trusted {
    ($id:literal, |$s:ident| $trip:expr, |$n:ident| $near:expr) => {
        Example { id: $id, scene: Scene::pool, trip: |$s| $trip, near: |$n| $near }
    };
}

fn size(s: &mut Scene, name: &str) {
    s.spec.vm_size = Some(name.into());
}

fn flags(s: &mut Scene, vtpm: Option<bool>, secure_boot: Option<bool>) {
    (s.spec.vtpm, s.spec.secure_boot) = (vtpm, secure_boot);
}

/// Makes the pool exist without flags, on a trusted-launch image or not.
fn exists(s: &mut Scene, trusted_launch_image: bool) {
    flags(s, None, None);
    s.exists();
    let mark = if trusted_launch_image { "TL" } else { "" };
    s.existing().node_image_version = format!("AKSUbuntu-2204gen2{mark}containerd-202403.04.0");
    flags(s, Some(true), None);
}

fn fips(s: &mut Scene) {
    s.spec.fips = Some(true);
}

fn azure_linux(s: &mut Scene) {
    s.spec.os_sku = Some("AzureLinux".into());
}

pub(super) const EXAMPLES: &[Example] = &[
    trusted!("trusted-launch-feature", |s| s.feature = false, |s| {
        s.feature = false;
        flags(s, None, Some(false))
    }),
    trusted!(
        "trusted-launch-pool-made-before-feature",
        |s| {
            exists(s, true);
            s.before.as_mut().unwrap().made_with_feature = false
        },
        |s| exists(s, true)
    ),
    trusted!(
        "trusted-launch-windows",
        |s| {
            s.spec.os_type = Some(OsType::Windows);
            s.spec.name = "winp".into()
        },
        |s| {
            s.spec.os_type = Some(OsType::Windows);
            s.spec.name = "winp".into();
            flags(s, Some(false), None)
        }
    ),
    trusted!(
        "trusted-launch-availability-set",
        |s| {
            s.spec.kind = Some(PoolKind::AvailabilitySet);
            s.embedded = true
        },
        |s| s.spec.kind = Some(PoolKind::VirtualMachines)
    ),
    trusted!(
        "trusted-launch-kata",
        |s| {
            azure_linux(s);
            s.spec.workload_runtime = Some("KataVmIsolation".into())
        },
        |s| {
            azure_linux(s);
            s.spec.workload_runtime = Some("OCIContainer".into())
        }
    ),
    trusted!("trusted-launch-confidential", |s| size(s, "Standard_DC4as_v5"), |s| size(s, "Standard_D4as_v5")),
    trusted!(
        "trusted-launch-confidential",
        |s| {
            size(s, "Standard_DC8s_v3");
            flags(s, Some(true), None)
        },
        |s| {
            size(s, "Standard_DC8s_v3");
            flags(s, None, None)
        }
    ),
    trusted!("trusted-launch-arm64", |s| size(s, "Standard_D2pds_v6"), |s| {
        size(s, "Standard_D2pds_v6");
        flags(s, None, None)
    }),
    trusted!(
        "trusted-launch-arm64",
        |s| {
            size(s, "Standard_D2ps_v5");
            azure_linux(s)
        },
        |s| azure_linux(s)
    ),
    trusted!("trusted-launch-generation", |s| size(s, "Standard_D2_v2"), |s| size(s, "Standard_DS2_v2")),
    trusted!("trusted-launch-disabled", |s| size(s, "Standard_M64"), |s| size(s, "Standard_E4s_v5")),
    trusted!("trusted-launch-kubernetes", |s| s.cluster_version = "1.25.1".into(), |s| s.cluster_version =
        "1.25.2".into()),
    trusted!("trusted-launch-kubernetes", |s| s.cluster_version = "1.24.10".into(), |s| {
        s.cluster_version = "1.24.10".into();
        flags(s, None, None)
    }),
    trusted!("trusted-launch-fips", |s| fips(s), |s| {
        fips(s);
        flags(s, None, None)
    }),
    trusted!(
        "trusted-launch-fips-ubuntu-2204",
        |s| {
            fips(s);
            azure_linux(s)
        },
        |s| fips(s)
    ),
    trusted!(
        "trusted-launch-fips-ubuntu-2204",
        |s| {
            fips(s);
            s.spec.os_sku = Some("Ubuntu2404".into());
            s.cluster_version = "1.35.6".into()
        },
        |s| {
            fips(s);
            s.cluster_version = "1.35.6".into()
        }
    ),
    trusted!(
        "trusted-launch-distribution",
        |s| {
            s.spec.os_sku = Some("CBLMariner".into());
            s.cluster_version = "1.29.9".into()
        },
        |s| {
            azure_linux(s);
            s.cluster_version = "1.29.9".into()
        }
    ),
    trusted!("trusted-launch-virtual-nodes", |s| s.virtual_nodes = true, |s| {
        s.virtual_nodes = true;
        flags(s, None, None)
    }),
    trusted!("trusted-launch-gpu", |s| size(s, "Standard_NC16as_T4_v3"), |s| {
        size(s, "Standard_NC16as_T4_v3");
        s.spec.gpu_driver = Some(GpuDriver::None)
    }),
    trusted!(
        "trusted-launch-gpu",
        |s| {
            size(s, "Standard_NC16as_T4_v3");
            azure_linux(s)
        },
        |s| {
            size(s, "Standard_NC16as_T4_v3");
            flags(s, Some(true), None)
        }
    ),
    trusted!("trusted-launch-gpu-ubuntu", |s| size(s, "Standard_NC6s_v3"), |s| {
        size(s, "Standard_NC6s_v3");
        azure_linux(s)
    }),
    trusted!("trusted-launch-image", |s| exists(s, false), |s| exists(s, true)),
    trusted!(
        "azure-container-linux-flags",
        |s| {
            s.spec.os_sku = Some("AzureContainerLinux".into());
            flags(s, Some(true), None)
        },
        |s| {
            s.spec.os_sku = Some("azurecontainerlinux".into());
            size(s, "Standard_D2pds_v6")
        }
    ),
];

#[test]
fn the_old_tag_skips_the_gpu_driver_until_august_2025() {
    for era in crate::era::Era::ALL {
        let mut scene = Scene::pool(era);
        size(&mut scene, "Standard_NC6s_v3");
        scene.spec.tags = Some([("SkipGPUDriverInstall".to_owned(), json!("true"))].into_iter().collect());
        assert_eq!(scene.judge().is_ok(), era <= crate::era::Era::Ga, "{era}");
    }
}

#[test]
fn a_pool_that_is_switched_on_already_is_not_refused_for_what_came_later() {
    for era in crate::era::Era::ALL {
        let mut scene = Scene::pool(era);
        scene.exists();
        (scene.feature, scene.virtual_nodes, scene.spec.count) = (false, true, Some(5));
        assert_eq!(scene.judge(), Ok(()), "{era}");
    }
}

#[test]
fn the_requests_of_the_articles_pass_in_every_era() {
    for era in crate::era::Era::ALL {
        // az aks create --enable-secure-boot --enable-vtpm, then the flags off and on again one by one.
        let mut scene = Scene::pool(era);
        size(&mut scene, "");
        scene.spec.mode = Some(crate::model::NodePoolMode::System);
        (scene.embedded, scene.first_pool) = (true, true);
        assert_eq!(scene.judge(), Ok(()), "{era}");
        for (vtpm, secure_boot) in [(None, Some(false)), (Some(false), None), (Some(true), None), (None, Some(true))] {
            scene.exists();
            scene.embedded = false;
            flags(&mut scene, vtpm, secure_boot);
            assert_eq!(scene.judge(), Ok(()), "{era}: {vtpm:?} {secure_boot:?}");
        }
        // A pool that was added without flags can be switched on later, but for the eras in between.
        let mut plain = Scene::update(era);
        flags(&mut plain, Some(true), Some(true));
        let refused = matches!(era, crate::era::Era::Y2025M08 | crate::era::Era::Y2026M06);
        assert_eq!(plain.judge().is_err(), refused, "{era}");
    }
}
