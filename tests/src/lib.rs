//! Integration tests: the real az and tpm2-tools against the running simulator. Everything is in `tests/it`.
#![forbid(unsafe_code)]
