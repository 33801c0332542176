//! `slipway bench`: what this build costs on this machine, measured from outside on a simulator of its own.
//!
//! The simulator runs as a process of its own in a temporary data directory, with explicit time; the load comes from
//! this process, so the server's CPU time is the server's alone.

mod chain;
mod cpu;
mod growth;
mod load;
mod nodes;
mod report;
mod subject;

use crate::cli::{Context, out};
use crate::failure::Failure;
use report::Report;
use subject::Subject;

/// What `slipway bench` is told.
#[derive(Clone, Copy, Debug)]
pub struct Options {
    /// How many nodes to boot.
    pub nodes: u32,
    /// How many GET requests to send.
    pub gets: u32,
    /// How many durable PUT requests to send.
    pub puts: u32,
    /// Whether to measure worlds of up to 1,000 clusters, too.
    pub growth: bool,
}

/// Measures and prints.
///
/// # Errors
/// When the simulator cannot be started or does not answer as it should.
pub(crate) fn run(context: &Context, options: &Options) -> Result<(), Failure> {
    if cfg!(debug_assertions) {
        eprintln!("slipway: this is a debug build; its numbers say little. Measure with cargo build --release");
    }
    let (subject, first_start) = Subject::start()?;
    // The nodes come first: after them no key is being made in the background any more.
    let nodes = nodes::boot(&subject, options.nodes)?;
    let gets = load::gets(&subject, options.gets)?;
    let puts = load::puts(&subject, options.puts)?;
    let growth = if options.growth { growth::measure(&subject)? } else { Vec::new() };
    let (subject, second_start) = subject.restart()?;
    subject.stop()?;
    let chain = chain::measure()?;
    let report = Report { first_start, second_start, gets, puts, nodes, chain, growth };
    if context.json { out::json(&report) } else { out::text(&report.render()) }
}
