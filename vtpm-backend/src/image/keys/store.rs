//! The folder that keeps the platform keys: a certificate and a private key each, in PEM form.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use crate::x509::{from_pem, to_pem};

use super::KeyError;
use super::create::{Certificates, KeyName, PrivateKeys};

const CERTIFICATE: &str = "CERTIFICATE";
const PRIVATE_KEY: &str = "PRIVATE KEY";

fn certificate_path(dir: &Path, name: KeyName) -> PathBuf {
    dir.join(format!("{}.cert.pem", name.file_stem()))
}

fn private_key_path(dir: &Path, name: KeyName) -> PathBuf {
    dir.join(format!("{}.key.pem", name.file_stem()))
}

/// Whether keys were stored there. The folder appears complete or not at all, so one file tells.
pub(super) fn exists(dir: &Path) -> bool {
    certificate_path(dir, KeyName::Pk).exists()
}

/// The keys that are not there: those that came with a newer version of this program.
pub(super) fn missing(dir: &Path) -> Vec<KeyName> {
    KeyName::ALL.into_iter().filter(|name| !certificate_path(dir, *name).exists()).collect()
}

/// Adds a key to a folder that is complete otherwise. The certificate comes last, because it says that the key is there.
pub(super) fn add(dir: &Path, name: KeyName, certificate: &[u8], pkcs8: &[u8]) -> Result<(), KeyError> {
    let (key, cert) = (private_key_path(dir, name), certificate_path(dir, name));
    match fs::remove_file(&key) {
        Err(source) if source.kind() != io::ErrorKind::NotFound => return Err(KeyError::File { path: key, source }),
        _ => {}
    }
    write_file(&key, &to_pem(PRIVATE_KEY, pkcs8))?;
    write_file(&cert, &to_pem(CERTIFICATE, certificate))
}

pub(super) fn read_certificates(dir: &Path) -> Result<Certificates, KeyError> {
    Certificates::try_from_fn(|name| read_pem(&certificate_path(dir, name), CERTIFICATE))
}

pub(super) fn read_private_key(dir: &Path, name: KeyName) -> Result<Vec<u8>, KeyError> {
    read_pem(&private_key_path(dir, name), PRIVATE_KEY)
}

fn read_pem(path: &Path, wanted: &'static str) -> Result<Vec<u8>, KeyError> {
    let text = fs::read_to_string(path).map_err(|source| KeyError::File { path: path.to_owned(), source })?;
    match from_pem(&text) {
        Ok((label, der)) if label == wanted => Ok(der),
        _ => Err(KeyError::NotPem { path: path.to_owned(), wanted }),
    }
}

/// Writes all files into a folder beside `dir` and renames it, so that a crash leaves no half of them.
pub(super) fn write(dir: &Path, certificates: &Certificates, keys: &PrivateKeys) -> Result<(), KeyError> {
    let mut partial = dir.as_os_str().to_owned();
    partial.push(".partial");
    let partial = PathBuf::from(partial);
    make_empty(&partial).map_err(|source| KeyError::File { path: partial.clone(), source })?;
    for name in KeyName::ALL {
        write_file(&certificate_path(&partial, name), &to_pem(CERTIFICATE, certificates.get(name)))?;
        write_file(&private_key_path(&partial, name), &to_pem(PRIVATE_KEY, keys.get(name).to_pkcs8()))?;
    }
    let at = |path: &Path| {
        let path = path.to_owned();
        move |source| KeyError::File { path, source }
    };
    File::open(&partial).and_then(|folder| folder.sync_all()).map_err(at(&partial))?;
    fs::rename(&partial, dir).map_err(at(dir))?;
    let parent = dir.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    File::open(parent).and_then(|folder| folder.sync_all()).map_err(at(parent))
}

/// An empty folder that only its owner can enter; what a crash left there is removed.
fn make_empty(dir: &Path) -> io::Result<()> {
    match fs::remove_dir_all(dir) {
        Err(e) if e.kind() != io::ErrorKind::NotFound => return Err(e),
        _ => {}
    }
    DirBuilder::new().recursive(true).mode(0o700).create(dir)
}

fn write_file(path: &Path, text: &str) -> Result<(), KeyError> {
    let write = || {
        let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?;
        file.write_all(text.as_bytes())?;
        file.sync_all()
    };
    write().map_err(|source| KeyError::File { path: path.to_owned(), source })
}
