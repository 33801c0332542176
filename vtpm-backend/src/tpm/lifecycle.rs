//! Commands of a TPM's power life: startup, shutdown, hierarchies, capabilities.

use super::command::{Body, Command, plain, with_password};
use super::types::handle;
use super::wire::{Malformed, Writer};

/// `TPM2_Startup(CLEAR)`: a cold start; every PCR takes its initial value.
#[derive(Clone, Copy, Debug)]
pub struct StartupClear;

impl Command for StartupClear {
    type Response = ();
    const NAME: &'static str = "TPM2_Startup(CLEAR)";

    fn encode(&self) -> Vec<u8> {
        let mut parameters = Writer::default();
        parameters.u16(0);
        plain(0x144, &[], parameters)
    }

    fn decode(&self, body: Body<'_>) -> Result<(), Malformed> {
        body.empty()
    }
}

/// `TPM2_Shutdown(CLEAR)`: an orderly end. Without it the clock is not `safe` after the next start and an unfinished
/// dictionary-attack test counts as a failure.
#[derive(Clone, Copy, Debug)]
pub struct ShutdownClear;

impl Command for ShutdownClear {
    type Response = ();
    const NAME: &'static str = "TPM2_Shutdown(CLEAR)";

    fn encode(&self) -> Vec<u8> {
        let mut parameters = Writer::default();
        parameters.u16(0);
        plain(0x145, &[], parameters)
    }

    fn decode(&self, body: Body<'_>) -> Result<(), Malformed> {
        body.empty()
    }
}

/// `TPM2_HierarchyControl` that switches the platform hierarchy off until the next startup.
#[derive(Clone, Copy, Debug)]
pub struct DisablePlatformHierarchy;

impl Command for DisablePlatformHierarchy {
    type Response = ();
    const NAME: &'static str = "TPM2_HierarchyControl(platform, off)";

    fn encode(&self) -> Vec<u8> {
        let mut parameters = Writer::default();
        parameters.u32(handle::PLATFORM).u8(0);
        with_password(0x121, &[handle::PLATFORM], &[], parameters)
    }

    fn decode(&self, body: Body<'_>) -> Result<(), Malformed> {
        body.empty()
    }
}

/// `TPM2_GetCapability(TPM_CAP_TPM_PROPERTIES)` for one property.
#[derive(Clone, Copy, Debug)]
pub struct GetProperty(pub u32);

impl GetProperty {
    /// `TPM_PT_NV_INDEX_MAX`: the most bytes of one NV index.
    pub const NV_INDEX_MAX: GetProperty = GetProperty(0x117);
    /// `TPM_PT_LOCKOUT_COUNTER`: failed authorisations that count against a dictionary attack.
    pub const LOCKOUT_COUNTER: GetProperty = GetProperty(0x20E);
}

impl Command for GetProperty {
    /// `None` when the TPM does not have the property.
    type Response = Option<u32>;
    const NAME: &'static str = "TPM2_GetCapability(properties)";

    fn encode(&self) -> Vec<u8> {
        let mut parameters = Writer::default();
        parameters.u32(6).u32(self.0).u32(1);
        plain(0x17A, &[], parameters)
    }

    fn decode(&self, body: Body<'_>) -> Result<Option<u32>, Malformed> {
        let mut reader = body.parameters()?;
        let _more_data = reader.u8()?;
        if reader.u32()? != 6 {
            return Err(Malformed("it holds another capability than asked for"));
        }
        let mut found = None;
        for _ in 0..reader.count(127)? {
            let (property, value) = (reader.u32()?, reader.u32()?);
            // A TPM answers with the next property where the one asked for does not exist.
            if property == self.0 {
                found = Some(value);
            }
        }
        reader.end()?;
        Ok(found)
    }
}

/// `TPM2_ReadClock`.
#[derive(Clone, Copy, Debug)]
pub struct ReadClock;

/// How often a TPM was started, and whether its clock can be trusted (`TPMS_CLOCK_INFO`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ClockInfo {
    /// Milliseconds that the TPM was powered, over its whole life.
    pub clock_ms: u64,
    /// Cold starts since manufacture.
    pub reset_count: u32,
    /// Resumes since the last cold start.
    pub restart_count: u32,
    /// Whether no value greater than `clock_ms` was ever reported: true after an orderly shutdown.
    pub safe: bool,
}

impl Command for ReadClock {
    type Response = ClockInfo;
    const NAME: &'static str = "TPM2_ReadClock";

    fn encode(&self) -> Vec<u8> {
        plain(0x181, &[], Writer::default())
    }

    fn decode(&self, body: Body<'_>) -> Result<ClockInfo, Malformed> {
        let mut reader = body.parameters()?;
        let _time_ms = reader.u64()?;
        let info = ClockInfo {
            clock_ms: reader.u64()?,
            reset_count: reader.u32()?,
            restart_count: reader.u32()?,
            safe: reader.u8()? == 1,
        };
        reader.end()?;
        Ok(info)
    }
}
