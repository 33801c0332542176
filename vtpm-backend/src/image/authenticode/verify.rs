//! Verifying Authenticode signatures, as firmware and shim do: from the bytes of the file, with nothing taken on trust.

use authenticode::{AttributeCertificateIterator, SPC_INDIRECT_DATA_OBJID, SpcIndirectDataContent};
use cms::cert::CertificateChoices;
use cms::content_info::ContentInfo;
use cms::signed_data::{SignedData, SignerIdentifier, SignerInfo};
use der::asn1::ObjectIdentifier;
use der::oid::db::{rfc5911, rfc5912};
use der::{Decode, Encode, SliceReader};
use x509_cert::Certificate;

use crate::image::Content;
use crate::image::pe::{self, PeError};
use crate::pcr::{Bank, Digests};
use crate::x509::{self, SignatureAlg, X509Error};

use super::{CONTENT_TYPE, MESSAGE_DIGEST};

/// Most signatures that are read from one file.
const SIGNATURES_MAX: usize = 16;

/// Why a signature does not vouch for its file.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SignatureError {
    /// The structure cannot be read.
    #[error("the signature is malformed: {0}")]
    Malformed(String),
    /// The file is not the one that was signed.
    #[error("the file's hash is not the signed one")]
    HashMismatch,
    /// The signed attributes belong to other content.
    #[error("the signed attributes do not cover the signed content")]
    AttributesMismatch,
    /// The signature over the attributes, or a certificate in the chain, is wrong or leads nowhere trusted.
    #[error(transparent)]
    Chain(#[from] X509Error),
}

/// One signature of a PE file, taken apart but not yet believed.
#[derive(Debug)]
pub struct Signature {
    content: SpcIndirectDataContent,
    content_value: Vec<u8>,
    signer: SignerInfo,
    certificates: Vec<Certificate>,
}

/// All signatures in a file's certificate table, in order; none for an unsigned file.
///
/// # Errors
/// [`PeError`] when the bytes are no PE file or the certificate table is broken. A signature that cannot be read is an
/// entry of its own, because another one may still vouch for the file.
pub fn signatures(bytes: &[u8]) -> Result<Vec<Result<Signature, SignatureError>>, PeError> {
    let file = pe::parse(bytes)?;
    let broken = |e: authenticode::AttributeCertificateError| PeError(e.to_string());
    let Some(table) = AttributeCertificateIterator::new(&file).map_err(broken)? else {
        return Ok(Vec::new());
    };
    let mut found = Vec::new();
    for entry in table.take(SIGNATURES_MAX) {
        let entry = entry.map_err(broken)?;
        if entry.certificate_type == authenticode::WIN_CERT_TYPE_PKCS_SIGNED_DATA {
            found.push(Signature::parse(entry.data));
        }
    }
    Ok(found)
}

impl Signature {
    fn parse(bytes: &[u8]) -> Result<Signature, SignatureError> {
        Signature::read(bytes).map_err(|e| SignatureError::Malformed(e.to_string()))
    }

    fn read(bytes: &[u8]) -> der::Result<Signature> {
        // The table pads entries, so bytes may follow the structure.
        let content_info = ContentInfo::decode(&mut SliceReader::new(bytes)?)?;
        expect(content_info.content_type == rfc5911::ID_SIGNED_DATA)?;
        let signed: SignedData = content_info.content.decode_as()?;
        expect(signed.encap_content_info.econtent_type == SPC_INDIRECT_DATA_OBJID)?;
        let content = signed.encap_content_info.econtent.ok_or_else(failed)?;
        let [signer] = signed.signer_infos.0.as_slice() else {
            return Err(failed());
        };
        let certificates = signed.certificates.iter().flat_map(|set| set.0.iter());
        Ok(Signature {
            content_value: content.value().to_vec(),
            content: content.decode_as()?,
            signer: signer.clone(),
            certificates: certificates
                .filter_map(|choice| match choice {
                    CertificateChoices::Certificate(certificate) => Some(certificate.clone()),
                    CertificateChoices::Other(_) => None,
                })
                .collect(),
        })
    }

