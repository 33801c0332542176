//! The attestation key's certificate.

use der::asn1::{Any, BitString, Ia5StringRef, ObjectIdentifier, UintRef, Utf8StringRef};
use der::{Encode, Sequence};
use x509_cert::ext::Extension;
use x509_cert::spki::{AlgorithmIdentifierOwned, SubjectPublicKeyInfoOwned};

use super::VtpmCaError;
use super::authority::{EKU_AIK_CERTIFICATE, INTERMEDIATE_SUBJECT};
use crate::x509::extensions::{self, KeyUsages};
use crate::x509::{CertificateTemplate, RsaBits, SignatureAlg, SigningKey, X509Error, issue as sign, serial_from};

/// How long a leaf is valid; three real ones have between nine and eighteen months.
pub const AK_CERTIFICATE_DAYS: u64 = 365;

/// The policy of a trusted-launch VM's attestation key (a confidential VM's is 1.3.6.1.4.1.311.108.200.1).
const POLICY_TRUSTED_VM: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.6.1.4.1.311.108");
/// The first of the two extended key usages in every sample (szOID_ROOT_LIST_SIGNER's neighbour, "key recovery" arc).
const EKU_MICROSOFT_3_12: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.6.1.4.1.311.10.3.12");
/// szOID_OS_VERSION: which system asked for the certificate.
const OS_VERSION: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.6.1.4.1.311.13.2.3");
/// szOID_REQUEST_CLIENT_INFO: which host, user and process asked for it.
const REQUEST_CLIENT_INFO: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.6.1.4.1.311.21.20");
const RSA_ENCRYPTION: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.1");

const PUBLIC_EXPONENT: [u8; 3] = [1, 0, 1];
const DAY_S: u64 = 86_400;
/// A verifier's clock may be a little behind.
const BACKDATE_S: u64 = 600;

/// `RSAPublicKey` (RFC 8017, A.1.1).
#[derive(Sequence)]
struct RsaPublicKey<'a> {
    modulus: UintRef<'a>,
    exponent: UintRef<'a>,
}

/// The value of szOID_REQUEST_CLIENT_INFO (MS-WCCE 2.2.2.7.4).
#[derive(Sequence)]
struct RequestClientInfo<'a> {
    client: u8,
    machine: Utf8StringRef<'a>,
    user: Utf8StringRef<'a>,
    process: Utf8StringRef<'a>,
}

/// Who issues the certificate of a machine whose real one is not there yet: Azure's client looks for a name that begins
/// like this (confidential-computing-cvm-guest-attestation, `IsAkCertProvisioned`).
const PLACEHOLDER_ISSUER: &str = "CN=MICROSOFT AZURE TRUSTED VM RSA (Slipway stand-in)";

/// A certificate that leads nowhere, for a machine whose real one is not there yet. Whoever signed it is forgotten.
///
/// # Errors
/// When the modulus is no RSA modulus or signing fails.
pub(crate) fn placeholder_certificate(machine: &str, modulus: &[u8], now: u64) -> Result<Vec<u8>, VtpmCaError> {
    let nobody = SigningKey::generate_rsa(RsaBits::Bits2048)?;
    Ok(issue_as(PLACEHOLDER_ISSUER, &nobody, machine, modulus, now)?)
}

/// Issues the leaf for `<machine>.TrustedVM.Slipway.Simulator` (real: `<12 hex>.TrustedVM.Azure.Microsoft`).
pub(super) fn issue(issuer: &SigningKey, machine: &str, modulus: &[u8], now: u64) -> Result<Vec<u8>, X509Error> {
    issue_as(INTERMEDIATE_SUBJECT, issuer, machine, modulus, now)
}

fn issue_as(
    issuer_name: &str,
    issuer: &SigningKey,
    machine: &str,
    modulus: &[u8],
    now: u64,
) -> Result<Vec<u8>, X509Error> {
    let spki = subject_public_key_info(modulus)?;
    let not_before_unix = now.saturating_sub(BACKDATE_S);
    let template = CertificateTemplate {
        subject: format!("CN={machine}.TrustedVM.Slipway.Simulator"),
        issuer: issuer_name.to_owned(),
        serial: serial_from(&[b"ak", &spki, &now.to_be_bytes()]),
        not_before_unix,
        not_after_unix: not_before_unix.saturating_add(AK_CERTIFICATE_DAYS * DAY_S),
        extensions: leaf_extensions(&spki, &issuer.spki_der())?,
        subject_spki_der: spki,
        signature: SignatureAlg::RsaSha256,
    };
    sign(&template, issuer)
}

/// Neither AIA nor CRL distribution points: real leaves of this hierarchy have none.
fn leaf_extensions(spki: &[u8], issuer_spki: &[u8]) -> Result<Vec<Extension>, X509Error> {
    let os_version = Ia5StringRef::new("10.0.0.0").and_then(|text| text.to_der());
    let client = RequestClientInfo {
        client: 9,
        machine: Utf8StringRef::new("slipway").map_err(X509Error::malformed("client info"))?,
        user: Utf8StringRef::new("SLIPWAY\\simulator").map_err(X509Error::malformed("client info"))?,
        process: Utf8StringRef::new("slipway").map_err(X509Error::malformed("client info"))?,
    };
    Ok(vec![
        extensions::key_usage(KeyUsages::DigitalSignature)?,
        extensions::certificate_policies(POLICY_TRUSTED_VM)?,
        extensions::eku(&[EKU_MICROSOFT_3_12, EKU_AIK_CERTIFICATE])?,
        extensions::ski(spki)?,
        extensions::raw(OS_VERSION, false, &os_version.map_err(X509Error::malformed("an OS version"))?)?,
        extensions::raw(REQUEST_CLIENT_INFO, false, &client.to_der().map_err(X509Error::malformed("client info"))?)?,
        extensions::aki(issuer_spki)?,
    ])
}

/// The key in the form that certificates and PEM files hold it.
pub(crate) fn subject_public_key_info(modulus: &[u8]) -> Result<Vec<u8>, X509Error> {
    let encode = || -> der::Result<Vec<u8>> {
        let key = RsaPublicKey { modulus: UintRef::new(modulus)?, exponent: UintRef::new(&PUBLIC_EXPONENT)? };
        let algorithm = AlgorithmIdentifierOwned { oid: RSA_ENCRYPTION, parameters: Some(Any::null()) };
        let subject_public_key = BitString::from_bytes(&key.to_der()?)?;
        SubjectPublicKeyInfoOwned { algorithm, subject_public_key }.to_der()
    };
    encode().map_err(X509Error::malformed("an RSA public key"))
}
