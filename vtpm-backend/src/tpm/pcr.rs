//! Commands on the platform configuration registers.

use super::command::{Body, Command, plain, with_password};
use super::types::{DigestValues, HashAlg, PcrSelection, handle};
use super::wire::{Malformed, Reader, Writer};

/// `TPM2_PCR_Extend`: one event into one register, in all its banks at once.
#[derive(Clone, Debug)]
pub struct PcrExtend {
    /// The register.
    pub pcr: u8,
    /// The event's digest in every bank.
    pub digests: DigestValues,
}

impl Command for PcrExtend {
    type Response = ();
    const NAME: &'static str = "TPM2_PCR_Extend";

    fn encode(&self) -> Vec<u8> {
        let mut parameters = Writer::default();
        parameters.u32(u32::try_from(self.digests.len()).expect("at most one digest for each of four banks"));
        for (alg, digest) in &self.digests {
            parameters.u16(alg.id()).bytes(digest);
        }
        with_password(0x182, &[u32::from(self.pcr)], &[], parameters)
    }

    fn decode(&self, body: Body<'_>) -> Result<(), Malformed> {
        body.empty()
    }
}

/// `TPM2_PCR_Read` of one bank; a TPM returns at most eight values a time.
#[derive(Clone, Copy, Debug)]
pub struct PcrRead(pub PcrSelection);

/// What one `TPM2_PCR_Read` returned.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PcrValues {
    /// Grows with every change of any PCR.
    pub update_counter: u32,
    /// Register and value, ascending; those that did not fit are missing.
    pub values: Vec<(u8, Vec<u8>)>,
}

impl Command for PcrRead {
    type Response = PcrValues;
    const NAME: &'static str = "TPM2_PCR_Read";

    fn encode(&self) -> Vec<u8> {
        let mut parameters = Writer::default();
        write_selections(&mut parameters, &[self.0]);
        plain(0x17E, &[], parameters)
    }

    fn decode(&self, body: Body<'_>) -> Result<PcrValues, Malformed> {
        let mut reader = body.parameters()?;
        let update_counter = reader.u32()?;
        let selections = read_selections(&mut reader)?;
        let registers = selections.iter().flat_map(|selection| selection.indices());
        let count = reader.count(8)?;
        let mut values = Vec::with_capacity(count);
        for (_, register) in (0..count).zip(registers) {
            values.push((register, reader.sized()?.to_vec()));
        }
        reader.end()?;
        Ok(PcrValues { update_counter, values })
    }
}

/// `TPM2_GetCapability(TPM_CAP_PCRS)`: the banks and their registers.
#[derive(Clone, Copy, Debug)]
pub struct GetPcrBanks;

impl GetPcrBanks {
    const CAPABILITY: u32 = 5;
}

impl Command for GetPcrBanks {
    type Response = Vec<PcrSelection>;
    const NAME: &'static str = "TPM2_GetCapability(PCRs)";

    fn encode(&self) -> Vec<u8> {
        let mut parameters = Writer::default();
        parameters.u32(Self::CAPABILITY).u32(0).u32(16);
        plain(0x17A, &[], parameters)
    }

    fn decode(&self, body: Body<'_>) -> Result<Vec<PcrSelection>, Malformed> {
        let mut reader = body.parameters()?;
        let _more_data = reader.u8()?;
        if reader.u32()? != Self::CAPABILITY {
            return Err(Malformed("it holds another capability than asked for"));
        }
        let banks = read_selections(&mut reader)?;
        reader.end()?;
        Ok(banks)
    }
}

/// `TPM2_PCR_Allocate`: which banks exist after the next start.
#[derive(Clone, Debug)]
pub struct PcrAllocate {
    /// The banks that shall be there with all registers; every other bank is removed.
    pub banks: Vec<HashAlg>,
}

impl Command for PcrAllocate {
    /// Whether the TPM took the allocation over.
    type Response = bool;
    const NAME: &'static str = "TPM2_PCR_Allocate";

    fn encode(&self) -> Vec<u8> {
        let selections = HashAlg::ALL.map(|alg| {
            let mask = if self.banks.contains(&alg) { PcrSelection::ALL_PCRS } else { 0 };
            PcrSelection { alg, mask }
        });
        let mut parameters = Writer::default();
        write_selections(&mut parameters, &selections);
        with_password(0x12B, &[handle::PLATFORM], &[], parameters)
    }

    fn decode(&self, body: Body<'_>) -> Result<bool, Malformed> {
        let mut reader = body.parameters()?;
        let success = reader.u8()? == 1;
        reader.take(12)?; // registers at most, bytes needed, bytes there
        reader.end()?;
        Ok(success)
    }
}

fn write_selections(writer: &mut Writer, selections: &[PcrSelection]) {
    writer.u32(u32::try_from(selections.len()).expect("at most four banks"));
    for selection in selections {
        writer.u16(selection.alg.id()).u8(3).bytes(&selection.select());
    }
}

fn read_selections(reader: &mut Reader<'_>) -> Result<Vec<PcrSelection>, Malformed> {
    let mut selections = Vec::new();
    for _ in 0..reader.count(16)? {
        let alg = HashAlg::from_id(reader.u16()?).ok_or(Malformed("it names an unknown PCR bank"))?;
        let length = reader.u8()?;
        let select = reader.take(usize::from(length))?;
        let mask = select.iter().take(3).rev().fold(0, |mask, byte| mask << 8 | u32::from(*byte));
        selections.push(PcrSelection { alg, mask });
    }
    Ok(selections)
}
