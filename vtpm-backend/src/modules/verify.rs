//! Judging a module's signature (Linux `kernel/module/signing.c`, `mod_verify_sig`).

use cms::content_info::ContentInfo;
use cms::signed_data::{SignedData, SignerIdentifier, SignerInfo};
use der::oid::db::{rfc5911, rfc5912};
use der::{Decode, Encode};
use x509_cert::Certificate;

use crate::x509::{self, SignatureAlg};

use super::{MAGIC, PKEY_ID_PKCS7, TRAILER_LEN};

/// What a module's signature is worth.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ModuleSignature {
    /// There is none.
    Unsigned,
    /// It holds.
    Trusted {
        /// The subject of the certificate.
        by: String,
    },
    /// The kernel has no certificate for it (`-ENOKEY`).
    UnknownKey {
        /// Whom the signature names: issuer and serial number.
        signer: String,
    },
    /// It cannot be read, or the module was changed after it was signed (`-EBADMSG`, `-EKEYREJECTED`).
    Broken {
        /// What is wrong.
        why: String,
    },
}

/// Judges a module by the certificates that the kernel trusts (DER): its own, db's and the machine owner's.
pub fn judge(module: &[u8], trusted: &[Vec<u8>]) -> ModuleSignature {
    let Some(rest) = module.strip_suffix(MAGIC) else {
        return ModuleSignature::Unsigned;
    };
    let broken = |why: &str| ModuleSignature::Broken { why: why.to_owned() };
    let Some((content, signature)) = split(rest) else {
        return broken("the structure behind its signature is damaged");
    };
    let Ok(signer) = read(signature) else {
        return broken("its signature cannot be read");
    };
    let SignerIdentifier::IssuerAndSerialNumber(id) = &signer.sid else {
        return broken("its signer is not named by issuer and serial number");
    };
    let is_named = |certificate: &Certificate| {
        let own = &certificate.tbs_certificate;
        own.issuer == id.issuer && own.serial_number == id.serial_number
    };
    let mut certificates = trusted.iter().filter_map(|der| Certificate::from_der(der).ok());
    let Some(certificate) = certificates.find(is_named) else {
        return ModuleSignature::UnknownKey { signer: format!("{} (serial number {})", id.issuer, id.serial_number) };
    };
    let subject = certificate.tbs_certificate.subject.to_string();
    let der = certificate.to_der().unwrap_or_default();
    match x509::verify_signature(&der, SignatureAlg::RsaSha256, content, signer.signature.as_bytes()) {
        Ok(()) => ModuleSignature::Trusted { by: subject },
        Err(_) => broken("it was changed after it was signed"),
    }
}

/// The module's own bytes and the signature.
fn split(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let (rest, trailer) = bytes.split_at_checked(bytes.len().checked_sub(TRAILER_LEN)?)?;
    let plain = trailer[2] == PKEY_ID_PKCS7 && [0, 1, 3, 4, 5, 6, 7].iter().all(|at| trailer[*at] == 0);
    let len = u32::from_be_bytes([trailer[8], trailer[9], trailer[10], trailer[11]]) as usize;
    plain.then(|| rest.split_at_checked(rest.len().checked_sub(len)?))?
}

fn read(signature: &[u8]) -> der::Result<SignerInfo> {
    let failed = || der::Error::from(der::ErrorKind::Failed);
    let content_info = ContentInfo::from_der(signature)?;
    if content_info.content_type != rfc5911::ID_SIGNED_DATA {
        return Err(failed());
    }
    let signed: SignedData = content_info.content.decode_as()?;
    let signer = signed.signer_infos.0.as_slice().first().ok_or_else(failed)?;
    let is_plain = signer.signed_attrs.is_none() && signer.digest_alg.oid == rfc5912::ID_SHA_256;
    if is_plain { Ok(signer.clone()) } else { Err(failed()) }
}
