//! The attestation key: who vouches for it, what it is, what it signed.

use aws_lc_rs::signature::{RSA_PKCS1_2048_8192_SHA256, RSA_PKCS1_2048_8192_SHA384, RsaPublicKeyComponents};
use der::asn1::UintRef;
use der::{Decode, Encode, Reader as _, SliceReader};
use vtpm_backend::pcr::Bank;
use vtpm_backend::x509::{from_pem, subject_of, verify_chain, verify_chain_ignoring_time};
use x509_cert::Certificate;

use super::Outcome;
use super::quote::Parsed;
use crate::evidence::Evidence;
use crate::policy::Policy;
use crate::tpm::PublicKey;

/// Most certificates of a chain file that are looked at.
const CERTIFICATES_MAX: usize = 16;
/// The hierarchies whose primary keys can be attestation keys, by handle: endorsement (Azure's), owner, platform.
const HIERARCHIES: [u32; 3] = [0x4000_000b, 0x4000_0001, 0x4000_000c];

pub(super) fn chain(evidence: &Evidence, policy: &Policy) -> Outcome {
    if policy.roots.is_empty() {
        return Err("no root certificate was given to trust".to_owned());
    }
    let given = certificates(&evidence.ak_chain_pem)?;
    let intermediates: Vec<_> = policy.intermediates.iter().chain(&given).cloned().collect();
    let leaf = &evidence.ak_certificate;
    let found = match policy.at_unix {
        Some(at) => verify_chain(leaf, &intermediates, &policy.roots, at),
        None => verify_chain_ignoring_time(leaf, &intermediates, &policy.roots),
    };
    let path = found.map_err(|error| error.to_string())?;
    let subject = |der: &Vec<u8>| subject_of(der).unwrap_or_default();
    let ends = path.first().map(subject).zip(path.last().map(subject)).unwrap_or_default();
    Ok(format!("'{}' is vouched for by '{}'", ends.0, ends.1))
}

fn certificates(pem: &str) -> Result<Vec<Vec<u8>>, String> {
    if pem.trim().is_empty() {
        return Ok(Vec::new());
    }
    let chain = Certificate::load_pem_chain(pem.as_bytes()).map_err(|error| format!("ak-chain.pem: {error}"))?;
    if chain.len() > CERTIFICATES_MAX {
        return Err(format!("ak-chain.pem holds more than {CERTIFICATES_MAX} certificates"));
    }
    chain.iter().map(|certificate| certificate.to_der().map_err(|error| format!("ak-chain.pem: {error}"))).collect()
}

/// Certificate, `ak.pub` and `ak.pem` are one key; it is an attestation key; the quote names it as its signer.
pub(super) fn same_key(evidence: &Evidence, parsed: &Parsed) -> Outcome {
    let key = &parsed.key;
    let certified = certified_key(&evidence.ak_certificate).map_err(|error| format!("ak-cert.der: {error}"))?;
    if certified != components(key) {
        return Err("the certificate vouches for another key than the one in ak.pub".to_owned());
    }
    let (_, spki) = from_pem(&evidence.ak_pem).map_err(|error| format!("ak.pem: {error}"))?;
    if key_of_spki(&spki).map_err(|error| format!("ak.pem: {error}"))? != certified {
        return Err("ak.pem is another key than the one in ak.pub".to_owned());
    }
    if let Some(reason) = key.not_attestation_key() {
        return Err(format!("the key is no attestation key: {reason}"));
    }
    let signer = &parsed.attest.qualified_signer;
    if !HIERARCHIES.iter().any(|hierarchy| key.qualified_name(*hierarchy) == *signer) {
        return Err("the quote names another key as its signer than the one in ak.pub".to_owned());
    }
    Ok("a restricted signing key that cannot leave its TPM, named by the certificate and by the quote".to_owned())
}

/// Modulus and exponent, without leading zeros.
type Components = (Vec<u8>, Vec<u8>);

fn trimmed(bytes: &[u8]) -> Vec<u8> {
    bytes.iter().copied().skip_while(|byte| *byte == 0).collect()
}

fn components(key: &PublicKey) -> Components {
    (trimmed(&key.modulus), trimmed(&key.exponent.to_be_bytes()))
}

fn certified_key(der: &[u8]) -> Result<Components, der::Error> {
    let certificate = Certificate::from_der(der)?;
    key_of_spki(&certificate.tbs_certificate.subject_public_key_info.to_der()?)
}

/// The `RSAPublicKey` of a SubjectPublicKeyInfo (RFC 3279, 2.3.1).
fn key_of_spki(spki: &[u8]) -> Result<Components, der::Error> {
    let info = x509_cert::spki::SubjectPublicKeyInfoOwned::from_der(spki)?;
    let key = info.subject_public_key.raw_bytes();
    let mut reader = SliceReader::new(key)?;
    let components = reader.sequence(|reader| {
        let modulus = trimmed(reader.decode::<UintRef<'_>>()?.as_bytes());
        let exponent = trimmed(reader.decode::<UintRef<'_>>()?.as_bytes());
        Ok((modulus, exponent))
    })?;
    reader.finish(components)
}

/// The signature over the quote, with the key in the certificate: what the authority vouches for has to have signed.
pub(super) fn signature(evidence: &Evidence, parsed: &Parsed) -> Outcome {
    let (n, e) = certified_key(&evidence.ak_certificate).map_err(|error| format!("ak-cert.der: {error}"))?;
    let (algorithm, name) = match parsed.signature.hash {
        Bank::Sha384 => (&RSA_PKCS1_2048_8192_SHA384, "SHA-384"),
        _ => (&RSA_PKCS1_2048_8192_SHA256, "SHA-256"),
    };
    let key = RsaPublicKeyComponents { n, e };
    match key.verify(algorithm, &evidence.attest, &parsed.signature.bytes) {
        Ok(()) => Ok(format!("the quote was signed by the certified key (RSASSA, {name})")),
        Err(_) => Err("the quote was not signed by the certified key, or was changed since".to_owned()),
    }
}
