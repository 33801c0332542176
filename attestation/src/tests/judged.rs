use control_plane::hardware::Component;
use vtpm_backend::eventlog::{EventLog, EventType};
use vtpm_backend::pcr::{Bank, Digests, PcrIndex};
use vtpm_backend::x509::to_pem;

use super::fixture::{self, NONCE, NOW, Recipe, booted, good, policy, shared};
use crate::{CheckName, Evidence, Policy, Status, Verdict, verify};

/// The checks that failed.
fn failed(verdict: &Verdict) -> Vec<CheckName> {
    verdict.checks.iter().filter(|check| check.status == Status::Failed).map(|check| check.name).collect()
}

fn failures(change: impl FnOnce(&mut Evidence, &mut Policy)) -> Vec<CheckName> {
    let (mut evidence, mut policy) = (good(), policy());
    change(&mut evidence, &mut policy);
    let verdict = verify(&evidence, &policy);
    assert_eq!(verdict.trusted, failed(&verdict).is_empty());
    assert!(verdict.trusted || verdict.summary.starts_with("not trusted: "), "{}", verdict.summary);
    failed(&verdict)
}

/// The good log with a change.
fn log(evidence: &mut Evidence, change: impl FnOnce(&mut EventLog)) {
    let mut log = EventLog::parse(&evidence.event_log).unwrap();
    change(&mut log);
    evidence.event_log = log.encode();
}

fn resign(evidence: &mut Evidence) {
    evidence.signature = fixture::signature(&shared().ak, &evidence.attest);
}

#[test]
fn good_evidence_passes_every_check() {
    let verdict = verify(&good(), &policy());
    assert!(verdict.trusted, "{verdict}");
    assert!(verdict.checks.iter().all(|check| check.status == Status::Ok), "{verdict}");
    assert_eq!(verdict.checks.len(), 12);
    assert_eq!(verdict.secure_boot, Some(true));
    assert_eq!(verdict.clock.unwrap().reset_count, 2);
    assert!(verdict.to_string().ends_with("trusted: the quote is genuine and the boot chain is the expected one\n"));
    let json = serde_json::to_value(&verdict).unwrap();
    assert_eq!(json["checks"][5]["name"], "pcr-digest");
    assert_eq!(json["checks"][5]["status"], "ok");
}

#[test]
fn what_was_not_asked_for_is_not_run() {
    let loose = Policy { roots: policy().roots, ..Policy::default() };
    let verdict = verify(&good(), &loose);
    assert!(verdict.trusted && verdict.summary.contains("as far as it was judged"), "{verdict}");
    let skipped = verdict.checks.iter().filter(|check| check.status == Status::NotRun).map(|check| check.name);
    assert_eq!(skipped.collect::<Vec<_>>(), [CheckName::Nonce, CheckName::BootChain]);
}

#[test]
fn an_old_or_foreign_quote_is_caught() {
    assert_eq!(failures(|_, p| p.nonce = Some(b"another nonce".to_vec())), [CheckName::Nonce]);
    let empty = Recipe { nonce: Vec::new(), ..Recipe::default() };
    assert_eq!(failures(|e, _| *e = empty.evidence(&booted(true, &[]))), [CheckName::Nonce]);
    assert_eq!(failures(|e, _| e.nonce_hex = "00".into()), [], "what the folder says of the nonce proves nothing");
}

#[test]
fn a_changed_quote_is_caught() {
    let at = good().attest.windows(NONCE.len()).position(|window| window == NONCE).unwrap();
    assert_eq!(
        failures(|e, p| {
            e.attest[at] ^= 1;
            p.nonce = None
        }),
        [CheckName::Signature]
    );
    assert_eq!(failures(|e, _| *e.signature.last_mut().unwrap() ^= 1), [CheckName::Signature]);
    assert_eq!(
        failures(|e, _| {
            e.attest[0] = 0;
            resign(e)
        })[0],
        CheckName::Structure
    );
    assert_eq!(
        failures(|e, _| {
            e.attest[5] = 0x17;
            resign(e)
        })[0],
        CheckName::Structure
    );
    assert_eq!(
        failures(|e, _| {
            e.attest.push(0);
            resign(e)
        })[0],
        CheckName::Structure
    );
    assert_eq!(failures(|e, _| e.signature.truncate(100))[0], CheckName::Structure);
}

