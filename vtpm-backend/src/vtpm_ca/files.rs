//! The authority on disk: a private directory that appears complete or not at all.

use std::fs::{self, DirBuilder, OpenOptions};
use std::io::{ErrorKind, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::Path;

use super::{VtpmCa, VtpmCaError};
use crate::x509::{SigningKey, from_pem, to_pem};

const ROOT: &str = "root.crt";
const INTERMEDIATE: &str = "intermediate.crt";
const INTERMEDIATE_KEY: &str = "intermediate.key";

/// The authority in `dir`; `None` when there is no such directory.
pub(super) fn load(dir: &Path) -> Result<Option<VtpmCa>, VtpmCaError> {
    if !dir.exists() {
        return Ok(None);
    }
    let read = |name: &str| -> Result<Vec<u8>, VtpmCaError> {
        let path = dir.join(name);
        let text = fs::read_to_string(&path).map_err(|error| io(&path, &error))?;
        Ok(from_pem(&text)?.1)
    };
    Ok(Some(VtpmCa {
        root_der: read(ROOT)?,
        intermediate_der: read(INTERMEDIATE)?,
        intermediate_key: SigningKey::from_pkcs8(&read(INTERMEDIATE_KEY)?)?,
    }))
}

/// Writes the authority beside `dir` and moves it there in one step.
pub(super) fn store(dir: &Path, ca: &VtpmCa) -> Result<(), VtpmCaError> {
    let draft = dir.with_extension("new");
    match fs::remove_dir_all(&draft) {
        Err(error) if error.kind() != ErrorKind::NotFound => return Err(io(&draft, &error)),
        _ => {}
    }
    DirBuilder::new().recursive(true).mode(0o700).create(&draft).map_err(|error| io(&draft, &error))?;
    for (name, label, der) in [
        (ROOT, "CERTIFICATE", ca.root_der.as_slice()),
        (INTERMEDIATE, "CERTIFICATE", ca.intermediate_der.as_slice()),
        (INTERMEDIATE_KEY, "PRIVATE KEY", ca.intermediate_key.to_pkcs8()),
    ] {
        let path = draft.join(name);
        let mut file = OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(&path)
            .map_err(|error| io(&path, &error))?;
        file.write_all(to_pem(label, der).as_bytes()).map_err(|error| io(&path, &error))?;
        file.sync_all().map_err(|error| io(&path, &error))?;
    }
    fs::rename(&draft, dir).map_err(|error| io(dir, &error))
}

fn io(path: &Path, error: &std::io::Error) -> VtpmCaError {
    VtpmCaError::Io { path: path.display().to_string(), reason: error.to_string() }
}
