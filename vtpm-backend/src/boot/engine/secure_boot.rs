//! The firmware's Secure Boot decision.
//!
//! Follows `DxeImageVerificationHandler` (edk2, as in microsoft/mu_msvm): a signed image needs a signature that a
//! certificate in db vouches for and that no certificate in dbx does, and its hash must not be in dbx; failing that, its
//! hash must be in db. The entry of db that admits it is measured even when dbx then denies it.

use std::fmt;

use crate::image::authenticode::Signature;
use crate::image::{Content, KeyDatabases};
use crate::uefi::guids;
use crate::uefi::signature::SignatureData;

/// Why the firmware does not start an image, in the words of its boot summary page (mu_msvm, `FrontPageStrings.uni`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Denial {
    /// dbx holds the image's hash.
    HashRevoked,
    /// dbx holds a certificate that the signature leads to.
    CertificateRevoked,
    /// No signature, and db does not hold the hash.
    Unsigned,
    /// Signed, but by nobody in db, or not this image.
    NotAllowed,
    /// Not a PE file.
    InvalidImage,
}

impl fmt::Display for Denial {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Denial::HashRevoked => "The image's hash was denied (DBX).",
            Denial::CertificateRevoked => "The image's certificate was denied (DBX).",
            Denial::Unsigned => "The unsigned image's hash is not allowed (DB).",
            Denial::NotAllowed => "The image's hash and certificate are not allowed (DB).",
            Denial::InvalidImage => "The PE/COFF image is invalid.",
        })
    }
}

/// What the firmware found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Verdict {
    /// The entry of db that vouches for the image; measured into PCR 7.
    pub(super) authority: Option<SignatureData>,
    /// Whether the image may run.
    pub(super) result: Result<(), Denial>,
}

impl Verdict {
    fn denied(denial: Denial) -> Verdict {
        Verdict { authority: None, result: Err(denial) }
    }
}

