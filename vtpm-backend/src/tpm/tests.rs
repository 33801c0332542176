//! The codec against written-out bytes, and against anything at all.

use proptest::prelude::*;

use super::*;

fn decode<C: Command>(command: &C, response: &[u8]) -> Result<Option<C::Response>, Malformed> {
    match parse_response(response)? {
        Ok(body) => command.decode(body).map(Some),
        Err(_) => Ok(None),
    }
}

#[test]
fn startup_is_the_twelve_bytes_every_driver_sends() {
    assert_eq!(hex::encode(StartupClear.encode()), "80010000000c000001440000");
}

#[test]
fn extend_carries_all_banks_in_one_command() {
    let digests = vec![(HashAlg::Sha1, vec![1; 20]), (HashAlg::Sha256, vec![2; 32]), (HashAlg::Sha384, vec![3; 48])];
    let bytes = PcrExtend { pcr: 7, digests }.encode();
    let expected = format!(
        "8002{:08x}00000182{:08x}0000000940000009000001000000000003{:04x}{}{:04x}{}{:04x}{}",
        10 + 4 + 4 + 9 + 4 + 3 * 2 + 100,
        7,
        4,
        "01".repeat(20),
        0xb,
        "02".repeat(32),
        0xc,
        "03".repeat(48)
    );
    assert_eq!(hex::encode(bytes), expected);
}

#[test]
fn a_clock_is_read_from_a_recorded_response() {
    // swtpm 0.7.1, after its second orderly start.
    let response = hex::decode(concat!(
        "80010000002300000000",
        "0000000000000102",
        "0000000000000304",
        "00000002",
        "00000000",
        "01"
    ));
    let info = decode(&ReadClock, &response.unwrap()).unwrap().unwrap();
    assert_eq!(info, ClockInfo { clock_ms: 0x304, reset_count: 2, restart_count: 0, safe: true });
}

#[test]
fn a_refusal_is_a_code_not_an_error() {
    let parsed = parse_response(&[0x80, 1, 0, 0, 0, 10, 0, 0, 9, 0x22]).unwrap();
    assert_eq!(parsed.unwrap_err(), Rc::RETRY);
    assert_eq!(error_response(Rc::RETRY), [0x80, 1, 0, 0, 0, 10, 0, 0, 9, 0x22]);
}

#[test]
fn sizes_out_of_bounds_are_malformed() {
    for size in [0_u32, 9, 4097, u32::MAX] {
        let mut header = [0x80, 1, 0, 0, 0, 0, 0, 0, 0, 0];
        header[2..6].copy_from_slice(&size.to_be_bytes());
        assert!(message_size(&header).is_err(), "{size}");
    }
}

#[test]
fn selections_pick_registers_in_ascending_order() {
    let selection = PcrSelection { alg: HashAlg::Sha256, mask: 0x0080_0081 };
    assert_eq!(selection.indices().collect::<Vec<_>>(), [0, 7, 23]);
    assert_eq!(selection.select(), [0x81, 0, 0x80]);
}

/// A frame with a right header and any body, so that the decoders behind it are reached.
fn response() -> impl Strategy<Value = Vec<u8>> {
    let body = proptest::collection::vec(any::<u8>(), 0..300);
    (any::<bool>(), prop_oneof![Just(0_u32), any::<u32>()], body).prop_map(|(sessions, code, body)| {
        let mut frame = vec![0x80, if sessions { 2 } else { 1 }];
        frame.extend(u32::try_from(HEADER_BYTES + body.len()).unwrap().to_be_bytes());
        frame.extend(code.to_be_bytes());
        frame.extend(body);
        frame
    })
}

fn decode_with_everything(bytes: &[u8]) {
    let selection = PcrSelection { alg: HashAlg::Sha1, mask: PcrSelection::ALL_PCRS };
    let _ = decode(&StartupClear, bytes);
    let _ = decode(&GetProperty::NV_INDEX_MAX, bytes);
    let _ = decode(&ReadClock, bytes);
    let _ = decode(&PcrRead(selection), bytes);
    let _ = decode(&GetPcrBanks, bytes);
    let _ = decode(&PcrAllocate { banks: vec![] }, bytes);
    let _ = decode(&CreatePrimary { hierarchy: handle::OWNER, template: vec![] }, bytes);
    let _ = decode(&ReadPublic(handle::AK), bytes);
    let _ = decode(&NvRead { index: 0, size: 0, offset: 0 }, bytes);
    let _ = decode(&NvReadPublic(0), bytes);
    let _ = rsa_modulus(bytes);
}

proptest! {
    #[test]
    fn no_response_makes_the_codec_panic(bytes in response()) {
        decode_with_everything(&bytes);
    }

    #[test]
    fn no_bytes_make_the_codec_panic(bytes in proptest::collection::vec(any::<u8>(), 0..100)) {
        decode_with_everything(&bytes);
    }

    #[test]
    fn every_rc_has_a_text(code in any::<u32>()) {
        prop_assert!(!Rc(code).to_string().is_empty());
    }
}
