#![no_main]
//! Event logs of any origin: reading, replaying and describing them never panics, and the two readers agree.

use libfuzzer_sys::fuzz_target;
use vtpm_backend::eventlog::{EventLog, HardwareLog};

fuzz_target!(|bytes: &[u8]| {
    let strict = EventLog::parse(bytes);
    let lenient = HardwareLog::parse(bytes);
    if let Ok(log) = &strict {
        log.replay();
        log.to_yaml();
        let lenient = lenient.as_ref().expect("what the strict reader accepts, the lenient one does");
        assert_eq!(lenient.to_event_log().as_ref(), Some(log));
    }
    if let Ok(log) = &lenient {
        for algorithm in &log.algorithms {
            log.replay(*algorithm);
        }
    }
});
