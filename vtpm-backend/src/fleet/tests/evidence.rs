//! Quotes and guest access, judged by tpm2-tools.

use std::process::{Command, Output};

use super::*;
use crate::evidence::{EvidenceError, NONCE_BYTES_MAX, Selection};
use crate::pcr::{Bank, PcrIndex};
use crate::vtpm_ca;
use crate::x509::verify_signed_by;

pub(super) async fn tool(tcti: Option<&str>, dir: &Path, args: &[&str]) -> Output {
    let mut command = Command::new(args[0]);
    command.args(&args[1..]).current_dir(dir).env("TSS2_LOG", "all+NONE");
    if let Some(tcti) = tcti {
        command.env("TPM2TOOLS_TCTI", tcti);
    }
    let output = tokio::task::spawn_blocking(move || command.output()).await.unwrap();
    output.expect("tpm2-tools are installed")
}

async fn checkquote(dir: &Path, nonce: &str) -> bool {
    let args = [
        "tpm2_checkquote",
        "-u",
        "ak.pem",
        "-m",
        "quote.msg",
        "-s",
        "quote.sig",
        "-f",
        "quote.pcrs",
        "-g",
        "sha256",
        "-q",
        nonce,
    ];
    tool(None, dir, &args).await.status.success()
}

#[tokio::test]
async fn tpm2_checkquote_accepts_the_quote_and_rejects_another_nonce() {
    let dir = tempfile::tempdir().unwrap();
    let bench = bench(dir.path()).await;
    boot(&bench.fleet, order(1)).await;
    for selection in ["sha256:0,1,2,3,4,5,6,7,8,9,11,12,13,14", "sha1:0,7", "sha384:0,1,2,3,4,5,6,7,8,9,10,23"] {
        let selection: Selection = selection.parse().unwrap();
        let quote = bench.fleet.quote(vm(1), &[0xab; 32], &selection).await.unwrap();
        let out = tempfile::tempdir().unwrap();
        quote.write_to(out.path()).unwrap();
        assert!(checkquote(out.path(), &"ab".repeat(32)).await, "{selection}");
        assert!(!checkquote(out.path(), &"ac".repeat(32)).await, "{selection}");
        let pcrs = bench.fleet.pcrs(vm(1)).await.unwrap();
        for (pcr, value) in &quote.pcrs {
            assert_eq!(value, pcrs.get(selection.bank(), *pcr), "{selection} {pcr}");
        }
    }
}

#[tokio::test]
async fn the_certificate_leads_from_the_quoting_key_to_the_root() {
    let dir = tempfile::tempdir().unwrap();
    let bench = bench(dir.path()).await;
    boot(&bench.fleet, order(0xaabb_ccdd_eeff)).await;
    let quote = bench.fleet.quote(vm(0xaabb_ccdd_eeff), b"", &Selection::default()).await.unwrap();
    let ca = bench.fleet.ca().await.unwrap();
    verify_signed_by(&quote.ak_certificate_der, ca.intermediate_der()).unwrap();
    verify_signed_by(ca.intermediate_der(), ca.root_der()).unwrap();
    let certified: x509_cert::Certificate = der::Decode::from_der(&quote.ak_certificate_der).unwrap();
    assert_eq!(certified.tbs_certificate.subject.to_string(), "CN=aabbccddeeff.TrustedVM.Slipway.Simulator");
    let modulus = crate::tpm::rsa_modulus(&quote.ak_public[2..]).unwrap();
    let spki = der::Encode::to_der(&certified.tbs_certificate.subject_public_key_info).unwrap();
    assert_eq!(spki, vtpm_ca::subject_public_key_info(&modulus).unwrap());
    assert_eq!(crate::x509::from_pem(&quote.ak_public_pem).unwrap().1, spki);
}

#[tokio::test]
async fn a_guest_finds_azures_layout_with_tpm2_tools() {
    let dir = tempfile::tempdir().unwrap();
    let bench = bench(dir.path()).await;
    boot(&bench.fleet, order(1)).await;
    let tcti = bench.fleet.guest_endpoint(vm(1)).await.unwrap();
    assert_eq!(bench.fleet.guest_endpoint(vm(1)).await.unwrap(), tcti);

    let handles = tool(Some(&tcti), dir.path(), &["tpm2_getcap", "handles-persistent"]).await;
    let handles = String::from_utf8(handles.stdout).unwrap();
    assert_eq!(handles.split_whitespace().collect::<Vec<_>>(), ["-", "0x81000001", "-", "0x81000003"]);
    let index = tool(Some(&tcti), dir.path(), &["tpm2_nvreadpublic", "0x01C101D0"]).await;
    let index = String::from_utf8(index.stdout).unwrap();
    assert!(index.contains("authwrite|ownerread|authread|no_da|written|platformcreate"), "{index}");
    let read = tool(Some(&tcti), dir.path(), &["tpm2_nvread", "-C", "o", "0x01C101D0"]).await;
    assert!(read.stdout.starts_with(&[0x30, 0x82]) && read.stdout.ends_with(&[0; 64]));

    let pcrs = tool(Some(&tcti), dir.path(), &["tpm2_pcrread"]).await;
    let pcrs = String::from_utf8(pcrs.stdout).unwrap().to_lowercase();
    let live = bench.fleet.pcrs(vm(1)).await.unwrap();
    for bank in Bank::ALL {
        assert!(pcrs.contains(&hex::encode(live.get(bank, PcrIndex::new(7)))), "{bank} is missing in {pcrs}");
    }
    let sha512 = pcrs.split("sha512:").nth(1).unwrap_or_default();
    assert_eq!(sha512.trim(), "", "Azure's vTPM has no such bank");

    // The platform is locked, and the endpoint is still there after a reboot.
    assert!(!tool(Some(&tcti), dir.path(), &["tpm2_clear", "-c", "p"]).await.status.success());
    boot(&bench.fleet, order(1)).await;
    assert_eq!(bench.fleet.guest_endpoint(vm(1)).await.unwrap(), tcti);
    assert!(tool(Some(&tcti), dir.path(), &["tpm2_pcrread", "sha256:7"]).await.status.success());
}

