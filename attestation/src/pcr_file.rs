//! Register values as tpm2-tools write them (`tpm2_quote -o`, serialized format).
//!
//! The format is tpm2-tss's structures as they lie in the memory of a little-endian machine (tpm2-tools `lib/pcr.c`):
//! one selection list of 16 entries, the number of digest lists, and that many lists of up to eight digests.

use vtpm_backend::pcr::{Bank, PcrIndex};

use crate::tpm::{PcrSelection, registers};

const SELECTION_BYTES: usize = 8;
const SELECTIONS: usize = 16;
const DIGEST_BYTES: usize = 2 + 64;
const DIGESTS_PER_LIST: usize = 8;

/// Bytes that are no such file.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a file of PCR values in tpm2-tools' serialized format: {0}")]
pub struct PcrFileError(&'static str);

struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    fn take(&mut self, len: usize) -> Result<&'a [u8], PcrFileError> {
        let (taken, rest) = self.0.split_at_checked(len).ok_or(PcrFileError("it ends too early"))?;
        self.0 = rest;
        Ok(taken)
    }

    fn number(&mut self, len: usize) -> Result<usize, PcrFileError> {
        Ok(self.take(len)?.iter().rev().fold(0, |number, byte| number << 8 | usize::from(*byte)))
    }
}

/// Reads the selected registers of one bank with their values, ascending.
///
/// # Errors
/// [`PcrFileError`] when the file is not exactly such a set.
pub fn parse_tpm2_tools_pcrs(bytes: &[u8]) -> Result<(PcrSelection, Vec<Vec<u8>>), PcrFileError> {
    let mut reader = Reader(bytes);
    let selection = selection(&mut reader)?;
    let values = values(&mut reader, selection.bank)?;
    if !reader.0.is_empty() {
        return Err(PcrFileError("unexpected bytes follow"));
    }
    if values.len() != selection.pcrs.len() {
        return Err(PcrFileError("the number of values is not the number of selected registers"));
    }
    Ok((selection, values))
}

fn selection(reader: &mut Reader<'_>) -> Result<PcrSelection, PcrFileError> {
    let count = reader.number(4)?;
    let table = reader.take(SELECTIONS * SELECTION_BYTES)?;
    if count > SELECTIONS {
        return Err(PcrFileError("it has more selections than fit"));
    }
    let used = table.chunks(SELECTION_BYTES).take(count);
    let mut chosen = used.map(one_selection).filter(|one| !matches!(one, Ok(None)));
    let selection = chosen.next().ok_or(PcrFileError("no register is selected"))??;
    if chosen.next().is_some() {
        return Err(PcrFileError("registers of two banks are selected"));
    }
    selection.ok_or(PcrFileError("no register is selected"))
}

fn one_selection(entry: &[u8]) -> Result<Option<PcrSelection>, PcrFileError> {
    let mut reader = Reader(entry);
    let (alg, len) = (reader.number(2)?, reader.number(1)?);
    let bitmap = reader.take(len.min(4))?;
    if len > 4 {
        return Err(PcrFileError("a selection is longer than it can be"));
    }
    if bitmap.iter().all(|byte| *byte == 0) {
        return Ok(None);
    }
    let bank = u16::try_from(alg).ok().and_then(Bank::from_alg_id).ok_or(PcrFileError("the bank is unknown"))?;
    let pcrs: Vec<PcrIndex> = registers(bitmap).ok_or(PcrFileError("a register above 23 is selected"))?;
    Ok(Some(PcrSelection { bank, pcrs }))
}

fn values(reader: &mut Reader<'_>, bank: Bank) -> Result<Vec<Vec<u8>>, PcrFileError> {
    let lists = reader.number(4)?;
    if lists > PcrIndex::COUNT {
        return Err(PcrFileError("it has more values than a TPM has registers"));
    }
    let mut values = Vec::new();
    for _ in 0..lists {
        let count = reader.number(4)?;
        let list = reader.take(DIGESTS_PER_LIST * DIGEST_BYTES)?;
        if count > DIGESTS_PER_LIST {
            return Err(PcrFileError("a list has more digests than fit"));
        }
        for digest in list.chunks(DIGEST_BYTES).take(count) {
            let mut digest = Reader(digest);
            if digest.number(2)? != bank.digest_len() {
                return Err(PcrFileError("a value is not as long as the bank's digests"));
            }
            values.push(digest.take(bank.digest_len())?.to_vec());
        }
    }
    Ok(values)
}
