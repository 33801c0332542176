//! Evidence as a set of files.

use std::fs::File;
use std::io::Read as _;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use vtpm_backend::evidence::{Quote, tpm2_tools_pcrs};

/// The largest evidence file that is read.
const FILE_BYTES_MAX: u64 = 2 << 20;

const ATTEST: &str = "quote.msg";
const SIGNATURE: &str = "quote.sig";
const PCRS: &str = "quote.pcrs";
const AK_PEM: &str = "ak.pem";
const AK_PUBLIC: &str = "ak.pub";
const AK_CERTIFICATE: &str = "ak-cert.der";
const AK_CHAIN: &str = "ak-chain.pem";
const EVENT_LOG: &str = "eventlog.bin";
const NONCE: &str = "nonce.hex";
const ABOUT: &str = "evidence.json";

/// What whoever wrote the evidence says about it. For people: no check relies on it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct About {
    /// The node's name.
    pub node: String,
    /// Its node image.
    pub image: String,
    /// The quoted registers, e.g. `sha256:0,1,2`.
    pub selection: String,
    /// Whether its pool has Secure Boot.
    pub secure_boot: bool,
    /// When the quote was taken, in virtual time.
    pub taken: String,
}

/// What a node says of itself, unjudged.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Evidence {
    /// What was signed (`TPMS_ATTEST`): `quote.msg`.
    pub attest: Vec<u8>,
    /// The signature (`TPMT_SIGNATURE`): `quote.sig`.
    pub signature: Vec<u8>,
    /// The quoted registers in tpm2-tools' serialized format: `quote.pcrs`.
    pub pcrs: Vec<u8>,
    /// The attestation key as PEM: `ak.pem`.
    pub ak_pem: String,
    /// The attestation key (`TPM2B_PUBLIC`): `ak.pub`.
    pub ak_public: Vec<u8>,
    /// The attestation key's certificate: `ak-cert.der`.
    pub ak_certificate: Vec<u8>,
    /// Certificates that may lead to a root: `ak-chain.pem`. May be empty.
    pub ak_chain_pem: String,
    /// The event log (TCG crypto-agile format): `eventlog.bin`. Empty when the machine has none.
    pub event_log: Vec<u8>,
    /// The nonce that was asked for, as the writer says, in hexadecimal: `nonce.hex`.
    pub nonce_hex: String,
    /// `evidence.json`.
    pub about: About,
}

/// A file of the evidence could not be read or written.
#[derive(Debug, thiserror::Error)]
pub enum EvidenceFileError {
    /// The system refused.
    #[error("{path}: {error}")]
    Io {
        /// The file.
        path: PathBuf,
        /// The system's reason.
        error: std::io::Error,
    },
    /// The file is over the limit.
    #[error("{path} is larger than {FILE_BYTES_MAX} bytes, which no evidence is")]
    TooLarge {
        /// The file.
        path: PathBuf,
    },
    /// The file holds something else.
    #[error("{path}: {reason}")]
    Malformed {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        reason: String,
    },
}

impl Evidence {
    /// A quote with the rest of the evidence.
    pub fn new(quote: &Quote, event_log: Vec<u8>, ak_chain_pem: String, about: About) -> Evidence {
        Evidence {
            attest: quote.attest.clone(),
            signature: quote.signature.clone(),
            pcrs: tpm2_tools_pcrs(quote.bank, &quote.pcrs),
            ak_pem: quote.ak_public_pem.clone(),
            ak_public: quote.ak_public.clone(),
            ak_certificate: quote.ak_certificate_der.clone(),
            ak_chain_pem,
            event_log,
            nonce_hex: hex::encode(&quote.nonce),
            about,
        }
    }

