//! Whole machines against the real swtpm and, as an independent judge, tpm2-tools.

mod chain;
mod evidence;
mod faults;
mod identity;
mod lifecycle;

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use control_plane::hardware::{BootOrder, BootOutcome, BootReport, Component, Fault, Hardware, HardwareEvent, VmId};
use tokio::sync::mpsc;
use uuid::Uuid;

use super::*;

const NOW: u64 = 1_780_000_000;

struct Bench {
    fleet: Arc<Fleet>,
    events: mpsc::UnboundedReceiver<HardwareEvent>,
}

/// A fleet in `dir`, with the keys that all tests share: an RSA-4096 key takes seconds to make.
async fn bench(dir: &Path) -> Bench {
    let (sender, events) = mpsc::unbounded_channel();
    let mut config = FleetConfig::new(dir, Arc::new(|| NOW));
    config.idle_sleep = Duration::from_secs(3600);
    copy_keys(dir).await;
    Bench { fleet: Fleet::open(config, sender).await.unwrap(), events }
}

async fn copy_keys(to: &Path) {
    const FOLDERS: [&str; 2] = ["vtpm-ca", "secure-boot"];
    static SHARED: OnceCell<tempfile::TempDir> = OnceCell::const_new();
    let make = || async {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().to_path_buf();
        let work = move || {
            VtpmCa::open_or_create(&path.join(FOLDERS[0]), NOW).unwrap();
            crate::image::PlatformKeys::open_or_create(&path.join(FOLDERS[1]), NOW).unwrap();
        };
        tokio::task::spawn_blocking(work).await.unwrap();
        dir
    };
    let shared = SHARED.get_or_init(make).await;
    for folder in FOLDERS.into_iter().filter(|folder| !to.join(folder).exists()) {
        std::fs::create_dir_all(to.join(folder)).unwrap();
        for entry in std::fs::read_dir(shared.path().join(folder)).unwrap() {
            let entry = entry.unwrap();
            std::fs::copy(entry.path(), to.join(folder).join(entry.file_name())).unwrap();
        }
    }
}

fn vm(number: u128) -> VmId {
    VmId(Uuid::from_u128(number))
}

fn order(number: u128) -> BootOrder {
    BootOrder {
        vm: vm(number),
        name: format!("aks-nodepool1-12345678-vmss{number:06}"),
        disk_generation: 1,
        image: "AKSUbuntu-2204gen2TLcontainerd-202607.13.0".to_owned(),
        secure_boot: true,
        vtpm: true,
        faults: vec![],
    }
}

fn tampered(number: u128) -> BootOrder {
    BootOrder { faults: vec![Fault::Tampered { component: Component::Grub }], ..order(number) }
}

async fn boot(fleet: &Fleet, order: BootOrder) -> BootReport {
    fleet.boot(order).await.unwrap()
}
