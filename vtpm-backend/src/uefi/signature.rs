//! `EFI_SIGNATURE_LIST` and `EFI_SIGNATURE_DATA` (UEFI 2.10, 32.4.1): the contents of PK, KEK, db and dbx.

use super::{Cursor, EfiGuid, Malformed, guids};

/// Bytes before a list's signatures: type, list size, header size, signature size.
const LIST_HEADER_LEN: usize = 28;
const OWNER_LEN: usize = 16;
/// The largest signature database that is parsed.
const DATABASE_BYTES_MAX: usize = 1 << 20;

/// One entry: who added it, and a certificate or hash.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignatureData {
    /// Who added the entry.
    pub owner: EfiGuid,
    /// A DER certificate or a hash, according to the list's type.
    pub data: Vec<u8>,
}

impl SignatureData {
    /// The entry as it stands in a list, and as the firmware measures it when it admits an image.
    pub fn encode(&self) -> Vec<u8> {
        [&self.owner.to_bytes(), self.data.as_slice()].concat()
    }
}

/// One list: entries of one type and one size.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignatureList {
    /// What the entries are, e.g. [`guids::CERT_X509`].
    pub signature_type: EfiGuid,
    /// The entries. Never empty, all of one length.
    entries: Vec<SignatureData>,
}

impl SignatureList {
    /// A list with one certificate; certificates differ in length, so each has its own list.
    pub fn x509(owner: EfiGuid, cert_der: &[u8]) -> SignatureList {
        let entry = SignatureData { owner, data: cert_der.to_vec() };
        SignatureList { signature_type: guids::CERT_X509, entries: vec![entry] }
    }

    /// A list of SHA-256 image hashes.
    ///
    /// Returns `None` for no hashes: a list without entries has no encoding.
    pub fn sha256(owner: EfiGuid, hashes: &[[u8; 32]]) -> Option<SignatureList> {
        let entries: Vec<_> = hashes.iter().map(|hash| SignatureData { owner, data: hash.to_vec() }).collect();
        (!entries.is_empty()).then_some(SignatureList { signature_type: guids::CERT_SHA256, entries })
    }

    /// A list of certificates that are revoked from a time on, by the SHA-256 hash of their signed part. The time is an
    /// `EFI_TIME`; all zeros mean from the beginning.
    ///
    /// Returns `None` for no hashes: a list without entries has no encoding.
    pub fn x509_sha256(owner: EfiGuid, hashes: &[([u8; 32], [u8; 16])]) -> Option<SignatureList> {
        let entry = |(hash, time): &([u8; 32], [u8; 16])| SignatureData { owner, data: [&hash[..], time].concat() };
        let entries: Vec<_> = hashes.iter().map(entry).collect();
        (!entries.is_empty()).then_some(SignatureList { signature_type: guids::CERT_X509_SHA256, entries })
    }

    /// The entries.
    pub fn entries(&self) -> &[SignatureData] {
        &self.entries
    }

    fn encode_to(&self, out: &mut Vec<u8>) {
        let entry_len = OWNER_LEN + self.entries[0].data.len();
        let list_len = LIST_HEADER_LEN + entry_len * self.entries.len();
        out.extend_from_slice(&self.signature_type.to_bytes());
        for field in [list_len, 0, entry_len] {
            out.extend_from_slice(&(field as u32).to_le_bytes());
        }
        for entry in &self.entries {
            out.extend_from_slice(&entry.encode());
        }
    }

    fn parse(cursor: &mut Cursor<'_>) -> Result<SignatureList, Malformed> {
        let signature_type = EfiGuid::from_bytes(cursor.array()?);
        let list_len = cursor.u32()? as usize;
        let header_len = cursor.u32()? as usize;
        let entry_len = cursor.u32()? as usize;
        cursor.take(header_len)?;
        let body_len = list_len
            .checked_sub(LIST_HEADER_LEN)
            .and_then(|len| len.checked_sub(header_len))
            .ok_or_else(|| cursor.error("a signature list is shorter than its header"))?;
        if entry_len <= OWNER_LEN || body_len == 0 || body_len % entry_len != 0 {
            return Err(cursor.error("the entries of a signature list do not fill it"));
        }
        let body = cursor.take(body_len)?;
        let entries = body.chunks_exact(entry_len).map(|chunk| {
            let mut owner = [0; OWNER_LEN];
            owner.copy_from_slice(&chunk[..OWNER_LEN]);
            SignatureData { owner: EfiGuid::from_bytes(owner), data: chunk[OWNER_LEN..].to_vec() }
        });
        Ok(SignatureList { signature_type, entries: entries.collect() })
    }
}

