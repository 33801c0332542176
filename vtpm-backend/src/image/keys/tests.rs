use std::fs;
use std::os::unix::fs::PermissionsExt;

use super::*;
use crate::image::testing;
use crate::x509;

#[test]
fn the_variables_have_azures_shape() {
    let keys = testing::keys();
    let databases = keys.databases();
    let lens = |database: &SignatureDatabase| database.lists.iter().map(|l| l.entries().len()).collect::<Vec<_>>();
    assert_eq!(lens(&databases.pk), [1]);
    assert_eq!(lens(&databases.kek), [1, 1]);
    assert_eq!(lens(&databases.db), [1, 1, 1]);
    assert_eq!(lens(&databases.dbx), [371, 50]);
    let names: Vec<_> = databases.db.certificates().map(|entry| x509::subject_of(&entry.data).unwrap()).collect();
    assert!(names[0].contains("CN=Slipway UEFI CA,"), "{names:?}");
}

#[test]
fn signers_chain_to_their_authorities() {
    let keys = testing::keys();
    let shim = keys.shim_signer().unwrap();
    x509::verify_signed_by(&shim.cert_der, keys.uefi_ca_certificate()).unwrap();
    for (vendor, other) in [(Vendor::Canonical, Vendor::Microsoft), (Vendor::Microsoft, Vendor::Canonical)] {
        let distribution = keys.distribution_signer(vendor).unwrap();
        x509::verify_signed_by(&distribution.cert_der, keys.vendor_certificate(vendor)).unwrap();
        assert!(x509::verify_signed_by(&distribution.cert_der, keys.vendor_certificate(other)).is_err());
        assert!(x509::verify_signed_by(&distribution.cert_der, keys.uefi_ca_certificate()).is_err());
    }
}

#[test]
fn stored_keys_are_found_again_and_private() {
    let parent = tempfile::tempdir().unwrap();
    let dir = parent.path().join("secure-boot");
    let first = PlatformKeys::open_or_create(&dir, testing::NOW).unwrap();
    let second = PlatformKeys::open_or_create(&dir, testing::NOW + 1).unwrap();
    assert_eq!(first.databases(), second.databases());
    assert_eq!(first.shim_signer().unwrap().key.spki_der(), second.shim_signer().unwrap().key.spki_der());
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&dir), 0o700);
    for entry in fs::read_dir(&dir).unwrap() {
        assert_eq!(mode(&entry.unwrap().path()), 0o600);
    }
    assert_eq!(fs::read_dir(parent.path()).unwrap().count(), 1);
}

#[test]
fn a_folder_of_an_older_version_is_completed() {
    let parent = tempfile::tempdir().unwrap();
    let dir = parent.path().join("secure-boot");
    let first = PlatformKeys::open_or_create(&dir, testing::NOW).unwrap();
    for file in ["azure-linux-signer.cert.pem", "azure-linux-signer.key.pem"] {
        fs::remove_file(dir.join(file)).unwrap();
    }
    let second = PlatformKeys::open_or_create(&dir, testing::NOW).unwrap();
    assert_eq!(first.databases(), second.databases());
    let signer = second.distribution_signer(Vendor::Microsoft).unwrap();
    x509::verify_signed_by(&signer.cert_der, first.vendor_certificate(Vendor::Microsoft)).unwrap();
    assert!(dir.join("azure-linux-signer.cert.pem").exists());
}

#[test]
fn a_damaged_file_is_named() {
    let parent = tempfile::tempdir().unwrap();
    let dir = parent.path().join("keys");
    fs::create_dir(parent.path().join("keys.partial")).unwrap();
    PlatformKeys::open_or_create(&dir, testing::NOW).unwrap();
    fs::write(dir.join("kek.cert.pem"), "junk").unwrap();
    let error = PlatformKeys::open_or_create(&dir, testing::NOW).unwrap_err().to_string();
    assert!(error.contains("kek.cert.pem is not a CERTIFICATE"), "{error}");
}
