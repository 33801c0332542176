use proptest::prelude::*;

use super::read::NO_PCR;
use super::*;
use crate::eventlog::LogStyle;
use crate::eventlog::SPEC_ID_SIGNATURE;

fn own() -> EventLog {
    let events = (0..8).map(|pcr| Event::of_data(PcrIndex::new(pcr), EventType::SEPARATOR, [0; 4])).collect();
    EventLog { events }
}

fn legacy(pcr: u32, event_type: u32, data: &[u8]) -> Vec<u8> {
    let mut out = pcr.to_le_bytes().to_vec();
    out.extend_from_slice(&event_type.to_le_bytes());
    out.extend_from_slice(&Digests::of(data).sha1);
    out.extend_from_slice(&(data.len() as u32).to_le_bytes());
    out.extend_from_slice(data);
    out
}

#[test]
fn own_logs_are_read_the_same_in_every_style() {
    let ovmf = LogStyle { errata: 0, digest_order: Bank::ALL };
    for bytes in [own().encode(), own().encode_as(&ovmf)] {
        let log = HardwareLog::parse(&bytes).unwrap();
        assert_eq!(log.to_event_log().unwrap(), own());
        let replayed = log.replay(HashAlgorithm::SHA256).unwrap();
        let banks = own().replay();
        assert_eq!(replayed[&2], banks.get(Bank::Sha256, PcrIndex::new(2)));
        assert_eq!(log.replay(HashAlgorithm(0x0d)), None);
    }
}

#[test]
fn filling_behind_the_last_event_is_no_event() {
    for filling in [0x00, 0xff] {
        let mut bytes = own().encode();
        bytes.extend_from_slice(&[filling; 100]);
        assert_eq!(HardwareLog::parse(&bytes).unwrap().events.len(), 8);
        bytes.push(1);
        assert!(HardwareLog::parse(&bytes).is_err());
    }
}

#[test]
fn logs_of_the_older_format_have_sha1_only() {
    let bytes = [legacy(0, 8, b"version"), legacy(4, 4, &[0; 4]), legacy(0, 4, &[0; 4])].concat();
    let log = HardwareLog::parse(&bytes).unwrap();
    assert_eq!((log.algorithms.as_slice(), log.events.len()), ([HashAlgorithm::SHA1].as_slice(), 3));
    assert_eq!(log.replay(HashAlgorithm::SHA1).unwrap().len(), 2);
    assert_eq!(log.to_event_log(), None);
}

#[test]
fn other_banks_vendor_information_and_events_without_a_register() {
    let mut spec_id = SPEC_ID_SIGNATURE.to_vec();
    spec_id.extend_from_slice(&[0, 0, 0, 0, 0, 2, 0, 2, 1, 0, 0, 0, 0x0d, 0, 64, 0, 3, 1, 2, 3]);
    let mut bytes = legacy(0, 3, &spec_id);
    bytes[8..28].fill(0);
    for (pcr, event_type) in [(NO_PCR, 3u32), (0, 4)] {
        bytes.extend_from_slice(&pcr.to_le_bytes());
        bytes.extend_from_slice(&event_type.to_le_bytes());
        bytes.extend_from_slice(&[1, 0, 0, 0, 0x0d, 0]);
        bytes.extend_from_slice(&[7; 64]);
        bytes.extend_from_slice(&[1, 0, 0, 0, 9]);
    }
    let log = HardwareLog::parse(&bytes).unwrap();
    assert_eq!((log.events[0].pcr, log.events.len()), (None, 2));
    assert_eq!(log.replay(HashAlgorithm(0x0d)).unwrap()[&0].len(), 64);
    let last = bytes.len() - (4 + 4 + 4 + 2 + 64 + 4 + 1);
    bytes[last..last + 4].copy_from_slice(&NO_PCR.to_le_bytes());
    assert!(HardwareLog::parse(&bytes).is_err());
}

proptest! {
    #[test]
    fn arbitrary_bytes_never_panic(
        bytes in prop::collection::vec(any::<u8>(), 0..300), at in any::<prop::sample::Index>(), to in any::<u8>(),
    ) {
        let mut log = [own().encode(), bytes.clone()].concat();
        let at = at.index(log.len());
        log[at] = to;
        for bytes in [bytes, log] {
            if let Ok(strict) = EventLog::parse(&bytes) {
                let lenient = HardwareLog::parse(&bytes).unwrap();
                prop_assert_eq!(lenient.to_event_log().unwrap(), strict);
            }
            if let Ok(log) = HardwareLog::parse(&bytes) {
                log.algorithms.iter().for_each(|algorithm| { log.replay(*algorithm); });
                log.to_event_log();
            }
        }
    }
}
