//! Issuing certificates.

use std::str::FromStr;
use std::time::Duration;

use der::asn1::{BitString, GeneralizedTime, ObjectIdentifier, UtcTime};
use der::oid::db::rfc5912;
use der::{Any, Decode, Encode};
use sha2::{Digest, Sha256};
use x509_cert::certificate::{Certificate, TbsCertificate, Version};
use x509_cert::ext::Extension;
use x509_cert::name::RdnSequence;
use x509_cert::serial_number::SerialNumber;
use x509_cert::spki::{AlgorithmIdentifierOwned, SubjectPublicKeyInfoOwned};
use x509_cert::time::{Time, Validity};

use super::{HashAlg, SigningKey, X509Error};

/// The signature on a certificate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SignatureAlg {
    /// sha256WithRSAEncryption.
    RsaSha256,
    /// sha384WithRSAEncryption.
    RsaSha384,
    /// ecdsa-with-SHA256 on P-256.
    EcdsaP256Sha256,
}

impl SignatureAlg {
    /// Its object identifier.
    pub fn oid(self) -> ObjectIdentifier {
        match self {
            SignatureAlg::RsaSha256 => rfc5912::SHA_256_WITH_RSA_ENCRYPTION,
            SignatureAlg::RsaSha384 => rfc5912::SHA_384_WITH_RSA_ENCRYPTION,
            SignatureAlg::EcdsaP256Sha256 => rfc5912::ECDSA_WITH_SHA_256,
        }
    }

    /// The algorithm with this identifier, if it is a supported one.
    pub fn from_oid(oid: &ObjectIdentifier) -> Option<SignatureAlg> {
        [SignatureAlg::RsaSha256, SignatureAlg::RsaSha384, SignatureAlg::EcdsaP256Sha256]
            .into_iter()
            .find(|alg| alg.oid() == *oid)
    }

    fn hash(self) -> HashAlg {
        match self {
            SignatureAlg::RsaSha256 | SignatureAlg::EcdsaP256Sha256 => HashAlg::Sha256,
            SignatureAlg::RsaSha384 => HashAlg::Sha384,
        }
    }

    fn is_rsa(self) -> bool {
        !matches!(self, SignatureAlg::EcdsaP256Sha256)
    }

    fn identifier(self) -> AlgorithmIdentifierOwned {
        // RFC 4055 wants an explicit NULL for RSA; RFC 5758 wants no parameters for ECDSA.
        let parameters = self.is_rsa().then(Any::null);
        AlgorithmIdentifierOwned { oid: self.oid(), parameters }
    }

    fn name(self) -> &'static str {
        match self {
            SignatureAlg::RsaSha256 => "sha256WithRSAEncryption",
            SignatureAlg::RsaSha384 => "sha384WithRSAEncryption",
            SignatureAlg::EcdsaP256Sha256 => "ecdsa-with-SHA256",
        }
    }
}

/// Everything that a certificate says, before it is signed.
#[derive(Clone, Debug)]
pub struct CertificateTemplate {
    /// Subject in RFC 4514 form, most specific part first: `CN=leaf,O=Slipway`.
    pub subject: String,
    /// Issuer in RFC 4514 form; byte for byte the subject of the issuer's certificate.
    pub issuer: String,
    /// Serial number, big-endian, read as a positive number.
    pub serial: [u8; 16],
    /// First second of validity, Unix time.
    pub not_before_unix: u64,
    /// Last second of validity, Unix time.
    pub not_after_unix: u64,
    /// The subject's public key.
    pub subject_spki_der: Vec<u8>,
    /// Extensions, written in exactly this order.
    pub extensions: Vec<Extension>,
    /// How the issuer signs.
    pub signature: SignatureAlg,
}

/// Signs the template with the issuer's key and returns the certificate as DER.
///
/// # Errors
/// [`X509Error::WrongAlgorithm`] when the key does not fit `template.signature`; [`X509Error::Malformed`] when a name,
/// time or key cannot be encoded; [`X509Error::Key`] when signing fails.
pub fn issue(template: &CertificateTemplate, issuer_key: &SigningKey) -> Result<Vec<u8>, X509Error> {
    let alg = template.signature;
    if alg.is_rsa() != issuer_key.is_rsa() {
        return Err(X509Error::WrongAlgorithm { key: issuer_key.kind_name(), wanted: alg.name() });
    }
    let tbs = to_be_signed(template)?;
    let tbs_der = tbs.to_der().map_err(X509Error::malformed("a certificate"))?;
    let signature = issuer_key.sign(alg.hash(), &tbs_der)?;
    let certificate = Certificate {
        tbs_certificate: tbs,
        signature_algorithm: alg.identifier(),
        signature: BitString::from_bytes(&signature).map_err(X509Error::malformed("a signature"))?,
    };
    certificate.to_der().map_err(X509Error::malformed("a certificate"))
}

fn to_be_signed(template: &CertificateTemplate) -> Result<TbsCertificate, X509Error> {
    let name = |text: &str| RdnSequence::from_str(text).map_err(X509Error::malformed("a distinguished name"));
    Ok(TbsCertificate {
        version: Version::V3,
        serial_number: SerialNumber::new(&template.serial).map_err(X509Error::malformed("a serial number"))?,
        signature: template.signature.identifier(),
        issuer: name(&template.issuer)?,
        validity: Validity { not_before: time(template.not_before_unix)?, not_after: time(template.not_after_unix)? },
        subject: name(&template.subject)?,
        subject_public_key_info: SubjectPublicKeyInfoOwned::from_der(&template.subject_spki_der)
            .map_err(X509Error::malformed("a subject public key info"))?,
        issuer_unique_id: None,
        subject_unique_id: None,
        extensions: (!template.extensions.is_empty()).then(|| template.extensions.clone()),
    })
}

/// UTCTime until 2049, GeneralizedTime from then on (RFC 5280, 4.1.2.5).
fn time(unix: u64) -> Result<Time, X509Error> {
    let since_epoch = Duration::from_secs(unix);
    if let Ok(time) = UtcTime::from_unix_duration(since_epoch) {
        return Ok(Time::UtcTime(time));
    }
    let time = GeneralizedTime::from_unix_duration(since_epoch).map_err(X509Error::malformed("a date"))?;
    Ok(Time::GeneralTime(time))
}

/// A serial number drawn from what makes the certificate unique, so that issuing again gives the same number.
pub fn serial_from(parts: &[&[u8]]) -> [u8; 16] {
    let mut hash = Sha256::new();
    for part in parts {
        hash.update((part.len() as u64).to_le_bytes());
        hash.update(part);
    }
    let digest = hash.finalize();
    let mut serial = [0; 16];
    serial.copy_from_slice(&digest[..16]);
    // The two top bits make it positive, non-zero and always sixteen bytes long.
    serial[0] = (serial[0] & 0x7f) | 0x40;
    serial
}
