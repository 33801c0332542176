//! A quote as files that tpm2-tools read.

use std::path::Path;

use super::Quote;
use crate::pcr::{Bank, PcrIndex};

/// The names of the files that [`Quote::write_to`] makes.
pub const QUOTE_FILES: [&str; 5] = ["quote.msg", "quote.sig", "quote.pcrs", "ak.pem", "ak-cert.der"];

/// `TPMS_PCR_SELECTION` in memory: algorithm, size, four select bytes, one byte of padding.
const SELECTION_BYTES: usize = 8;
const SELECTIONS: usize = 16;
/// `TPM2B_DIGEST` in memory: length, 64 bytes.
const DIGEST_BYTES: usize = 2 + 64;
const DIGESTS_PER_LIST: usize = 8;

impl Quote {
    /// Writes `quote.msg`, `quote.sig`, `quote.pcrs`, `ak.pem` and `ak-cert.der` into an existing directory, such that
    /// `tpm2_checkquote -u ak.pem -m quote.msg -s quote.sig -f quote.pcrs -g sha256 -q NONCE` accepts them.
    ///
    /// # Errors
    /// When a file cannot be written.
    pub fn write_to(&self, dir: &Path) -> std::io::Result<()> {
        let pcrs = tpm2_tools_pcrs(self.bank, &self.pcrs);
        let contents: [&[u8]; 5] =
            [&self.attest, &self.signature, &pcrs, self.ak_public_pem.as_bytes(), &self.ak_certificate_der];
        QUOTE_FILES.iter().zip(contents).try_for_each(|(name, bytes)| std::fs::write(dir.join(name), bytes))
    }
}

/// Register values as `tpm2_quote -o` writes them: tpm2-tss's structures as they lie in memory on a little-endian
/// machine (tpm2-tools `lib/pcr.c`, `pcr_fwrite_serialized`): one selection list, the number of digest lists, and the
/// digest lists of at most eight values.
pub fn tpm2_tools_pcrs(bank: Bank, pcrs: &[(PcrIndex, Vec<u8>)]) -> Vec<u8> {
    let mut out = selection_list(bank, pcrs);
    let lists = pcrs.chunks(DIGESTS_PER_LIST);
    push_u32(&mut out, lists.len());
    for list in lists {
        push_u32(&mut out, list.len());
        let begin = out.len();
        for (_, value) in list {
            let begin = out.len();
            out.extend_from_slice(&(bank.digest_len() as u16).to_le_bytes());
            out.extend_from_slice(value);
            out.resize(begin + DIGEST_BYTES, 0);
        }
        out.resize(begin + DIGESTS_PER_LIST * DIGEST_BYTES, 0);
    }
    out
}

fn selection_list(bank: Bank, pcrs: &[(PcrIndex, Vec<u8>)]) -> Vec<u8> {
    let mask = pcrs.iter().fold(0_u32, |mask, (pcr, _)| mask | 1 << pcr.number());
    let mut out = Vec::new();
    push_u32(&mut out, 1);
    out.extend_from_slice(&bank.alg_id().to_le_bytes());
    out.push(3);
    out.extend_from_slice(&mask.to_le_bytes());
    out.resize(4 + SELECTIONS * SELECTION_BYTES, 0);
    out
}

fn push_u32(out: &mut Vec<u8>, number: usize) {
    let number = u32::try_from(number).expect("at most 24 registers");
    out.extend_from_slice(&number.to_le_bytes());
}
