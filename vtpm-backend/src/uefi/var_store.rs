//! The variable store of edk2 firmware: the file that QEMU gives to OVMF as its second flash drive.
//!
//! Layout (edk2 `MdePkg/Include/Pi/PiFirmwareVolume.h`, `MdeModulePkg/Include/Guid/VariableFormat.h`): a firmware volume
//! header, a `VARIABLE_STORE_HEADER`, then variables, each with an `AUTHENTICATED_VARIABLE_HEADER` and aligned to four
//! bytes. A variable that is overwritten stays behind with other state bits.

use crate::image::KeyDatabases;

use super::variable::from_utf16;
use super::{Cursor, EfiGuid, Malformed, guids};

/// `EFI_SYSTEM_NV_DATA_FV_GUID`: the volume holds variables.
const NV_DATA_VOLUME: EfiGuid = EfiGuid::known(0xfff12b8d_7696_4c8b_a985_2747075b4f50);
/// `EFI_AUTHENTICATED_VARIABLE_GUID`: the format that Secure Boot firmware uses.
const AUTHENTICATED_STORE: EfiGuid = EfiGuid::known(0xaaf32c78_947b_439a_a180_2e144ec37792);
/// `EFI_SECURE_BOOT_ENABLE_DISABLE_GUID`: edk2's own switch beside the keys.
const SECURE_BOOT_SWITCH: EfiGuid = EfiGuid::known(0xf0a30bc7_af08_4556_99c4_001009c93a44);
const STORE_FORMATTED: u8 = 0x5a;
const STORE_HEALTHY: u8 = 0xfe;
/// `VARIABLE_DATA`: the first field of every variable.
const START_ID: u16 = 0x55aa;
/// `VAR_ADDED`: the variable counts.
const ADDED: u8 = 0x3f;
/// `VAR_ADDED & VAR_IN_DELETED_TRANSITION`: it counts unless a newer one was completely written.
const IN_TRANSITION: u8 = 0x3e;
/// The largest file that is read. OVMF's largest is 528 KiB.
const FILE_BYTES_MAX: usize = 16 << 20;

/// One UEFI variable.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Variable {
    /// The vendor GUID.
    pub guid: EfiGuid,
    /// The name.
    pub name: String,
    /// `EFI_VARIABLE_*` attribute bits.
    pub attributes: u32,
    /// The content.
    pub data: Vec<u8>,
}

/// `EFI_VARIABLE_NON_VOLATILE | EFI_VARIABLE_BOOTSERVICE_ACCESS`.
pub const NON_VOLATILE_BOOT_SERVICE: u32 = 3;
/// `EFI_VARIABLE_RUNTIME_ACCESS`: an operating system can read the variable and perhaps write it.
pub const RUNTIME_ACCESS: u32 = 4;
/// `EFI_VARIABLE_TIME_BASED_AUTHENTICATED_WRITE_ACCESS`.
const TIME_BASED_AUTHENTICATED: u32 = 0x20;

/// The variables of one machine.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Variables {
    variables: Vec<Variable>,
}

impl Variables {
    /// Reads a variable store file, e.g. `OVMF_VARS_4M.ms.fd`.
    ///
    /// # Errors
    /// [`Malformed`] when the file is no firmware volume with an authenticated variable store, or a variable is broken.
    pub fn parse_store(bytes: &[u8]) -> Result<Variables, Malformed> {
        let mut cursor = Cursor::new(bytes);
        if bytes.len() > FILE_BYTES_MAX {
            return Err(cursor.error("a variable store is larger than 16 MiB"));
        }
        let store_len = volume_header(&mut cursor)?;
        let mut store = Cursor::new(cursor.take(store_len)?);
        let mut variables = Variables::default();
        let mut in_transition = Vec::new();
        while let Some((state, variable)) = next_variable(&mut store)? {
            match state {
                ADDED => variables.set(variable),
                IN_TRANSITION => in_transition.push(variable),
                _ => {}
            }
        }
        for variable in in_transition {
            if variables.get(variable.guid, &variable.name).is_none() {
                variables.set(variable);
            }
        }
        Ok(variables)
    }

