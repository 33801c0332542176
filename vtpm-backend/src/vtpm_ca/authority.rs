//! Root and intermediate.

use der::asn1::ObjectIdentifier;

use super::VtpmCa;
use crate::x509::extensions::{self, KeyUsages};
use crate::x509::{CertificateTemplate, RsaBits, SignatureAlg, SigningKey, X509Error, issue, serial_from};

/// Stands in for `C=US, O=Microsoft Corporation, CN=Azure Virtual TPM Root Certificate Authority 2023`.
const ROOT_SUBJECT: &str = "CN=Slipway Virtual TPM Root Certificate Authority,\
    OU=stands in for Azure Virtual TPM Root Certificate Authority 2023,O=Slipway,C=US";
/// Stands in for `CN=Global Virtual TPM CA - 01`.
pub(super) const INTERMEDIATE_SUBJECT: &str = "CN=Global Virtual TPM CA - 01,O=Slipway";

/// tcg-kp-EKCertificate.
const EKU_EK_CERTIFICATE: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.23.133.8.1");
/// tcg-kp-AIKCertificate.
pub(super) const EKU_AIK_CERTIFICATE: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.23.133.8.3");

const DAY_S: u64 = 86_400;
/// Azure's root lasts 25 years. Here the intermediate does as well (Azure's: 2.4 years): simulated clocks run fast.
const LIFE_S: u64 = 25 * 365 * DAY_S;

/// Makes both keys and both certificates.
pub(super) fn create(now_unix: u64) -> Result<VtpmCa, X509Error> {
    let root_key = SigningKey::generate_rsa(RsaBits::Bits4096)?;
    let intermediate_key = SigningKey::generate_rsa(RsaBits::Bits2048)?;
    let (root, intermediate) = (root_key.spki_der(), intermediate_key.spki_der());
    let ca_usage = KeyUsages::KeyCertSign | KeyUsages::CRLSign;

    let root_der = issue(
        &CertificateTemplate {
            subject: ROOT_SUBJECT.to_owned(),
            issuer: ROOT_SUBJECT.to_owned(),
            serial: serial_from(&[b"root", &root]),
            not_before_unix: now_unix.saturating_sub(DAY_S),
            not_after_unix: now_unix.saturating_add(LIFE_S),
            subject_spki_der: root.clone(),
            extensions: vec![
                extensions::key_usage(ca_usage)?,
                extensions::basic_constraints(true, None)?,
                extensions::ski(&root)?,
            ],
            signature: SignatureAlg::RsaSha384,
        },
        &root_key,
    )?;
    let intermediate_der = issue(
        &CertificateTemplate {
            subject: INTERMEDIATE_SUBJECT.to_owned(),
            issuer: ROOT_SUBJECT.to_owned(),
            serial: serial_from(&[b"intermediate", &intermediate]),
            not_before_unix: now_unix.saturating_sub(DAY_S),
            not_after_unix: now_unix.saturating_add(LIFE_S),
            subject_spki_der: intermediate.clone(),
            extensions: vec![
                extensions::key_usage(ca_usage)?,
                extensions::eku(&[EKU_EK_CERTIFICATE, EKU_AIK_CERTIFICATE])?,
                extensions::basic_constraints(true, Some(0))?,
                extensions::ski(&intermediate)?,
                extensions::aki(&root)?,
            ],
            signature: SignatureAlg::RsaSha384,
        },
        &root_key,
    )?;
    Ok(VtpmCa { root_der, intermediate_der, intermediate_key })
}
