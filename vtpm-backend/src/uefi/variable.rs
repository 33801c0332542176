//! `UEFI_VARIABLE_DATA` (TCG PC Client Platform Firmware Profile, 10.2.6): a variable as it is measured.

use super::{Cursor, EfiGuid, Malformed};

/// Longest variable name that is parsed, in UTF-16 units.
const NAME_UNITS_MAX: usize = 1024;
/// Longest variable content that is parsed.
const DATA_BYTES_MAX: usize = 1 << 20;

/// A variable with its name and content.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VariableData {
    /// The vendor GUID.
    pub guid: EfiGuid,
    /// The name.
    pub name: String,
    /// The content, or for an authority the one entry that admitted an image.
    pub data: Vec<u8>,
}

impl VariableData {
    /// A variable.
    pub fn new(guid: EfiGuid, name: &str, data: impl Into<Vec<u8>>) -> VariableData {
        VariableData { guid, name: name.to_owned(), data: data.into() }
    }

    /// GUID, length of the name in UTF-16 units, length of the data, name without a NUL, data.
    pub fn encode(&self) -> Vec<u8> {
        let name = utf16(&self.name);
        let mut out = self.guid.to_bytes().to_vec();
        out.extend_from_slice(&(name.len() as u64 / 2).to_le_bytes());
        out.extend_from_slice(&(self.data.len() as u64).to_le_bytes());
        out.extend_from_slice(&name);
        out.extend_from_slice(&self.data);
        out
    }

    /// Reads the structure.
    ///
    /// # Errors
    /// [`Malformed`] when lengths do not fit or the name is not UTF-16.
    pub fn parse(bytes: &[u8]) -> Result<VariableData, Malformed> {
        let mut cursor = Cursor::new(bytes);
        let guid = EfiGuid::from_bytes(cursor.array()?);
        let name_units = cursor.len_u64(NAME_UNITS_MAX)?;
        let data_len = cursor.len_u64(DATA_BYTES_MAX)?;
        let at = cursor.error("a variable name is not UTF-16");
        let name = from_utf16(cursor.take(name_units * 2)?).ok_or(at)?;
        let data = cursor.take(data_len)?.to_vec();
        cursor.finish()?;
        Ok(VariableData { guid, name, data })
    }
}

/// Text as UTF-16LE without a terminating NUL.
pub(crate) fn utf16(text: &str) -> Vec<u8> {
    text.encode_utf16().flat_map(u16::to_le_bytes).collect()
}

/// UTF-16LE bytes as text; `None` when they are not valid UTF-16.
pub(crate) fn from_utf16(bytes: &[u8]) -> Option<String> {
    if !bytes.len().is_multiple_of(2) {
        return None;
    }
    let units = bytes.chunks_exact(2).map(|pair| u16::from_le_bytes([pair[0], pair[1]]));
    char::decode_utf16(units).collect::<Result<String, _>>().ok()
}

#[cfg(test)]
mod tests {
    use super::super::guids;
    use super::*;

    #[test]
    fn secure_boot_variable() {
        let variable = VariableData::new(guids::GLOBAL_VARIABLE, "SecureBoot", [1]);
        let bytes = variable.encode();
        assert_eq!(bytes.len(), 16 + 8 + 8 + 20 + 1);
        // Azure's and OVMF's event for Secure Boot on has this well-known SHA-256.
        assert_eq!(
            hex::encode(crate::pcr::Digests::of(&bytes).sha256),
            "ccfc4bb32888a345bc8aeadaba552b627d99348c767681ab3141f5b01e40a40e"
        );
        assert_eq!(VariableData::parse(&bytes).unwrap(), variable);
        assert!(VariableData::parse(&bytes[..bytes.len() - 1]).is_err());
        assert!(VariableData::parse(&[bytes, vec![0]].concat()).is_err());
    }
}
