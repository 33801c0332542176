//! Making the platform keys.

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::thread;

use crate::x509::extensions::{self as ext, KeyUsages};
use crate::x509::{self, CertificateTemplate, RsaBits, SignatureAlg, SigningKey, X509Error};

use super::KeyError;

/// Code signing (RFC 5280), which firmware does not ask for but the real signers have.
const CODE_SIGNING: der::asn1::ObjectIdentifier = der::oid::db::rfc5280::ID_KP_CODE_SIGNING;
/// All certificates last this long; firmware ignores dates, and a simulator's keys should not run out.
const VALIDITY_SECONDS: u64 = 25 * 365 * 86_400;
/// Most threads that make keys at once.
const THREADS_MAX: usize = 4;

/// One of the platform's keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum KeyName {
    Pk,
    Kek,
    KekNew,
    UefiCa,
    UefiCaNew,
    KmodCa,
    VendorCa,
    MicrosoftCa,
    ShimSigner,
    DistributionSigner,
    MicrosoftSigner,
}

impl KeyName {
    /// Issuers before those they issue to.
    pub(super) const ALL: [KeyName; 11] = [
        KeyName::Pk,
        KeyName::Kek,
        KeyName::KekNew,
        KeyName::UefiCa,
        KeyName::UefiCaNew,
        KeyName::KmodCa,
        KeyName::VendorCa,
        KeyName::MicrosoftCa,
        KeyName::ShimSigner,
        KeyName::DistributionSigner,
        KeyName::MicrosoftSigner,
    ];

    pub(super) fn file_stem(self) -> &'static str {
        match self {
            KeyName::Pk => "pk",
            KeyName::Kek => "kek",
            KeyName::KekNew => "kek-new",
            KeyName::UefiCa => "db-uefi-ca",
            KeyName::UefiCaNew => "db-uefi-ca-new",
            KeyName::KmodCa => "db-kmod-ca",
            KeyName::VendorCa => "vendor-ca",
            KeyName::MicrosoftCa => "azure-linux-ca",
            KeyName::ShimSigner => "shim-signer",
            KeyName::DistributionSigner => "distribution-signer",
            KeyName::MicrosoftSigner => "azure-linux-signer",
        }
    }

    /// Named after what they are, and after what they stand in for on Azure.
    fn subject(self) -> &'static str {
        match self {
            KeyName::Pk => "CN=Slipway Firmware PK,OU=Stands in for Microsoft Hyper-V Firmware PK,O=Slipway",
            KeyName::Kek => "CN=Slipway KEK CA,OU=Stands in for Microsoft Corporation KEK CA 2011,O=Slipway",
            KeyName::KekNew => "CN=Slipway KEK 2K CA,OU=Stands in for Microsoft Corporation KEK 2K CA 2023,O=Slipway",
            KeyName::UefiCa => "CN=Slipway UEFI CA,OU=Stands in for Microsoft Corporation UEFI CA 2011,O=Slipway",
            KeyName::UefiCaNew => "CN=Slipway UEFI CA 2,OU=Stands in for Microsoft UEFI CA 2023,O=Slipway",
            KeyName::KmodCa => "CN=Slipway Kmod CA,OU=Stands in for Azure Services Linux Kmod PCA,O=Slipway",
            KeyName::VendorCa => {
                "CN=Slipway Distribution CA,OU=Stands in for Canonical Ltd. Master Certificate Authority,O=Slipway"
            }
            KeyName::MicrosoftCa => {
                "CN=Slipway Azure Linux CA,OU=Stands in for Mariner Trusted Base RSA Code Signing CA,O=Slipway"
            }
            KeyName::ShimSigner => "CN=Slipway UEFI Driver Publisher,OU=Signs shim,O=Slipway",
            KeyName::DistributionSigner => "CN=Slipway Distribution Signer,OU=Signs GRUB and kernels,O=Slipway",
            KeyName::MicrosoftSigner => "CN=Slipway Azure Linux Signer,OU=Signs boot loaders and kernels,O=Slipway",
        }
    }

    /// Who signs its certificate; a CA signs its own.
    pub(super) fn issuer(self) -> KeyName {
        match self {
            KeyName::ShimSigner => KeyName::UefiCa,
            KeyName::DistributionSigner => KeyName::VendorCa,
            KeyName::MicrosoftSigner => KeyName::MicrosoftCa,
            own => own,
        }
    }
}

/// The platform's certificates (DER). Holds one for each name.
#[derive(Debug)]
pub(super) struct Certificates(BTreeMap<KeyName, Vec<u8>>);

