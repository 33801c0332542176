//! The real az, as `./test` installs it.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::process::{Command, Output, Stdio};

use serde_json::Value;

use super::{Slipway, build_dir};

/// The newest azure-cli that is tested.
pub const NEW: &str = "2.91.0";
/// The oldest one: the minimum that the documentation names.
pub const OLD: &str = "2.66.0";

/// One version of az in a shell that evaluated `slipway env`.
pub struct Az {
    program: PathBuf,
    home: PathBuf,
    variables: BTreeMap<String, String>,
}

impl Az {
    /// A shell with a home of its own, after `eval "$(slipway env)"`.
    #[track_caller]
    pub fn new(slipway: &Slipway, version: &str) -> Az {
        Az::with(slipway, version, &[])
    }

    /// A shell after `slipway env` with further arguments.
    #[track_caller]
    pub fn with(slipway: &Slipway, version: &str, arguments: &[&str]) -> Az {
        let program = build_dir().parent().expect("target").join("az").join(version).join("bin/az");
        assert!(
            program.exists(),
            "{} is missing: run 'scripts/install-az target/az {version}' first (./test does)",
            program.display()
        );
        let env = slipway.json(&[&["env"], arguments].concat());
        let set = env["set"].as_object().expect("variables to set").iter();
        let variables = set.map(|(k, v)| (k.clone(), v.as_str().expect("text").to_owned())).collect();
        Az { program, home: slipway.scratch("home"), variables }
    }

    /// Sets a variable for all commands from now on.
    pub fn set(&mut self, name: &str, value: &str) {
        self.variables.insert(name.to_owned(), value.to_owned());
    }

    /// A variable that `slipway env` sets.
    pub fn variable(&self, name: &str) -> &str {
        &self.variables[name]
    }

    /// The folder in which az writes what belongs to its user (`~/.ssh`, `~/.kube`).
    pub fn home(&self) -> &std::path::Path {
        &self.home
    }

    /// Runs a command line as a person types it; quotes are understood.
    pub fn run(&self, line: &str) -> Output {
        let mut words = words(line);
        assert_eq!(words.remove(0), "az", "{line}");
        let mut command = Command::new(&self.program);
        command.env_clear().env("PATH", std::env::var_os("PATH").unwrap_or_default()).env("HOME", &self.home);
        command.envs(&self.variables).args(words).stdin(Stdio::null()).current_dir(&self.home);
        command.output().unwrap_or_else(|e| panic!("az does not start: {e}"))
    }

    /// Runs a command line that must succeed; gives the JSON that it prints, null for none.
    #[track_caller]
    pub fn ok(&self, line: &str) -> Value {
        let output = self.run(line);
        let stdout = String::from_utf8_lossy(&output.stdout).into_owned();
        let stderr = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{line}: {}\n{stdout}{stderr}", output.status);
        if stdout.trim().is_empty() {
            return Value::Null;
        }
        serde_json::from_str(&stdout).unwrap_or(Value::String(stdout))
    }

    /// Runs a command line that must fail with an exit code; gives what it says.
    #[track_caller]
    pub fn fails(&self, code: i32, line: &str) -> String {
        let output = self.run(line);
        let stderr = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(code), "{line}\n{stderr}");
        stderr
    }
}

/// Splits at spaces outside double quotes. `""` is an empty word.
fn words(line: &str) -> Vec<String> {
    let (mut words, mut word, mut quoted) = (Vec::new(), None::<String>, false);
    for c in line.chars() {
        match c {
            '"' => {
                quoted = !quoted;
                word.get_or_insert_default();
            }
            ' ' if !quoted => words.extend(word.take()),
            c => word.get_or_insert_default().push(c),
        }
    }
    words.extend(word);
    words
}
