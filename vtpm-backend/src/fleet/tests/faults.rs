//! The whole failure library on real TPMs, its logs read by tpm2-tools.

use control_plane::faults::{LIBRARY, Outcome};

use super::evidence::tool;
use super::*;
use crate::eventlog::EventLog;
use crate::evidence::Selection;
use crate::pcr::{Bank, PcrBanks, PcrIndex};

/// The registers that tpm2_eventlog computes from a log, as the log's own text has them.
fn agrees(text: &str, pcrs: &PcrBanks, bank: Bank, pcr: u8) -> bool {
    let value = hex::encode(pcrs.get(bank, PcrIndex::new(pcr)));
    text.contains(&format!("{pcr:<2} : 0x{value}"))
}

#[tokio::test]
async fn every_log_of_the_library_replays_to_the_tpms_registers_and_tpm2_eventlog_agrees() {
    let dir = tempfile::tempdir().unwrap();
    let bench = bench(dir.path()).await;
    let file = dir.path().join("log");
    for entry in &LIBRARY {
        for (secure_boot, expected) in [(true, entry.secure_boot_on), (false, entry.secure_boot_off)] {
            let what = format!("{}, Secure Boot {secure_boot}", entry.name);
            let report = boot(&bench.fleet, BootOrder { secure_boot, faults: vec![entry.fault], ..order(1) }).await;
            assert_eq!(report.outcome == BootOutcome::Booted, expected.outcome == Outcome::Boots, "{what}");
            let (log, pcrs) = (bench.fleet.event_log(vm(1)).await.unwrap(), bench.fleet.pcrs(vm(1)).await.unwrap());
            if entry.fault == Fault::EventLogWithheld {
                assert!(log.is_empty());
                continue;
            }
            let differing = EventLog::parse(&log).unwrap().replay().differing(&pcrs);
            let hidden: &[u8] = if entry.fault == Fault::EventLogEdited { &[8] } else { &[] };
            assert_eq!(differing.into_iter().map(PcrIndex::number).collect::<Vec<_>>(), hidden, "{what}");

            std::fs::write(&file, &log).unwrap();
            let output = tool(None, dir.path(), &["tpm2_eventlog", file.to_str().unwrap()]).await;
            let text = String::from_utf8_lossy(&output.stdout);
            assert!(output.status.success(), "{what}: {}", String::from_utf8_lossy(&output.stderr));
            for bank in Bank::ALL {
                for pcr in [0, 1, 2, 3, 4, 5, 6, 7] {
                    assert!(agrees(&text, &pcrs, bank, pcr), "{what}: {bank}:{pcr}");
                }
            }
        }
    }
}

#[tokio::test]
async fn an_unprovisioned_certificate_is_a_placeholder_until_the_fault_is_gone() {
    let dir = tempfile::tempdir().unwrap();
    let bench = bench(dir.path()).await;
    let issuer = async |faults: Vec<Fault>| {
        boot(&bench.fleet, BootOrder { faults, ..order(1) }).await;
        let quote = bench.fleet.quote(vm(1), b"1", &Selection::default()).await.unwrap();
        let certificate: x509_cert::Certificate = der::Decode::from_der(&quote.ak_certificate_der).unwrap();
        certificate.tbs_certificate.issuer.to_string()
    };
    let unprovisioned = issuer(vec![Fault::AkCertificateUnprovisioned]).await;
    assert!(unprovisioned.starts_with("CN=MICROSOFT AZURE TRUSTED VM RSA"), "{unprovisioned}");
    assert_eq!(bench.fleet.status(vm(1)).await.ak_certificate_expires, None);
    assert!(issuer(vec![]).await.contains("Global Virtual TPM CA"));
    assert!(bench.fleet.status(vm(1)).await.ak_certificate_expires.is_some());
    // A certificate that was there is taken away, too.
    assert!(issuer(vec![Fault::AkCertificateUnprovisioned]).await.contains("TRUSTED VM RSA"));
}

#[tokio::test]
async fn sbinfo_looks_at_the_disk_as_it_is_now() {
    let dir = tempfile::tempdir().unwrap();
    let bench = bench(dir.path()).await;
    let untrusted = async |faults: Vec<Fault>| {
        let findings = bench.fleet.sbinfo(BootOrder { faults, ..order(1) }).await.unwrap();
        findings.into_iter().filter(|finding| !finding.is_trusted()).map(|finding| finding.path).collect::<Vec<_>>()
    };
    assert!(untrusted(vec![]).await.is_empty());
    assert_eq!(untrusted(vec![Fault::UnsignedModule]).await.len(), 1);
    let unknown = bench.fleet.sbinfo(BootOrder { image: "AKSWindows-2022".to_owned(), ..order(1) }).await;
    assert!(unknown.unwrap_err().to_string().contains("AKSWindows-2022"));
}
