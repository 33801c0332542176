//! Whatever is put in, there is a verdict, and what was changed is not trusted.

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::Index;

use super::fixture::{good, policy};
use crate::{Attest, Baseline, Evidence, Policy, PublicKey, Signature, parse_tpm2_tools_pcrs, verify};

fn file(evidence: &mut Evidence, which: usize) -> &mut Vec<u8> {
    match which {
        0 => &mut evidence.attest,
        1 => &mut evidence.signature,
        2 => &mut evidence.ak_public,
        3 => &mut evidence.ak_certificate,
        4 => &mut evidence.pcrs,
        _ => &mut evidence.event_log,
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_bytes_are_read_or_refused(bytes in vec(any::<u8>(), 0..2000)) {
        let _ = Attest::parse(&bytes);
        let _ = Signature::parse(&bytes);
        let _ = PublicKey::parse(&bytes);
        let _ = parse_tpm2_tools_pcrs(&bytes);
        let _ = Baseline::parse(&bytes);
    }

    #[test]
    fn mangled_evidence_gets_a_verdict(
        which in 0..6_usize,
        at in any::<Index>(),
        noise in vec(any::<u8>(), 0..40),
        cut in any::<bool>(),
    ) {
        let mut evidence = good();
        let bytes = file(&mut evidence, which);
        let at = at.index(bytes.len());
        if cut {
            bytes.truncate(at);
        }
        let end = bytes.len().min(at + noise.len());
        bytes.splice(at..end, noise);
        let verdict = verify(&evidence, &policy());
        prop_assert_eq!(verdict.checks.len(), 12);
        let _ = verdict.to_string();
    }

    #[test]
    fn unrelated_evidence_is_not_trusted(
        attest in vec(any::<u8>(), 0..200),
        log in vec(any::<u8>(), 0..200),
        chain in ".{0,40}",
    ) {
        let evidence = Evidence { attest, event_log: log, ak_chain_pem: chain.clone(), ak_pem: chain, ..Evidence::default() };
        prop_assert!(!verify(&evidence, &policy()).trusted);
    }
}

#[test]
fn one_changed_bit_of_key_or_quote_is_never_trusted() {
    // Without the boot chain, which has tests of its own and takes most of the time.
    let policy = Policy { baseline: None, live: None, ..policy() };
    let good = good();
    for which in 0..4 {
        for at in 0..file(&mut good.clone(), which).len() {
            for bit in [0, 7] {
                let mut evidence = good.clone();
                file(&mut evidence, which)[at] ^= 1 << bit;
                assert!(!verify(&evidence, &policy).trusted, "file {which}, byte {at}, bit {bit}");
            }
        }
    }
}
