//! What a verifier demands.

use vtpm_backend::pcr::PcrBanks;

use crate::baseline::Baseline;

/// What evidence is judged against. Every part comes from the verifier, never from the evidence.
#[derive(Clone, Debug, Default)]
pub struct Policy {
    /// The root certificates of the vTPM authority that is trusted, DER.
    pub roots: Vec<Vec<u8>>,
    /// Intermediate certificates that may be used to reach a root, DER; real leaves do not say where to get them. Those
    /// in the evidence are used as well: only their signatures count.
    pub intermediates: Vec<Vec<u8>>,
    /// When the certificates have to be valid, in seconds since the Unix epoch; `None` skips the dates.
    pub at_unix: Option<u64>,
    /// The nonce that was asked for; without it freshness is not judged.
    pub nonce: Option<Vec<u8>>,
    /// Whether Secure Boot has to be on or off; without it the state is reported and has to be consistent.
    pub secure_boot: Option<bool>,
    /// What a good boot measures; without it the boot chain is not compared.
    pub baseline: Option<Baseline>,
    /// The machine's registers as its host read them, in all banks; the event log has to explain them too.
    pub live: Option<PcrBanks>,
}
