//! tpm2-tools.

use std::path::Path;
use std::process::{Command, Output};

fn run(dir: &Path, line: &str) -> Output {
    let mut words = line.split(' ');
    let program = words.next().unwrap_or_default();
    let mut command = Command::new(program);
    command.args(words).current_dir(dir).env("TSS2_LOG", "all+NONE");
    command.output().unwrap_or_else(|e| panic!("{program} does not start ({e}); scripts/install-deps test installs it"))
}

/// Runs a tool that must succeed; gives what it prints.
#[track_caller]
pub fn tool(dir: &Path, line: &str) -> String {
    let output = run(dir, line);
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{line}: {}\n{stderr}", output.status);
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// Runs a tool that must fail; gives its complaint.
#[track_caller]
pub fn tool_fails(dir: &Path, line: &str) -> String {
    let output = run(dir, line);
    assert!(!output.status.success(), "{line} succeeded: {}", String::from_utf8_lossy(&output.stdout));
    String::from_utf8_lossy(&output.stderr).into_owned()
}
