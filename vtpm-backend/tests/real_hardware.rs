//! A log of a real machine, with the registers that another parser's authors wrote down for it.

use vtpm_backend::eventlog::{EventLog, EventType, HardwareLog, HashAlgorithm};
use vtpm_backend::pcr::{Bank, PcrIndex};

const LOG: &[u8] = include_bytes!("data/lenovo-fedora.bin");
/// The crate uefi-eventlog's own test, `parse_bootlog`: register, SHA-256 value.
const REGISTERS: [(u8, &str); 10] = [
    (0, "de5bae1801b1055914582f526fea0aa68e7dfacb4a5ad6ce55f8b2b6287c475c"),
    (1, "3d086aee80eff0b9d930ce43ec0d3ecbe73ea2f188e545fecc8d97e9acf9f61f"),
    (2, "3d458cfe55cc03ea1f443f1562beec8df51c75e14a9fcf9a7234a13f198e7969"),
    (3, "3d458cfe55cc03ea1f443f1562beec8df51c75e14a9fcf9a7234a13f198e7969"),
    (4, "e79ebf94d2013d91808b2b250fcfb08260f73e6fd636704c0783edb641baecdd"),
    (5, "405f63fb377a6992ce75213c5d4e847bdfdbf2523df3774573de4e07c656a143"),
    (6, "3d458cfe55cc03ea1f443f1562beec8df51c75e14a9fcf9a7234a13f198e7969"),
    (7, "730777cfa2b4c2cf67a54ce7c80d7d15cebd0a443d1bc320e43fe338812ea67b"),
    (8, "4788238034043585fd5254cd186d90eca91d9911e2d7b1bdde9eee81704306db"),
    (9, "6e22c7993f14c2313665a86edc9998ead5361d95c841dacccef6a52bdb4bf935"),
];

#[test]
fn it_is_read_and_explains_its_registers() {
    let log = HardwareLog::parse(LOG).expect("a log of real hardware");
    assert_eq!((log.events.len(), log.banks()), (100, vec![Bank::Sha1, Bank::Sha256]));
    for (pcr, value) in REGISTERS {
        let replayed = log.register(HashAlgorithm::SHA256, PcrIndex::new(pcr)).expect("it has the bank");
        assert_eq!(hex::encode(replayed), value, "PCR {pcr}");
    }
    let described: Vec<String> = log.in_banks(&[Bank::Sha256]).events.iter().map(|event| event.describe()).collect();
    assert!(described.iter().any(|text| text.starts_with("grub_cmd: ")), "{described:#?}");
    assert!(described.iter().any(|text| text.ends_with(r"\EFI\fedora\shimx64.efi")), "{described:#?}");
    let firmware =
        |event: &&vtpm_backend::eventlog::HardwareEvent| event.event_type == EventType::EFI_PLATFORM_FIRMWARE_BLOB;
    assert_eq!(log.events.iter().filter(firmware).count(), 4);
    // The strict reader is for machines with three banks.
    assert!(EventLog::parse(LOG).is_err());
}
