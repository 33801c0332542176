//! The lists that decide about a PE file, and their verdict.

use crate::boot::engine::ShimBuild;
use crate::image::Content;
use crate::image::authenticode::{Signature, SignatureError, signatures};
use crate::uefi::guids;
use crate::uefi::signature::{SignatureDatabase, SignatureList};
use crate::uefi::var_store::Variables;
use crate::x509::subject_of;

use super::Trust;

/// Lists by the names under which people know them.
#[derive(Clone, Debug)]
pub(super) struct Lists {
    denied: Vec<(&'static str, SignatureDatabase)>,
    allowed: Vec<(&'static str, SignatureDatabase)>,
}

impl Lists {
    /// What the firmware asks: db and dbx.
    pub(super) fn of_firmware(variables: &Variables) -> Lists {
        let of = |name| database(variables.data(guids::IMAGE_SECURITY_DATABASE, name));
        Lists { denied: vec![("dbx", of("dbx"))], allowed: vec![("db", of("db"))] }
    }

    /// What shim asks as well: its own certificate and revocations, and the machine owner's.
    pub(super) fn with_shim(mut self, build: &ShimBuild, variables: &Variables) -> Lists {
        let stored = |name| database(variables.data(guids::SHIM_LOCK, name));
        let own = build.vendor_certificate.iter().map(|der| SignatureList::x509(guids::SHIM_LOCK, der));
        self.allowed.push(("shim's own certificate", SignatureDatabase { lists: own.collect() }));
        self.allowed.extend(build.vendor_db.clone().map(|list| ("shim's own list", list)));
        self.allowed.push(("MokList", stored("MokList")));
        self.denied.push(("shim's own revocations", database(&build.vendor_dbx)));
        self.denied.push(("MokListX", stored("MokListX")));
        self
    }

    /// Who signed a file, and whether it may run.
    pub(super) fn judge(&self, file: &Content) -> (Option<String>, Trust) {
        let (Ok(hashes), Ok(found)) = (file.authenticode(), signatures(file.bytes())) else {
            return (None, Trust::Untrusted { why: "it is not a PE file".to_owned() });
        };
        let signer = found.iter().flatten().find_map(subject);
        let holds = |(_, list): &&(&str, SignatureDatabase)| list.find_sha256(&hashes.sha256).is_some();
        if let Some((name, _)) = self.denied.iter().find(holds) {
            return (signer, Trust::Revoked { why: format!("its hash is in {name}") });
        }
        if let Some((name, _)) = self.allowed.iter().find(holds) {
            return (signer, Trust::Trusted { by: format!("its hash in {name}") });
        }
        let mut verdict = Trust::Unsigned;
        for signature in &found {
            verdict = match signature {
                Ok(signature) => self.judge_signature(file, signature),
                Err(error) => Trust::Untrusted { why: error.to_string() },
            };
            // A revocation is final, and one signature that counts is enough.
            if matches!(verdict, Trust::Revoked { .. } | Trust::Trusted { .. }) {
                break;
            }
        }
        (signer, verdict)
    }

    fn judge_signature(&self, file: &Content, signature: &Signature) -> Trust {
        let vouches = |list: &SignatureDatabase| {
            list.certificates()
                .find(|entry| signature.verify(file, &entry.data).is_ok())
                .map(|entry| entry.data.clone())
        };
        if let Some((name, _)) = self.denied.iter().find(|(_, list)| vouches(list).is_some()) {
            return Trust::Revoked { why: format!("the certificate of its signer is in {name}") };
        }
        for (name, list) in &self.allowed {
            if let Some(der) = vouches(list) {
                return Trust::Trusted { by: format!("{} in {name}", subject_of(&der).unwrap_or_default()) };
            }
        }
        Trust::Untrusted { why: self.why_not(file, signature) }
    }

    /// Whether the signature is wrong, or only unknown here: it is tried against its own certificate.
    fn why_not(&self, file: &Content, signature: &Signature) -> String {
        let names: Vec<_> = self.allowed.iter().map(|(name, _)| *name).collect();
        let own = signature.signer_certificate();
        match own.and_then(|der| signature.verify(file, &der).map(|_| ())) {
            Ok(()) => format!("its signer is unknown: no certificate for it in {}", names.join(", ")),
            Err(SignatureError::HashMismatch) => "it was changed after it was signed".to_owned(),
            Err(error) => error.to_string(),
        }
    }
}

fn database(bytes: &[u8]) -> SignatureDatabase {
    SignatureDatabase::parse(bytes).unwrap_or_default()
}

fn subject(signature: &Signature) -> Option<String> {
    subject_of(&signature.signer_certificate().ok()?).ok()
}
