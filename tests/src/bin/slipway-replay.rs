//! `slipway-replay`: replays recorded traffic with Azure against the simulator, and compares the answers.
#![forbid(unsafe_code)]

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Parser;
use slipway_tests::replay::recording::Recording;
use slipway_tests::replay::score::Thresholds;
use slipway_tests::replay::simulator::{Simulator, program_of_this_build};
use slipway_tests::replay::{Failure, report, run};

/// Replay recorded traffic with Azure against the simulator, and compare the answers.
#[derive(Parser)]
#[command(
    after_help = "Exit codes: 0 thresholds reached, 1 something failed, 2 wrong usage, 4 a threshold was missed."
)]
struct Args {
    /// Recordings: JSON lines with method, uri, request, status, headers and response.
    files: Vec<PathBuf>,
    /// Print JSON.
    #[arg(long)]
    json: bool,
    /// Use the simulator that runs with this data directory (its time must be explicit) instead of an own one.
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
    /// The slipway program [default: the one of this build].
    #[arg(long, value_name = "FILE")]
    slipway: Option<PathBuf>,
    /// The least share of equal statuses, in percent.
    #[arg(long, default_value_t = 0.0, value_name = "PERCENT")]
    min_status: f64,
    /// The least share of equal headers, in percent.
    #[arg(long, default_value_t = 0.0, value_name = "PERCENT")]
    min_headers: f64,
    /// The least share of equal JSON paths, in percent.
    #[arg(long, default_value_t = 0.0, value_name = "PERCENT")]
    min_paths: f64,
    /// The least share of equal values, in percent.
    #[arg(long, default_value_t = 0.0, value_name = "PERCENT")]
    min_values: f64,
    /// Print what depends on the moment and how it is compared, and end.
    #[arg(long)]
    rules: bool,
}

fn main() -> ExitCode {
    match replay(&Args::parse()) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::from(4),
        Err(failure) => {
            eprintln!("slipway-replay: {failure}");
            ExitCode::FAILURE
        }
    }
}

fn replay(args: &Args) -> Result<bool, Failure> {
    if args.rules {
        print!("{}", report::rules());
        return Ok(true);
    }
    let recordings = args.files.iter().map(|path| Recording::load(path)).collect::<Result<Vec<_>, _>>()?;
    if recordings.is_empty() {
        return Err(Failure("no recording was named; see --help".to_owned()));
    }
    let program = args.slipway.clone().map_or_else(program_of_this_build, Ok)?;
    let simulator = match &args.data {
        Some(data) => Simulator::running(&program, data)?,
        None => Simulator::start(&program)?,
    };
    let replays = recordings.iter().map(|one| run::replay(&simulator, one)).collect::<Result<Vec<_>, _>>()?;
    if args.json {
        println!("{:#}", report::json(&replays));
    } else {
        print!("{}", report::text(&replays));
    }
    let wanted = Thresholds {
        status: args.min_status,
        headers: args.min_headers,
        paths: args.min_paths,
        values: args.min_values,
    };
    let missed = wanted.missed_by(&report::total(&replays));
    for (name, reached, wanted) in &missed {
        eprintln!("slipway-replay: {name} {reached:.2} %, wanted {wanted:.2} %");
    }
    Ok(missed.is_empty())
}
