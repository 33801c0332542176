//! The quote itself.

use vtpm_backend::pcr::PcrIndex;

use super::Outcome;
use crate::evidence::Evidence;
use crate::pcr_file::parse_tpm2_tools_pcrs;
use crate::tpm::{Attest, PcrSelection, PublicKey, Signature};

/// Everything of a quote that has a structure.
pub(super) struct Parsed {
    pub(super) attest: Attest,
    pub(super) signature: Signature,
    pub(super) key: PublicKey,
    pub(super) selection: PcrSelection,
    pub(super) values: Vec<Vec<u8>>,
}

impl Parsed {
    pub(super) fn describe(&self) -> String {
        format!("a quote of {} registers of the {} bank", self.selection.pcrs.len(), self.selection.bank)
    }

    /// The quoted registers with the values in the evidence.
    pub(super) fn registers(&self) -> impl Iterator<Item = (PcrIndex, &[u8])> {
        self.selection.pcrs.iter().copied().zip(self.values.iter().map(Vec::as_slice))
    }
}

pub(super) fn parse(evidence: &Evidence) -> Result<Parsed, String> {
    let attest = Attest::parse(&evidence.attest).map_err(|error| format!("quote.msg: {error}"))?;
    let signature = Signature::parse(&evidence.signature).map_err(|error| format!("quote.sig: {error}"))?;
    let key = PublicKey::parse(&evidence.ak_public).map_err(|error| format!("ak.pub: {error}"))?;
    let (selection, values) = parse_tpm2_tools_pcrs(&evidence.pcrs).map_err(|error| format!("quote.pcrs: {error}"))?;
    if selection != attest.selection {
        return Err("quote.pcrs holds other registers than those that were quoted".to_owned());
    }
    Ok(Parsed { attest, signature, key, selection, values })
}

pub(super) fn nonce(parsed: &Parsed, wanted: &[u8]) -> Outcome {
    let got = &parsed.attest.extra_data;
    if got == wanted {
        return Ok(format!("the quote carries the nonce {}", hex::encode(got)));
    }
    let shown = if got.is_empty() { "none".to_owned() } else { hex::encode(got) };
    Err(format!(
        "the quote carries the nonce {shown}, not {}: it is an old one or was made for somebody else",
        hex::encode(wanted)
    ))
}

/// The digest is made with the signature's hash, whatever the bank (TPM 2.0 Library, part 3, TPM2_Quote).
pub(super) fn pcr_digest(parsed: &Parsed) -> Outcome {
    let values: Vec<&[u8]> = parsed.values.iter().map(Vec::as_slice).collect();
    if parsed.signature.hash.hash(&values) == parsed.attest.pcr_digest {
        Ok("the register values are those that were quoted".to_owned())
    } else {
        Err("the register values in quote.pcrs are not those that were quoted".to_owned())
    }
}

/// Not a matter of trust: `safe` is clear after any power loss until the clock is next saved (TPM 2.0 Library, part 1,
/// 36.3), and freshness comes from the nonce. tpm2_checkquote does not look at it; Keylime does where it measures the time
/// between two quotes (`check_quote_timing`), and so should whoever relies on the clock's value.
pub(super) fn clock(parsed: &Parsed) -> Outcome {
    let clock = &parsed.attest.clock;
    if clock.safe {
        Ok(format!("reset {} times, restarted {} times since, clock certain", clock.reset_count, clock.restart_count))
    } else {
        Err("the TPM's clock is not safe: it lost power without an orderly shutdown, so its clock may have gone back"
            .to_owned())
    }
}