    /// Variables that hold these keys and nothing else: a machine in user mode with Secure Boot on.
    pub fn of_keys(keys: &KeyDatabases) -> Variables {
        let mut variables = Variables::default();
        let (global, image) = (guids::GLOBAL_VARIABLE, guids::IMAGE_SECURITY_DATABASE);
        for (guid, name, database) in
            [(global, "PK", &keys.pk), (global, "KEK", &keys.kek), (image, "db", &keys.db), (image, "dbx", &keys.dbx)]
        {
            variables.set(Variable {
                guid,
                name: name.to_owned(),
                attributes: NON_VOLATILE_BOOT_SERVICE | RUNTIME_ACCESS | TIME_BASED_AUTHENTICATED,
                data: database.encode(),
            });
        }
        variables
    }

    /// A variable.
    pub fn get(&self, guid: EfiGuid, name: &str) -> Option<&Variable> {
        self.variables.iter().find(|variable| variable.guid == guid && variable.name == name)
    }

    /// A variable's content; empty when it does not exist, as the firmware measures it.
    pub fn data(&self, guid: EfiGuid, name: &str) -> &[u8] {
        self.get(guid, name).map_or(&[], |variable| variable.data.as_slice())
    }

    /// Adds a variable or replaces the one of the same name.
    pub fn set(&mut self, variable: Variable) {
        self.remove(variable.guid, &variable.name);
        self.variables.push(variable);
    }

    /// Removes a variable.
    pub fn remove(&mut self, guid: EfiGuid, name: &str) {
        self.variables.retain(|variable| variable.guid != guid || variable.name != name);
    }

    /// All variables.
    pub fn iter(&self) -> impl Iterator<Item = &Variable> {
        self.variables.iter()
    }

    /// Whether a platform key is enrolled; without one the firmware is in setup mode and enforces nothing.
    pub fn has_platform_key(&self) -> bool {
        !self.data(guids::GLOBAL_VARIABLE, "PK").is_empty()
    }

    /// Whether the firmware will enforce Secure Boot: a platform key is enrolled and edk2's switch is not off.
    pub fn secure_boot(&self) -> bool {
        let switch = self.data(SECURE_BOOT_SWITCH, "SecureBootEnable");
        self.has_platform_key() && switch != [0]
    }
}

/// Reads both headers; returns how many bytes of variables follow.
fn volume_header(cursor: &mut Cursor<'_>) -> Result<usize, Malformed> {
    cursor.take(16)?;
    let volume = EfiGuid::from_bytes(cursor.array()?);
    cursor.u64()?;
    if volume != NV_DATA_VOLUME || cursor.take(4)? != b"_FVH" {
        return Err(cursor.error("not a firmware volume with variables"));
    }
    cursor.u32()?;
    let header_len = usize::from(cursor.u16()?);
    let rest =
        header_len.checked_sub(cursor.offset()).ok_or_else(|| cursor.error("a firmware volume header is too short"))?;
    cursor.take(rest)?;
    let format = EfiGuid::from_bytes(cursor.array()?);
    if format != AUTHENTICATED_STORE {
        return Err(cursor.error("not a store of authenticated variables"));
    }
    let store_len = cursor.u32()? as usize;
    if [cursor.u8()?, cursor.u8()?] != [STORE_FORMATTED, STORE_HEALTHY] {
        return Err(cursor.error("the variable store is not formatted or not healthy"));
    }
    cursor.take(6)?;
    store_len.checked_sub(28).ok_or_else(|| cursor.error("a variable store is shorter than its header"))
}

