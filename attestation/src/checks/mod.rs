//! The verification: one check after the other, each with its outcome.

mod digests;
mod key;
mod log;
mod quote;
mod secure_boot;

use vtpm_backend::eventlog::EventLog;

use crate::compare::{Difference, compare};
use crate::evidence::Evidence;
use crate::policy::Policy;
use crate::verdict::{Check, CheckName, Status, Verdict};
use quote::Parsed;

/// What a check found: a sentence either way.
type Outcome = Result<String, String>;

/// The checks so far.
#[derive(Default)]
struct Report {
    checks: Vec<Check>,
}

impl Report {
    fn push(&mut self, name: CheckName, status: Status, detail: String) {
        self.checks.push(Check { name, status, detail });
    }

    fn add(&mut self, name: CheckName, outcome: Outcome) {
        match outcome {
            Ok(detail) => self.push(name, Status::Ok, detail),
            Err(detail) => self.push(name, Status::Failed, detail),
        }
    }

    /// A check whose failure is no reason to distrust: it is told as a warning.
    fn advise(&mut self, name: CheckName, needed: Option<&Parsed>, check: impl FnOnce(&Parsed) -> Outcome) {
        match needed.map(check) {
            Some(Ok(detail)) => self.push(name, Status::Ok, detail),
            Some(Err(detail)) => self.push(name, Status::Warning, detail),
            None => self.skip(name, UNREADABLE),
        }
    }

    fn skip(&mut self, name: CheckName, why: &str) {
        self.push(name, Status::NotRun, why.to_owned());
    }

    /// Makes a check when what it needs is there.
    fn add_with<T>(&mut self, name: CheckName, needed: Option<T>, why_not: &str, check: impl FnOnce(T) -> Outcome) {
        match needed {
            Some(needed) => self.add(name, check(needed)),
            None => self.skip(name, why_not),
        }
    }
}

/// Judges evidence. Every check that can be made is made, also after one has failed, so that the report says all that is
/// wrong.
pub fn verify(evidence: &Evidence, policy: &Policy) -> Verdict {
    let mut report = Report::default();
    let parsed = quote::parse(evidence);
    report.add(CheckName::Structure, parsed.as_ref().map(Parsed::describe).map_err(Clone::clone));
    let parsed = parsed.ok();
    judge_key(&mut report, evidence, policy, parsed.as_ref());
    judge_quote(&mut report, policy, parsed.as_ref());
    let log = log::parse(&evidence.event_log);
    report.add(CheckName::EventLog, log.as_ref().map(log::describe).map_err(Clone::clone));
    let log = log.ok();
    let (secure_boot, differences) = judge_boot(&mut report, policy, parsed.as_ref(), log.as_ref());
    let clock = parsed.map(|parsed| parsed.attest.clock);
    Verdict::new(report.checks, differences, secure_boot, clock)
}

const UNREADABLE: &str = "the quote cannot be read";

fn judge_key(report: &mut Report, evidence: &Evidence, policy: &Policy, parsed: Option<&Parsed>) {
    report.add(CheckName::Certificate, key::chain(evidence, policy));
    report.add_with(CheckName::Key, parsed, UNREADABLE, |parsed| key::same_key(evidence, parsed));
    report.add_with(CheckName::Signature, parsed, UNREADABLE, |parsed| key::signature(evidence, parsed));
}

fn judge_quote(report: &mut Report, policy: &Policy, parsed: Option<&Parsed>) {
    match &policy.nonce {
        Some(nonce) => report.add_with(CheckName::Nonce, parsed, UNREADABLE, |parsed| quote::nonce(parsed, nonce)),
        None => report.skip(CheckName::Nonce, "no nonce was given, so the quote may be an old one"),
    }
    report.add_with(CheckName::PcrDigest, parsed, UNREADABLE, quote::pcr_digest);
    report.advise(CheckName::Clock, parsed, quote::clock);
}

fn judge_boot(
    report: &mut Report,
    policy: &Policy,
    parsed: Option<&Parsed>,
    log: Option<&EventLog>,
) -> (Option<bool>, Vec<Difference>) {
    const NO_LOG: &str = "there is no event log that can be read";
    report.add_with(CheckName::Replay, log.zip(parsed), NO_LOG, |(log, parsed)| {
        log::replay(log, parsed, policy.live.as_ref())
    });
    report.add_with(CheckName::EventDigests, log, NO_LOG, digests::check);
    let state = log.map(secure_boot::state);
    report.add_with(CheckName::SecureBoot, state.as_ref(), NO_LOG, |state| {
        secure_boot::judge(state.as_ref(), policy.secure_boot)
    });
    let differences = match (&policy.baseline, log) {
        (Some(baseline), Some(log)) => compare(baseline, log),
        _ => Vec::new(),
    };
    match (&policy.baseline, log) {
        (None, _) => report.skip(CheckName::BootChain, "no reference was given to compare with"),
        (Some(_), None) => report.skip(CheckName::BootChain, NO_LOG),
        (Some(_), Some(_)) => report.add(CheckName::BootChain, boot_chain(&differences)),
    }
    (state.and_then(Result::ok), differences)
}

fn boot_chain(differences: &[Difference]) -> Outcome {
    match differences {
        [] => Ok("every measurement is the expected one".to_owned()),
        [only] => Err(only.text.clone()),
        [first, rest @ ..] => Err(format!("{} (and {} more)", first.text, rest.len())),
    }
}
