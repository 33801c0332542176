//! Whether a big world is slower: reads, writes and lists with 1, 100 and 1,000 clusters.

use std::time::Duration;

use serde::Serialize;
use serde_json::{Value, json};

use super::cpu;
use super::subject::{GROUP, Subject};
use crate::api::{Advance, TimeView};
use crate::failure::Failure;

/// How many clusters there are when it is measured.
const SIZES: [u32; 3] = [1, 100, 1_000];
/// How many reads are measured.
const GETS: u32 = 3_000;
/// How many writes are measured; each is brought to its end.
const PUTS: u32 = 100;
/// How many listed clusters are measured in all.
const LISTED: u32 = 3_000;
/// How many clusters are created between two moves of the clock.
const BATCH: usize = 50;

/// What requests cost with so many clusters, in the server's CPU time.
#[derive(Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Size {
    pub(super) clusters: u32,
    /// One read of one cluster.
    pub(super) get_cpu_ms: f64,
    /// One changed tag of one cluster, until its operation has ended.
    pub(super) put_cpu_ms: f64,
    /// One list of all clusters, divided by their number.
    pub(super) list_cpu_ms_per_cluster: f64,
}

/// Makes the world bigger and measures at each size.
pub(super) fn measure(subject: &Subject) -> Result<Vec<Size>, Failure> {
    let mut present = 0;
    SIZES
        .into_iter()
        .map(|clusters| {
            create(subject, present..clusters)?;
            present = clusters;
            size(subject, clusters)
        })
        .collect()
}

fn size(subject: &Subject, clusters: u32) -> Result<Size, Failure> {
    let arm = subject.arm();
    // Whichever cluster is asked for, it is found at once.
    let url = |number: u32| arm.cluster_url(GROUP, &name(number % clusters), "");
    let lists = (LISTED / clusters).max(3);
    Ok(Size {
        clusters,
        get_cpu_ms: each(subject, GETS, |number| arm.get(&url(number)).map(drop))?,
        put_cpu_ms: each(subject, PUTS, |number| {
            arm.put(&url(number), &cluster(Some(number)))?;
            until_idle(subject)
        })?,
        list_cpu_ms_per_cluster: each(subject, lists, |_| list(subject, clusters))? / f64::from(clusters),
    })
}

/// The server's CPU time per repetition, in milliseconds. The first one warms up and does not count.
fn each(subject: &Subject, count: u32, work: impl Fn(u32) -> Result<(), Failure>) -> Result<f64, Failure> {
    work(count)?;
    let before = cpu::of_process(subject.pid())?;
    (0..count).try_for_each(work)?;
    let cpu: Duration = cpu::of_process(subject.pid())?.saturating_sub(before);
    Ok(cpu.as_secs_f64() * 1e3 / f64::from(count))
}

fn create(subject: &Subject, numbers: std::ops::Range<u32>) -> Result<(), Failure> {
    let arm = subject.arm();
    let numbers: Vec<u32> = numbers.collect();
    numbers.chunks(BATCH).try_for_each(|batch| {
        batch
            .iter()
            .try_for_each(|number| arm.put(&arm.cluster_url(GROUP, &name(*number), ""), &cluster(None)).map(drop))?;
        until_idle(subject)
    })
}

fn list(subject: &Subject, expected: u32) -> Result<(), Failure> {
    let arm = subject.arm();
    let mut next = Some(arm.group_list_url(GROUP));
    let mut found = 0;
    while let Some(url) = next {
        let page = arm.get(&url)?;
        let clusters = page["value"].as_array().map_or(&[][..], Vec::as_slice);
        found += clusters.iter().filter(|c| c["name"].as_str().is_some_and(|n| n.starts_with(PREFIX))).count();
        next = page["nextLink"].as_str().map(str::to_owned);
    }
    match u32::try_from(found) == Ok(expected) {
        true => Ok(()),
        false => Err(Failure::Failed(format!("{found} of {expected} clusters were listed"))),
    }
}

fn until_idle(subject: &Subject) -> Result<(), Failure> {
    subject.client().post::<TimeView>("/time/advance", &Advance::UntilIdle).map(drop)
}

/// What the names of these clusters begin with.
const PREFIX: &str = "grown";

fn name(number: u32) -> String {
    format!("{PREFIX}{number:04}")
}

/// A cluster with one node that has no TPM: what a TPM costs is measured elsewhere.
fn cluster(tag: Option<u32>) -> Value {
    json!({
        "location": "eastus",
        "tags": { "number": tag.map_or_else(|| "new".to_owned(), |number| number.to_string()) },
        "identity": { "type": "SystemAssigned" },
        "properties": { "dnsPrefix": "grown", "agentPoolProfiles": [{
            "name": "nodepool1",
            "count": 1,
            "vmSize": "Standard_D2s_v5",
            "osType": "Linux",
            "mode": "System",
            "type": "VirtualMachineScaleSets",
        }] },
    })
}
