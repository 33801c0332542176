//! A boot from files that people bring.

use std::fs::File;
use std::io::Read as _;
use std::path::{Path, PathBuf};

use super::boot::{Boot, Quoted};
use super::read_log;
use super::registers::Registers;

/// The largest file that is read.
const FILE_BYTES_MAX: u64 = 8 << 20;
/// What an event log may be called: by Slipway, by Linux, by those who copy it.
const LOGS: [&str; 6] =
    ["eventlog.bin", "binary_bios_measurements", "eventlog", "event_log", "eventlog.yaml", "eventlog.yml"];
/// What register values may be called.
const REGISTERS: [&str; 7] = ["quote.pcrs", "pcrs.json", "pcrs.txt", "pcrs.yaml", "pcrs.yml", "pcrs", "pcrread.txt"];

/// Files that cannot be read as a boot.
#[derive(Debug, thiserror::Error)]
pub enum BootFileError {
    /// The system refused.
    #[error("{path}: {error}")]
    Io {
        /// The file.
        path: PathBuf,
        /// The system's reason.
        error: std::io::Error,
    },
    /// A file is something else.
    #[error("{path}: {reason}")]
    Malformed {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        reason: String,
    },
    /// There is nothing to read.
    #[error(
        "{0} has neither an event log ({logs}) nor register values ({registers})",
        logs = LOGS.join(", "),
        registers = REGISTERS.join(", ")
    )]
    Nothing(PathBuf),
}

impl Boot {
    /// Reads evidence of any machine: a folder with an event log (`eventlog.bin`, `binary_bios_measurements`, or
    /// `eventlog.yaml` as `tpm2_eventlog` prints it), register values (`quote.pcrs`, `pcrs.json`, `pcrs.txt`, …), and a
    /// quote (`quote.msg`, `quote.sig`), as far as they are there; or one event log.
    ///
    /// # Errors
    /// [`BootFileError`] when a file cannot be read or is something else, or nothing is there.
    pub fn read(path: &Path) -> Result<Boot, BootFileError> {
        let name = path.display().to_string();
        if !path.is_dir() {
            let boot = Boot::of_log(&name, &read(path)?);
            return boot.map_err(|reason| BootFileError::Malformed { path: path.to_owned(), reason });
        }
        let log = first(path, &LOGS, read_log)?;
        let registers = first(path, &REGISTERS, |bytes| Registers::parse(bytes).map_err(|error| error.to_string()))?;
        if log.is_none() && registers.is_none() {
            return Err(BootFileError::Nothing(path.to_owned()));
        }
        let registers = registers.unwrap_or_default();
        let signature = optional(&path.join("quote.sig"))?.unwrap_or_default();
        let quote = first(path, &["quote.msg"], |attest| Quoted::read(attest, &signature, &registers))?;
        Ok(Boot { name, log, registers, quote })
    }
}

/// The first of these files that is there and is not empty, read.
fn first<T>(
    dir: &Path,
    names: &[&str],
    parse: impl Fn(&[u8]) -> Result<T, String>,
) -> Result<Option<T>, BootFileError> {
    for path in names.iter().map(|name| dir.join(name)) {
        if let Some(bytes) = optional(&path)?.filter(|bytes| !bytes.is_empty()) {
            return parse(&bytes).map(Some).map_err(|reason| BootFileError::Malformed { path, reason });
        }
    }
    Ok(None)
}

fn optional(path: &Path) -> Result<Option<Vec<u8>>, BootFileError> {
    match read(path) {
        Ok(bytes) => Ok(Some(bytes)),
        Err(BootFileError::Io { error, .. }) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

fn read(path: &Path) -> Result<Vec<u8>, BootFileError> {
    let io = |error| BootFileError::Io { path: path.to_owned(), error };
    let mut bytes = Vec::new();
    // Files below /sys say that they are empty, so the size is found by reading.
    File::open(path).map_err(io)?.take(FILE_BYTES_MAX + 1).read_to_end(&mut bytes).map_err(io)?;
    if bytes.len() as u64 > FILE_BYTES_MAX {
        let reason = format!("it is larger than {FILE_BYTES_MAX} bytes");
        return Err(BootFileError::Malformed { path: path.to_owned(), reason });
    }
    Ok(bytes)
}
