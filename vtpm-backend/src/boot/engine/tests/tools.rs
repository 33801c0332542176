//! What other people's tools say of the same files and logs.

use std::process::Command;

use super::debian::{Machine, boot_files};
use super::*;

/// What `tpm2_eventlog` prints of a log.
fn tpm2_eventlog(log: &[u8]) -> String {
    let file = tempfile::NamedTempFile::new().unwrap();
    fs::write(file.path(), log).unwrap();
    let output = Command::new("tpm2_eventlog").arg(file.path()).output();
    let output = output.expect("tpm2_eventlog of the package tpm2-tools is needed");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn tpm2_eventlog_reads_the_predicted_log_and_computes_the_same_registers() {
    let prediction = Machine::new().predict();
    for profile in FirmwareProfile::all() {
        let yaml = tpm2_eventlog(&prediction.log().encode_as(&profile.log));
        assert_eq!(yaml.matches("- EventNum:").count(), prediction.events.len() + 1);
        for bank in Bank::ALL {
            for pcr in [4, 5, 7, 8, 9, 14] {
                let value = hex::encode(prediction.pcrs.get(bank, PcrIndex::new(pcr)));
                let line = format!("{pcr:<2} : 0x{value}\n");
                assert!(yaml.contains(&line), "{bank} {pcr}: {yaml}");
            }
        }
    }
}

/// `sbverify` recomputes the Authenticode hash and checks the signatures with OpenSSL.
#[test]
fn sbverify_agrees_about_every_signature() {
    let prediction = Machine::new().predict();
    let certificates = tempfile::tempdir().unwrap();
    let files = ["shimx64.efi", "grubx64.efi", "vmlinuz"];
    let authority = |name: &str| {
        let of_name = prediction.events.iter().find_map(|event| match event.decode() {
            EventData::Variable(variable)
                if event.event_type == EventType::EFI_VARIABLE_AUTHORITY && variable.name == name =>
            {
                Some(variable.data)
            }
            _ => None,
        });
        of_name.unwrap()[16..].to_vec()
    };
    for (file, name) in files.into_iter().zip(["db", "MokListRT", "MokListRT"]) {
        let pem = certificates.path().join(name);
        fs::write(&pem, crate::x509::to_pem("CERTIFICATE", &authority(name))).unwrap();
        let output = Command::new("sbverify")
            .arg("--cert")
            .arg(&pem)
            .arg(boot_files().join(file))
            .output()
            .expect("sbverify of the package sbsigntool is needed");
        let text = String::from_utf8_lossy(&output.stdout);
        assert!(text.contains("Signature verification OK"), "{file}: {text}");
    }
}
