//! What the integration tests are made of: the replay of recorded traffic. The tests themselves are in `tests/it`.
#![forbid(unsafe_code)]

pub mod replay;
