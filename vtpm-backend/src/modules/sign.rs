//! Signing modules, as `scripts/sign-file` does with `CMS_NOCERTS | CMS_NOATTR | CMS_DETACHED | CMS_BINARY`.

use cms::cert::IssuerAndSerialNumber;
use cms::content_info::{CmsVersion, ContentInfo};
use cms::signed_data::{EncapsulatedContentInfo, SignedData, SignerIdentifier, SignerInfo, SignerInfos};
use der::asn1::{ObjectIdentifier, OctetString, SetOfVec};
use der::oid::db::{rfc5911, rfc5912};
use der::{Any, Decode, Encode};
use x509_cert::Certificate;
use x509_cert::spki::AlgorithmIdentifierOwned;

use crate::image::authenticode::Signer;
use crate::x509::{HashAlg, X509Error};

use super::{MAGIC, PKEY_ID_PKCS7, TRAILER_LEN};

/// The module with a signature behind it. A function of its inputs: no time, no randomness.
///
/// # Errors
/// [`X509Error`] when the signer's certificate cannot be read or the key cannot sign.
pub fn sign(module: Vec<u8>, signer: &Signer) -> Result<Vec<u8>, X509Error> {
    let malformed = X509Error::malformed("a module's signature");
    let signature = signer.key.sign(HashAlg::Sha256, &module)?;
    let certificate = Certificate::from_der(&signer.cert_der).map_err(&malformed)?;
    let pkcs7 = detached(&certificate, signature).map_err(&malformed)?;
    let mut out = module;
    out.extend_from_slice(&pkcs7);
    let mut trailer = [0; TRAILER_LEN];
    trailer[2] = PKEY_ID_PKCS7;
    trailer[8..].copy_from_slice(&(pkcs7.len() as u32).to_be_bytes());
    out.extend_from_slice(&trailer);
    out.extend_from_slice(MAGIC);
    Ok(out)
}

fn detached(certificate: &Certificate, signature: Vec<u8>) -> der::Result<Vec<u8>> {
    let info = SignerInfo {
        version: CmsVersion::V1,
        sid: SignerIdentifier::IssuerAndSerialNumber(IssuerAndSerialNumber {
            issuer: certificate.tbs_certificate.issuer.clone(),
            serial_number: certificate.tbs_certificate.serial_number.clone(),
        }),
        digest_alg: algorithm(rfc5912::ID_SHA_256),
        signed_attrs: None,
        signature_algorithm: algorithm(rfc5912::RSA_ENCRYPTION),
        signature: OctetString::new(signature)?,
        unsigned_attrs: None,
    };
    let signed_data = SignedData {
        version: CmsVersion::V1,
        digest_algorithms: SetOfVec::try_from(vec![algorithm(rfc5912::ID_SHA_256)])?,
        encap_content_info: EncapsulatedContentInfo { econtent_type: rfc5911::ID_DATA, econtent: None },
        certificates: None,
        crls: None,
        signer_infos: SignerInfos::try_from(vec![info])?,
    };
    ContentInfo { content_type: rfc5911::ID_SIGNED_DATA, content: Any::encode_from(&signed_data)? }.to_der()
}

fn algorithm(oid: ObjectIdentifier) -> AlgorithmIdentifierOwned {
    AlgorithmIdentifierOwned { oid, parameters: Some(Any::null()) }
}
