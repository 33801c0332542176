//! The TPM 2.0 structures in a quote, read strictly: TPMS_ATTEST, TPMT_SIGNATURE, TPM2B_PUBLIC (TPM 2.0 Library, part 2).

use serde::Serialize;
use vtpm_backend::pcr::{Bank, PcrIndex};

/// `TPM_GENERATED_VALUE`: says that a TPM made the structure itself.
const GENERATED: u32 = 0xff54_4347;
/// `TPM_ST_ATTEST_QUOTE`.
const ATTEST_QUOTE: u16 = 0x8018;
const ALG_RSA: u16 = 0x0001;
const ALG_NULL: u16 = 0x0010;
const ALG_RSASSA: u16 = 0x0014;
/// The longest name: an algorithm and a SHA-512 digest.
const NAME_BYTES_MAX: usize = 2 + 64;
const SELECTIONS_MAX: usize = 16;

/// Bytes that are not the structure they should be.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{what} at offset {offset}")]
pub struct Malformed {
    /// What is wrong.
    pub what: &'static str,
    /// Where.
    pub offset: usize,
}

/// A big-endian, bounds-checked reader.
struct Reader<'a> {
    bytes: &'a [u8],
    offset: usize,
}

impl<'a> Reader<'a> {
    fn new(bytes: &'a [u8]) -> Self {
        Reader { bytes, offset: 0 }
    }

    fn error<T>(&self, what: &'static str) -> Result<T, Malformed> {
        Err(Malformed { what, offset: self.offset })
    }

    fn take(&mut self, len: usize) -> Result<&'a [u8], Malformed> {
        match self.bytes.get(self.offset..).and_then(|rest| rest.get(..len)) {
            Some(taken) => {
                self.offset += len;
                Ok(taken)
            }
            None => self.error("the structure ends too early"),
        }
    }

    fn number(&mut self, len: usize) -> Result<u64, Malformed> {
        Ok(self.take(len)?.iter().fold(0, |number, byte| number << 8 | u64::from(*byte)))
    }

    fn u8(&mut self) -> Result<u8, Malformed> {
        Ok(self.number(1)? as u8)
    }

    fn u16(&mut self) -> Result<u16, Malformed> {
        Ok(self.number(2)? as u16)
    }

    fn u32(&mut self) -> Result<u32, Malformed> {
        Ok(self.number(4)? as u32)
    }

    /// A length and that many bytes.
    fn sized(&mut self, max: usize) -> Result<&'a [u8], Malformed> {
        let len = usize::from(self.u16()?);
        if len > max { self.error("a field is longer than it can be") } else { self.take(len) }
    }

    fn expect(&mut self, value: u16, what: &'static str) -> Result<(), Malformed> {
        if self.u16()? == value { Ok(()) } else { self.error(what) }
    }

    fn finish(&self) -> Result<(), Malformed> {
        if self.offset == self.bytes.len() { Ok(()) } else { self.error("unexpected bytes follow") }
    }
}

/// The TPM's clock when it signed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct ClockInfo {
    /// Milliseconds that the TPM has been powered over its life.
    pub clock_ms: u64,
    /// How often it was reset: once per boot.
    pub reset_count: u32,
    /// How often it was restarted or resumed since the last reset.
    pub restart_count: u32,
    /// Whether `clock_ms` is certain never to have been higher.
    pub safe: bool,
}

/// Registers of one bank (`TPMS_PCR_SELECTION`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PcrSelection {
    /// The bank.
    pub bank: Bank,
    /// The registers, ascending.
    pub pcrs: Vec<PcrIndex>,
}

/// A quote (`TPMS_ATTEST` of type `TPM_ST_ATTEST_QUOTE`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attest {
    /// The qualified name of the signing key.
    pub qualified_signer: Vec<u8>,
    /// The qualifying data: the verifier's nonce.
    pub extra_data: Vec<u8>,
    /// The TPM's clock.
    pub clock: ClockInfo,
    /// The TPM's own idea of its firmware.
    pub firmware_version: u64,
    /// What was quoted.
    pub selection: PcrSelection,
    /// The digest of the quoted registers.
    pub pcr_digest: Vec<u8>,
}

