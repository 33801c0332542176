use proptest::prelude::*;

use super::*;
use crate::uefi::guids;
use crate::uefi::variable::VariableData;

const PCR0: PcrIndex = PcrIndex::new(0);

fn separators() -> EventLog {
    let events = (0..8).map(|pcr| Event::of_data(PcrIndex::new(pcr), EventType::SEPARATOR, [0; 4])).collect();
    EventLog { events }
}

fn startup_at(locality: u8) -> Event {
    let data = [STARTUP_LOCALITY_SIGNATURE.as_slice(), &[locality]].concat();
    Event { pcr: PCR0, event_type: EventType::NO_ACTION, digests: Digests::ZERO, data }
}

#[test]
fn the_header_is_azures_41_byte_spec_id_event() {
    let bytes = EventLog::default().encode();
    assert_eq!(bytes.len(), 32 + 41);
    assert_eq!(
        hex::encode(&bytes[32..]),
        "53706563204944204576656e743033000000000000020202030000000400140\
         00b0020000c00300000"
    );
}

#[test]
fn digests_stand_in_azures_order() {
    let bytes = separators().encode();
    let first = &bytes[73..];
    assert_eq!(first[8..14], [3, 0, 0, 0, 0x0c, 0]);
    assert_eq!(first[14 + 48..14 + 50], [0x0b, 0]);
    assert_eq!(first[14 + 50 + 32..14 + 52 + 32], [4, 0]);
}

#[test]
fn any_order_of_digests_is_read() {
    let event = &separators().events[0];
    let mut bytes = header_event(&LogStyle::AZURE);
    bytes.extend_from_slice(&0u32.to_le_bytes());
    bytes.extend_from_slice(&EventType::SEPARATOR.0.to_le_bytes());
    bytes.extend_from_slice(&3u32.to_le_bytes());
    for bank in Bank::ALL {
        bytes.extend_from_slice(&bank.alg_id().to_le_bytes());
        bytes.extend_from_slice(event.digests.get(bank));
    }
    bytes.extend_from_slice(&[4, 0, 0, 0, 0, 0, 0, 0]);
    assert_eq!(EventLog::parse(&bytes).unwrap().events, std::slice::from_ref(event));
}

#[test]
fn replay_skips_no_action_and_honours_the_startup_locality() {
    let mut log = separators();
    let plain = log.replay();
    log.events.insert(0, startup_at(3));
    assert_eq!(log.replay().differing(&plain), [PCR0]);
    log.events[0] = startup_at(0);
    assert_eq!(log.replay(), plain);
    let again = EventLog::parse(&log.encode()).unwrap();
    assert_eq!(again, log);
}

#[test]
fn every_truncation_is_refused() {
    let bytes = separators().encode();
    let event_len = (bytes.len() - 73) / 8;
    for len in (0..bytes.len()).filter(|len| *len < 73 || (len - 73) % event_len != 0) {
        assert!(EventLog::parse(&bytes[..len]).is_err(), "{len}");
    }
}

#[test]
fn limits_and_doubled_algorithms_are_refused() {
    assert_eq!(EventLog::parse(&vec![0; LOG_BYTES_MAX + 1]), Err(ParseError::TooLarge));
    let mut bytes = separators().encode();
    bytes[73..77].copy_from_slice(&24u32.to_le_bytes());
    let error = EventLog::parse(&bytes).unwrap_err().to_string();
    assert!(error.contains("event 1 is broken: there is no such PCR"), "{error}");
    let mut bytes = header_event(&LogStyle::AZURE);
    bytes[60..62].copy_from_slice(&[0x0b, 0]);
    assert!(matches!(EventLog::parse(&bytes), Err(ParseError::Header(_))));
}

#[test]
fn descriptions_are_for_people() {
    let variable = VariableData::new(guids::GLOBAL_VARIABLE, "SecureBoot", [1]).encode();
    let event = Event::of_data(PcrIndex::new(7), EventType::EFI_VARIABLE_DRIVER_CONFIG, variable);
    assert_eq!(event.describe(), "SecureBoot = 1");
    let event = Event::of_data(PcrIndex::new(8), EventType::IPL, *b"grub_cmd: echo a\nb\0");
    assert_eq!(event.describe(), "grub_cmd: echo a\\nb");
    // systemd-stub writes UTF-16.
    let event = Event::of_data(PcrIndex::new(12), EventType::IPL, *b"q\0u\0i\0e\0t\0\0\0");
    assert_eq!(event.describe(), "quiet");
    assert_eq!(EventType::from_name("EV_IPL"), Some(EventType::IPL));
    let event = Event::of_data(PCR0, EventType(0x1234), [1, 2]);
    assert_eq!((event.describe().as_str(), event.event_type.to_string().as_str()), ("2 bytes", "0x00001234"));
}

#[test]
fn yaml_is_yaml() {
    let yaml = separators().to_yaml();
    let value: serde_yaml_ng::Value = serde_yaml_ng::from_str(&yaml).unwrap();
    assert_eq!(value["events"].as_sequence().unwrap().len(), 9);
    assert_eq!(value["events"][1]["Digests"][1]["AlgorithmId"], "sha256");
    assert!(yaml.contains("    2  : 0x3d458cfe55cc03ea1f443f1562beec8df51c75e14a9fcf9a7234a13f198e7969"));
}

prop_compose! {
    fn any_event()(
        pcr in 0u32..24,
        event_type in prop_oneof![Just(3u32), Just(4), Just(0x8000_0001), Just(0x8000_0003), any::<u32>()],
        data in prop::collection::vec(any::<u8>(), 0..80),
    ) -> Event {
        Event::of_data(PcrIndex::try_from(pcr).unwrap(), EventType(event_type), data)
    }
}

proptest! {
    #[test]
    fn arbitrary_bytes_never_panic(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        let _ = EventLog::parse(&bytes);
        let _ = EventLog::parse(&[header_event(&LogStyle::AZURE), bytes].concat());
    }

    #[test]
    fn what_was_encoded_is_read_back(events in prop::collection::vec(any_event(), 0..12)) {
        let log = EventLog { events };
        let bytes = log.encode();
        let again = EventLog::parse(&bytes).unwrap();
        prop_assert_eq!(&again, &log);
        prop_assert_eq!(again.encode(), bytes);
    }

    #[test]
    fn mutated_logs_never_panic(
        events in prop::collection::vec(any_event(), 1..6), at in any::<prop::sample::Index>(), to in any::<u8>(),
    ) {
        let mut bytes = EventLog { events }.encode();
        let at = at.index(bytes.len());
        bytes[at] = to;
        if let Ok(log) = EventLog::parse(&bytes) {
            log.replay();
            log.to_yaml();
        }
    }
}