    /// Whether this signature vouches for `file` on the word of `trusted`, a certificate: the file's hash is the signed
    /// one, the signature over it is valid, and the signer's chain leads to `trusted` (dates are ignored, as firmware
    /// does). Returns the chain as DER, signer first.
    ///
    /// # Errors
    /// [`SignatureError`] names the first of these that does not hold.
    pub fn verify(&self, file: &Content, trusted: &[u8]) -> Result<Vec<Vec<u8>>, SignatureError> {
        self.check_hash(file)?;
        self.check_attributes()?;
        let signer = self.signer_certificate()?;
        self.check_signature(&signer)?;
        let others = self.certificates.iter().filter_map(|cert| cert.to_der().ok()).collect::<Vec<_>>();
        Ok(x509::verify_chain_ignoring_time(&signer, &others, &[trusted.to_vec()])?)
    }

    /// The SHA-256 hashes of the signed parts (`TBSCertificate`) of the signer's certificate and of those embedded ones
    /// that lead up from it.
    pub fn chain_hashes(&self) -> Vec<[u8; 32]> {
        let signer = self.signer_certificate().ok().and_then(|der| Certificate::from_der(&der).ok());
        let mut chain: Vec<Certificate> = signer.into_iter().collect();
        while let Some(last) = chain.last()
            && chain.len() <= self.certificates.len()
        {
            let issuer = &last.tbs_certificate.issuer;
            let above = self.certificates.iter().find(|cert| cert.tbs_certificate.subject == *issuer);
            match above.filter(|above| !chain.contains(above)) {
                Some(above) => chain.push(above.clone()),
                None => break,
            }
        }
        let hash = |cert: &Certificate| cert.tbs_certificate.to_der().ok().map(|tbs| Digests::of(&tbs).sha256);
        chain.iter().filter_map(hash).collect()
    }

    fn check_hash(&self, file: &Content) -> Result<(), SignatureError> {
        let hash = file.authenticode().map_err(|e| SignatureError::Malformed(e.to_string()))?;
        let info = &self.content.message_digest;
        let signed = info.digest.as_bytes();
        let same = info.digest_algorithm.oid == rfc5912::ID_SHA_256 && signed == hash.sha256;
        if same { Ok(()) } else { Err(SignatureError::HashMismatch) }
    }

    fn check_attributes(&self) -> Result<(), SignatureError> {
        let digest = Bank::Sha256.hash(&[&self.content_value]);
        let content_type = self.attribute::<ObjectIdentifier>(CONTENT_TYPE);
        let message_digest = self.attribute::<der::asn1::OctetString>(MESSAGE_DIGEST);
        let same = content_type == Some(SPC_INDIRECT_DATA_OBJID)
            && message_digest.is_some_and(|signed| signed.as_bytes() == digest)
            && self.signer.digest_alg.oid == rfc5912::ID_SHA_256;
        if same { Ok(()) } else { Err(SignatureError::AttributesMismatch) }
    }

    /// The one value of a signed attribute.
    fn attribute<T: for<'a> der::Choice<'a> + for<'a> der::DecodeValue<'a>>(&self, oid: ObjectIdentifier) -> Option<T> {
        let attributes = self.signer.signed_attrs.as_ref()?;
        let attribute = attributes.iter().find(|attribute| attribute.oid == oid)?;
        match attribute.values.as_slice() {
            [value] => value.decode_as().ok(),
            _ => None,
        }
    }

    /// The certificate of whoever signed, as it is embedded; not yet believed.
    pub(crate) fn signer_certificate(&self) -> Result<Vec<u8>, SignatureError> {
        let SignerIdentifier::IssuerAndSerialNumber(id) = &self.signer.sid else {
            return Err(SignatureError::Malformed("the signer is not named by issuer and serial number".to_owned()));
        };
        let found = self.certificates.iter().find(|cert| {
            cert.tbs_certificate.issuer == id.issuer && cert.tbs_certificate.serial_number == id.serial_number
        });
        found
            .and_then(|cert| cert.to_der().ok())
            .ok_or_else(|| SignatureError::Malformed("the signer's certificate is not embedded".to_owned()))
    }

    fn check_signature(&self, signer: &[u8]) -> Result<(), SignatureError> {
        // The signature covers the attributes as a SET OF, not under the implicit tag they have inside SignerInfo.
        let malformed = |e: der::Error| SignatureError::Malformed(e.to_string());
        let signed = self.signer.signed_attrs.to_der().map_err(malformed)?;
        Ok(x509::verify_signature(signer, SignatureAlg::RsaSha256, &signed, self.signer.signature.as_bytes())?)
    }
}

fn expect(holds: bool) -> der::Result<()> {
    if holds { Ok(()) } else { Err(failed()) }
}

fn failed() -> der::Error {
    der::ErrorKind::Failed.into()
}
