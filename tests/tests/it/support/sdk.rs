//! Python and Node.js with the Azure SDKs, as `./test` installs them.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use super::{Slipway, build_dir};

/// A shell that evaluated `slipway env`, with the SDKs at hand.
pub struct Sdk {
    installed: PathBuf,
    scratch: PathBuf,
    variables: BTreeMap<String, String>,
}

impl Sdk {
    /// A shell after `slipway env` with further arguments.
    #[track_caller]
    pub fn new(slipway: &Slipway, arguments: &[&str]) -> Sdk {
        let installed = build_dir().parent().expect("target").join("sdk");
        assert!(
            installed.join("complete").exists(),
            "{} is missing: run 'scripts/install-sdks target/sdk' first (./test does)",
            installed.display()
        );
        let env = slipway.json(&[&["env"], arguments].concat());
        let set = env["set"].as_object().expect("variables to set").iter();
        let mut variables: BTreeMap<_, _> =
            set.map(|(k, v)| (k.clone(), v.as_str().expect("text").to_owned())).collect();
        let text = |path: PathBuf| path.into_os_string().into_string().expect("UTF-8");
        variables.insert("SLIPWAY".to_owned(), text(build_dir().join("slipway")));
        variables.insert("SLIPWAY_DATA".to_owned(), text(slipway.data()));
        variables.insert("HOME".to_owned(), text(slipway.scratch("sdk-home")));
        Sdk { installed, scratch: slipway.scratch("sdk"), variables }
    }

    /// Runs one of the Python suites.
    #[track_caller]
    pub fn python_suite(&self, module: &str) {
        let arguments = ["-W", "error::DeprecationWarning", "-m", "unittest", "--failfast", "-v", module];
        let mut command = self.command("python/bin/python");
        self.run(command.current_dir(suites().join("python")).env("PYTHONDONTWRITEBYTECODE", "1").args(arguments));
    }

    /// Runs one of the Node.js suites.
    #[track_caller]
    pub fn node_suite(&self, file: &str) {
        self.beside_the_modules();
        let mut command = self.command("python/bin/node");
        self.run(command.current_dir(&self.scratch).args(["--test", "--test-reporter=spec", file]));
    }

    /// Runs a Python program; gives what it prints.
    #[track_caller]
    pub fn python(&self, program: &str) -> String {
        self.run(self.command("python/bin/python").current_dir(&self.scratch).args(["-c", program]))
    }

    /// Runs a JavaScript module; gives what it prints.
    #[track_caller]
    pub fn node(&self, program: &str) -> String {
        self.beside_the_modules();
        let arguments = ["--input-type=module", "--eval", program];
        self.run(self.command("python/bin/node").current_dir(&self.scratch).args(arguments))
    }

    /// Node.js looks for packages beside the files that import them.
    fn beside_the_modules(&self) {
        let modules = self.scratch.join("node_modules");
        if !modules.exists() {
            std::os::unix::fs::symlink(self.installed.join("node/node_modules"), &modules).expect("a link");
        }
        for entry in std::fs::read_dir(suites().join("node")).expect("the suites are there").flatten() {
            if entry.path().extension().is_some_and(|extension| extension == "mjs") {
                std::fs::copy(entry.path(), self.scratch.join(entry.file_name())).expect("a copy");
            }
        }
    }

    fn command(&self, program: &str) -> Command {
        let mut command = Command::new(self.installed.join(program));
        command.env_clear().env("PATH", std::env::var_os("PATH").unwrap_or_default());
        command.envs(&self.variables).stdin(Stdio::null());
        command
    }

    #[track_caller]
    fn run(&self, command: &mut Command) -> String {
        let output = command.output().unwrap_or_else(|e| panic!("{command:?} does not start: {e}"));
        let stdout = String::from_utf8_lossy(&output.stdout).into_owned();
        let stderr = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{}\n{stdout}{stderr}", output.status);
        stdout
    }
}

fn suites() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("sdk")
}