#[tokio::test]
async fn a_guest_may_clear_its_tpm_and_the_next_boot_brings_the_same_attestation_key_back() {
    let dir = tempfile::tempdir().unwrap();
    let bench = bench(dir.path()).await;
    boot(&bench.fleet, order(1)).await;
    let before = bench.fleet.quote(vm(1), b"", &Selection::default()).await.unwrap();
    let tcti = bench.fleet.guest_endpoint(vm(1)).await.unwrap();
    assert!(tool(Some(&tcti), dir.path(), &["tpm2_clear", "-c", "l"]).await.status.success());
    let gone = bench.fleet.quote(vm(1), b"", &Selection::default()).await;
    let gone = gone.unwrap_err().to_string();
    assert!(gone.contains("attestation key is gone"), "{gone}");
    boot(&bench.fleet, order(1)).await;
    let after = bench.fleet.quote(vm(1), b"", &Selection::default()).await.unwrap();
    assert_eq!(before.ak_public, after.ak_public);
    assert_eq!(before.ak_certificate_der, after.ak_certificate_der);
}

#[tokio::test]
async fn a_certificate_is_renewed_before_it_expires() {
    let dir = tempfile::tempdir().unwrap();
    copy_keys(dir.path()).await;
    let clock = Arc::new(std::sync::atomic::AtomicU64::new(NOW));
    let now = Arc::clone(&clock);
    let (sender, _events) = mpsc::unbounded_channel();
    let config = FleetConfig::new(dir.path(), Arc::new(move || now.load(std::sync::atomic::Ordering::Relaxed)));
    let fleet = Fleet::open(config, sender).await.unwrap();
    let mut certificates = Vec::new();
    for days in [0, 200, 300] {
        clock.store(NOW + days * 86_400, std::sync::atomic::Ordering::Relaxed);
        boot(&fleet, order(1)).await;
        certificates.push(fleet.quote(vm(1), b"", &Selection::default()).await.unwrap().ak_certificate_der);
    }
    assert_eq!(certificates[0], certificates[1]);
    assert_ne!(certificates[1], certificates[2]);
    assert_eq!(fleet.status(vm(1)).await.ak_certificate_expires, Some(NOW + 665 * 86_400));
}

#[tokio::test]
async fn an_extend_by_the_guest_shows_in_the_next_quote() {
    let dir = tempfile::tempdir().unwrap();
    let bench = bench(dir.path()).await;
    boot(&bench.fleet, order(1)).await;
    let selection: Selection = "sha256:23".parse().unwrap();
    let before = bench.fleet.quote(vm(1), b"1", &selection).await.unwrap();
    let tcti = bench.fleet.guest_endpoint(vm(1)).await.unwrap();
    let extend = format!("23:sha256={}", "5a".repeat(32));
    assert!(tool(Some(&tcti), dir.path(), &["tpm2_pcrextend", &extend]).await.status.success());
    let after = bench.fleet.quote(vm(1), b"1", &selection).await.unwrap();
    assert_ne!(before.pcrs, after.pcrs);
}

#[tokio::test]
async fn a_machine_that_gives_no_evidence_says_why() {
    let dir = tempfile::tempdir().unwrap();
    let bench = bench(dir.path()).await;
    let all = Selection::default();
    assert_eq!(bench.fleet.quote(vm(9), b"", &all).await, Err(EvidenceError::NotFound));

    boot(&bench.fleet, BootOrder { vtpm: false, ..order(1) }).await;
    assert_eq!(bench.fleet.quote(vm(1), b"", &all).await, Err(EvidenceError::NoVtpm));
    assert_eq!(bench.fleet.event_log(vm(1)).await, Err(EvidenceError::NoVtpm));
    assert!(bench.fleet.pcrs(vm(1)).await.unwrap_err().to_string().contains("vTPM off"));

    boot(&bench.fleet, tampered(2)).await;
    let refused = bench.fleet.quote(vm(2), b"", &all).await;
    assert!(matches!(refused, Err(EvidenceError::Refused { component: Component::Grub, .. })), "{refused:?}");
    assert!(bench.fleet.guest_endpoint(vm(2)).await.is_err());
    // The host still sees what was measured.
    bench.fleet.pcrs(vm(2)).await.unwrap();
    bench.fleet.event_log(vm(2)).await.unwrap();

    boot(&bench.fleet, order(3)).await;
    let long = bench.fleet.quote(vm(3), &[0; NONCE_BYTES_MAX + 1], &all).await;
    assert!(matches!(long, Err(EvidenceError::BadRequest(_))), "{long:?}");
    bench.fleet.power_off(vm(3)).await.unwrap();
    let off = bench.fleet.quote(vm(3), b"", &all).await.unwrap_err();
    assert!(off.to_string().contains("powered off"), "{off}");
}
