//! A small TPM 2.0 codec and its asynchronous transport: exactly the commands that a host sends to its machines' TPMs.
//!
//! Guests bring their own TPM software (tpm2-tss); what they send is forwarded, not understood. This codec is the
//! host's side: start, provision, extend, read. It never panics on what a TPM answers.

mod command;
mod lifecycle;
mod nv;
mod object;
mod pcr;
mod public;
mod rc;
mod templates;
mod transport;
mod types;
mod wire;

#[cfg(test)]
mod tests;

pub use command::{Body, Command, HEADER_BYTES, MESSAGE_BYTES_MAX, error_response, message_size, parse_response};
pub use lifecycle::{ClockInfo, DisablePlatformHierarchy, GetProperty, ReadClock, ShutdownClear, StartupClear};
pub use nv::{NV_CHUNK_BYTES, NvDefine, NvPublic, NvRead, NvReadPublic, NvUndefine, NvWrite, attribute};
pub use object::{CreatePrimary, FlushContext, KeyPublic, LoadedKey, MakePersistent, ReadPublic};
pub use pcr::{GetPcrBanks, PcrAllocate, PcrExtend, PcrRead, PcrValues};
pub use public::{rsa_modulus, sized_public};
pub use rc::Rc;
pub use templates::{attestation_key, endorsement_key, storage_root_key};
pub use transport::{StreamTransport, TpmError, Transport, TransportError, read_message, run};
pub use types::{DigestValues, HashAlg, PcrSelection, handle};
pub use wire::Malformed;
