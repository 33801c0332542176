//! The authority's shape, chain and storage.

use std::os::unix::fs::PermissionsExt;

use der::{Decode, Encode};
use x509_cert::Certificate;

use super::*;
use crate::x509::{RsaBits, verify_signed_by};

const NOW: u64 = 1_780_000_000;

/// An authority without the seconds that a new RSA-4096 key takes is not to be had; one test makes it and shows all.
#[test]
fn the_authority_has_azures_shape_and_survives_a_restart() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("vtpm-ca");
    let ca = VtpmCa::open_or_create(&path, NOW).unwrap();
    let again = VtpmCa::open_or_create(&path, NOW + 1).unwrap();
    assert_eq!(ca.root_der(), again.root_der());
    assert_eq!(path.metadata().unwrap().permissions().mode() & 0o777, 0o700);
    let key = path.join("intermediate.key").metadata().unwrap();
    assert_eq!(key.permissions().mode() & 0o777, 0o600);

    let ak = SigningKey::generate_rsa(RsaBits::Bits2048).unwrap();
    let modulus = modulus_of(&ak);
    let leaf_der = again.issue_ak_certificate("00112233aabb", &modulus, NOW).unwrap();
    assert!(leaf_der.len() < 2048, "{} bytes do not fit into the NV index", leaf_der.len());
    let leaf = Certificate::from_der(&leaf_der).unwrap();
    assert_eq!(leaf.tbs_certificate.subject_public_key_info.to_der().unwrap(), ak.spki_der());
    assert_eq!(leaf.tbs_certificate.subject.to_string(), "CN=00112233aabb.TrustedVM.Slipway.Simulator");
    let extensions = leaf.tbs_certificate.extensions.unwrap();
    let order: Vec<_> = extensions.iter().map(|extension| extension.extn_id.to_string()).collect();
    assert_eq!(
        order,
        [
            "2.5.29.15",
            "2.5.29.32",
            "2.5.29.37",
            "2.5.29.14",
            "1.3.6.1.4.1.311.13.2.3",
            "1.3.6.1.4.1.311.21.20",
            "2.5.29.35"
        ]
    );

    verify_signed_by(&leaf_der, ca.intermediate_der()).unwrap();
    verify_signed_by(ca.intermediate_der(), ca.root_der()).unwrap();
    verify_signed_by(&leaf_der, ca.root_der()).unwrap_err();
    for der in [ca.root_der(), ca.intermediate_der()] {
        let subject = Certificate::from_der(der).unwrap().tbs_certificate.subject.to_string();
        assert!(subject.contains("O=Slipway"), "{subject} could be taken for Microsoft's");
    }
}

#[test]
fn a_damaged_authority_is_an_error_not_a_new_one() {
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join("root.crt"), "not PEM").unwrap();
    VtpmCa::open_or_create(dir.path(), NOW).unwrap_err();
}

fn modulus_of(key: &SigningKey) -> Vec<u8> {
    let spki = x509_cert::spki::SubjectPublicKeyInfoOwned::from_der(&key.spki_der()).unwrap();
    let bits = spki.subject_public_key.raw_bytes().to_vec();
    // SEQUENCE (4-byte header), INTEGER (4-byte header, a leading zero), 256 bytes.
    bits[9..9 + 256].to_vec()
}
