//! Printing to stdout.

use std::io::{ErrorKind, Write as _};

use serde::Serialize;

use crate::failure::{Failure, OrFail as _};

/// Prints text as it is. A reader that went away (`| head`) ends the process quietly, as it does for other tools.
pub(crate) fn text(text: &str) -> Result<(), Failure> {
    bytes(text.as_bytes())
}

/// Prints bytes as they are.
pub(crate) fn bytes(bytes: &[u8]) -> Result<(), Failure> {
    let mut stdout = std::io::stdout().lock();
    match stdout.write_all(bytes).and_then(|()| stdout.flush()) {
        Err(error) if error.kind() == ErrorKind::BrokenPipe => std::process::exit(0),
        outcome => outcome.or_fail(|| "cannot write to stdout".to_owned()),
    }
}

/// Prints a value as indented JSON.
pub(crate) fn json(value: &impl Serialize) -> Result<(), Failure> {
    let mut text = serde_json::to_string_pretty(value).or_fail(|| "cannot encode JSON".to_owned())?;
    text.push('\n');
    self::text(&text)
}

/// Prints a value as one line of JSON.
pub(crate) fn json_line(value: &impl Serialize) -> Result<(), Failure> {
    let mut text = serde_json::to_string(value).or_fail(|| "cannot encode JSON".to_owned())?;
    text.push('\n');
    self::text(&text)
}
