//! The Secure Boot keys of the simulated platform.
//!
//! On Azure they belong to Microsoft and the distributions. Slipway makes its own on first start, keeps them, and names
//! them as its own; their number, kinds and places are those of Azure's `MicrosoftUefiCertificateAuthorityTemplate`
//! (microsoft/openvmm, `hyperv_secure_boot_templates`): one PK, KEK in two lists, db in three, dbx in two.

mod create;
mod store;

use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use serde::Deserialize;

use crate::faults::ForeignKeys;
use crate::uefi::guids;
use crate::uefi::signature::{SignatureDatabase, SignatureList};
use crate::uefi::var_store::Variables;
use crate::x509::{SigningKey, X509Error};

use super::authenticode::Signer;
use create::KeyName;

/// Hashes in the two lists of Azure's dbx.
const DBX_LIST_LENS: [u32; 2] = [371, 50];

/// Why the platform keys cannot be had.
#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    /// Making or reading a key or certificate failed.
    #[error("Secure Boot key '{name}': {source}")]
    X509 {
        /// Which key.
        name: &'static str,
        /// What was wrong.
        source: X509Error,
    },
    /// A file cannot be read or written.
    #[error("{}: {source}", path.display())]
    File {
        /// Which file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// A file exists but does not hold what it should.
    #[error("{} is not a {wanted} in PEM form; remove the folder to have new Secure Boot keys made", path.display())]
    NotPem {
        /// Which file.
        path: PathBuf,
        /// What it should hold.
        wanted: &'static str,
    },
}

/// The four Secure Boot variables.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct KeyDatabases {
    /// The platform key.
    pub pk: SignatureDatabase,
    /// Key exchange keys.
    pub kek: SignatureDatabase,
    /// What may run.
    pub db: SignatureDatabase,
    /// What may not run.
    pub dbx: SignatureDatabase,
}

/// Who builds and signs a distribution's boot loaders and kernels.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Vendor {
    /// Ubuntu.
    Canonical,
    /// Azure Linux and Azure Container Linux.
    Microsoft,
}

impl Vendor {
    fn authority(self) -> KeyName {
        match self {
            Vendor::Canonical => KeyName::VendorCa,
            Vendor::Microsoft => KeyName::MicrosoftCa,
        }
    }

    fn signer(self) -> KeyName {
        match self {
            Vendor::Canonical => KeyName::DistributionSigner,
            Vendor::Microsoft => KeyName::MicrosoftSigner,
        }
    }
}

/// The platform's keys: the contents of its Secure Boot variables, and the keys that sign node images.
#[derive(Debug)]
pub struct PlatformKeys {
    databases: KeyDatabases,
    variables: Variables,
    certificates: create::Certificates,
    keys: KeySource,
    signers: [OnceLock<Signer>; 3],
    foreign: Mutex<Option<Arc<ForeignKeys>>>,
}

/// Where private keys come from when one is needed; reading an RSA key checks it and costs milliseconds.
#[derive(Debug)]
enum KeySource {
    Folder(PathBuf),
    Memory(create::PrivateKeys),
}

impl PlatformKeys {
    /// Reads the keys from the folder `dir`, or makes them (eleven RSA-2048 keys, about half a second on two cores) and
    /// stores them there: folder of mode 0700, files of mode 0600, complete or not at all. Keys that a folder of an older
    /// version lacks are added.
    ///
    /// `now_unix` is the start of the certificates' validity when they are made.
    ///
    /// # Errors
    /// [`KeyError`] when the folder cannot be used or holds something else.
    pub fn open_or_create(dir: &Path, now_unix: u64) -> Result<PlatformKeys, KeyError> {
        if !store::exists(dir) {
            let (certificates, keys) = create::create(now_unix)?;
            store::write(dir, &certificates, &keys)?;
        }
        complete(dir, now_unix)?;
        Ok(PlatformKeys::new(store::read_certificates(dir)?, KeySource::Folder(dir.to_owned())))
    }

    /// Makes keys that are kept in memory only.
    ///
    /// # Errors
    /// [`KeyError`] when the cryptographic library fails.
    pub fn generate(now_unix: u64) -> Result<PlatformKeys, KeyError> {
        let (certificates, keys) = create::create(now_unix)?;
        Ok(PlatformKeys::new(certificates, KeySource::Memory(keys)))
    }

    fn new(certificates: create::Certificates, keys: KeySource) -> PlatformKeys {
        let databases = databases(&certificates);
        let variables = Variables::of_keys(&databases);
        PlatformKeys {
            databases,
            variables,
            certificates,
            keys,
            signers: Default::default(),
            foreign: Mutex::new(None),
        }
    }

    /// The contents of PK, KEK, db and dbx.
    pub fn databases(&self) -> &KeyDatabases {
        &self.databases
    }

    /// UEFI variables that hold these keys and nothing else.
    pub fn variables(&self) -> &Variables {
        &self.variables
    }

