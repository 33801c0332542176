use std::net::{IpAddr, Ipv4Addr};

use super::extensions::{self as ext, KeyUsages};
use super::*;

const NOW: u64 = 1_780_000_000;
const YEAR: u64 = 31_536_000;

fn template(subject: &str, issuer: &str, key: &SigningKey, issuer_key: &SigningKey) -> CertificateTemplate {
    CertificateTemplate {
        subject: subject.to_owned(),
        issuer: issuer.to_owned(),
        serial: serial_from(&[subject.as_bytes()]),
        not_before_unix: NOW,
        not_after_unix: NOW + YEAR,
        subject_spki_der: key.spki_der(),
        extensions: vec![ext::ski(&key.spki_der()).unwrap(), ext::aki(&issuer_key.spki_der()).unwrap()],
        signature: if issuer_key.is_rsa() { SignatureAlg::RsaSha256 } else { SignatureAlg::EcdsaP256Sha256 },
    }
}

struct Chain {
    leaf: Vec<u8>,
    intermediate: Vec<u8>,
    root: Vec<u8>,
}

fn chain(path_len: Option<u8>) -> Chain {
    let (root_key, ca_key, leaf_key) = (
        SigningKey::generate_p256().unwrap(),
        SigningKey::generate_rsa(RsaBits::Bits2048).unwrap(),
        SigningKey::generate_p256().unwrap(),
    );
    let mut root = template("CN=root,O=Slipway", "CN=root,O=Slipway", &root_key, &root_key);
    root.extensions.push(ext::basic_constraints(true, path_len).unwrap());
    root.extensions.push(ext::key_usage(KeyUsages::KeyCertSign).unwrap());
    let mut ca = template("CN=ca", "CN=root,O=Slipway", &ca_key, &root_key);
    ca.extensions.push(ext::basic_constraints(true, Some(0)).unwrap());
    ca.extensions.push(ext::key_usage(KeyUsages::KeyCertSign | KeyUsages::CRLSign).unwrap());
    let mut leaf = template("CN=leaf", "CN=ca", &leaf_key, &ca_key);
    leaf.signature = SignatureAlg::RsaSha384;
    leaf.extensions.push(ext::san_dns_ip(&["localhost"], &[IpAddr::V4(Ipv4Addr::LOCALHOST)]).unwrap());
    Chain {
        leaf: issue(&leaf, &ca_key).unwrap(),
        intermediate: issue(&ca, &root_key).unwrap(),
        root: issue(&root, &root_key).unwrap(),
    }
}

#[test]
fn a_chain_of_all_three_algorithms_verifies() {
    let c = chain(Some(1));
    verify_signed_by(&c.leaf, &c.intermediate).unwrap();
    verify_signed_by(&c.root, &c.root).unwrap();
    let path =
        verify_chain(&c.leaf, std::slice::from_ref(&c.intermediate), std::slice::from_ref(&c.root), NOW).unwrap();
    assert_eq!(path, [c.leaf, c.intermediate, c.root]);
}

#[test]
fn wrong_issuer_expiry_path_length_and_missing_link_are_refused() {
    let (c, other) = (chain(None), chain(None));
    let roots = std::slice::from_ref(&c.root);
    let links = std::slice::from_ref(&c.intermediate);
    let refused = |e: Result<Vec<Vec<u8>>, X509Error>| e.unwrap_err().to_string();
    assert!(verify_signed_by(&c.leaf, &other.intermediate).is_err());
    assert!(refused(verify_chain(&c.leaf, links, &[other.root], NOW)).contains("not made by the key"));
    assert!(refused(verify_chain(&c.leaf, links, roots, NOW - 1)).contains("not valid at"));
    assert!(refused(verify_chain(&c.leaf, links, roots, NOW + YEAR + 1)).contains("not valid at"));
    assert!(verify_chain_ignoring_time(&c.leaf, links, roots).is_ok());
    assert!(refused(verify_chain(&c.leaf, &[], roots, NOW)).contains("no certificate with the issuer's name"));
    let short = chain(Some(0));
    let error = refused(verify_chain(&short.leaf, &[short.intermediate], &[short.root], NOW));
    assert!(error.contains("may not issue"), "{error}");
}

#[test]
fn one_changed_byte_breaks_the_signature() {
    let c = chain(None);
    let mut bad = c.leaf.clone();
    let at = bad.windows(4).position(|w| w == b"leaf").unwrap();
    bad[at] = b'L';
    assert!(matches!(verify_signed_by(&bad, &c.intermediate), Err(X509Error::BadSignature { .. })));
}

#[test]
fn keys_survive_storing_and_pem() {
    for key in [SigningKey::generate_p256().unwrap(), SigningKey::generate_rsa(RsaBits::Bits2048).unwrap()] {
        let pem = to_pem("PRIVATE KEY", key.to_pkcs8());
        let (label, der) = from_pem(&pem).unwrap();
        assert_eq!(label, "PRIVATE KEY");
        assert_eq!(SigningKey::from_pkcs8(&der).unwrap().spki_der(), key.spki_der());
    }
    assert!(SigningKey::from_pkcs8(b"junk").is_err());
}

#[test]
fn a_key_of_the_wrong_kind_is_refused() {
    let key = SigningKey::generate_p256().unwrap();
    let mut t = template("CN=a", "CN=a", &key, &key);
    t.signature = SignatureAlg::RsaSha256;
    assert!(matches!(issue(&t, &key), Err(X509Error::WrongAlgorithm { .. })));
    assert!(key.sign(HashAlg::Sha384, b"x").is_err());
}

#[test]
fn openssl_reads_what_we_issue() {
    let c = chain(None);
    let dir = tempfile::tempdir().unwrap();
    let write = |name: &str, der: &[u8]| {
        let path = dir.path().join(name);
        std::fs::write(&path, to_pem("CERTIFICATE", der)).unwrap();
        path
    };
    let output = std::process::Command::new("openssl")
        .args(["verify", "-x509_strict", "-attime", &NOW.to_string(), "-CAfile"])
        .arg(write("root.pem", &c.root))
        .arg("-untrusted")
        .arg(write("ca.pem", &c.intermediate))
        .arg(write("leaf.pem", &c.leaf))
        .output()
        .expect("openssl is installed on every supported system");
    let text = String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{text}");
}
