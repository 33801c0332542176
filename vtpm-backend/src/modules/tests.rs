use std::process::Command;

use super::*;
use crate::faults::ForeignKeys;
use crate::image::Vendor;
use crate::image::testing::keys;
use crate::x509::to_pem;

fn signed() -> Vec<u8> {
    sign(unsigned("nft_chain", b"code"), keys().distribution_signer(Vendor::Canonical).unwrap()).unwrap()
}

fn trusted() -> Vec<Vec<u8>> {
    vec![
        keys().vendor_certificate(Vendor::Canonical).to_vec(),
        keys().distribution_signer(Vendor::Canonical).unwrap().cert_der.clone(),
    ]
}

#[test]
fn signatures_are_judged_from_the_bytes() {
    assert!(matches!(judge(&signed(), &trusted()), ModuleSignature::Trusted { by } if by.contains("Slipway")));
    assert_eq!(judge(&unsigned("x", b"code"), &trusted()), ModuleSignature::Unsigned);
    assert!(matches!(judge(&signed(), &[]), ModuleSignature::UnknownKey { .. }));
    let mut changed = signed();
    changed[70] ^= 1;
    assert!(matches!(judge(&changed, &trusted()), ModuleSignature::Broken { why } if why.contains("changed")));
    let foreign = sign(unsigned("x", b"code"), &ForeignKeys::generate().unwrap().mok).unwrap();
    let ModuleSignature::UnknownKey { signer } = judge(&foreign, &trusted()) else { panic!() };
    assert!(signer.contains("Somebody Else's Machine Owner Key"), "{signer}");
}

#[test]
fn damaged_trailers_never_count_as_signed() {
    let good = signed();
    for cut in 1..good.len() {
        let judged = judge(&good[cut..], &trusted());
        assert!(!matches!(judged, ModuleSignature::Trusted { .. }), "{cut}");
    }
    for at in good.len() - MAGIC.len() - TRAILER_LEN..good.len() {
        let mut changed = good.clone();
        changed[at] ^= 0x40;
        assert!(!matches!(judge(&changed, &trusted()), ModuleSignature::Trusted { .. }), "{at}");
    }
}

#[test]
fn openssl_agrees() {
    let dir = tempfile::tempdir().unwrap();
    let file = |name: &str, bytes: &[u8]| {
        std::fs::write(dir.path().join(name), bytes).unwrap();
        dir.path().join(name)
    };
    let (module, good) = (unsigned("nft_chain", b"code"), signed());
    let signature = &good[module.len()..good.len() - MAGIC.len() - TRAILER_LEN];
    let signer = to_pem("CERTIFICATE", &keys().distribution_signer(Vendor::Canonical).unwrap().cert_der);
    let output = Command::new("openssl")
        .args(["cms", "-verify", "-binary", "-noverify", "-nointern", "-inform", "DER", "-in"])
        .arg(file("sig", signature))
        .arg("-content")
        .arg(file("module", &module))
        .arg("-certfile")
        .arg(file("signer.pem", signer.as_bytes()))
        .output()
        .expect("openssl is missing");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

#[test]
fn the_console_tells_of_bad_modules_only() {
    let module = |bytes, loaded_at_start| KernelModule {
        path: "/usr/lib/modules/1/updates/evil.ko".to_owned(),
        content: Content::new(bytes),
        loaded_at_start,
    };
    assert!(load_at_start(&[module(signed(), true)], &trusted(), true).is_empty());
    let bad = || unsigned("evil", b"code");
    assert!(load_at_start(&[module(bad(), false)], &trusted(), true).is_empty());
    let on = load_at_start(&[module(bad(), true)], &trusted(), true).join("\n");
    assert!(on.contains("Loading of unsigned module is rejected\n"), "{on}");
    let off = load_at_start(&[module(bad(), true)], &trusted(), false).join("\n");
    assert!(off.contains("evil: module verification failed: signature and/or required key missing"), "{off}");
}