    /// The certificate that a distribution's shim carries and on whose word it starts boot loaders and kernels.
    pub fn vendor_certificate(&self, vendor: Vendor) -> &[u8] {
        self.certificates.get(vendor.authority())
    }

    /// The certificate in db that vouches for shim.
    pub fn uefi_ca_certificate(&self) -> &[u8] {
        self.certificates.get(KeyName::UefiCa)
    }

    /// Who signs shim: a leaf below [`PlatformKeys::uefi_ca_certificate`].
    ///
    /// # Errors
    /// [`KeyError`] when the private key cannot be read.
    pub fn shim_signer(&self) -> Result<&Signer, KeyError> {
        self.signer(&self.signers[0], KeyName::ShimSigner)
    }

    /// Who signs a distribution's boot loaders and kernels: a leaf below [`PlatformKeys::vendor_certificate`].
    ///
    /// # Errors
    /// [`KeyError`] when the private key cannot be read.
    pub fn distribution_signer(&self, vendor: Vendor) -> Result<&Signer, KeyError> {
        let place = match vendor {
            Vendor::Canonical => &self.signers[1],
            Vendor::Microsoft => &self.signers[2],
        };
        self.signer(place, vendor.signer())
    }

    /// Keys of somebody who is in none of the variables; made and stored when they are first asked for.
    ///
    /// # Errors
    /// [`KeyError`] when they cannot be made or read.
    pub fn foreign(&self) -> Result<Arc<ForeignKeys>, KeyError> {
        // Held while they are made, so that they are made once; a panic while holding it leaves nothing half-made.
        let mut place = self.foreign.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(keys) = place.as_ref() {
            return Ok(keys.clone());
        }
        let made = match &self.keys {
            KeySource::Folder(dir) => ForeignKeys::open_or_create(dir)?,
            KeySource::Memory(_) => ForeignKeys::generate()?,
        };
        Ok(place.insert(Arc::new(made)).clone())
    }

    fn signer<'a>(&self, place: &'a OnceLock<Signer>, leaf: KeyName) -> Result<&'a Signer, KeyError> {
        if let Some(signer) = place.get() {
            return Ok(signer);
        }
        let pkcs8 = match &self.keys {
            KeySource::Folder(dir) => store::read_private_key(dir, leaf)?,
            KeySource::Memory(keys) => keys.get(leaf).to_pkcs8().to_vec(),
        };
        let key = SigningKey::from_pkcs8(&pkcs8).map_err(|source| KeyError::X509 { name: leaf.file_stem(), source })?;
        let signer = Signer {
            key,
            cert_der: self.certificates.get(leaf).to_vec(),
            chain: vec![self.certificates.get(leaf.issuer()).to_vec()],
        };
        Ok(place.get_or_init(|| signer))
    }
}

/// Makes the keys that a folder of an older version lacks.
fn complete(dir: &Path, now_unix: u64) -> Result<(), KeyError> {
    let missing = store::missing(dir);
    if missing.is_empty() {
        return Ok(());
    }
    let mut keys = create::generate(&missing)?;
    for issuer in missing.iter().map(|name| name.issuer()).filter(|issuer| !missing.contains(issuer)) {
        let pkcs8 = store::read_private_key(dir, issuer)?;
        let key =
            SigningKey::from_pkcs8(&pkcs8).map_err(|source| KeyError::X509 { name: issuer.file_stem(), source })?;
        keys.insert(issuer, key);
    }
    for name in missing {
        let certificate = create::certify(name, &keys, now_unix)?;
        store::add(dir, name, &certificate, keys.get(name).to_pkcs8())?;
    }
    Ok(())
}

fn databases(certificates: &create::Certificates) -> KeyDatabases {
    let of = |names: &[KeyName]| SignatureDatabase {
        lists: names.iter().map(|name| SignatureList::x509(guids::MICROSOFT_OWNER, certificates.get(*name))).collect(),
    };
    KeyDatabases {
        pk: of(&[KeyName::Pk]),
        kek: of(&[KeyName::Kek, KeyName::KekNew]),
        db: of(&[KeyName::UefiCa, KeyName::UefiCaNew, KeyName::KmodCa]),
        dbx: dbx(),
    }
}

/// Revoked hashes that belong to no file: as many and in as many lists as Azure has.
fn dbx() -> SignatureDatabase {
    let list = |number: usize, len: u32| {
        let hash = |i: u32| crate::pcr::Digests::of(format!("revoked image {i} of list {number}").as_bytes()).sha256;
        let hashes: Vec<_> = (0..len).map(hash).collect();
        SignatureList::sha256(guids::MICROSOFT_OWNER, &hashes)
    };
    let lists = DBX_LIST_LENS.into_iter().enumerate().filter_map(|(number, len)| list(number, len)).collect();
    SignatureDatabase { lists }
}

#[cfg(test)]
mod tests;
