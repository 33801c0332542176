//! `slipway verify`: evidence against what is known to be good. Needs no running simulator.

use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use attestation::{Baseline, Evidence, EvidenceFileError, Policy, Verdict, verify};
use vtpm_backend::x509::from_pem;

use super::{Context, args, out, references};
use crate::data_dir::DataDir;
use crate::failure::{Failure, OrFail as _};

/// The root certificate of the vTPM authority, in the data directory.
const ROOT: &str = "machines/vtpm-ca/root.crt";

/// What the verifier demands. Nothing of it comes from the evidence.
#[derive(Clone, Debug, Default)]
pub(crate) struct Demands {
    /// The nonce that the quote must carry, in hexadecimal.
    pub(crate) nonce: Option<String>,
    /// Whether Secure Boot must have been on or off.
    pub(crate) secure_boot: Option<bool>,
    /// What a good boot looks like; a reference of the data directory when absent.
    pub(crate) reference: Option<PathBuf>,
    /// The root certificate to trust; the data directory's when absent.
    pub(crate) root: Option<PathBuf>,
}

pub(super) fn run(context: &Context, args: &args::Verify) -> Result<(), Failure> {
    let demands = Demands {
        nonce: args.nonce.clone(),
        secure_boot: args.secure_boot.map(|on_off| on_off == args::OnOff::On),
        reference: args.reference.clone(),
        root: args.root.clone(),
    };
    let verdict = judge(&context.data, &args.dir, &demands)?;
    if context.json {
        out::json(&verdict)?;
    } else {
        out::text(&verdict.to_string())?;
    }
    if verdict.trusted { Ok(()) } else { Err(Failure::NotTrusted) }
}

/// Judges the evidence in a folder.
pub(crate) fn judge(data: &DataDir, dir: &Path, demands: &Demands) -> Result<Verdict, Failure> {
    let evidence = Evidence::read(dir).map_err(unreadable)?;
    let nonce = demands.nonce.as_deref().map(|nonce| {
        hex::decode(nonce).map_err(|error| Failure::Usage(format!("the nonce '{nonce}' is not hexadecimal: {error}")))
    });
    let policy = Policy {
        roots: vec![root(data, demands.root.as_deref())?],
        nonce: nonce.transpose()?,
        secure_boot: demands.secure_boot,
        baseline: baseline(data, &evidence, demands.reference.as_deref())?,
        ..Policy::default()
    };
    Ok(verify(&evidence, &policy))
}

/// The reference that was named; else the data directory's for the image that the evidence claims to be of. A machine
/// that claims a wrong image does not fit that image's reference.
fn baseline(data: &DataDir, evidence: &Evidence, named: Option<&Path>) -> Result<Option<Baseline>, Failure> {
    let path = match named {
        Some(path) => path.to_owned(),
        None => references::path(data, &evidence.about.image, evidence.about.secure_boot),
    };
    let bytes = match fs::read(&path) {
        Err(error) if named.is_none() && error.kind() == ErrorKind::NotFound => return Ok(None),
        other => other.map_err(|error| missing_or_failed(&path, &error))?,
    };
    Baseline::parse(&bytes).map(Some).or_fail(|| path.display().to_string())
}

fn root(data: &DataDir, named: Option<&Path>) -> Result<Vec<u8>, Failure> {
    let path = named.map_or_else(|| data.path(ROOT), Path::to_owned);
    let text = fs::read_to_string(&path).map_err(|error| match missing_or_failed(&path, &error) {
        Failure::NotFound(text) if named.is_none() => Failure::NotFound(format!(
            "{text}; name the root certificate to trust with --root, or the simulator's data directory with --data"
        )),
        other => other,
    })?;
    let (_, der) = from_pem(&text).or_fail(|| path.display().to_string())?;
    Ok(der)
}

fn unreadable(error: EvidenceFileError) -> Failure {
    match error {
        EvidenceFileError::Io { path, error } => missing_or_failed(&path, &error),
        other => Failure::Failed(other.to_string()),
    }
}

fn missing_or_failed(path: &Path, error: &std::io::Error) -> Failure {
    let text = format!("cannot read {}: {error}", path.display());
    if error.kind() == ErrorKind::NotFound { Failure::NotFound(text) } else { Failure::Failed(text) }
}