#[test]
fn register_values_that_were_not_quoted_are_caught() {
    let run = booted(true, &[]);
    let fewer = Recipe { pcrs: vec![0, 4], ..Recipe::default() };
    assert_eq!(failures(|e, _| e.pcrs = fewer.evidence(&run).pcrs)[0], CheckName::Structure);
    let mut other = run.clone();
    other.pcrs.extend(PcrIndex::new(4), &Digests::of(b"x"));
    let values = Recipe::default().evidence(&other).pcrs;
    assert_eq!(failures(|e, _| e.pcrs = values), [CheckName::PcrDigest, CheckName::Replay]);
}

#[test]
fn a_key_that_nobody_vouches_for_is_caught() {
    let s = shared();
    assert_eq!(failures(|_, p| p.roots = vec![s.certificate.clone()]), [], "a pinned leaf is an anchor like any other");
    assert_eq!(failures(|_, p| p.roots.clear()), [CheckName::Certificate]);
    assert_eq!(failures(|_, p| p.at_unix = Some(NOW - 1)), [CheckName::Certificate]);
    assert_eq!(failures(|_, p| p.at_unix = None), []);
    let other = fixture::certificate_for(&s.other);
    assert_eq!(failures(|e, _| e.ak_certificate = other), [CheckName::Key, CheckName::Signature]);
    assert_eq!(failures(|e, _| e.ak_pem = to_pem("PUBLIC KEY", &s.other.spki_der())), [CheckName::Key]);
    assert_eq!(failures(|e, _| e.ak_public = fixture::public(&s.other, fixture::AK_ATTRIBUTES)), [CheckName::Key]);
    assert_eq!(failures(|e, _| e.ak_chain_pem = "-----BEGIN".into()), [CheckName::Certificate]);
}

#[test]
fn a_key_that_would_sign_anything_is_caught() {
    for (bit, wrong) in [(16, "restricted"), (1, "leave"), (5, "made"), (18, "signing"), (17, "signing")] {
        let attributes = fixture::AK_ATTRIBUTES ^ 1 << bit;
        let evidence = Recipe { attributes, ..Recipe::default() }.evidence(&booted(true, &[]));
        let verdict = verify(&evidence, &policy());
        assert_eq!(failed(&verdict), [CheckName::Key], "bit {bit}");
        assert!(verdict.summary.contains(wrong), "{}", verdict.summary);
    }
    // The attributes are bound to the quote by the signer's qualified name.
    let claimed = fixture::public(&shared().ak, fixture::AK_ATTRIBUTES ^ 0x40);
    assert_eq!(failures(|e, _| e.ak_public = claimed), [CheckName::Key]);
}

#[test]
fn an_unsafe_clock_is_a_warning() {
    let evidence = Recipe { safe: 0, ..Recipe::default() }.evidence(&booted(true, &[]));
    let verdict = verify(&evidence, &policy());
    assert!(verdict.trusted && verdict.status(CheckName::Clock) == Status::Warning, "{verdict}");
    assert!(verdict.to_string().contains("warning  clock "), "{verdict}");
}

#[test]
fn a_log_that_does_not_explain_the_registers_is_caught() {
    let with = |change: fn(&mut EventLog)| failures(move |e, _| log(e, change));
    assert_eq!(with(|l| drop(l.events.pop()))[0], CheckName::Replay);
    assert_eq!(with(|l| l.events.swap(0, 1))[0], CheckName::Replay);
    // A changed digest breaks the replay; in an event whose data shows what was measured, also that.
    assert_eq!(with(|l| l.events[0].digests = Digests::of(b"x"))[..2], [CheckName::Replay, CheckName::EventDigests]);
    // One bank alone: the quoted one is fine, the machine's own registers are not.
    assert_eq!(with(|l| l.events[0].digests.sha384[0] ^= 1)[0], CheckName::Replay);
    assert_eq!(failures(|e, _| e.event_log.truncate(50))[0], CheckName::EventLog);
    assert_eq!(failures(|e, _| e.event_log.clear())[0], CheckName::EventLog);
    assert_eq!(
        failures(|_, p| p.live.as_mut().unwrap().extend(PcrIndex::new(0), &Digests::of(b"x"))),
        [CheckName::Replay]
    );
    assert_eq!(failures(|_, p| p.live.as_mut().unwrap().extend(PcrIndex::new(10), &Digests::of(b"x"))), []);
}