    /// The files by name. `tpm2_checkquote -u ak.pem -m quote.msg -s quote.sig -f quote.pcrs -g sha256 -q NONCE` and
    /// `tpm2_eventlog eventlog.bin` read them.
    pub fn files(&self) -> Vec<(&'static str, Vec<u8>)> {
        let about = serde_json::to_vec_pretty(&self.about).unwrap_or_default();
        vec![
            (ATTEST, self.attest.clone()),
            (SIGNATURE, self.signature.clone()),
            (PCRS, self.pcrs.clone()),
            (AK_PEM, self.ak_pem.clone().into_bytes()),
            (AK_PUBLIC, self.ak_public.clone()),
            (AK_CERTIFICATE, self.ak_certificate.clone()),
            (AK_CHAIN, self.ak_chain_pem.clone().into_bytes()),
            (EVENT_LOG, self.event_log.clone()),
            (NONCE, format!("{}\n", self.nonce_hex).into_bytes()),
            (ABOUT, about),
        ]
    }

    /// Writes the files into `dir`, which is made when it is missing.
    ///
    /// # Errors
    /// When the directory or a file cannot be written.
    pub fn write(&self, dir: &Path) -> Result<(), EvidenceFileError> {
        let io = |path: &Path, error| EvidenceFileError::Io { path: path.to_owned(), error };
        std::fs::create_dir_all(dir).map_err(|error| io(dir, error))?;
        self.files().into_iter().try_for_each(|(name, bytes)| {
            let path = dir.join(name);
            std::fs::write(&path, bytes).map_err(|error| io(&path, error))
        })
    }

    /// Reads the files of `dir`. Chain, event log, nonce and `evidence.json` may be missing, as in evidence of other
    /// tools; whether the rest is any good is for [`crate::verify`] to say.
    ///
    /// # Errors
    /// When a file is missing, too large, or a text file is no text.
    pub fn read(dir: &Path) -> Result<Evidence, EvidenceFileError> {
        let about = optional(dir, ABOUT)?;
        let about = if about.is_empty() { Ok(About::default()) } else { serde_json::from_slice(&about) };
        Ok(Evidence {
            attest: required(dir, ATTEST)?,
            signature: required(dir, SIGNATURE)?,
            pcrs: required(dir, PCRS)?,
            ak_pem: text(dir, AK_PEM, required(dir, AK_PEM)?)?,
            ak_public: required(dir, AK_PUBLIC)?,
            ak_certificate: required(dir, AK_CERTIFICATE)?,
            ak_chain_pem: text(dir, AK_CHAIN, optional(dir, AK_CHAIN)?)?,
            event_log: optional(dir, EVENT_LOG)?,
            nonce_hex: text(dir, NONCE, optional(dir, NONCE)?)?.trim().to_owned(),
            about: about.map_err(|error| malformed(dir, ABOUT, error))?,
        })
    }
}

fn malformed(dir: &Path, name: &str, error: impl ToString) -> EvidenceFileError {
    EvidenceFileError::Malformed { path: dir.join(name), reason: error.to_string() }
}

fn text(dir: &Path, name: &str, bytes: Vec<u8>) -> Result<String, EvidenceFileError> {
    String::from_utf8(bytes).map_err(|error| malformed(dir, name, error))
}

fn required(dir: &Path, name: &str) -> Result<Vec<u8>, EvidenceFileError> {
    let path = dir.join(name);
    let io = |error| EvidenceFileError::Io { path: path.clone(), error };
    let mut bytes = Vec::new();
    let file = File::open(&path).map_err(io)?;
    // One byte over the limit is read, so that a file that is exactly at it passes.
    file.take(FILE_BYTES_MAX + 1).read_to_end(&mut bytes).map_err(io)?;
    if bytes.len() as u64 > FILE_BYTES_MAX {
        return Err(EvidenceFileError::TooLarge { path });
    }
    Ok(bytes)
}

/// An absent file is an empty one.
fn optional(dir: &Path, name: &str) -> Result<Vec<u8>, EvidenceFileError> {
    match required(dir, name) {
        Err(EvidenceFileError::Io { error, .. }) if error.kind() == std::io::ErrorKind::NotFound => Ok(Vec::new()),
        other => other,
    }
}
