//! Commands on keys.

use super::command::{Body, Command, plain, with_password};
use super::types::handle;
use super::wire::{Malformed, Writer};

/// `TPM2_CreatePrimary` with empty authorisations. A primary key is a function of its hierarchy's seed and its
/// template: the same TPM makes the same key whenever it is asked.
#[derive(Clone, Debug)]
pub struct CreatePrimary {
    /// The hierarchy.
    pub hierarchy: u32,
    /// The template (`TPMT_PUBLIC`).
    pub template: Vec<u8>,
}

/// A key that was loaded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LoadedKey {
    /// The transient handle.
    pub handle: u32,
    /// The public area (`TPMT_PUBLIC`).
    pub public: Vec<u8>,
}

impl Command for CreatePrimary {
    type Response = LoadedKey;
    const NAME: &'static str = "TPM2_CreatePrimary";

    fn encode(&self) -> Vec<u8> {
        let mut parameters = Writer::default();
        // TPM2B_SENSITIVE_CREATE: no password, no data.
        parameters.sized(&[0, 0, 0, 0]).sized(&self.template).sized(&[]).u32(0);
        with_password(0x131, &[self.hierarchy], &[], parameters)
    }

    fn decode(&self, body: Body<'_>) -> Result<LoadedKey, Malformed> {
        let (handle, mut reader) = body.handle_and_parameters()?;
        let public = reader.sized()?.to_vec();
        Ok(LoadedKey { handle, public }) // creation data, hash and ticket are of no use here
    }
}

/// `TPM2_EvictControl` by the owner: gives a transient key a persistent handle.
#[derive(Clone, Copy, Debug)]
pub struct MakePersistent {
    /// The transient handle.
    pub transient: u32,
    /// The persistent handle it gets.
    pub persistent: u32,
}

impl Command for MakePersistent {
    type Response = ();
    const NAME: &'static str = "TPM2_EvictControl";

    fn encode(&self) -> Vec<u8> {
        let mut parameters = Writer::default();
        parameters.u32(self.persistent);
        with_password(0x120, &[handle::OWNER, self.transient], &[], parameters)
    }

    fn decode(&self, body: Body<'_>) -> Result<(), Malformed> {
        body.empty()
    }
}

/// `TPM2_FlushContext`: frees a transient handle.
#[derive(Clone, Copy, Debug)]
pub struct FlushContext(pub u32);

impl Command for FlushContext {
    type Response = ();
    const NAME: &'static str = "TPM2_FlushContext";

    fn encode(&self) -> Vec<u8> {
        let mut parameters = Writer::default();
        parameters.u32(self.0);
        plain(0x165, &[], parameters)
    }

    fn decode(&self, body: Body<'_>) -> Result<(), Malformed> {
        body.empty()
    }
}

/// `TPM2_ReadPublic`.
#[derive(Clone, Copy, Debug)]
pub struct ReadPublic(pub u32);

/// What a TPM tells of a key it holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyPublic {
    /// The public area (`TPMT_PUBLIC`).
    pub public: Vec<u8>,
    /// The name: algorithm and digest of the public area.
    pub name: Vec<u8>,
}

impl Command for ReadPublic {
    type Response = KeyPublic;
    const NAME: &'static str = "TPM2_ReadPublic";

    fn encode(&self) -> Vec<u8> {
        plain(0x173, &[self.0], Writer::default())
    }

    fn decode(&self, body: Body<'_>) -> Result<KeyPublic, Malformed> {
        let mut reader = body.parameters()?;
        let public = reader.sized()?.to_vec();
        let name = reader.sized()?.to_vec();
        let _qualified_name = reader.sized()?;
        reader.end()?;
        Ok(KeyPublic { public, name })
    }
}
