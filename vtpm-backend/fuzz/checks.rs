//! What must hold for any bytes. The fuzz targets try bytes without end; `tests/fuzz_targets.rs` tries the same ones at
//! every run of the tests.

use vtpm_backend::eventlog::{EventLog, HardwareLog};
use vtpm_backend::pcr::PcrIndex;
use vtpm_backend::uefi::load_option::LoadOption;
use vtpm_backend::uefi::signature::SignatureDatabase;
use vtpm_backend::uefi::var_store::Variables;

/// Event logs of any origin: reading, replaying and describing them never panics, what is read is written the same, and
/// the two readers agree.
pub(crate) fn event_log(bytes: &[u8]) {
    let strict = EventLog::parse(bytes);
    let lenient = HardwareLog::parse(bytes);
    if let Ok(log) = &strict {
        log.replay();
        log.to_yaml();
        assert_eq!(EventLog::parse(&log.encode()).as_ref(), Ok(log), "what is written is read back");
        let lenient = lenient.as_ref().expect("what the strict reader accepts, the lenient one does");
        assert_eq!(lenient.to_event_log().as_ref(), Some(log));
    }
    if let Ok(log) = &lenient {
        for algorithm in &log.algorithms {
            log.replay(*algorithm);
            log.register(*algorithm, PcrIndex::new(0));
        }
        let view = log.in_banks(&log.banks());
        assert_eq!(view.events.len(), log.events.len());
        view.events.iter().for_each(|event| drop(event.describe()));
    }
}

/// Variable stores, signature databases and boot options.
pub(crate) fn variables(bytes: &[u8]) {
    let _ = Variables::parse_store(bytes);
    let _ = LoadOption::parse(bytes);
    if let Ok(database) = SignatureDatabase::parse(bytes) {
        assert_eq!(SignatureDatabase::parse(&database.encode()).as_ref(), Ok(&database));
    }
}
