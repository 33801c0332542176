//! Signing PE files.

use authenticode::{
    DigestInfo, SPC_INDIRECT_DATA_OBJID, SpcAttributeTypeAndOptionalValue, SpcIndirectDataContent,
    WIN_CERT_REVISION_2_0, WIN_CERT_TYPE_PKCS_SIGNED_DATA,
};
use cms::cert::{CertificateChoices, IssuerAndSerialNumber};
use cms::content_info::{CmsVersion, ContentInfo};
use cms::signed_data::{
    CertificateSet, EncapsulatedContentInfo, SignedData, SignerIdentifier, SignerInfo, SignerInfos,
};
use der::asn1::{ObjectIdentifier, OctetString, SetOfVec};
use der::oid::db::{rfc5911, rfc5912};
use der::{Any, Decode, Encode};
use x509_cert::Certificate;
use x509_cert::attr::Attribute;
use x509_cert::spki::AlgorithmIdentifierOwned;

use crate::image::pe;
use crate::pcr::{Bank, Digests};
use crate::x509::{HashAlg, SigningKey, X509Error};

use super::{CONTENT_TYPE, MESSAGE_DIGEST, SPC_PE_IMAGE_DATA};

/// `SpcPeImageData` with no flags and an empty file name, as signing tools write it.
const PE_IMAGE_DATA: [u8; 11] = [0x30, 0x09, 0x03, 0x01, 0x00, 0xa0, 0x04, 0xa2, 0x02, 0x80, 0x00];

/// Who signs: an RSA key, its certificate, and the certificates that lead to a trusted one.
#[derive(Debug)]
pub struct Signer {
    /// The private key.
    pub key: SigningKey,
    /// Its certificate.
    pub cert_der: Vec<u8>,
    /// Certificates to embed beside it.
    pub chain: Vec<Vec<u8>>,
}

/// Signs a PE file with SHA-256 and RSA. The result is a function of its inputs: no time, no randomness.
///
/// # Errors
/// [`X509Error`] when the file is no PE, a certificate cannot be read, or the key cannot sign.
pub fn sign(unsigned: Vec<u8>, signer: &Signer) -> Result<Vec<u8>, X509Error> {
    let not_pe = |e: pe::PeError| X509Error::Malformed { what: "a PE file", detail: e.to_string() };
    // A certificate table starts at a multiple of eight bytes, and the padding before it is hashed.
    let mut unsigned = unsigned;
    unsigned.resize(unsigned.len().next_multiple_of(8), 0);
    let hash = pe::authenticode_digests(&unsigned).map_err(not_pe)?;
    let pkcs7 = signed_data(&hash, signer)?;
    pe::with_certificate_table(unsigned, &win_certificate(&pkcs7)).map_err(not_pe)
}

/// `WIN_CERTIFICATE`: length, revision, type, content, padding to eight bytes.
fn win_certificate(pkcs7: &[u8]) -> Vec<u8> {
    let len = (8 + pkcs7.len()).next_multiple_of(8);
    let mut out = (len as u32).to_le_bytes().to_vec();
    out.extend_from_slice(&WIN_CERT_REVISION_2_0.to_le_bytes());
    out.extend_from_slice(&WIN_CERT_TYPE_PKCS_SIGNED_DATA.to_le_bytes());
    out.extend_from_slice(pkcs7);
    out.resize(len, 0);
    out
}

fn signed_data(hash: &Digests, signer: &Signer) -> Result<Vec<u8>, X509Error> {
    let malformed = X509Error::malformed("an Authenticode signature");
    let content = indirect_data(hash).map_err(&malformed)?;
    let content = Any::encode_from(&content).map_err(&malformed)?;
    // The message digest covers the content's value, without its tag and length (PKCS #7, 9.3).
    let message_digest = Bank::Sha256.hash(&[content.value()]);
    let attributes = signed_attributes(&message_digest).map_err(&malformed)?;
    let to_sign = attributes.to_der().map_err(&malformed)?;
    let signature = signer.key.sign(HashAlg::Sha256, &to_sign)?;
    let certificate = Certificate::from_der(&signer.cert_der).map_err(&malformed)?;
    let info = signer_info(&certificate, attributes, signature).map_err(&malformed)?;
    let certificates = certificates(certificate, &signer.chain).map_err(&malformed)?;
    content_info(content, certificates, info).map_err(&malformed)
}

fn indirect_data(hash: &Digests) -> der::Result<SpcIndirectDataContent> {
    Ok(SpcIndirectDataContent {
        data: SpcAttributeTypeAndOptionalValue { value_type: SPC_PE_IMAGE_DATA, value: Any::from_der(&PE_IMAGE_DATA)? },
        message_digest: DigestInfo { digest_algorithm: sha256(), digest: OctetString::new(hash.sha256.to_vec())? },
    })
}

fn signed_attributes(message_digest: &[u8]) -> der::Result<SetOfVec<Attribute>> {
    let attribute = |oid: ObjectIdentifier, value: Any| {
        der::Result::Ok(Attribute { oid, values: SetOfVec::try_from(vec![value])? })
    };
    SetOfVec::try_from(vec![
        attribute(CONTENT_TYPE, Any::encode_from(&SPC_INDIRECT_DATA_OBJID)?)?,
        attribute(MESSAGE_DIGEST, Any::encode_from(&OctetString::new(message_digest)?)?)?,
    ])
}

fn signer_info(
    certificate: &Certificate,
    attributes: SetOfVec<Attribute>,
    signature: Vec<u8>,
) -> der::Result<SignerInfo> {
    Ok(SignerInfo {
        version: CmsVersion::V1,
        sid: SignerIdentifier::IssuerAndSerialNumber(IssuerAndSerialNumber {
            issuer: certificate.tbs_certificate.issuer.clone(),
            serial_number: certificate.tbs_certificate.serial_number.clone(),
        }),
        digest_alg: sha256(),
        signed_attrs: Some(attributes),
        signature_algorithm: algorithm(rfc5912::RSA_ENCRYPTION),
        signature: OctetString::new(signature)?,
        unsigned_attrs: None,
    })
}

fn certificates(own: Certificate, chain: &[Vec<u8>]) -> der::Result<CertificateSet> {
    let mut all = vec![CertificateChoices::Certificate(own)];
    for der in chain {
        all.push(CertificateChoices::Certificate(Certificate::from_der(der)?));
    }
    CertificateSet::try_from(all)
}

fn content_info(content: Any, certificates: CertificateSet, info: SignerInfo) -> der::Result<Vec<u8>> {
    let signed_data = SignedData {
        version: CmsVersion::V1,
        digest_algorithms: SetOfVec::try_from(vec![sha256()])?,
        encap_content_info: EncapsulatedContentInfo { econtent_type: SPC_INDIRECT_DATA_OBJID, econtent: Some(content) },
        certificates: Some(certificates),
        crls: None,
        signer_infos: SignerInfos::try_from(vec![info])?,
    };
    ContentInfo { content_type: rfc5911::ID_SIGNED_DATA, content: Any::encode_from(&signed_data)? }.to_der()
}

fn sha256() -> AlgorithmIdentifierOwned {
    algorithm(rfc5912::ID_SHA_256)
}

fn algorithm(oid: ObjectIdentifier) -> AlgorithmIdentifierOwned {
    AlgorithmIdentifierOwned { oid, parameters: Some(Any::null()) }
}
