//! Commands on non-volatile storage.

use super::command::{Body, Command, plain, with_password};
use super::types::{HashAlg, handle};
use super::wire::{Malformed, Writer};

/// The most bytes of one NV read or write (`TPM_PT_NV_BUFFER_MAX` of libtpms).
pub const NV_CHUNK_BYTES: u16 = 1024;

/// Attributes of an NV index (`TPMA_NV`).
pub mod attribute {
    /// Written with the index's own password.
    pub const AUTHWRITE: u32 = 1 << 2;
    /// Read with the owner's authorisation.
    pub const OWNERREAD: u32 = 1 << 17;
    /// Read with the index's own password.
    pub const AUTHREAD: u32 = 1 << 18;
    /// Wrong passwords do not count towards lockout.
    pub const NO_DA: u32 = 1 << 25;
    /// Defined by the platform; the owner cannot remove it.
    pub const PLATFORMCREATE: u32 = 1 << 30;
}

/// `TPM2_NV_DefineSpace` by the platform.
#[derive(Clone, Debug)]
pub struct NvDefine {
    /// The index.
    pub index: u32,
    /// [`attribute`] bits.
    pub attributes: u32,
    /// The index's own password.
    pub password: Vec<u8>,
    /// Its bytes.
    pub size: u16,
}

impl Command for NvDefine {
    type Response = ();
    const NAME: &'static str = "TPM2_NV_DefineSpace";

    fn encode(&self) -> Vec<u8> {
        let mut public = Writer::default();
        public.u32(self.index).u16(HashAlg::Sha256.id()).u32(self.attributes).sized(&[]).u16(self.size);
        let mut parameters = Writer::default();
        parameters.sized(&self.password).sized(&public.finish());
        with_password(0x12A, &[handle::PLATFORM], &[], parameters)
    }

    fn decode(&self, body: Body<'_>) -> Result<(), Malformed> {
        body.empty()
    }
}

/// `TPM2_NV_UndefineSpace` by the platform.
#[derive(Clone, Copy, Debug)]
pub struct NvUndefine(pub u32);

impl Command for NvUndefine {
    type Response = ();
    const NAME: &'static str = "TPM2_NV_UndefineSpace";

    fn encode(&self) -> Vec<u8> {
        with_password(0x122, &[handle::PLATFORM, self.0], &[], Writer::default())
    }

    fn decode(&self, body: Body<'_>) -> Result<(), Malformed> {
        body.empty()
    }
}

/// `TPM2_NV_Write` with the index's own password.
#[derive(Clone, Debug)]
pub struct NvWrite {
    /// The index.
    pub index: u32,
    /// Its password.
    pub password: Vec<u8>,
    /// At most [`NV_CHUNK_BYTES`].
    pub data: Vec<u8>,
    /// Where in the index the data begins.
    pub offset: u16,
}

impl Command for NvWrite {
    type Response = ();
    const NAME: &'static str = "TPM2_NV_Write";

    fn encode(&self) -> Vec<u8> {
        let mut parameters = Writer::default();
        parameters.sized(&self.data).u16(self.offset);
        with_password(0x137, &[self.index, self.index], &self.password, parameters)
    }

    fn decode(&self, body: Body<'_>) -> Result<(), Malformed> {
        body.empty()
    }
}

/// `TPM2_NV_Read` by the owner.
#[derive(Clone, Copy, Debug)]
pub struct NvRead {
    /// The index.
    pub index: u32,
    /// At most [`NV_CHUNK_BYTES`].
    pub size: u16,
    /// Where in the index to begin.
    pub offset: u16,
}

impl Command for NvRead {
    type Response = Vec<u8>;
    const NAME: &'static str = "TPM2_NV_Read";

    fn encode(&self) -> Vec<u8> {
        let mut parameters = Writer::default();
        parameters.u16(self.size).u16(self.offset);
        with_password(0x14E, &[handle::OWNER, self.index], &[], parameters)
    }

    fn decode(&self, body: Body<'_>) -> Result<Vec<u8>, Malformed> {
        let mut reader = body.parameters()?;
        let data = reader.sized()?.to_vec();
        reader.end()?;
        Ok(data)
    }
}

/// `TPM2_NV_ReadPublic`.
#[derive(Clone, Copy, Debug)]
pub struct NvReadPublic(pub u32);

/// What a TPM tells of an NV index (`TPMS_NV_PUBLIC`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NvPublic {
    /// [`attribute`] bits, with those that the TPM sets itself.
    pub attributes: u32,
    /// Bytes.
    pub size: u16,
}

impl Command for NvReadPublic {
    type Response = NvPublic;
    const NAME: &'static str = "TPM2_NV_ReadPublic";

    fn encode(&self) -> Vec<u8> {
        plain(0x169, &[self.0], Writer::default())
    }

    fn decode(&self, body: Body<'_>) -> Result<NvPublic, Malformed> {
        let mut reader = body.parameters()?;
        let mut public = super::wire::Reader::new(reader.sized()?);
        let _index = public.u32()?;
        let _name_alg = public.u16()?;
        let attributes = public.u32()?;
        let _policy = public.sized()?;
        let size = public.u16()?;
        public.end()?;
        let _name = reader.sized()?;
        reader.end()?;
        Ok(NvPublic { attributes, size })
    }
}