/// Decides whether an image may run.
///
/// All signatures are looked at, because a later one may lead to a certificate in dbx; the first that db vouches for is
/// the authority.
pub(super) fn judge(image: &Content, databases: &KeyDatabases) -> Verdict {
    let (Ok(hash), Ok(found)) = (image.authenticode(), image.signatures()) else {
        return Verdict::denied(Denial::InvalidImage);
    };
    let revoked = databases.dbx.find_sha256(&hash.sha256).is_some();
    let mut authority = None;
    let readable = found.iter().enumerate().filter(|(_, signature)| signature.is_ok());
    for (number, signature) in readable {
        let vouches = |entry: &&SignatureData| image.vouched_by(number, &entry.data).is_ok();
        let denied = |denial, authority| Verdict { authority, result: Err(denial) };
        // A time of revocation would only help an image with a timestamp that dbt vouches for; Azure's machines have no dbt.
        let by_hash = |hash: &[u8; 32]| databases.dbx.find_certificate_sha256(hash).is_some();
        let chain = || signature.iter().flat_map(Signature::chain_hashes);
        let hashes_matter = databases.dbx.lists.iter().any(|list| list.signature_type == guids::CERT_X509_SHA256);
        if databases.dbx.certificates().any(|entry| vouches(&entry))
            || (hashes_matter && chain().any(|hash| by_hash(&hash)))
        {
            return denied(Denial::CertificateRevoked, authority);
        }
        if authority.is_none() {
            authority = databases.db.certificates().find(vouches).cloned();
        }
        if revoked {
            return denied(Denial::HashRevoked, authority);
        }
    }
    if revoked {
        return Verdict::denied(Denial::HashRevoked);
    }
    let by_hash = || databases.db.find_sha256(&hash.sha256).cloned();
    match authority.or_else(by_hash) {
        Some(entry) => Verdict { authority: Some(entry), result: Ok(()) },
        None => Verdict::denied(if found.is_empty() { Denial::Unsigned } else { Denial::NotAllowed }),
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use control_plane::hardware::{Component, Fault};

    use super::*;
    use crate::image::testing::{image, keys};
    use crate::uefi::signature::SignatureList;

    fn shim() -> Arc<Content> {
        image().file(Component::Shim).unwrap().content.clone()
    }

    fn grub() -> Arc<Content> {
        image().file(Component::Grub).unwrap().content.clone()
    }

    fn hash_list(content: &Content) -> SignatureList {
        SignatureList::sha256(guids::MICROSOFT_OWNER, &[content.authenticode().unwrap().sha256]).unwrap()
    }

    #[test]
    fn the_uefi_ca_admits_shim() {
        let verdict = judge(&shim(), keys().databases());
        assert_eq!(verdict.result, Ok(()));
        assert_eq!(verdict.authority.unwrap().data, keys().uefi_ca_certificate());
    }

    #[test]
    fn a_changed_byte_and_a_foreign_signer_are_not_allowed() {
        let changed = image().with_faults(&[Fault::Tampered { component: Component::Shim }]).unwrap();
        assert_eq!(
            judge(&changed.file(Component::Shim).unwrap().content, keys().databases()),
            Verdict::denied(Denial::NotAllowed)
        );
        assert_eq!(judge(&grub(), keys().databases()), Verdict::denied(Denial::NotAllowed));
    }

    #[test]
    fn dbx_hash_denies_but_names_the_authority() {
        let mut databases = keys().databases().clone();
        databases.dbx.lists.push(hash_list(&shim()));
        let verdict = judge(&shim(), &databases);
        assert_eq!(verdict.result, Err(Denial::HashRevoked));
        assert!(verdict.authority.is_some());
    }

    #[test]
    fn dbx_certificate_denies() {
        let mut databases = keys().databases().clone();
        databases.dbx.lists.push(SignatureList::x509(guids::MICROSOFT_OWNER, keys().uefi_ca_certificate()));
        assert_eq!(judge(&shim(), &databases), Verdict::denied(Denial::CertificateRevoked));
    }

    #[test]
    fn dbx_denies_by_the_hash_of_a_certificate_s_signed_part() {
        for (trusted, time) in [(true, [0; 16]), (false, [0xff; 16])] {
            // The signer's own certificate, then that of its issuer.
            let signatures = shim();
            let hashes = signatures.signatures().unwrap()[0].as_ref().unwrap().chain_hashes();
            assert_eq!(hashes.len(), 2);
            let mut databases = keys().databases().clone();
            let list = SignatureList::x509_sha256(guids::MICROSOFT_OWNER, &[(hashes[usize::from(trusted)], time)]);
            databases.dbx.lists.extend(list);
            let encoded = databases.dbx.encode();
            databases.dbx = crate::uefi::signature::SignatureDatabase::parse(&encoded).unwrap();
            assert_eq!(judge(&shim(), &databases), Verdict::denied(Denial::CertificateRevoked));
            // Others are not concerned.
            databases.db.lists.push(hash_list(&grub()));
            assert_eq!(judge(&grub(), &databases).result, Ok(()));
        }
    }

    #[test]
    fn a_hash_in_db_admits_what_no_certificate_does() {
        let mut databases = keys().databases().clone();
        databases.db.lists.push(hash_list(&grub()));
        let verdict = judge(&grub(), &databases);
        assert_eq!(verdict.result, Ok(()));
        assert_eq!(verdict.authority.unwrap().data.len(), 32);
    }

    #[test]
    fn unsigned_and_junk() {
        let section = crate::image::pe::NewSection { name: *b".text\0\0\0", code: true, data: b"code".to_vec() };
        let unsigned = Content::new(crate::image::pe::write(&[section]).unwrap());
        assert_eq!(judge(&unsigned, keys().databases()), Verdict::denied(Denial::Unsigned));
        let junk = Content::new(b"junk".to_vec());
        assert_eq!(judge(&junk, keys().databases()), Verdict::denied(Denial::InvalidImage));
    }
}
