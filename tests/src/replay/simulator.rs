//! The simulator under test: one of the replay's own, or one that runs already.

use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use serde_json::Value;
use tempfile::TempDir;

use super::Failure;
use super::client::Client;

/// A running simulator with explicit time.
pub struct Simulator {
    program: PathBuf,
    data: PathBuf,
    url: String,
    client: Client,
    /// A process and a folder of the replay's own.
    own: Option<(Child, TempDir)>,
}

impl Simulator {
    /// Starts one in a temporary folder; it ends with this value.
    ///
    /// # Errors
    /// When `program` cannot be run or does not become ready.
    pub fn start(program: &Path) -> Result<Simulator, Failure> {
        let failed = |why: String| Failure(format!("cannot start {}: {why}", program.display()));
        let temp = tempfile::tempdir().map_err(|e| failed(e.to_string()))?;
        let data = temp.path().join("data");
        let log = std::fs::File::create(temp.path().join("log")).map_err(|e| failed(e.to_string()))?;
        let mut command = Command::new(program);
        command.args(["up", "--json", "--listen", "127.0.0.1:0", "--speed", "explicit", "--data"]).arg(&data);
        command.env_remove("SLIPWAY_LOG").stdin(Stdio::null()).stdout(Stdio::piped()).stderr(log);
        let mut child =
            command.spawn().map_err(|e| failed(format!("{e}; build it with 'cargo build --bin slipway'")))?;
        let mut line = String::new();
        if let Some(stdout) = child.stdout.take() {
            BufReader::new(stdout).read_line(&mut line).map_err(|e| failed(e.to_string()))?;
        }
        let Ok(ready) = serde_json::from_str::<Value>(&line) else {
            let _ = child.wait();
            let log = std::fs::read_to_string(temp.path().join("log")).unwrap_or_default();
            return Err(failed(format!("it did not become ready:\n{log}")));
        };
        Simulator::of(program, &data, &ready, Some((child, temp)))
    }

    /// Uses one that runs already, by its data directory. Its clock must be explicit.
    ///
    /// # Errors
    /// When none runs there, or its time moves by itself.
    pub fn running(program: &Path, data: &Path) -> Result<Simulator, Failure> {
        let status = command(program, data, &["status"])?;
        if status["time"]["pace"]["mode"] != "explicit" {
            let text = "the simulator's time moves by itself; stop it with 'slipway time explicit' first";
            return Err(Failure(text.to_owned()));
        }
        let url = status["url"].clone();
        let ca = data.join("tls/ca.pem");
        Simulator::of(program, data, &serde_json::json!({"url": url, "ca": ca}), None)
    }

    fn of(program: &Path, data: &Path, ready: &Value, own: Option<(Child, TempDir)>) -> Result<Simulator, Failure> {
        let text = |key: &str| ready[key].as_str().unwrap_or_default().to_owned();
        let token = command(program, data, &["token"])?;
        let token = token["accessToken"].as_str().unwrap_or_default();
        let client = Client::new(Path::new(&text("ca")), token)?;
        Ok(Simulator { program: program.to_owned(), data: data.to_owned(), url: text("url"), client, own })
    }

    /// Its origin.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// A client with a token.
    pub fn client(&self) -> &Client {
        &self.client
    }

    /// Adds a subscription that lives under the rules of an era; gives its id.
    ///
    /// # Errors
    /// When the simulator does not do it.
    pub fn add_subscription(&self, era: &str) -> Result<String, Failure> {
        let added = command(&self.program, &self.data, &["subscription", "add", "--era", era])?;
        let id = added["id"].as_str().ok_or_else(|| Failure(format!("no id in the new subscription: {added}")))?;
        Ok(id.to_owned())
    }

    /// Moves time by a duration such as `30m`.
    ///
    /// # Errors
    /// When the simulator does not do it.
    pub fn advance(&self, by: &str) -> Result<(), Failure> {
        command(&self.program, &self.data, &["time", "advance", by]).map(drop)
    }

    /// Moves time until nothing is going on any more.
    ///
    /// # Errors
    /// When the simulator does not do it.
    pub fn settle(&self) -> Result<(), Failure> {
        command(&self.program, &self.data, &["time", "until-idle"]).map(drop)
    }
}

impl Drop for Simulator {
    fn drop(&mut self) {
        if let Some((mut child, temp)) = self.own.take() {
            // In good order, so that no swtpm is left behind; by force when it does not listen.
            if command(&self.program, &self.data, &["down"]).is_err() {
                let _ = child.kill();
            }
            let _ = child.wait();
            drop(temp);
        }
    }
}

/// Runs a command of `slipway` with `--json`; gives what it prints, null for nothing.
fn command(program: &Path, data: &Path, args: &[&str]) -> Result<Value, Failure> {
    let failed = |why: String| Failure(format!("'slipway {}' failed: {why}", args.join(" ")));
    let mut command = Command::new(program);
    command.args(args).arg("--json").arg("--data").arg(data).stdin(Stdio::null());
    let output = command.output().map_err(|e| failed(e.to_string()))?;
    if !output.status.success() {
        return Err(failed(String::from_utf8_lossy(&output.stderr).into_owned()));
    }
    Ok(serde_json::from_slice(&output.stdout).unwrap_or(Value::Null))
}

/// The `slipway` of this build: beside the running program, or beside the folder of test programs.
///
/// # Errors
/// When it has not been built.
pub fn program_of_this_build() -> Result<PathBuf, Failure> {
    let own = std::env::current_exe().map_err(|e| Failure(format!("cannot tell where this program is: {e}")))?;
    let found = own.ancestors().skip(1).take(2).map(|dir| dir.join("slipway")).find(|path| path.is_file());
    found.ok_or_else(|| Failure("slipway has not been built; run 'cargo build --bin slipway' first".to_owned()))
}
