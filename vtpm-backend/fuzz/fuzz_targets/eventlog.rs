#![no_main]
//! Event logs of any origin.

#[path = "../checks.rs"]
#[allow(dead_code, reason = "the other target's check")]
mod checks;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| checks::event_log(bytes));
