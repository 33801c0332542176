//! Recorded traffic with Azure, sent again.

use std::path::{Path, PathBuf};

use slipway_tests::replay::recording::Recording;
use slipway_tests::replay::run::{Outcome, Replay, replay};
use slipway_tests::replay::score::Thresholds;
use slipway_tests::replay::simulator::Simulator;
use slipway_tests::replay::{classify::Unreplayable, report};

use crate::support::build_dir;

/// What every set of recordings must reach.
const WANTED: Thresholds = Thresholds { status: 100.0, headers: 95.0, paths: 99.0, values: 97.0 };

/// The recordings in a folder, by name.
fn recordings(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).expect("the folder is readable");
    let mut files: Vec<_> = entries.map(|entry| entry.expect("an entry").path()).collect();
    files.retain(|path| path.extension().is_some_and(|extension| extension == "jsonl"));
    files.sort();
    files
}

/// Replays all recordings of a folder on one simulator; they must reach the thresholds together.
#[track_caller]
fn replay_all(folder: &Path) -> Vec<Replay> {
    let simulator = Simulator::start(&build_dir().join("slipway")).expect("slipway starts");
    let all = recordings(folder).into_iter().map(|path| {
        let recording = Recording::load(&path).expect("a recording");
        replay(&simulator, &recording).unwrap_or_else(|failure| panic!("{}: {failure}", path.display()))
    });
    let replays: Vec<_> = all.collect();
    let missed = WANTED.missed_by(&report::total(&replays));
    assert!(missed.is_empty(), "missed {missed:?}:\n{}", report::text(&replays));
    replays
}

#[test]
fn the_simulator_answers_as_azure_did() {
    let replays = replay_all(&Path::new(env!("CARGO_MANIFEST_DIR")).join("golden"));
    let outcomes = || replays.iter().flat_map(|replay| &replay.exchanges).map(|exchange| &exchange.outcome);
    let transient = outcomes().filter(|o| matches!(o, Outcome::NotReplayed(Unreplayable::Transient))).count();
    assert_eq!(transient, 2, "faults of a moment are shown, not counted");
    let skipped = outcomes().filter(|o| matches!(o, Outcome::NotReplayed(_))).count();
    assert_eq!(skipped, 2, "everything else is sent");
}

#[test]
fn so_it_does_with_more_recordings_where_there_are_some() {
    let beside = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/recordings");
    let folder = std::env::var_os("SLIPWAY_RECORDINGS").map_or(beside, PathBuf::from);
    if !folder.is_dir() {
        println!("skipped: there is no folder {}; SLIPWAY_RECORDINGS names another one", folder.display());
        return;
    }
    replay_all(&folder);
}
