#![no_main]
//! Variable stores, signature databases and boot options.

#[path = "../checks.rs"]
#[allow(dead_code, reason = "the other target's check")]
mod checks;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| checks::variables(bytes));