impl Attest {
    /// Reads a quote of registers of one bank.
    ///
    /// # Errors
    /// [`Malformed`] when the bytes are anything else.
    pub fn parse(bytes: &[u8]) -> Result<Attest, Malformed> {
        let mut reader = Reader::new(bytes);
        if reader.u32()? != GENERATED {
            return reader.error("the magic number is not ff544347: no TPM made this structure");
        }
        reader.expect(ATTEST_QUOTE, "the type is not 8018: this is not a quote")?;
        let qualified_signer = reader.sized(NAME_BYTES_MAX)?.to_vec();
        let extra_data = reader.sized(64)?.to_vec();
        let clock = clock_info(&mut reader)?;
        let firmware_version = reader.number(8)?;
        let selection = selection(&mut reader)?;
        let pcr_digest = reader.sized(64)?.to_vec();
        reader.finish()?;
        Ok(Attest { qualified_signer, extra_data, clock, firmware_version, selection, pcr_digest })
    }
}

fn clock_info(reader: &mut Reader<'_>) -> Result<ClockInfo, Malformed> {
    let clock_ms = reader.number(8)?;
    let (reset_count, restart_count) = (reader.u32()?, reader.u32()?);
    let safe = match reader.u8()? {
        0 => false,
        1 => true,
        _ => return reader.error("a yes-no value is neither 0 nor 1"),
    };
    Ok(ClockInfo { clock_ms, reset_count, restart_count, safe })
}

/// Exactly one non-empty selection. tpm2-tools also write empty ones for other banks; those are skipped.
fn selection(reader: &mut Reader<'_>) -> Result<PcrSelection, Malformed> {
    let count = reader.u32()? as usize;
    if count > SELECTIONS_MAX {
        return reader.error("too many PCR selections");
    }
    let mut found = None;
    for _ in 0..count {
        let alg = reader.u16()?;
        let len = usize::from(reader.u8()?);
        if len > 4 {
            return reader.error("a PCR selection is longer than it can be");
        }
        let bitmap = reader.take(len)?;
        if bitmap.iter().all(|byte| *byte == 0) {
            continue;
        }
        let Some(pcrs) = registers(bitmap) else { return reader.error("a register above 23 is selected") };
        let Some(bank) = Bank::from_alg_id(alg) else { return reader.error("an unknown bank is selected") };
        if found.replace(PcrSelection { bank, pcrs }).is_some() {
            return reader.error("registers of two banks are selected");
        }
    }
    found.map_or_else(|| reader.error("no register is selected"), Ok)
}

/// The registers of a bit map, least significant bit of the first byte first; `None` when there is one above 23.
pub(crate) fn registers(bitmap: &[u8]) -> Option<Vec<PcrIndex>> {
    let set = (0_u32..).zip(bitmap.iter().flat_map(|byte| (0..8).map(move |bit| byte >> bit & 1 == 1)));
    set.filter(|(_, set)| *set).map(|(number, _)| PcrIndex::try_from(number).ok()).collect()
}

/// A signature (`TPMT_SIGNATURE`): RSASSA, the only scheme of Azure's attestation keys.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Signature {
    /// The hash that was signed.
    pub hash: Bank,
    /// The signature itself, big-endian.
    pub bytes: Vec<u8>,
}

impl Signature {
    /// Reads a signature.
    ///
    /// # Errors
    /// [`Malformed`] when the bytes are anything else than RSASSA with SHA-256 or SHA-384.
    pub fn parse(bytes: &[u8]) -> Result<Signature, Malformed> {
        let mut reader = Reader::new(bytes);
        reader.expect(ALG_RSASSA, "the signature scheme is not RSASSA")?;
        let Some(hash) = Bank::from_alg_id(reader.u16()?).filter(|hash| *hash != Bank::Sha1) else {
            return reader.error("the signed hash is neither SHA-256 nor SHA-384");
        };
        let signature = reader.sized(1024)?.to_vec();
        reader.finish()?;
        Ok(Signature { hash, bytes: signature })
    }
}

