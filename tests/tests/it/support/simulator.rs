//! The `slipway` binary in a data directory of its own.

use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};

use serde_json::Value;
use tempfile::TempDir;

use super::{Arm, build_dir};

/// A simulator. It ends with the test.
pub struct Slipway {
    temp: TempDir,
    child: Option<Child>,
    running: Value,
}

impl Slipway {
    /// Starts one at a speed: a number, or `explicit`.
    #[track_caller]
    pub fn start(speed: &str) -> Slipway {
        Slipway::start_with(speed, &[])
    }

    /// Starts one with further arguments of `slipway up`.
    #[track_caller]
    pub fn start_with(speed: &str, arguments: &[&str]) -> Slipway {
        let temp = tempfile::tempdir().expect("a temporary folder");
        let mut slipway = Slipway { temp, child: None, running: Value::Null };
        slipway.launch_with(speed, arguments);
        slipway
    }

    /// Starts it again in the same data directory.
    #[track_caller]
    pub fn launch(&mut self, speed: &str) {
        self.launch_with(speed, &[]);
    }

    fn launch_with(&mut self, speed: &str, arguments: &[&str]) {
        let mut child = self
            .command()
            .args(["up", "--json", "--listen", "127.0.0.1:0", "--speed", speed])
            .args(arguments)
            .stdout(Stdio::piped())
            .stderr(self.log())
            .spawn()
            .expect("slipway starts");
        let stdout = child.stdout.take().expect("it is piped");
        let mut line = String::new();
        BufReader::new(stdout).read_line(&mut line).expect("slipway writes text");
        self.child = Some(child);
        let log = || std::fs::read_to_string(self.temp.path().join("log")).unwrap_or_default();
        self.running = serde_json::from_str(&line).unwrap_or_else(|e| panic!("no ready line ({e}): {line}\n{}", log()));
    }

    /// `kill -9`.
    pub fn kill(&mut self) {
        let mut child = self.child.take().expect("it runs");
        child.kill().expect("own processes can be killed");
        child.wait().expect("own processes can be waited for");
    }

    /// Asks it to stop and waits until it has.
    #[track_caller]
    pub fn stop(&mut self) {
        self.ok(&["down"]);
        let status = self.child.take().expect("it runs").wait().expect("own processes can be waited for");
        assert!(status.success(), "slipway up ended with {status}");
    }

    /// Its data directory.
    pub fn data(&self) -> PathBuf {
        self.temp.path().join("data")
    }

    /// A folder for the test's own files.
    pub fn scratch(&self, name: &str) -> PathBuf {
        let path = self.temp.path().join(name);
        std::fs::create_dir_all(&path).expect("a folder in the temporary folder");
        path
    }

    /// Its process.
    pub fn pid(&self) -> u32 {
        self.child.as_ref().expect("it runs").id()
    }

    /// Its origin.
    pub fn url(&self) -> &str {
        self.running["url"].as_str().expect("the ready line has a URL")
    }

    /// Its CA certificate.
    pub fn ca(&self) -> &Path {
        Path::new(self.running["ca"].as_str().expect("the ready line has a CA"))
    }

    /// An ARM client of the default subscription.
    pub fn arm(&self) -> Arm {
        Arm::new(self, &self.subscription(0))
    }

    /// A subscription's id, by its place in the list.
    pub fn subscription(&self, place: usize) -> String {
        let all = self.json(&["subscription", "list"]);
        all["subscriptions"][place]["id"].as_str().expect("subscriptions have ids").to_owned()
    }

    /// Runs a command.
    pub fn run(&self, args: &[&str]) -> Output {
        self.command().args(args).output().expect("slipway starts")
    }

    /// Runs a command that must succeed; gives what it prints.
    #[track_caller]
    pub fn ok(&self, args: &[&str]) -> String {
        let output = self.run(args);
        let stderr = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "slipway {args:?} ended with {}:\n{stderr}", output.status);
        String::from_utf8(output.stdout).expect("slipway prints text")
    }

    /// Runs a command with `--json` that must succeed.
    #[track_caller]
    pub fn json(&self, args: &[&str]) -> Value {
        let text = self.ok(&[args, &["--json"]].concat());
        serde_json::from_str(&text).unwrap_or_else(|e| panic!("slipway {args:?} --json: {e}\n{text}"))
    }

    /// Runs a command that must fail with an exit code; gives its complaint.
    #[track_caller]
    pub fn fails(&self, code: i32, args: &[&str]) -> String {
        let output = self.run(args);
        let stderr = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(code), "slipway {args:?}:\n{stderr}");
        stderr
    }

    /// The nodes of a pool, by name.
    #[track_caller]
    pub fn nodes(&self, pool: &str) -> Vec<Value> {
        let all = self.json(&["node", "list"]);
        let all = all["nodes"].as_array().expect("a list").iter();
        all.filter(|node| node["pool"] == pool).cloned().collect()
    }

    /// The name of a pool's node.
    #[track_caller]
    pub fn node(&self, pool: &str, place: usize) -> String {
        self.nodes(pool)[place]["name"].as_str().expect("nodes have names").to_owned()
    }

    fn command(&self) -> Command {
        let program = build_dir().join("slipway");
        assert!(
            program.exists(),
            "{} is missing: run 'cargo build --bin slipway' first (./test does)",
            program.display()
        );
        let mut command = Command::new(program);
        command.env_remove("SLIPWAY_LOG").env("SLIPWAY_DATA", self.data()).stdin(Stdio::null());
        command
    }

    fn log(&self) -> Stdio {
        let log = std::fs::OpenOptions::new().create(true).append(true).open(self.temp.path().join("log"));
        log.expect("a log file").into()
    }
}

impl Drop for Slipway {
    fn drop(&mut self) {
        if std::thread::panicking() {
            let log = std::fs::read_to_string(self.temp.path().join("log")).unwrap_or_default();
            eprintln!("--- log of the simulator\n{log}---");
        }
        if let Some(mut child) = self.child.take() {
            // In good order, so that no swtpm is left behind; by force when it does not listen.
            if !self.run(&["down"]).status.success() {
                let _ = child.kill();
            }
            let _ = child.wait();
        }
    }
}
