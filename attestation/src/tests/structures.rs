use vtpm_backend::pcr::{Bank, PcrIndex};

use super::fixture::{self, good, shared};
use crate::{Attest, PublicKey, Signature, parse_tpm2_tools_pcrs};

#[test]
fn a_quote_is_read_as_it_was_written() {
    let attest = Attest::parse(&good().attest).unwrap();
    assert_eq!(attest.extra_data, fixture::NONCE);
    assert_eq!((attest.clock.clock_ms, attest.clock.reset_count, attest.clock.safe), (123_456, 2, true));
    assert_eq!(attest.firmware_version, 0x2019_1023_0016_3636);
    assert_eq!(attest.selection.bank, Bank::Sha256);
    let numbers: Vec<_> = attest.selection.pcrs.iter().map(|pcr| pcr.number()).collect();
    assert_eq!(numbers, [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 11, 12, 13, 14]);
}

#[test]
fn every_cut_of_every_structure_is_refused() {
    let evidence = good();
    for len in 0..evidence.attest.len() {
        assert!(Attest::parse(&evidence.attest[..len]).is_err(), "{len}");
    }
    for len in 0..evidence.signature.len() {
        assert!(Signature::parse(&evidence.signature[..len]).is_err(), "{len}");
    }
    for len in 0..evidence.ak_public.len() {
        assert!(PublicKey::parse(&evidence.ak_public[..len]).is_err(), "{len}");
    }
    for len in 0..evidence.pcrs.len() {
        assert!(parse_tpm2_tools_pcrs(&evidence.pcrs[..len]).is_err(), "{len}");
    }
}

#[test]
fn the_key_is_azures() {
    let key = PublicKey::parse(&fixture::public(&shared().ak, fixture::AK_ATTRIBUTES)).unwrap();
    assert_eq!((key.exponent, key.modulus.len(), key.not_attestation_key()), (65537, 256, None));
    assert_eq!(key.name.len(), 34);
    let mut wrong = fixture::public(&shared().ak, fixture::AK_ATTRIBUTES);
    wrong[3] = 0x23;
    assert!(PublicKey::parse(&wrong).unwrap_err().to_string().contains("not an RSA key"));
}

#[test]
fn registers_of_another_bank_beside_the_quoted_ones_are_refused() {
    let mut pcrs = good().pcrs;
    let (selection, values) = parse_tpm2_tools_pcrs(&pcrs).unwrap();
    assert_eq!((selection.pcrs.len(), values.len()), (14, 14));
    assert_eq!(selection.pcrs[10], PcrIndex::new(11));
    // A second, empty selection is what tpm2-tools write for banks that were not asked for.
    pcrs[0] = 2;
    pcrs[12..15].copy_from_slice(&[4, 0, 3]);
    assert!(parse_tpm2_tools_pcrs(&pcrs).is_ok());
    pcrs[15] = 1;
    assert!(parse_tpm2_tools_pcrs(&pcrs).is_err());
}

#[test]
fn hashes_that_do_not_protect_are_refused() {
    let mut signature = good().signature;
    signature[3] = 4;
    assert!(Signature::parse(&signature).is_err());
    signature[..4].copy_from_slice(&[0, 0x18, 0, 0x0b]);
    assert!(Signature::parse(&signature).unwrap_err().to_string().contains("RSASSA"));
}
