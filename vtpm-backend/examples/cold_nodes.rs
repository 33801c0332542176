//! What a new node costs: boots machines that never existed before and prints wall and CPU time, the simulator's own
//! and that of the swtpm processes.
//!
//! ```text
//! cargo run --release -p vtpm-backend --example cold_nodes -- 50
//! ```

use std::sync::Arc;

use control_plane::hardware::{BootOrder, Hardware, VmId};
use tokio::time::Instant;
use uuid::Uuid;
use vtpm_backend::evidence::Selection;
use vtpm_backend::fleet::{Fleet, FleetConfig};

const NOW: u64 = 1_780_000_000;
/// `sysconf(_SC_CLK_TCK)` on Linux.
const TICK_MS: u64 = 10;

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let nodes: u128 = std::env::args().nth(1).map_or(Ok(20), |text| text.parse())?;
    let dir = std::env::temp_dir().join(format!("slipway-cold-nodes-{}", std::process::id()));
    let (sender, _events) = tokio::sync::mpsc::unbounded_channel();
    let fleet = Fleet::open(FleetConfig::new(&dir, Arc::new(|| NOW)), sender).await?;
    fleet.ca().await?;
    fleet.boot(order(0)).await?; // keys and image are made once for all nodes

    let (start, before) = (Instant::now(), cpu()?);
    let boots: Vec<_> = (1..=nodes)
        .map(|number| {
            let fleet = Arc::clone(&fleet);
            tokio::spawn(async move { fleet.boot(order(number)).await })
        })
        .collect();
    for boot in boots {
        boot.await??;
    }
    let wall = start.elapsed();
    let quotes = Instant::now();
    for number in 1..=nodes {
        fleet.quote(VmId(Uuid::from_u128(number)), b"nonce", &Selection::default()).await?;
    }
    let quotes = quotes.elapsed();
    let sleep = Instant::now();
    fleet.shutdown().await;
    let after = cpu()?;
    let per_node = |ms: u64| ms as f64 / nodes as f64;
    println!("{nodes} cold nodes: {:.1} ms wall each", wall.as_secs_f64() * 1e3 / nodes as f64);
    println!(
        "quotes: {:.1} ms wall each; sleep: {:.1} ms",
        quotes.as_secs_f64() * 1e3 / nodes as f64,
        sleep.elapsed().as_secs_f64() * 1e3 / nodes as f64
    );
    println!(
        "CPU for boot, quote and sleep: {:.1} ms each in the simulator, {:.1} ms each in swtpm",
        per_node(after.own - before.own),
        per_node(after.children - before.children)
    );
    std::fs::remove_dir_all(&dir)?;
    Ok(())
}

fn order(number: u128) -> BootOrder {
    BootOrder {
        vm: VmId(Uuid::from_u128(number)),
        name: format!("aks-nodepool1-12345678-vmss{number:06}"),
        disk_generation: 1,
        image: "AKSUbuntu-2204gen2TLcontainerd-202607.13.0".to_owned(),
        secure_boot: true,
        vtpm: true,
        faults: vec![],
    }
}

struct Cpu {
    own: u64,
    children: u64,
}

/// CPU time in milliseconds: of this process, and of its children that have ended.
fn cpu() -> std::io::Result<Cpu> {
    let stat = std::fs::read_to_string("/proc/self/stat")?;
    let fields: Vec<u64> = stat
        .rsplit(')')
        .next()
        .unwrap_or_default()
        .split_whitespace()
        .skip(11)
        .take(4)
        .filter_map(|field| field.parse().ok())
        .collect();
    match fields[..] {
        [user, system, child_user, child_system] => {
            Ok(Cpu { own: (user + system) * TICK_MS, children: (child_user + child_system) * TICK_MS })
        }
        _ => Err(std::io::Error::other("/proc/self/stat has an unknown form")),
    }
}
