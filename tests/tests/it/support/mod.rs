//! A running simulator, and those who talk to it.

mod arm;
mod az;
mod sdk;
mod simulator;
mod table;
mod tools;

pub use arm::{Answer, Arm, cluster_path, pool_body};
pub use az::{Az, NEW, OLD};
pub use sdk::Sdk;
pub use simulator::Slipway;
pub use table::{column, shows};
pub use tools::{tool, tool_fails};

use std::path::PathBuf;
use std::time::Duration;

/// How long anything may take on a busy machine with two cores.
pub const PATIENCE: Duration = Duration::from_secs(120);

/// The folder of this build: the one that holds `slipway`.
pub fn build_dir() -> PathBuf {
    let test = std::env::current_exe().expect("a running program has a path");
    test.parent().and_then(|deps| deps.parent()).expect("tests run from target/PROFILE/deps").to_owned()
}

/// Asks again and again until there is an answer.
#[track_caller]
pub fn eventually<T>(what: &str, mut ask: impl FnMut() -> Option<T>) -> T {
    let pause = Duration::from_millis(50);
    for _ in 0..PATIENCE.as_millis() / pause.as_millis() {
        if let Some(answer) = ask() {
            return answer;
        }
        std::thread::sleep(pause);
    }
    panic!("waited {} s in vain: {what}", PATIENCE.as_secs());
}
