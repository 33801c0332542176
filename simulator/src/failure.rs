//! Why a command did not do what it was asked for, and the exit code that says so.

use std::fmt;

/// A failed command. The text is for the person at the terminal: what happened and what to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Failure {
    /// Exit code 1: anything that has no code of its own.
    Failed(String),
    /// Exit code 2: the arguments make no sense (clap uses the same code).
    Usage(String),
    /// Exit code 3: the node, subscription or file that was named does not exist.
    NotFound(String),
    /// Exit code 4: evidence or boot files were judged, and the verdict is not "trusted".
    NotTrusted,
}

impl Failure {
    /// The process's exit code.
    pub fn exit_code(&self) -> u8 {
        match self {
            Failure::Failed(_) => 1,
            Failure::Usage(_) => 2,
            Failure::NotFound(_) => 3,
            Failure::NotTrusted => 4,
        }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Failure::Failed(text) | Failure::Usage(text) | Failure::NotFound(text) => f.write_str(text),
            Failure::NotTrusted => f.write_str("the evidence is not trusted"),
        }
    }
}

impl std::error::Error for Failure {}

/// Names the deed that failed.
pub trait OrFail<T> {
    /// Turns the error into [`Failure::Failed`] with `what` in front, e.g. `cannot read /x/run.json`.
    ///
    /// # Errors
    /// The original error, worded.
    fn or_fail(self, what: impl FnOnce() -> String) -> Result<T, Failure>;
}

impl<T, E: fmt::Display> OrFail<T> for Result<T, E> {
    fn or_fail(self, what: impl FnOnce() -> String) -> Result<T, Failure> {
        self.map_err(|error| Failure::Failed(format!("{}: {error}", what())))
    }
}