/// The next variable and its state; `None` at the free space behind the last one.
fn next_variable(cursor: &mut Cursor<'_>) -> Result<Option<(u8, Variable)>, Malformed> {
    if cursor.remaining() < 60 {
        return Ok(None);
    }
    if cursor.u16()? != START_ID {
        return Ok(None);
    }
    let (state, _reserved) = (cursor.u8()?, cursor.u8()?);
    let attributes = cursor.u32()?;
    // Monotonic count, time stamp and public key index of authenticated writes.
    cursor.take(8 + 16 + 4)?;
    let (name_len, data_len) = (cursor.u32()? as usize, cursor.u32()? as usize);
    let guid = EfiGuid::from_bytes(cursor.array()?);
    let at = cursor.error("a variable name is not UTF-16");
    let name = from_utf16(cursor.take(name_len)?).ok_or(at)?;
    let data = cursor.take(data_len)?.to_vec();
    let padding = cursor.offset().next_multiple_of(4) - cursor.offset();
    cursor.take(padding.min(cursor.remaining()))?;
    let name = name.trim_end_matches('\0').to_owned();
    Ok(Some((state, Variable { guid, name, attributes, data })))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(state: u8, name: &str, data: &[u8]) -> Vec<u8> {
        let name: Vec<u8> = super::super::variable::utf16(&format!("{name}\0"));
        let mut out = START_ID.to_le_bytes().to_vec();
        out.extend_from_slice(&[state, 0]);
        out.extend_from_slice(&3u32.to_le_bytes());
        out.extend_from_slice(&[0; 28]);
        out.extend_from_slice(&(name.len() as u32).to_le_bytes());
        out.extend_from_slice(&(data.len() as u32).to_le_bytes());
        out.extend_from_slice(&guids::GLOBAL_VARIABLE.to_bytes());
        out.extend_from_slice(&name);
        out.extend_from_slice(data);
        out.resize(out.len().next_multiple_of(4), 0xff);
        out
    }

    fn store(entries: &[Vec<u8>]) -> Vec<u8> {
        let mut body = entries.concat();
        body.resize(body.len() + 64, 0xff);
        let mut out = vec![0; 16];
        out.extend_from_slice(&NV_DATA_VOLUME.to_bytes());
        out.extend_from_slice(&0x84000u64.to_le_bytes());
        out.extend_from_slice(b"_FVH");
        out.extend_from_slice(&[0xff, 0xfe, 4, 0, 0x48, 0, 0, 0, 0, 0, 0, 2]);
        out.resize(0x48, 0);
        out.extend_from_slice(&AUTHENTICATED_STORE.to_bytes());
        out.extend_from_slice(&(body.len() as u32 + 28).to_le_bytes());
        out.extend_from_slice(&[STORE_FORMATTED, STORE_HEALTHY, 0, 0, 0, 0, 0, 0]);
        out.extend_from_slice(&body);
        out
    }

    #[test]
    fn deleted_variables_do_not_count_and_interrupted_writes_keep_the_old_value() {
        let bytes = store(&[
            entry(0x3c, "PK", b"old"),
            entry(ADDED, "PK", b"new"),
            entry(IN_TRANSITION, "PK", b"older"),
            entry(IN_TRANSITION, "db", b"kept"),
            entry(0x3d, "gone", b"x"),
        ]);
        let variables = Variables::parse_store(&bytes).unwrap();
        assert_eq!(variables.data(guids::GLOBAL_VARIABLE, "PK"), b"new");
        assert_eq!(variables.data(guids::GLOBAL_VARIABLE, "db"), b"kept");
        assert!(variables.get(guids::GLOBAL_VARIABLE, "gone").is_none());
        assert_eq!(variables.iter().count(), 2);
        assert!(variables.secure_boot());
    }

    #[test]
    fn other_files_and_cut_ones_are_refused() {
        let bytes = store(&[entry(ADDED, "PK", b"new")]);
        for len in 0..bytes.len() {
            assert!(Variables::parse_store(&bytes[..len]).is_err(), "{len}");
        }
        let mut erased = bytes.clone();
        erased[0x48 + 20] = 0xff;
        assert!(Variables::parse_store(&erased).is_err());
    }

    #[test]
    fn the_switch_turns_secure_boot_off() {
        let mut variables = Variables::parse_store(&store(&[entry(ADDED, "PK", b"k")])).unwrap();
        variables.set(Variable {
            guid: SECURE_BOOT_SWITCH,
            name: "SecureBootEnable".to_owned(),
            attributes: 3,
            data: vec![0],
        });
        assert!(variables.has_platform_key() && !variables.secure_boot());
        variables.remove(guids::GLOBAL_VARIABLE, "PK");
        assert!(!variables.has_platform_key());
    }
}
