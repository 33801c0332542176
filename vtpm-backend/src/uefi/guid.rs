//! EFI GUIDs.

use std::fmt;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// A GUID as UEFI stores it: the first three fields little-endian.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct EfiGuid(pub Uuid);

impl EfiGuid {
    /// Its 16 bytes in memory.
    pub fn to_bytes(self) -> [u8; 16] {
        self.0.to_bytes_le()
    }

    /// From 16 bytes in memory.
    pub fn from_bytes(bytes: [u8; 16]) -> EfiGuid {
        EfiGuid(Uuid::from_bytes_le(bytes))
    }

    pub(super) const fn known(value: u128) -> EfiGuid {
        EfiGuid(Uuid::from_u128(value))
    }
}

impl fmt::Display for EfiGuid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// GUIDs that the boot chain uses.
pub mod guids {
    use super::EfiGuid;

    /// `EFI_GLOBAL_VARIABLE`: SecureBoot, PK, KEK, BootOrder, Boot####.
    pub const GLOBAL_VARIABLE: EfiGuid = EfiGuid::known(0x8be4df61_93ca_11d2_aa0d_00e098032b8c);
    /// `EFI_IMAGE_SECURITY_DATABASE_GUID`: db and dbx.
    pub const IMAGE_SECURITY_DATABASE: EfiGuid = EfiGuid::known(0xd719b2cb_3d3a_4596_a3bc_dad00e67656f);
    /// `SHIM_LOCK_GUID`: shim's variables and protocol.
    pub const SHIM_LOCK: EfiGuid = EfiGuid::known(0x605dab50_e046_4300_abb6_3dd810dd8b23);
    /// `EFI_CERT_X509_GUID`: the type of a signature list that holds certificates.
    pub const CERT_X509: EfiGuid = EfiGuid::known(0xa5c059a1_94e4_4aa7_87b5_ab155c2bf072);
    /// `EFI_CERT_SHA256_GUID`: the type of a signature list that holds image hashes.
    pub const CERT_SHA256: EfiGuid = EfiGuid::known(0xc1c41626_504c_4092_aca9_41f936934328);
    /// `EFI_CERT_SHA1_GUID`: the type of a signature list that holds SHA-1 image hashes.
    pub const CERT_SHA1: EfiGuid = EfiGuid::known(0x826ca512_cf10_4ac9_b187_be01496631bd);
    /// `EFI_CERT_X509_SHA256_GUID`: hashes of certificates' signed parts, with a revocation time.
    pub const CERT_X509_SHA256: EfiGuid = EfiGuid::known(0x3bd2a492_96c0_4079_b420_fcf98ef103ed);
    /// The signature owner that Microsoft uses in KEK, db and dbx.
    pub const MICROSOFT_OWNER: EfiGuid = EfiGuid::known(0x77fa9abd_0359_4d32_bd60_28f4e78f784b);
    /// Hyper-V's `gEfiVmbusChannelDevicePathGuid`: a VMBus channel in a device path.
    pub const VMBUS_CHANNEL: EfiGuid = EfiGuid::known(0x9b17e5a2_0891_42dd_b653_80b5c22809ba);
    /// Hyper-V's `gSyntheticStorageClassGuid`: the synthetic SCSI controller.
    pub const SYNTHETIC_SCSI: EfiGuid = EfiGuid::known(0xba6163d9_04a1_4d29_b605_72e2ffb1dc7f);
    /// GPT partition type: EFI system partition.
    pub const GPT_ESP: EfiGuid = EfiGuid::known(0xc12a7328_f81f_11d2_ba4b_00a0c93ec93b);
    /// GPT partition type: BIOS boot partition.
    pub const GPT_BIOS_BOOT: EfiGuid = EfiGuid::known(0x21686148_6449_6e6f_744e_656564454649);
    /// GPT partition type: Linux file system data.
    pub const GPT_LINUX: EfiGuid = EfiGuid::known(0x0fc63daf_8483_4772_8e79_3d69d8477de4);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_three_fields_are_little_endian() {
        let bytes = guids::GLOBAL_VARIABLE.to_bytes();
        assert_eq!(hex::encode(bytes), "61dfe48bca93d211aa0d00e098032b8c");
        assert_eq!(EfiGuid::from_bytes(bytes), guids::GLOBAL_VARIABLE);
        assert_eq!(guids::SHIM_LOCK.to_string(), "605dab50-e046-4300-abb6-3dd810dd8b23");
    }
}
