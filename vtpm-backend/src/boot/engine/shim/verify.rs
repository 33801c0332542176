//! Whether an image may run (`verify.c`): denied lists first, then allowed lists, then the built-in certificate.

use control_plane::hardware::Component;

use crate::boot::engine::Version;
use crate::boot::engine::session::Session;
use crate::image::{Content, pe};
use crate::pcr::Digests;
use crate::uefi::signature::{SignatureData, SignatureDatabase};
use crate::uefi::{EfiGuid, guids};

use super::{Shim, sbat};

/// A list that is searched, under the name by which what is found in it is measured.
struct Source {
    name: &'static str,
    guid: EfiGuid,
    list: SignatureDatabase,
}

impl Source {
    fn hash(&self, digests: &Digests) -> Option<SignatureData> {
        let sha256 = self.list.find_sha256(&digests.sha256);
        sha256.or_else(|| self.list.find_sha1(&digests.sha1)).cloned()
    }

    fn certificate(&self, image: &Content, number: usize) -> Option<SignatureData> {
        let mut certificates = self.list.certificates();
        certificates.find(|entry| image.vouched_by(number, &entry.data).is_ok()).cloned()
    }
}

impl Shim {
    /// `verify_buffer`: the signatures and the revocation level, in the order of this version. What decides is measured
    /// into PCR 7.
    ///
    /// The error says why the image may not run. Images that come through the protocol need no SBAT data.
    pub(super) fn verify(
        &mut self,
        session: &mut Session<'_>,
        subject: Component,
        image: &Content,
        in_protocol: bool,
    ) -> Result<(), String> {
        let level_first = self.version < Version::SHIM_15_8;
        if level_first {
            self.verify_sbat(image, in_protocol)?;
        }
        self.verify_signatures(session, subject, image)?;
        if !level_first {
            self.verify_sbat(image, in_protocol)?;
        }
        Ok(())
    }

    fn verify_sbat(&self, image: &Content, in_protocol: bool) -> Result<(), String> {
        let section = pe::section(image.bytes(), ".sbat").map_err(|e| e.to_string())?;
        match section {
            None if in_protocol => Ok(()),
            None => Err("it has no .sbat section".to_owned()),
            Some(section) => match sbat::revoked(section, &self.sbat_level) {
                Some(why) => Err(format!("revoked by SBAT: {why}")),
                None => Ok(()),
            },
        }
    }

    fn verify_signatures(
        &mut self,
        session: &mut Session<'_>,
        subject: Component,
        image: &Content,
    ) -> Result<(), String> {
        let digests = image.authenticode().map_err(|e| e.to_string())?;
        let (denied, allowed) = (self.denied(session), self.allowed(session));
        for source in &denied {
            if let Some(entry) = source.hash(&digests) {
                self.measure_entry(session, subject, source, &entry);
                return Err(format!("its hash is in {}", source.name));
            }
        }
        for source in &allowed {
            if let Some(entry) = source.hash(&digests) {
                self.measure_entry(session, subject, source, &entry);
                return Ok(());
            }
        }
        let found = image.signatures().map_err(|e| e.to_string())?;
        let mut outcome = Err("it is not signed".to_owned());
        // All signatures are tried, and one that counts is enough.
        for (number, signature) in found.iter().enumerate() {
            let result = match signature {
                Ok(_) => self.verify_one(session, subject, image, number, [&denied, &allowed]),
                Err(e) => Err(e.to_string()),
            };
            if outcome.is_err() {
                outcome = result;
            }
        }
        outcome
    }

    fn verify_one(
        &mut self,
        session: &mut Session<'_>,
        subject: Component,
        image: &Content,
        number: usize,
        [denied, allowed]: [&[Source]; 2],
    ) -> Result<(), String> {
        for source in denied {
            if let Some(entry) = source.certificate(image, number) {
                self.measure_entry(session, subject, source, &entry);
                return Err(format!("its signer is in {}", source.name));
            }
        }
        for source in allowed {
            if let Some(entry) = source.certificate(image, number) {
                self.measure_entry(session, subject, source, &entry);
                return Ok(());
            }
        }
        let Some(vendor) = self.build.vendor_certificate.clone() else {
            return Err("its signer is in no list".to_owned());
        };
        image.vouched_by(number, &vendor).map_err(|e| e.to_string())?;
        // The built-in certificate is measured as it is, without an owner's GUID.
        self.measure_variable(session, subject, guids::SHIM_LOCK, "Shim", &vendor);
        Ok(())
    }

    fn measure_entry(&mut self, session: &mut Session<'_>, subject: Component, source: &Source, entry: &SignatureData) {
        self.measure_variable(session, subject, source.guid, source.name, &entry.encode());
    }

    /// Built-in revocations count as dbx.
    fn denied(&self, session: &Session<'_>) -> Vec<Source> {
        let dbx = |list| Source { name: "dbx", guid: guids::IMAGE_SECURITY_DATABASE, list };
        let built_in = SignatureDatabase::parse(&self.build.vendor_dbx).unwrap_or_default();
        vec![
            dbx(built_in),
            dbx(session.databases.dbx.clone()),
            Source { name: "MokListX", guid: guids::SHIM_LOCK, list: self.mok_list_x.clone() },
        ]
    }

    fn allowed(&self, session: &Session<'_>) -> Vec<Source> {
        let mut sources = Vec::new();
        if !self.ignore_db {
            sources.push(Source {
                name: "db",
                guid: guids::IMAGE_SECURITY_DATABASE,
                list: session.databases.db.clone(),
            });
        }
        if let Some(list) = self.build.vendor_db.clone() {
            sources.push(Source { name: "vendor_db", guid: guids::IMAGE_SECURITY_DATABASE, list });
        }
        sources.push(self.owner_list(session));
        sources
    }

    /// Since 15.7 the list with the built-in certificate in front, before that the stored one alone, so that the
    /// certificate was found later and measured as `Shim` (rhboot/shim issue 714).
    fn owner_list(&self, session: &Session<'_>) -> Source {
        let guid = guids::SHIM_LOCK;
        if self.version >= Version::SHIM_15_7 {
            return Source { name: "MokListRT", guid, list: self.mok_list.clone() };
        }
        let stored = session.variables.data(guid, "MokList");
        Source { name: "MokList", guid, list: SignatureDatabase::parse(stored).unwrap_or_default() }
    }
}