/// A whole variable: lists one after another.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SignatureDatabase {
    /// The lists in order.
    pub lists: Vec<SignatureList>,
}

impl SignatureDatabase {
    /// The variable's data.
    pub fn encode(&self) -> Vec<u8> {
        let mut out = Vec::new();
        for list in &self.lists {
            list.encode_to(&mut out);
        }
        out
    }

    /// Reads a variable's data.
    ///
    /// # Errors
    /// [`Malformed`] when it is not a sequence of signature lists.
    pub fn parse(bytes: &[u8]) -> Result<SignatureDatabase, Malformed> {
        let mut cursor = Cursor::new(bytes);
        if bytes.len() > DATABASE_BYTES_MAX {
            return Err(cursor.error("a signature database is larger than 1 MiB"));
        }
        let mut lists = Vec::new();
        while cursor.remaining() > 0 {
            lists.push(SignatureList::parse(&mut cursor)?);
        }
        Ok(SignatureDatabase { lists })
    }

    /// All certificates with their owners, in order.
    pub fn certificates(&self) -> impl Iterator<Item = &SignatureData> {
        self.of_type(guids::CERT_X509)
    }

    /// The entry with this SHA-256 image hash, if there is one.
    pub fn find_sha256(&self, hash: &[u8; 32]) -> Option<&SignatureData> {
        self.of_type(guids::CERT_SHA256).find(|entry| entry.data == hash)
    }

    /// The entry that revokes the certificate whose signed part (`TBSCertificate`) has this SHA-256 hash: the hash, then
    /// the time of the revocation (`EFI_CERT_X509_SHA256`).
    pub fn find_certificate_sha256(&self, hash: &[u8; 32]) -> Option<&SignatureData> {
        const ENTRY_LEN: usize = 48;
        self.of_type(guids::CERT_X509_SHA256)
            .find(|entry| entry.data.len() == ENTRY_LEN && entry.data.starts_with(hash))
    }

    /// The entry with this SHA-1 image hash, if there is one.
    pub fn find_sha1(&self, hash: &[u8; 20]) -> Option<&SignatureData> {
        self.of_type(guids::CERT_SHA1).find(|entry| entry.data == hash)
    }

    fn of_type(&self, signature_type: EfiGuid) -> impl Iterator<Item = &SignatureData> {
        self.lists.iter().filter(move |list| list.signature_type == signature_type).flat_map(|list| &list.entries)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn database() -> SignatureDatabase {
        let hashes = SignatureList::sha256(guids::MICROSOFT_OWNER, &[[1; 32], [2; 32]]).unwrap();
        SignatureDatabase { lists: vec![SignatureList::x509(guids::SHIM_LOCK, b"certificate"), hashes] }
    }

    #[test]
    fn encode_and_parse_agree() {
        let bytes = database().encode();
        assert_eq!(bytes.len(), (28 + 16 + 11) + (28 + 2 * 48));
        assert_eq!(SignatureDatabase::parse(&bytes).unwrap(), database());
        assert_eq!(SignatureDatabase::parse(&[]).unwrap(), SignatureDatabase::default());
    }

    #[test]
    fn finds_certificates_and_hashes() {
        let database = database();
        assert_eq!(database.certificates().count(), 1);
        assert!(database.find_sha256(&[2; 32]).is_some());
        assert!(database.find_sha256(&[3; 32]).is_none());
        assert!(SignatureList::sha256(guids::SHIM_LOCK, &[]).is_none());
    }

    #[test]
    fn every_truncation_is_an_error() {
        let bytes = database().encode();
        for len in (1..bytes.len()).filter(|len| *len != 28 + 16 + 11) {
            assert!(SignatureDatabase::parse(&bytes[..len]).is_err(), "{len}");
        }
    }
}
