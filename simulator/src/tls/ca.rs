//! The certification authority: made on first start, kept in the data directory, replaced before it expires.

use std::fs;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::path::{Path, PathBuf};

use control_plane::clock::wall_unix_seconds;
use der::Decode as _;
use der::oid::db::rfc5280::ID_KP_SERVER_AUTH;
use vtpm_backend::x509::extensions::{KeyUsages, aki, basic_constraints, eku, key_usage, san_dns_ip, ski};
use vtpm_backend::x509::{CertificateTemplate, SignatureAlg, SigningKey, X509Error, from_pem, issue, to_pem};
use x509_cert::Certificate;

use crate::data_dir::{private_dir, update_private, write_private};
use crate::failure::{Failure, OrFail as _};

const DAY_S: u64 = 86_400;
const CA_DAYS: u64 = 3_650;
const SERVER_DAYS: u64 = 397;
const SERVER_SUBJECT: &str = "CN=localhost,O=Slipway";

/// The simulator's own CA for TLS. It has nothing to do with the CAs that vouch for TPMs or boot components.
#[derive(Debug)]
pub struct LocalCa {
    key: SigningKey,
    subject: String,
    der: Vec<u8>,
    pem_path: PathBuf,
}

impl LocalCa {
    /// Reads `ca.pem` and `ca.key` from `dir`, or makes new ones when they are missing, unreadable or would expire
    /// before a server certificate.
    ///
    /// # Errors
    /// When a new CA cannot be made or written.
    pub fn load_or_make(dir: &Path) -> Result<LocalCa, Failure> {
        private_dir(dir).or_fail(|| format!("cannot create {}", dir.display()))?;
        let pem_path = dir.join("ca.pem");
        let key_path = dir.join("ca.key");
        let now = wall_unix_seconds();
        if let Some(ca) = load(&pem_path, &key_path, now) {
            return Ok(ca);
        }
        let key = SigningKey::generate_p256().or_fail(|| "cannot make a CA key".to_owned())?;
        let serial = random_serial()?;
        // The serial number in the name keeps two installations' CAs apart in a trust store.
        let subject = format!("CN=Slipway local CA {},O=Slipway", hex::encode(&serial[..4]));
        let der = ca_certificate(&key, &subject, serial, now).or_fail(|| "cannot make a CA certificate".to_owned())?;
        let failed = || format!("cannot write to {}", dir.display());
        write_private(&key_path, to_pem("PRIVATE KEY", key.to_pkcs8()).as_bytes()).or_fail(failed)?;
        update_private(&pem_path, to_pem("CERTIFICATE", &der).as_bytes()).or_fail(failed)?;
        Ok(LocalCa { key, subject, der, pem_path })
    }

    /// The certificate, DER.
    pub fn certificate_der(&self) -> &[u8] {
        &self.der
    }

    /// The certificate, PEM.
    pub fn certificate_pem(&self) -> String {
        to_pem("CERTIFICATE", &self.der)
    }

    /// Where the certificate is.
    pub fn pem_path(&self) -> &Path {
        &self.pem_path
    }

    /// Issues a certificate for `localhost`, the loopback addresses and `extra`, with a new key that is never stored.
    ///
    /// # Errors
    /// When the cryptographic library fails.
    pub fn issue_server(&self, extra: Option<IpAddr>) -> Result<(Vec<u8>, SigningKey), Failure> {
        let key = SigningKey::generate_p256().or_fail(|| "cannot make a server key".to_owned())?;
        let serial = random_serial()?;
        let der = self.server_certificate(&key, serial, extra).or_fail(|| "cannot make a certificate".to_owned())?;
        Ok((der, key))
    }

    fn server_certificate(
        &self,
        key: &SigningKey,
        serial: [u8; 16],
        extra: Option<IpAddr>,
    ) -> Result<Vec<u8>, X509Error> {
        let now = wall_unix_seconds();
        let mut addresses = vec![IpAddr::V4(Ipv4Addr::LOCALHOST), IpAddr::V6(Ipv6Addr::LOCALHOST)];
        addresses.extend(extra.filter(|ip| !addresses.contains(ip) && !ip.is_unspecified()));
        let spki = key.spki_der();
        let template = CertificateTemplate {
            subject: SERVER_SUBJECT.to_owned(),
            issuer: self.subject.clone(),
            serial,
            not_before_unix: now - DAY_S,
            not_after_unix: now + SERVER_DAYS * DAY_S,
            extensions: vec![
                basic_constraints(false, None)?,
                key_usage(KeyUsages::DigitalSignature)?,
                eku(&[ID_KP_SERVER_AUTH])?,
                san_dns_ip(&["localhost"], &addresses)?,
                ski(&spki)?,
                aki(&self.key.spki_der())?,
            ],
            subject_spki_der: spki,
            signature: SignatureAlg::EcdsaP256Sha256,
        };
        issue(&template, &self.key)
    }
}

