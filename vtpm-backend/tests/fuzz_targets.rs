//! The checks of the fuzz targets, run over a fixed set of damaged logs: cut at every byte, with hostile numbers in the
//! place of every length, and with thousands of random changes from a fixed seed.

#[path = "../fuzz/checks.rs"]
mod checks;

use vtpm_backend::eventlog::{Event, EventLog, EventType, LogStyle};
use vtpm_backend::pcr::{Bank, PcrIndex};
use vtpm_backend::uefi::EfiGuid;
use vtpm_backend::uefi::variable::VariableData;

const CHANGED_LOGS: u32 = 20_000;

/// A log with every kind of data that is taken apart.
fn seed() -> EventLog {
    let guid = EfiGuid::from_bytes([7; 16]);
    let variable = |name: &str, data: &[u8]| VariableData::new(guid, name, data).encode();
    let image = [[0; 24].as_slice(), &[4, 0, 0, 0, 0, 0, 0, 0], &[0x7f, 0xff, 4, 0]].concat();
    let events = [
        (0, EventType::NO_ACTION, b"StartupLocality\0\x03".to_vec()),
        (0, EventType::S_CRTM_VERSION, vec![b'1', 0, 0, 0]),
        (0, EventType::EFI_PLATFORM_FIRMWARE_BLOB, vec![9; 16]),
        (7, EventType::EFI_VARIABLE_DRIVER_CONFIG, variable("SecureBoot", &[1])),
        (7, EventType::EFI_VARIABLE_AUTHORITY, variable("db", &[1; 40])),
        (1, EventType::EFI_VARIABLE_BOOT, variable("BootOrder", &[0, 0])),
        (4, EventType::EFI_ACTION, b"Calling EFI Application from Boot Option".to_vec()),
        (4, EventType::SEPARATOR, vec![0; 4]),
        (4, EventType::EFI_BOOT_SERVICES_APPLICATION, image),
        (5, EventType::EFI_GPT_EVENT, [b"EFI PART".as_slice(), &[0; 84], &[0; 8]].concat()),
        (8, EventType::IPL, b"grub_cmd: linux /vmlinuz\0".to_vec()),
        (9, EventType::EVENT_TAG, vec![0xec, 0x22, 0x3b, 0x8f, 1, 0, 0, 0, 0]),
        (12, EventType::IPL, b"q\0u\0i\0e\0t\0\0\0".to_vec()),
    ];
    let event = |(pcr, event_type, data)| Event::of_data(PcrIndex::new(pcr), event_type, data);
    EventLog { events: events.into_iter().map(event).collect() }
}

/// xorshift64*: the same numbers at every run.
struct Numbers(u64);

impl Numbers {
    fn next(&mut self, below: usize) -> usize {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        (self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 33) as usize % below.max(1)
    }
}

fn written() -> [Vec<u8>; 2] {
    let ovmf = LogStyle { errata: 0, digest_order: Bank::ALL };
    [seed().encode(), seed().encode_as(&ovmf)]
}

#[test]
fn the_seed_is_read() {
    for bytes in written() {
        assert_eq!(EventLog::parse(&bytes).expect("a good log"), seed());
        checks::event_log(&bytes);
    }
}

#[test]
fn a_log_that_is_cut_anywhere() {
    let bytes = &written()[0];
    for len in 0..bytes.len() {
        checks::event_log(&bytes[..len]);
        checks::event_log(&bytes[len..]);
    }
}

#[test]
fn hostile_numbers_anywhere() {
    let bytes = &written()[0];
    for at in 0..bytes.len() - 4 {
        for number in [0, 1, 0xff, 0xffff, 0x7fff_ffff, 0xffff_ffff, bytes.len() as u32, (bytes.len() - at) as u32] {
            let mut hostile = bytes.clone();
            hostile[at..at + 4].copy_from_slice(&number.to_le_bytes());
            checks::event_log(&hostile);
        }
    }
}

#[test]
fn thousands_of_changed_logs() {
    let (seeds, mut numbers) = (written(), Numbers(0x5eed));
    for _ in 0..CHANGED_LOGS {
        let mut bytes = seeds[numbers.next(2)].clone();
        for _ in 0..=numbers.next(4) {
            let (at, len) = (numbers.next(bytes.len()), numbers.next(24));
            let end = bytes.len().min(at + len);
            match numbers.next(4) {
                0 => bytes[at] ^= 1 << numbers.next(8),
                1 => drop(bytes.drain(at..end)),
                2 => {
                    let piece = bytes[at..end].to_vec();
                    let to = numbers.next(bytes.len());
                    bytes.splice(to..to, piece);
                }
                _ => bytes[at..end].iter_mut().for_each(|byte| *byte = numbers.next(256) as u8),
            }
            if bytes.is_empty() {
                break;
            }
        }
        checks::event_log(&bytes);
        checks::variables(&bytes);
    }
}
