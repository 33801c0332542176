//! Judges evidence: is a quote genuine, does the event log explain it, and if a machine did not boot what it should have,
//! which component differs.
//!
//! [`Evidence`] is what a node says of itself, as a set of files. [`verify`] checks it against a [`Policy`] (the roots to
//! trust, the nonce that was asked for, what a good boot looks like) and gives a [`Verdict`]: every check with its
//! outcome, and every difference in boot order. [`explain`] compares two [`Boot`]s of any machines, register by register. Nothing that lies beside the evidence is trusted because of that; all
//! input is read strictly, with limits, and never panics.
#![forbid(unsafe_code)]

mod baseline;
mod checks;
mod compare;
mod evidence;
mod explain;
mod pcr_file;
mod policy;
mod tpm;
mod verdict;

#[cfg(test)]
mod tests;

pub use baseline::{Baseline, BaselineError, Expected};
pub use checks::verify;
pub use compare::{Change, Difference, Part, compare};
pub use evidence::{About, Evidence, EvidenceFileError};
pub use explain::{
    Against, Agreement, Boot, BootFileError, Disagreement, ExplainError, Explanation, Noted, Quoted,
    RegisterExplanation, RegisterState, Registers, RegistersError, Side, explain,
};
pub use pcr_file::{PcrFileError, parse_tpm2_tools_pcrs};
pub use policy::Policy;
pub use tpm::{Attest, ClockInfo, Malformed, PcrSelection, PublicKey, Signature};
pub use verdict::{Check, CheckName, Status, Verdict};
