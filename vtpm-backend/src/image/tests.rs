use std::path::Path;
use std::process::Command;
use std::sync::Arc;

use control_plane::hardware::{Component, Fault};

use super::testing::{UBUNTU, image, keys, library};
use super::*;
use crate::x509::to_pem;

const SIGNED: [Component; 3] = [Component::Shim, Component::Grub, Component::Kernel];

fn tampered(component: Component) -> Arc<NodeImage> {
    image().with_faults(&[Fault::Tampered { component }]).unwrap()
}

fn authority(component: Component) -> &'static [u8] {
    if component == Component::Shim {
        keys().uefi_ca_certificate()
    } else {
        keys().vendor_certificate(Vendor::Canonical)
    }
}

fn verify(image: &NodeImage, component: Component, trusted: &[u8]) -> Result<(), authenticode::SignatureError> {
    let content = &image.file(component).unwrap().content;
    let mut found = authenticode::signatures(content.bytes()).unwrap();
    assert_eq!(found.len(), 1);
    found.remove(0)?.verify(content, trusted).map(|_| ())
}

#[test]
fn signatures_hold_for_untouched_files_and_their_own_authority_only() {
    for component in SIGNED {
        verify(&image(), component, authority(component)).unwrap();
        let other = if component == Component::Shim { Component::Grub } else { Component::Shim };
        assert!(matches!(verify(&image(), component, authority(other)), Err(authenticode::SignatureError::Chain(_))));
        let changed = verify(&tampered(component), component, authority(component));
        assert_eq!(changed, Err(authenticode::SignatureError::HashMismatch));
    }
}

#[test]
fn every_changed_byte_of_a_signature_is_noticed_or_unsigned() {
    let content = image().file(Component::Grub).unwrap().content.clone();
    let untouched = content.authenticode().unwrap();
    let start = content.bytes().len() - 3000;
    for offset in (start..content.bytes().len()).step_by(7) {
        let changed = content.with_byte(offset, |byte| byte ^ 0x10);
        let Ok(found) = authenticode::signatures(changed.bytes()) else {
            continue;
        };
        let accepted = found.iter().any(|signature| {
            signature.as_ref().is_ok_and(|s| s.verify(&changed, keys().vendor_certificate(Vendor::Canonical)).is_ok())
        });
        // Whatever is changed in the certificate table, an accepted file has the code that was signed.
        if accepted {
            assert_eq!(changed.authenticode().unwrap(), untouched, "{offset}");
        }
    }
}

#[test]
fn images_are_a_function_of_name_and_keys() {
    let again = ImageLibrary::new(keys().clone()).get(UBUNTU).unwrap();
    for component in Component::ALL.into_iter().skip(1) {
        let (a, b) = (image(), again.clone());
        assert_eq!(a.file(component).unwrap().content.bytes(), b.file(component).unwrap().content.bytes());
    }
    assert!(Arc::ptr_eq(&image(), &image()));
    let next = library().get("AKSUbuntu-2204gen2TLcontainerd-202608.01.0").unwrap();
    assert_eq!(
        next.file(Component::Grub).unwrap().content.bytes(),
        image().file(Component::Grub).unwrap().content.bytes()
    );
    assert_ne!(
        next.file(Component::Kernel).unwrap().content.bytes(),
        image().file(Component::Kernel).unwrap().content.bytes()
    );
    assert_ne!(next.partitions, image().partitions);
}

#[test]
fn tampering_changes_one_byte_of_one_file() {
    for component in Component::ALL.into_iter().skip(1) {
        let (before, after) = (image(), tampered(component));
        for other in Component::ALL.into_iter().skip(1) {
            let (a, b) = (&before.file(other).unwrap().content, &after.file(other).unwrap().content);
            let differing = a.bytes().iter().zip(b.bytes()).filter(|(a, b)| a != b).count();
            assert_eq!(differing, usize::from(other == component), "{component} changed {other}");
            assert_eq!(Arc::ptr_eq(a, b), other != component);
        }
    }
    let config = tampered(Component::GrubConfig);
    assert!(
        String::from_utf8_lossy(config.file(Component::GrubConfig).unwrap().content.bytes())
            .contains(" rw console=tty1")
    );
}

#[test]
fn no_faults_is_the_same_image_and_firmware_is_refused() {
    assert!(Arc::ptr_eq(&image(), &image().with_faults(&[]).unwrap()));
    let error = image().with_faults(&[Fault::Tampered { component: Component::Firmware }]).unwrap_err();
    assert!(error.to_string().contains("firmware is no file of its own"));
}

#[test]
fn the_library_has_a_limit() {
    let library = ImageLibrary::new(keys().clone());
    library.get(UBUNTU).unwrap();
    assert!(matches!(library.get("AKSWindows-2022"), Err(ImageError::Unknown(_))));
}

fn sbverify(dir: &Path, content: &Content, trusted: &[u8]) -> bool {
    let (file, cert) = (dir.join("image.efi"), dir.join("cert.pem"));
    std::fs::write(&file, content.bytes()).unwrap();
    std::fs::write(&cert, to_pem("CERTIFICATE", trusted)).unwrap();
    let output = Command::new("sbverify")
        .arg("--cert")
        .args([&cert, &file])
        .output()
        .expect("sbverify is missing: install sbsigntool");
    let text = String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
    assert!(!text.contains("warning"), "{text}");
    output.status.success()
}

#[test]
fn sbverify_agrees() {
    let dir = tempfile::tempdir().unwrap();
    for component in SIGNED {
        let good = &image().file(component).unwrap().content.clone();
        assert!(sbverify(dir.path(), good, authority(component)), "{component}");
        let bad = &tampered(component).file(component).unwrap().content.clone();
        assert!(!sbverify(dir.path(), bad, authority(component)), "tampered {component}");
    }
    assert!(!sbverify(
        dir.path(),
        &image().file(Component::Shim).unwrap().content,
        keys().vendor_certificate(Vendor::Canonical)
    ));
}

/// Every distribution's files, by its own vendor's certificate and by nobody else's; unified kernel images as well.
#[test]
fn sbverify_agrees_about_every_distribution() {
    let dir = tempfile::tempdir().unwrap();
    for name in ["AKSUbuntu-2404gen2TLcontainerd-1", "AKSAzureLinux-V3gen2TL-1", "AKSAzureContainerLinux-1"] {
        let image = library().get(name).unwrap();
        let vendor = image.distribution.vendor();
        let other = if vendor == Vendor::Canonical { Vendor::Microsoft } else { Vendor::Canonical };
        for component in [Component::Grub, Component::Kernel] {
            let content = &image.file(component).unwrap().content;
            assert!(sbverify(dir.path(), content, keys().vendor_certificate(vendor)), "{name}: {component}");
            assert!(!sbverify(dir.path(), content, keys().vendor_certificate(other)), "{name}: {component}");
        }
        let shim = &image.file(Component::Shim).unwrap().content;
        assert!(sbverify(dir.path(), shim, keys().uefi_ca_certificate()), "{name}");
    }
}
