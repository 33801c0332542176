//! The simulator that is measured.

use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use control_plane::clock::Stopwatch;

use serde_json::json;

use crate::api::{Status, Subscriptions};
use crate::client::{Arm, Client};
use crate::data_dir::DataDir;
use crate::failure::{Failure, OrFail as _};

/// The group and cluster that requests are about.
pub(super) const GROUP: &str = "bench";
pub(super) const CLUSTER: &str = "bench";

/// A running simulator in a temporary data directory.
pub(super) struct Subject {
    // Dropped before the folder: first the simulator goes, then what it works in.
    child: Running,
    dir: TemporaryDir,
    client: Client,
    arm: Arm,
}

/// A process that does not outlive the measurement, however that ends.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        // Both fail when it has ended already.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// A folder that goes away at the end.
struct TemporaryDir(PathBuf);

impl Drop for TemporaryDir {
    fn drop(&mut self) {
        // Leaving something behind in the temporary folder is no reason to fail.
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

impl Subject {
    /// Starts one and says how long it took from `exec` to the first answer.
    pub(super) fn start() -> Result<(Subject, Duration), Failure> {
        let name = format!("slipway-bench-{}-{}", std::process::id(), uuid::Uuid::new_v4().simple());
        launch(TemporaryDir(std::env::temp_dir().join(name)))
    }

    /// Stops it and starts it again on the same world.
    pub(super) fn restart(self) -> Result<(Subject, Duration), Failure> {
        let dir = self.end()?;
        launch(dir)
    }

    /// Stops it.
    pub(super) fn stop(self) -> Result<(), Failure> {
        self.end().map(drop)
    }

    fn end(mut self) -> Result<TemporaryDir, Failure> {
        self.client.command("/shutdown")?;
        self.child.0.wait().or_fail(|| "the simulator cannot be waited for".to_owned())?;
        Ok(self.dir)
    }

    pub(super) fn pid(&self) -> u32 {
        self.child.0.id()
    }

    pub(super) fn data(&self) -> &Path {
        &self.dir.0
    }

    pub(super) fn client(&self) -> &Client {
        &self.client
    }

    pub(super) fn arm(&self) -> &Arm {
        &self.arm
    }
}

fn launch(dir: TemporaryDir) -> Result<(Subject, Duration), Failure> {
    let program = std::env::current_exe().or_fail(|| "cannot find this program".to_owned())?;
    let stopwatch = Stopwatch::start();
    let child = Command::new(program)
        .args(["up", "--json", "--listen", "127.0.0.1:0", "--speed", "explicit", "--data"])
        .arg(&dir.0)
        .env("SLIPWAY_LOG", "warn")
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .spawn()
        .or_fail(|| "cannot start the simulator".to_owned())?;
    let mut child = Running(child);
    let stdout = child.0.stdout.take().ok_or_else(|| Failure::Failed("the simulator has no stdout".to_owned()))?;
    let mut ready = String::new();
    BufReader::new(stdout).read_line(&mut ready).or_fail(|| "the simulator does not get ready".to_owned())?;
    let client = Client::find(&DataDir::locate(Some(dir.0.clone()))?)?;
    let _: Status = client.get("/status")?;
    let took = stopwatch.elapsed();
    let all: Subscriptions = client.get("/subscriptions")?;
    let first = all.subscriptions.first().ok_or_else(|| Failure::Failed("there is no subscription".to_owned()))?;
    let arm = Arm::new(&client, &first.id.to_string())?;
    arm.put(&arm.url(GROUP, ""), &json!({ "location": "eastus" }))?;
    Ok((Subject { child, dir, client, arm }, took))
}