/// Object attributes (`TPMA_OBJECT`) that an attestation key has and has not.
mod attribute {
    pub(super) const FIXED_TPM: u32 = 1 << 1;
    pub(super) const FIXED_PARENT: u32 = 1 << 4;
    pub(super) const SENSITIVE_DATA_ORIGIN: u32 = 1 << 5;
    pub(super) const RESTRICTED: u32 = 1 << 16;
    pub(super) const DECRYPT: u32 = 1 << 17;
    pub(super) const SIGN: u32 = 1 << 18;
}

/// The public part of an RSA key (`TPM2B_PUBLIC`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PublicKey {
    /// The hash of the key's name.
    pub name_alg: Bank,
    /// `TPMA_OBJECT`.
    pub attributes: u32,
    /// The modulus, big-endian.
    pub modulus: Vec<u8>,
    /// The exponent.
    pub exponent: u32,
    /// `nameAlg ‖ H(TPMT_PUBLIC)`.
    pub name: Vec<u8>,
}

impl PublicKey {
    /// Reads a signing RSA key.
    ///
    /// # Errors
    /// [`Malformed`] when the bytes are anything else.
    pub fn parse(bytes: &[u8]) -> Result<PublicKey, Malformed> {
        let mut outer = Reader::new(bytes);
        let area = outer.sized(usize::from(u16::MAX))?;
        outer.finish()?;
        let mut reader = Reader::new(area);
        reader.expect(ALG_RSA, "the key is not an RSA key")?;
        let name_alg_id = reader.u16()?;
        let Some(name_alg) = Bank::from_alg_id(name_alg_id) else {
            return reader.error("the name algorithm is unknown");
        };
        let attributes = reader.u32()?;
        reader.sized(64)?;
        reader.expect(ALG_NULL, "the key has a symmetric algorithm, so it is not a signing key")?;
        match reader.u16()? {
            ALG_NULL => {}
            ALG_RSASSA => drop(reader.u16()?),
            _ => return reader.error("the key's scheme is neither null nor RSASSA"),
        }
        let bits = reader.u16()?;
        let exponent = match reader.u32()? {
            0 => 65537,
            other => other,
        };
        let modulus = reader.sized(512)?.to_vec();
        reader.finish()?;
        if modulus.len() * 8 != usize::from(bits) {
            return reader.error("the modulus is not as long as the key");
        }
        let name = [name_alg_id.to_be_bytes().as_slice(), &name_alg.hash(&[area])].concat();
        Ok(PublicKey { name_alg, attributes, modulus, exponent, name })
    }

    /// Why the key is no attestation key: one that was made in the TPM, cannot leave it, and signs nothing but what the
    /// TPM itself made. `None` when it is one.
    pub fn not_attestation_key(&self) -> Option<&'static str> {
        use attribute::{DECRYPT, FIXED_PARENT, FIXED_TPM, RESTRICTED, SENSITIVE_DATA_ORIGIN, SIGN};
        let has = |bit: u32| self.attributes & bit != 0;
        match () {
            () if !has(FIXED_TPM) || !has(FIXED_PARENT) => Some("it can leave its TPM"),
            () if !has(SENSITIVE_DATA_ORIGIN) => Some("it was not made in its TPM"),
            () if !has(SIGN) || has(DECRYPT) => Some("it is not a signing key"),
            () if !has(RESTRICTED) => {
                Some("it is not restricted: it signs anything, not only what the TPM itself made")
            }
            () => None,
        }
    }

    /// The qualified name of this key as a primary key of a hierarchy (TPM 2.0 Library, part 1, 16.3).
    pub fn qualified_name(&self, hierarchy: u32) -> Vec<u8> {
        let digest = self.name_alg.hash(&[&hierarchy.to_be_bytes(), &self.name]);
        [self.name_alg.alg_id().to_be_bytes().as_slice(), &digest].concat()
    }
}
