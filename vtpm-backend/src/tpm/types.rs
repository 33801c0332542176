//! The few TPM 2.0 types that cross this module's border.

/// A hash algorithm that a PCR bank can have (`TPM_ALG_ID`, TCG Algorithm Registry).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum HashAlg {
    /// SHA-1, 20 bytes.
    Sha1,
    /// SHA-256, 32 bytes.
    Sha256,
    /// SHA-384, 48 bytes.
    Sha384,
    /// SHA-512, 64 bytes; swtpm has the bank, Azure's vTPM has not.
    Sha512,
}

impl HashAlg {
    /// All, in the order of their identifiers.
    pub const ALL: [HashAlg; 4] = [HashAlg::Sha1, HashAlg::Sha256, HashAlg::Sha384, HashAlg::Sha512];

    /// The `TPM_ALG_ID`.
    pub fn id(self) -> u16 {
        match self {
            HashAlg::Sha1 => 0x0004,
            HashAlg::Sha256 => 0x000B,
            HashAlg::Sha384 => 0x000C,
            HashAlg::Sha512 => 0x000D,
        }
    }

    /// The algorithm with a `TPM_ALG_ID`.
    pub fn from_id(id: u16) -> Option<HashAlg> {
        HashAlg::ALL.into_iter().find(|alg| alg.id() == id)
    }

    /// Bytes of a digest.
    pub fn size(self) -> usize {
        match self {
            HashAlg::Sha1 => 20,
            HashAlg::Sha256 => 32,
            HashAlg::Sha384 => 48,
            HashAlg::Sha512 => 64,
        }
    }
}

/// A set of the 24 PCRs of one bank (`TPMS_PCR_SELECTION`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PcrSelection {
    /// The bank.
    pub alg: HashAlg,
    /// Bit *n* selects PCR *n*; only the low 24 bits count.
    pub mask: u32,
}

impl PcrSelection {
    /// All 24 PCRs.
    pub const ALL_PCRS: u32 = 0x00FF_FFFF;

    /// The registers selected, in ascending order, as a TPM lists them.
    pub fn indices(self) -> impl Iterator<Item = u8> {
        (0..24).filter(move |pcr| self.mask >> pcr & 1 == 1)
    }

    /// The three select bytes as they go over the wire.
    pub fn select(self) -> [u8; 3] {
        let [a, b, c, _] = self.mask.to_le_bytes();
        [a, b, c]
    }
}

/// One digest for each bank that an event is extended into (`TPML_DIGEST_VALUES`).
pub type DigestValues = Vec<(HashAlg, Vec<u8>)>;

/// Handles that Slipway uses (TPM 2.0 Library, Part 2, section 7; openvmm `tpm_protocol`).
pub mod handle {
    /// `TPM_RH_OWNER`.
    pub const OWNER: u32 = 0x4000_0001;
    /// `TPM_RH_ENDORSEMENT`.
    pub const ENDORSEMENT: u32 = 0x4000_000B;
    /// `TPM_RH_PLATFORM`.
    pub const PLATFORM: u32 = 0x4000_000C;
    /// `TPM_RS_PW`, the password session.
    pub const PASSWORD: u32 = 0x4000_0009;
    /// The storage root key's place.
    pub const SRK: u32 = 0x8100_0001;
    /// The attestation key's place in Azure's vTPM.
    pub const AK: u32 = 0x8100_0003;
    /// The NV index of the attestation key's certificate in Azure's vTPM.
    pub const AK_CERTIFICATE: u32 = 0x01C1_01D0;
}
