//! What was built into a shim, read from its own bytes.

use crate::boot::engine::Version;
use crate::image::pe;
use crate::uefi::signature::{SignatureDatabase, SignatureList};
use crate::uefi::{Cursor, Malformed, guids};

/// The revocation level without any revocation (`SBAT_VAR_ORIGINAL`), which shim falls back to.
pub(super) const SBAT_LEVEL_ORIGINAL: &[u8] = b"sbat,1,2021030218\n";

/// The parts of a shim's build that decide what it trusts and measures.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Build {
    pub(crate) version: Option<Version>,
    /// The built-in certificate (`VENDOR_CERT_FILE`), when there is one.
    pub(crate) vendor_certificate: Option<Vec<u8>>,
    /// The built-in list (`VENDOR_DB_FILE`), when there is one.
    pub(crate) vendor_db: Option<SignatureDatabase>,
    /// The built-in revocations, as they stand in the file.
    pub(crate) vendor_dbx: Vec<u8>,
    /// The revocation level that is applied by itself.
    pub(crate) sbat_automatic: Vec<u8>,
    /// The revocation level that an administrator may ask for.
    pub(crate) sbat_latest: Vec<u8>,
    /// Its own `.sbat` section.
    pub(crate) sbat: Vec<u8>,
}

impl Build {
    pub(crate) fn of(shim: &[u8]) -> Build {
        let section = |name| pe::section(shim, name).ok().flatten().unwrap_or_default();
        let (authorized, vendor_dbx) = vendor_table(section(".vendor_cert")).unwrap_or_default();
        let levels = sbat_levels(section(".sbatlevel"));
        let (sbat_automatic, sbat_latest) =
            levels.unwrap_or_else(|_| (SBAT_LEVEL_ORIGINAL.to_vec(), SBAT_LEVEL_ORIGINAL.to_vec()));
        // A certificate is a DER sequence of more than 255 bytes; a list begins with a GUID.
        let is_certificate = authorized.starts_with(&[0x30, 0x82]);
        let vendor_db = SignatureDatabase::parse(&authorized).ok();
        Build {
            version: version(section(".data.ident")),
            vendor_db: vendor_db.filter(|db| !is_certificate && !db.lists.is_empty()),
            vendor_certificate: is_certificate.then_some(authorized),
            vendor_dbx,
            sbat_automatic,
            sbat_latest,
            sbat: section(".sbat").to_vec(),
        }
    }

    /// What shim puts in front of the machine owner's list.
    pub(super) fn authorized_list(&self) -> Vec<u8> {
        match (&self.vendor_certificate, &self.vendor_db) {
            (Some(certificate), _) => {
                SignatureDatabase { lists: vec![SignatureList::x509(guids::SHIM_LOCK, certificate)] }.encode()
            }
            (None, Some(db)) => db.encode(),
            (None, None) => Vec::new(),
        }
    }
}

/// `struct cert_table`: two sizes, two offsets.
fn vendor_table(section: &[u8]) -> Result<(Vec<u8>, Vec<u8>), Malformed> {
    let mut cursor = Cursor::new(section);
    let (authorized_len, dbx_len) = (cursor.u32()?, cursor.u32()?);
    let (authorized_at, dbx_at) = (cursor.u32()?, cursor.u32()?);
    let part = |at: u32, len: u32| {
        let mut cursor = Cursor::new(section);
        cursor.take(at as usize)?;
        Ok(cursor.take(len as usize)?.to_vec())
    };
    Ok((part(authorized_at, authorized_len)?, part(dbx_at, dbx_len)?))
}

/// The format version, then two offsets, counted from behind it, of C strings.
fn sbat_levels(section: &[u8]) -> Result<(Vec<u8>, Vec<u8>), Malformed> {
    let mut cursor = Cursor::new(section);
    cursor.u32()?;
    let text = |offset: u32| {
        let mut cursor = Cursor::new(section);
        cursor.take(offset as usize)?;
        cursor.take(4)?;
        let rest = cursor.take(cursor.remaining())?;
        let end = rest.iter().position(|byte| *byte == 0);
        let end = end.ok_or_else(|| cursor.error("no end of the SBAT level"))?;
        Ok(rest[..end].to_vec())
    };
    let (automatic, latest) = (cursor.u32()?, cursor.u32()?);
    Ok((text(automatic)?, text(latest)?))
}

/// `$Version: 16.1 $` in the identification text.
fn version(section: &[u8]) -> Option<Version> {
    let text = String::from_utf8_lossy(section);
    let (_, rest) = text.split_once("$Version: ")?;
    rest.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn version_text() {
        let ident = b"UEFI SHIM\n$Version: 15.8 $\n$BuildMachine: x $\n\0";
        assert_eq!(version(ident), Some(Version::new(15, 8)));
        assert_eq!(version(b"UEFI SHIM"), None);
    }

    #[test]
    fn levels_are_counted_from_behind_the_version() {
        let section = b"\0\0\0\0\x08\0\0\0\x0a\0\0\0a\0b\0";
        assert_eq!(sbat_levels(section).unwrap(), (b"a".to_vec(), b"b".to_vec()));
        assert!(sbat_levels(&section[..15]).is_err());
        assert!(sbat_levels(b"").is_err());
    }

    #[test]
    fn a_built_in_list_is_no_certificate() {
        let list = SignatureDatabase { lists: vec![SignatureList::x509(guids::SHIM_LOCK, b"der")] };
        let build = Build { vendor_db: Some(list.clone()), ..Build::default() };
        assert_eq!(build.authorized_list(), list.encode());
        assert!(Build::default().authorized_list().is_empty());
        assert_eq!(Build::of(b"junk").sbat_automatic, SBAT_LEVEL_ORIGINAL);
    }
}
