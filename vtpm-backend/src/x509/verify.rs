//! Verifying signatures and certificate chains.

use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_ASN1, RSA_PKCS1_2048_8192_SHA256, RSA_PKCS1_2048_8192_SHA384, UnparsedPublicKey,
    VerificationAlgorithm,
};
use der::asn1::AnyRef;
use der::{Decode, Reader};
use x509_cert::Certificate;
use x509_cert::ext::pkix::BasicConstraints;

use super::{SignatureAlg, X509Error};

/// The longest chain that is followed, leaf and anchor included.
const CHAIN_LEN_MAX: usize = 8;

/// Verifies one signature with the public key of a certificate.
///
/// # Errors
/// [`X509Error::Malformed`] when the certificate cannot be read, [`X509Error::BadSignature`] when the signature does
/// not fit.
pub fn verify_signature(
    signer_cert_der: &[u8],
    alg: SignatureAlg,
    message: &[u8],
    signature: &[u8],
) -> Result<(), X509Error> {
    let signer = Parsed::new(signer_cert_der)?;
    signer
        .verify(alg, message, signature)
        .map_err(|()| X509Error::BadSignature { subject: "the signed data".to_owned(), issuer: signer.subject() })
}

/// Verifies that `cert_der` was signed by the key of `issuer_cert_der` (RSA with SHA-256 or SHA-384, ECDSA P-256 with
/// SHA-256) and names it as its issuer. Looks at no dates and no extensions.
///
/// # Errors
/// [`X509Error::BadSignature`] when it was not; [`X509Error::Malformed`] or [`X509Error::UnsupportedAlgorithm`] when a
/// certificate cannot be read.
pub fn verify_signed_by(cert_der: &[u8], issuer_cert_der: &[u8]) -> Result<(), X509Error> {
    Parsed::new(cert_der)?.signed_by(&Parsed::new(issuer_cert_der)?)
}

/// The subject of a certificate in RFC 4514 form.
///
/// # Errors
/// [`X509Error::Malformed`] when the bytes are no certificate.
pub fn subject_of(cert_der: &[u8]) -> Result<String, X509Error> {
    Ok(Parsed::new(cert_der)?.subject())
}

/// Finds a chain from `leaf` over `intermediates` to one of `roots` in which every signature holds, every issuer is a
/// CA whose path length allows it, and every certificate is valid at `at_unix`. The trusted certificate itself need not
/// be self-signed. Returns the chain as DER, leaf first, trusted certificate last.
///
/// # Errors
/// [`X509Error::NoChain`] when there is none; [`X509Error::Malformed`] when the leaf cannot be read.
pub fn verify_chain(
    leaf: &[u8],
    intermediates: &[Vec<u8>],
    roots: &[Vec<u8>],
    at_unix: u64,
) -> Result<Vec<Vec<u8>>, X509Error> {
    Search::new(leaf, intermediates, roots, Some(at_unix))?.run()
}

/// As [`verify_chain`], without looking at dates: Secure Boot firmware has no trustworthy clock and ignores them
/// (edk2 `Pkcs7Verify` sets `X509_V_FLAG_NO_CHECK_TIME` and `X509_V_FLAG_PARTIAL_CHAIN`; shim does the same).
///
/// # Errors
/// As [`verify_chain`].
pub fn verify_chain_ignoring_time(
    leaf: &[u8],
    intermediates: &[Vec<u8>],
    roots: &[Vec<u8>],
) -> Result<Vec<Vec<u8>>, X509Error> {
    Search::new(leaf, intermediates, roots, None)?.run()
}

struct Parsed {
    der: Vec<u8>,
    tbs: Vec<u8>,
    cert: Certificate,
}

impl Parsed {
    fn new(der: &[u8]) -> Result<Parsed, X509Error> {
        let malformed = X509Error::malformed("a certificate");
        let cert = Certificate::from_der(der).map_err(&malformed)?;
        // The signature covers the bytes as they came, which need not be what our encoder would write.
        let outer = AnyRef::from_der(der).map_err(&malformed)?;
        let tbs = outer
            .sequence(|reader| {
                let tbs = reader.tlv_bytes()?;
                reader.tlv_bytes()?;
                reader.tlv_bytes()?;
                Ok(tbs)
            })
            .map_err(&malformed)?;
        Ok(Parsed { der: der.to_vec(), tbs: tbs.to_vec(), cert })
    }

    fn subject(&self) -> String {
        self.cert.tbs_certificate.subject.to_string()
    }