fn ca_certificate(key: &SigningKey, subject: &str, serial: [u8; 16], now: u64) -> Result<Vec<u8>, X509Error> {
    let spki = key.spki_der();
    let template = CertificateTemplate {
        subject: subject.to_owned(),
        issuer: subject.to_owned(),
        serial,
        not_before_unix: now - DAY_S,
        not_after_unix: now + CA_DAYS * DAY_S,
        extensions: vec![
            basic_constraints(true, Some(0))?,
            key_usage(KeyUsages::KeyCertSign | KeyUsages::CRLSign)?,
            ski(&spki)?,
        ],
        subject_spki_der: spki,
        signature: SignatureAlg::EcdsaP256Sha256,
    };
    issue(&template, key)
}

/// A CA that can be read, belongs together and outlives a server certificate.
fn load(pem_path: &Path, key_path: &Path, now: u64) -> Option<LocalCa> {
    let (_, der) = from_pem(&fs::read_to_string(pem_path).ok()?).ok()?;
    let (_, pkcs8) = from_pem(&fs::read_to_string(key_path).ok()?).ok()?;
    let key = SigningKey::from_pkcs8(&pkcs8).ok()?;
    let certificate = Certificate::from_der(&der).ok()?.tbs_certificate;
    let expires = certificate.validity.not_after.to_unix_duration().as_secs();
    let spki = der::Encode::to_der(&certificate.subject_public_key_info).ok()?;
    (expires > now + SERVER_DAYS * DAY_S && spki == key.spki_der()).then(|| LocalCa {
        key,
        subject: certificate.subject.to_string(),
        der,
        pem_path: pem_path.to_owned(),
    })
}

fn random_serial() -> Result<[u8; 16], Failure> {
    let mut serial = [0; 16];
    aws_lc_rs::rand::fill(&mut serial).or_fail(|| "no randomness for a serial number".to_owned())?;
    serial[0] = (serial[0] & 0x7f) | 0x40;
    Ok(serial)
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use vtpm_backend::x509::verify_signed_by;

    use super::*;

    #[test]
    fn a_ca_is_made_once_and_its_key_is_private() {
        let temp = tempfile::tempdir().unwrap();
        let first = LocalCa::load_or_make(temp.path()).unwrap();
        let again = LocalCa::load_or_make(temp.path()).unwrap();
        assert_eq!(first.certificate_der(), again.certificate_der());
        assert_eq!(first.subject, again.subject);
        let mode = fs::metadata(temp.path().join("ca.key")).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }

    #[test]
    fn a_ca_that_lost_its_key_is_replaced() {
        let temp = tempfile::tempdir().unwrap();
        let first = LocalCa::load_or_make(temp.path()).unwrap();
        let other = SigningKey::generate_p256().unwrap();
        fs::write(temp.path().join("ca.key"), to_pem("PRIVATE KEY", other.to_pkcs8())).unwrap();
        let second = LocalCa::load_or_make(temp.path()).unwrap();
        assert_ne!(first.certificate_der(), second.certificate_der());
        assert_ne!(first.subject, second.subject);
    }

    #[test]
    fn server_certificates_chain_to_a_ca_that_was_read_back() {
        let temp = tempfile::tempdir().unwrap();
        LocalCa::load_or_make(temp.path()).unwrap();
        let ca = LocalCa::load_or_make(temp.path()).unwrap();
        let (der, _) = ca.issue_server(Some("192.0.2.7".parse().unwrap())).unwrap();
        verify_signed_by(&der, ca.certificate_der()).unwrap();
        let certificate = Certificate::from_der(&der).unwrap();
        assert_eq!(certificate.tbs_certificate.issuer.to_string(), ca.subject);
    }
}