impl Certificates {
    /// One certificate per name, made or read by `of`.
    pub(super) fn try_from_fn(
        mut of: impl FnMut(KeyName) -> Result<Vec<u8>, KeyError>,
    ) -> Result<Certificates, KeyError> {
        KeyName::ALL.into_iter().map(|name| Ok((name, of(name)?))).collect::<Result<_, _>>().map(Certificates)
    }

    pub(super) fn get(&self, name: KeyName) -> &[u8] {
        &self.0[&name]
    }
}

/// The platform's private keys. Holds one for each name.
#[derive(Debug)]
pub(super) struct PrivateKeys(BTreeMap<KeyName, SigningKey>);

impl PrivateKeys {
    pub(super) fn get(&self, name: KeyName) -> &SigningKey {
        &self.0[&name]
    }
}

impl PrivateKeys {
    /// Adds a key that exists already.
    pub(super) fn insert(&mut self, name: KeyName, key: SigningKey) {
        self.0.insert(name, key);
    }
}

pub(super) fn create(now_unix: u64) -> Result<(Certificates, PrivateKeys), KeyError> {
    let keys = generate(&KeyName::ALL)?;
    let certificates = Certificates::try_from_fn(|name| certify(name, &keys, now_unix))?;
    Ok((certificates, keys))
}

/// The certificate of a key; its own and its issuer's private key have to be among `keys`.
pub(super) fn certify(name: KeyName, keys: &PrivateKeys, now_unix: u64) -> Result<Vec<u8>, KeyError> {
    certificate(name, keys, now_unix).map_err(|source| KeyError::X509 { name: name.file_stem(), source })
}

/// Makes keys, on several threads: finding primes is all the work there is.
pub(super) fn generate(names: &[KeyName]) -> Result<PrivateKeys, KeyError> {
    let threads = thread::available_parallelism().map_or(1, |n| n.get().min(THREADS_MAX));
    let todo = Mutex::new(names.to_vec());
    let work = || {
        let mut done = Vec::new();
        // A poisoned lock would mean that popping from a vector panicked.
        while let Some(name) = todo.lock().unwrap_or_else(|e| e.into_inner()).pop() {
            done.push((name, SigningKey::generate_rsa(RsaBits::Bits2048)));
        }
        done
    };
    let made: Vec<_> = thread::scope(|scope| {
        let workers: Vec<_> = (1..threads).map(|_| scope.spawn(work)).collect();
        let own = work();
        workers.into_iter().flat_map(|worker| worker.join().unwrap_or_default()).chain(own).collect()
    });
    let keys: BTreeMap<_, _> = made
        .into_iter()
        .map(|(name, key)| Ok((name, key.map_err(|source| KeyError::X509 { name: name.file_stem(), source })?)))
        .collect::<Result<_, KeyError>>()?;
    match names.iter().find(|name| !keys.contains_key(name)) {
        None => Ok(PrivateKeys(keys)),
        Some(name) => {
            let source = X509Error::Key("the thread that made it panicked".to_owned());
            Err(KeyError::X509 { name: name.file_stem(), source })
        }
    }
}

fn certificate(name: KeyName, keys: &PrivateKeys, now_unix: u64) -> Result<Vec<u8>, X509Error> {
    let (issuer, key) = (name.issuer(), keys.get(name));
    let issuer_key = keys.get(issuer);
    let is_ca = issuer == name;
    let spki = key.spki_der();
    let mut extensions = vec![ext::basic_constraints(is_ca, None)?];
    if is_ca {
        extensions.push(ext::key_usage(KeyUsages::DigitalSignature | KeyUsages::KeyCertSign | KeyUsages::CRLSign)?);
    } else {
        extensions.push(ext::key_usage(KeyUsages::DigitalSignature)?);
        extensions.push(ext::eku(&[CODE_SIGNING])?);
    }
    extensions.push(ext::ski(&spki)?);
    extensions.push(ext::aki(&issuer_key.spki_der())?);
    let template = CertificateTemplate {
        subject: name.subject().to_owned(),
        issuer: issuer.subject().to_owned(),
        serial: x509::serial_from(&[name.subject().as_bytes(), &spki]),
        not_before_unix: now_unix,
        not_after_unix: now_unix.saturating_add(VALIDITY_SECONDS),
        subject_spki_der: spki,
        extensions,
        signature: SignatureAlg::RsaSha256,
    };
    x509::issue(&template, issuer_key)
}