    fn verify(&self, alg: SignatureAlg, message: &[u8], signature: &[u8]) -> Result<(), ()> {
        let algorithm: &'static dyn VerificationAlgorithm = match alg {
            SignatureAlg::RsaSha256 => &RSA_PKCS1_2048_8192_SHA256,
            SignatureAlg::RsaSha384 => &RSA_PKCS1_2048_8192_SHA384,
            SignatureAlg::EcdsaP256Sha256 => &ECDSA_P256_SHA256_ASN1,
        };
        let key = self.cert.tbs_certificate.subject_public_key_info.subject_public_key.raw_bytes();
        UnparsedPublicKey::new(algorithm, key).verify(message, signature).map_err(|_| ())
    }

    fn signed_by(&self, issuer: &Parsed) -> Result<(), X509Error> {
        let oid = &self.cert.signature_algorithm.oid;
        let alg = SignatureAlg::from_oid(oid).ok_or_else(|| X509Error::UnsupportedAlgorithm(oid.to_string()))?;
        let same_alg = self.cert.tbs_certificate.signature == self.cert.signature_algorithm;
        let same_name = self.cert.tbs_certificate.issuer == issuer.cert.tbs_certificate.subject;
        // A signature that does not fill its last byte is not one that anybody made: nothing else covers that number.
        let signature = self.cert.signature.as_bytes();
        if same_alg && same_name && signature.is_some_and(|bytes| issuer.verify(alg, &self.tbs, bytes).is_ok()) {
            return Ok(());
        }
        Err(X509Error::BadSignature { subject: self.subject(), issuer: issuer.subject() })
    }

    fn valid_at(&self, unix: u64) -> bool {
        let validity = &self.cert.tbs_certificate.validity;
        (validity.not_before.to_unix_duration().as_secs()..=validity.not_after.to_unix_duration().as_secs())
            .contains(&unix)
    }

    /// Whether it may issue a certificate below which `below` further CAs follow.
    fn may_issue(&self, below: usize) -> bool {
        match self.cert.tbs_certificate.get::<BasicConstraints>() {
            Ok(Some((_, constraints))) => {
                constraints.ca && constraints.path_len_constraint.is_none_or(|max| below <= usize::from(max))
            }
            _ => false,
        }
    }
}

struct Search {
    leaf: Parsed,
    intermediates: Vec<Parsed>,
    roots: Vec<Parsed>,
    at_unix: Option<u64>,
}

impl Search {
    fn new(
        leaf: &[u8],
        intermediates: &[Vec<u8>],
        roots: &[Vec<u8>],
        at_unix: Option<u64>,
    ) -> Result<Search, X509Error> {
        // A stray unreadable certificate beside the chain is no reason to refuse a good chain.
        let readable = |ders: &[Vec<u8>]| ders.iter().filter_map(|der| Parsed::new(der).ok()).collect::<Vec<_>>();
        Ok(Search { leaf: Parsed::new(leaf)?, intermediates: readable(intermediates), roots: readable(roots), at_unix })
    }

    fn run(&self) -> Result<Vec<Vec<u8>>, X509Error> {
        let mut reason = "no certificate with the issuer's name was given".to_owned();
        let mut path = vec![&self.leaf];
        if self.extend(&mut path, &mut reason) {
            return Ok(path.iter().map(|cert| cert.der.clone()).collect());
        }
        Err(X509Error::NoChain { subject: self.leaf.subject(), detail: reason })
    }

    /// Depth-first: whether `path` can be completed to a trusted certificate. Leaves the complete path behind.
    fn extend<'a>(&'a self, path: &mut Vec<&'a Parsed>, reason: &mut String) -> bool {
        let last = path[path.len() - 1];
        if let Some(unix) = self.at_unix.filter(|unix| !last.valid_at(*unix)) {
            *reason = format!("'{}' is not valid at {unix} (Unix time)", last.subject());
            return false;
        }
        if self.roots.iter().any(|root| root.der == last.der) {
            return true;
        }
        if path.len() == CHAIN_LEN_MAX {
            *reason = format!("the chain is longer than {CHAIN_LEN_MAX} certificates");
            return false;
        }
        for candidate in self.roots.iter().chain(&self.intermediates) {
            if candidate.cert.tbs_certificate.subject != last.cert.tbs_certificate.issuer
                || path.iter().any(|seen| seen.der == candidate.der)
            {
                continue;
            }
            if let Err(error) = last.signed_by(candidate) {
                *reason = error.to_string();
                continue;
            }
            if !candidate.may_issue(path.len() - 1) {
                *reason = format!("'{}' may not issue certificates this deep", candidate.subject());
                continue;
            }
            path.push(candidate);
            if self.extend(path, reason) {
                return true;
            }
            path.pop();
        }
        false
    }
}
