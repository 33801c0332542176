//! The UEFI and TCG data structures that the firmware stores in variables and measures into the TPM.
//!
//! All are little-endian. Every `parse` is strict, bounded and never panics; every `encode` writes what the edk2
//! structures of the same name look like in memory.

mod cursor;
pub mod device_path;
pub mod firmware_image;
pub mod gpt;
mod guid;
pub mod image_load;
pub mod load_option;
pub mod signature;
pub mod var_store;
pub mod variable;

pub use cursor::{Cursor, Malformed};
pub use guid::{EfiGuid, guids};
