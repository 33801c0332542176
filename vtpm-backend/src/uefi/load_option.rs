//! `EFI_LOAD_OPTION` (UEFI 2.10, 3.1.3): the content of a `Boot####` variable.

use super::device_path::DevicePath;
use super::variable::{from_utf16, utf16};
use super::{Cursor, Malformed};

/// `LOAD_OPTION_ACTIVE`.
const ACTIVE: u32 = 1;

/// An active boot option without optional data.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LoadOption {
    /// What a boot menu shows.
    pub description: String,
    /// What is started.
    pub path: DevicePath,
}

impl LoadOption {
    /// Attributes, length of the path, description with a NUL, path.
    pub fn encode(&self) -> Vec<u8> {
        let path = self.path.encode();
        let mut out = ACTIVE.to_le_bytes().to_vec();
        out.extend_from_slice(&(path.len() as u16).to_le_bytes());
        out.extend_from_slice(&utf16(&self.description));
        out.extend_from_slice(&[0, 0]);
        out.extend_from_slice(&path);
        out
    }

    /// Reads an option; optional data behind the path is left out.
    ///
    /// # Errors
    /// [`Malformed`] when lengths do not fit or the path is broken.
    pub fn parse(bytes: &[u8]) -> Result<LoadOption, Malformed> {
        let mut cursor = Cursor::new(bytes);
        cursor.u32()?;
        let path_len = usize::from(cursor.u16()?);
        let mut description = Vec::new();
        loop {
            match cursor.array::<2>()? {
                [0, 0] => break,
                unit => description.extend_from_slice(&unit),
            }
        }
        let at = cursor.error("the description of a boot option is not UTF-16");
        Ok(LoadOption {
            description: from_utf16(&description).ok_or(at)?,
            path: DevicePath::parse(cursor.take(path_len)?)?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::super::device_path::Node;
    use super::*;

    #[test]
    fn layout() {
        let path = DevicePath(vec![Node::Scsi { target: 0, lun: 1 }]);
        let option = LoadOption { description: "a".to_owned(), path };
        let bytes = option.encode();
        assert_eq!(hex::encode(&bytes), "010000000c006100000003020800000001007fff0400");
        assert_eq!(LoadOption::parse(&bytes).unwrap(), option);
        for len in 0..bytes.len() {
            assert!(LoadOption::parse(&bytes[..len]).is_err(), "{len}");
        }
    }
}
