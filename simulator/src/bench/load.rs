//! Requests per second, and their CPU time in the server.

use std::sync::atomic::{AtomicU32, Ordering};

use control_plane::clock::Stopwatch;
use serde_json::{Value, json};

use super::cpu;
use super::report::Rate;
use super::subject::{CLUSTER, GROUP, Subject};
use crate::client::Arm;
use crate::failure::Failure;

/// Clients that read at the same time.
const READERS: u32 = 4;
/// Clients that write at the same time. Durable writes wait for the disk together, so many clients show what the
/// store can do.
const WRITERS: u32 = 32;
/// How many different resource groups are written.
const GROUPS: u32 = 500;

/// Reads of one cluster, the resource that clients read most.
pub(super) fn gets(subject: &Subject, count: u32) -> Result<Rate, Failure> {
    let url = subject.arm().cluster_url(GROUP, CLUSTER, "");
    measure(subject, READERS, count, |arm, _| arm.get(&url).map(drop))
}

/// Writes of resource groups, each durable when it is answered.
pub(super) fn puts(subject: &Subject, count: u32) -> Result<Rate, Failure> {
    measure(subject, WRITERS, count, |arm, number| {
        let url = arm.url(&format!("{GROUP}-{}", number % GROUPS), "");
        arm.put(&url, &group(number)).map(drop)
    })
}

fn group(number: u32) -> Value {
    json!({ "location": "eastus", "tags": { "number": number.to_string() } })
}

fn measure(
    subject: &Subject,
    clients: u32,
    count: u32,
    send: impl Fn(&Arm, u32) -> Result<(), Failure> + Sync,
) -> Result<Rate, Failure> {
    let next = AtomicU32::new(0);
    let (next, send, arm) = (&next, &send, subject.arm());
    // Connections and caches are warm before the measurement begins.
    run(clients, || send(arm, 0))?;
    let before = cpu::of_process(subject.pid())?;
    let stopwatch = Stopwatch::start();
    run(clients, || {
        loop {
            let number = next.fetch_add(1, Ordering::Relaxed);
            if number >= count {
                return Ok(());
            }
            send(arm, number)?;
        }
    })?;
    let wall = stopwatch.elapsed();
    let cpu = cpu::of_process(subject.pid())? - before;
    Ok(Rate::new(count, clients, wall, cpu))
}

/// Runs the same in several threads; the first failure counts.
fn run(threads: u32, work: impl Fn() -> Result<(), Failure> + Sync) -> Result<(), Failure> {
    std::thread::scope(|scope| {
        let work = &work;
        let handles: Vec<_> = (0..threads).map(|_| scope.spawn(work)).collect();
        handles.into_iter().try_for_each(|handle| {
            handle.join().unwrap_or_else(|_| Err(Failure::Failed("a client broke down".to_owned())))
        })
    })
}