#[test]
fn a_log_that_lies_about_what_was_measured_is_caught() {
    let lies = |event_type, from: &'static [u8], to: &'static [u8]| {
        failures(move |e, _| {
            log(e, |l| {
                let is = |data: &[u8]| data.windows(from.len()).position(|window| window == from);
                let event = l.events.iter_mut().find(|e| e.event_type == event_type && is(&e.data).is_some()).unwrap();
                let at = is(&event.data).unwrap();
                event.data[at..at + to.len()].copy_from_slice(to);
            })
        })
    };
    assert_eq!(lies(EventType::EFI_ACTION, b"Calling", b"calling"), [CheckName::EventDigests]);
    assert_eq!(lies(EventType::IPL, b"kernel_cmdline: /", b"kernel_cmdline: x"), [CheckName::EventDigests]);
    assert_eq!(lies(EventType::COMPACT_HASH, b"UUID", b"uuid"), [CheckName::EventDigests]);
}

#[test]
fn secure_boot_is_read_from_the_log() {
    let off = Recipe::default().evidence(&booted(false, &[]));
    let policy = Policy { baseline: None, live: None, ..policy() };
    let verdict = verify(&off, &policy);
    assert_eq!((failed(&verdict), verdict.secure_boot), (vec![CheckName::SecureBoot], Some(false)));
    assert!(verdict.summary.contains("Secure Boot was off, but it has to be on"), "{}", verdict.summary);
    assert!(verify(&off, &Policy { secure_boot: Some(false), ..policy }).trusted);
}

#[test]
fn a_log_with_a_senseless_pcr_7_gives_no_secure_boot_state() {
    let policy = Policy { baseline: None, live: None, secure_boot: None, ..policy() };
    let told = |change: &dyn Fn(&mut EventLog)| {
        let mut evidence = good();
        log(&mut evidence, change);
        let verdict = verify(&evidence, &policy);
        assert_eq!((verdict.status(CheckName::SecureBoot), verdict.secure_boot), (Status::Failed, None));
        verdict.checks.into_iter().find(|check| check.name == CheckName::SecureBoot).unwrap().detail
    };
    let config =
        |log: &EventLog| log.events.iter().position(|e| e.event_type == EventType::EFI_VARIABLE_DRIVER_CONFIG).unwrap();
    let of_pcr_7 = |kind| move |e: &vtpm_backend::eventlog::Event| e.event_type == kind && e.pcr == PcrIndex::new(7);
    assert!(
        told(&|l| {
            let at = config(l);
            let twin = l.events[at].clone();
            l.events.insert(at, twin)
        })
        .contains("twice")
    );
    assert!(
        told(&|l| {
            let at = config(l);
            let late = l.events[at].clone();
            l.events.push(late)
        })
        .contains("after")
    );
    assert!(told(&|l| drop(l.events.remove(config(l)))).contains("SecureBoot was not measured"));
    assert!(told(&|l| l.events.retain(|e| !of_pcr_7(EventType::SEPARATOR)(e))).contains("separator"));
    assert!(
        told(&|l| l.events.retain(|e| !of_pcr_7(EventType::EFI_VARIABLE_AUTHORITY)(e))).contains("no key admitted")
    );
}

#[test]
fn a_tampered_boot_loader_is_named() {
    let evidence = Recipe::default().evidence(&booted(false, &[Component::Grub]));
    let baseline = Some(crate::Baseline::from_reference(&fixture::good_reference(false)));
    let verdict = verify(&evidence, &Policy { secure_boot: Some(false), live: None, baseline, ..policy() });
    assert_eq!(failed(&verdict), [CheckName::BootChain]);
    assert!(verdict.summary.contains("PCR 4 differs: GRUB was replaced: Authenticode digest "), "{}", verdict.summary);
}

#[test]
fn other_banks_can_be_quoted() {
    for bank in Bank::ALL {
        let evidence = Recipe { bank, ..Recipe::default() }.evidence(&booted(true, &[]));
        assert!(verify(&evidence, &policy()).trusted, "{bank}");
    }
}

#[test]
fn evidence_survives_its_folder() {
    let temp = tempfile::tempdir().unwrap();
    let dir = temp.path().join("new/folder");
    let evidence = good();
    evidence.write(&dir).unwrap();
    assert_eq!(Evidence::read(&dir).unwrap(), evidence);
    for optional in ["ak-chain.pem", "eventlog.bin", "nonce.hex", "evidence.json"] {
        std::fs::remove_file(dir.join(optional)).unwrap();
    }
    assert!(Evidence::read(&dir).unwrap().event_log.is_empty());
    std::fs::write(dir.join("evidence.json"), "{").unwrap();
    assert!(Evidence::read(&dir).unwrap_err().to_string().contains("evidence.json"));
    std::fs::remove_file(dir.join("quote.sig")).unwrap();
    assert!(Evidence::read(&dir).unwrap_err().to_string().contains("quote.sig"));
}
