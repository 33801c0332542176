//! What a verifier says.

use std::fmt;

use serde::Serialize;

use crate::compare::Difference;
use crate::tpm::ClockInfo;

/// How a check ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Status {
    /// It holds.
    Ok,
    /// It holds as far as trust goes, but something about it is worth knowing.
    Warning,
    /// It does not hold.
    Failed,
    /// It could not be made, or was not asked for.
    NotRun,
}

/// The checks, in the order in which they are made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum CheckName {
    /// Quote, signature, registers and key can be read and speak of the same registers.
    Structure,
    /// The attestation key's certificate leads to a trusted root.
    Certificate,
    /// The certificate vouches for the key in the evidence, it is an attestation key, and the quote names it.
    Key,
    /// The attestation key signed the quote.
    Signature,
    /// The quote carries the nonce that was asked for.
    Nonce,
    /// The quote's digest is that of the register values.
    PcrDigest,
    /// The TPM's clock is certain.
    Clock,
    /// The event log can be read.
    EventLog,
    /// Replaying the event log gives the registers.
    Replay,
    /// Events whose digest is that of their data have that digest.
    EventDigests,
    /// The Secure Boot state in the log is consistent and the expected one.
    SecureBoot,
    /// The boot chain is the expected one.
    BootChain,
}

impl CheckName {
    /// The name for people.
    pub fn as_str(self) -> &'static str {
        match self {
            CheckName::Structure => "structure",
            CheckName::Certificate => "certificate chain",
            CheckName::Key => "attestation key",
            CheckName::Signature => "signature",
            CheckName::Nonce => "nonce",
            CheckName::PcrDigest => "PCR digest",
            CheckName::Clock => "clock",
            CheckName::EventLog => "event log",
            CheckName::Replay => "log replay",
            CheckName::EventDigests => "event digests",
            CheckName::SecureBoot => "Secure Boot",
            CheckName::BootChain => "boot chain",
        }
    }
}

/// One check.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Check {
    /// Which.
    pub name: CheckName,
    /// How it ended.
    pub status: Status,
    /// What was found, in one sentence.
    pub detail: String,
}

/// The result of a verification.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Verdict {
    /// Whether the machine can be trusted: no check failed, and the quote, its key and the log were all judged.
    pub trusted: bool,
    /// The verdict in one sentence.
    pub summary: String,
    /// All checks, in order.
    pub checks: Vec<Check>,
    /// What differs from the expected boot chain, in boot order.
    pub differences: Vec<Difference>,
    /// Whether Secure Boot was on at boot, if the log says so consistently.
    pub secure_boot: Option<bool>,
    /// The TPM's clock when it signed, if the quote could be read.
    pub clock: Option<ClockInfo>,
}

impl Verdict {
    pub(crate) fn new(
        checks: Vec<Check>,
        differences: Vec<Difference>,
        secure_boot: Option<bool>,
        clock: Option<ClockInfo>,
    ) -> Verdict {
        let failed = checks.iter().find(|check| check.status == Status::Failed);
        let chain = checks.iter().find(|check| check.name == CheckName::BootChain);
        let compared = chain.is_some_and(|check| check.status == Status::Ok);
        let summary = match (failed, differences.first()) {
            // What differs says more than that something does, when the quote itself is genuine.
            (Some(check), Some(first)) if check.name >= CheckName::SecureBoot => format!("not trusted: {}", first.text),
            (Some(check), _) => format!("not trusted: {}: {}", check.name.as_str(), check.detail),
            (None, _) if compared => "trusted: the quote is genuine and the boot chain is the expected one".to_owned(),
            (None, _) => "trusted as far as it was judged: the quote is genuine and the event log explains it, but no \
                          reference was given to compare the boot chain with"
                .to_owned(),
        };
        Verdict { trusted: failed.is_none(), summary, checks, differences, secure_boot, clock }
    }

    /// The outcome of one check.
    pub fn status(&self, name: CheckName) -> Status {
        self.checks.iter().find(|check| check.name == name).map_or(Status::NotRun, |check| check.status)
    }
}

/// The report for people: one line per check, then the differences, then the verdict.
impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for check in &self.checks {
            let mark = match check.status {
                Status::Ok => "ok",
                Status::Warning => "warning",
                Status::Failed => "FAILED",
                Status::NotRun => "not run",
            };
            writeln!(f, "{mark:<8} {:<18} {}", check.name.as_str(), check.detail)?;
        }
        for difference in &self.differences {
            writeln!(f, "         - {}", difference.text)?;
        }
        writeln!(f, "{}", self.summary)
    }
}
