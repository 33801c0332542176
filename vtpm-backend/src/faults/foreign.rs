//! The keys of somebody else, who is to be found in no list: one that owns replaced Secure Boot variables, one that
//! would be a machine owner's.

use std::fs;
use std::io::{self, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;

use crate::image::KeyError;
use crate::image::authenticode::Signer;
use crate::x509::extensions::{self as ext, KeyUsages};
use crate::x509::{
    CertificateTemplate, RsaBits, SignatureAlg, SigningKey, X509Error, from_pem, issue, serial_from, to_pem,
};

const OWNER: &str = "foreign-owner";
const MOK: &str = "foreign-mok";
const PRIVATE_KEY: &str = "PRIVATE KEY";
/// 2020-01-01. Secure Boot does not look at dates; a constant makes the certificate a function of its key.
const NOT_BEFORE_UNIX: u64 = 1_577_836_800;
/// Thirty years.
const VALIDITY_SECONDS: u64 = 30 * 365 * 86_400;

/// Somebody else's keys, each with a certificate that it signed itself.
#[derive(Debug)]
pub struct ForeignKeys {
    /// Who would own the machine: PK, KEK, db, and the signature of shim.
    pub owner: Signer,
    /// Who would be enrolled in MokList: the signature of GRUB or a kernel.
    pub mok: Signer,
}

impl ForeignKeys {
    /// Reads the keys from the folder `dir`, or makes them and stores them there, readable by their owner only.
    ///
    /// # Errors
    /// [`KeyError`] when the folder cannot be used or holds something else.
    pub fn open_or_create(dir: &Path) -> Result<ForeignKeys, KeyError> {
        let open = |name: &'static str| -> Result<Signer, KeyError> {
            let path = dir.join(format!("{name}.key.pem"));
            let failed = |source| KeyError::File { path: path.clone(), source };
            match fs::read_to_string(&path) {
                Ok(text) => match from_pem(&text) {
                    Ok((label, pkcs8)) if label == PRIVATE_KEY => signer(name, SigningKey::from_pkcs8(&pkcs8)),
                    _ => Err(KeyError::NotPem { path, wanted: PRIVATE_KEY }),
                },
                Err(error) if error.kind() == io::ErrorKind::NotFound => {
                    let made = signer(name, SigningKey::generate_rsa(RsaBits::Bits2048))?;
                    store(&path, &made.key).map_err(failed)?;
                    Ok(made)
                }
                Err(error) => Err(failed(error)),
            }
        };
        Ok(ForeignKeys { owner: open(OWNER)?, mok: open(MOK)? })
    }

    /// Makes keys that are kept in memory only.
    ///
    /// # Errors
    /// [`KeyError`] when the cryptographic library fails.
    pub fn generate() -> Result<ForeignKeys, KeyError> {
        let made = |name| signer(name, SigningKey::generate_rsa(RsaBits::Bits2048));
        Ok(ForeignKeys { owner: made(OWNER)?, mok: made(MOK)? })
    }
}

/// Whole or not at all: written beside its place, then renamed.
fn store(path: &Path, key: &SigningKey) -> io::Result<()> {
    let draft = path.with_extension("draft");
    let mut file = fs::OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&draft)?;
    file.write_all(to_pem(PRIVATE_KEY, key.to_pkcs8()).as_bytes())?;
    file.sync_all()?;
    fs::rename(&draft, path)
}

fn signer(name: &'static str, key: Result<SigningKey, X509Error>) -> Result<Signer, KeyError> {
    let make = || {
        let key = key?;
        let cert_der = certificate(name, &key)?;
        Ok(Signer { key, cert_der, chain: Vec::new() })
    };
    make().map_err(|source| KeyError::X509 { name, source })
}

fn certificate(name: &str, key: &SigningKey) -> Result<Vec<u8>, X509Error> {
    let spki = key.spki_der();
    let subject = match name {
        OWNER => "CN=Somebody Else's Secure Boot Key,O=Slipway failure library",
        _ => "CN=Somebody Else's Machine Owner Key,O=Slipway failure library",
    };
    let template = CertificateTemplate {
        subject: subject.to_owned(),
        issuer: subject.to_owned(),
        serial: serial_from(&[subject.as_bytes(), &spki]),
        not_before_unix: NOT_BEFORE_UNIX,
        not_after_unix: NOT_BEFORE_UNIX.saturating_add(VALIDITY_SECONDS),
        extensions: vec![
            ext::basic_constraints(true, None)?,
            ext::key_usage(KeyUsages::DigitalSignature | KeyUsages::KeyCertSign)?,
            ext::ski(&spki)?,
        ],
        subject_spki_der: spki,
        signature: SignatureAlg::RsaSha256,
    };
    issue(&template, key)
}
