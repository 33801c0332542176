//! The machine owner's variables (`mok.c`): read, completed with what was built in, measured in the order of shim's table.

use control_plane::hardware::Component;

use crate::boot::engine::Version;
use crate::boot::engine::session::Session;
use crate::eventlog::EventType;
use crate::pcr::Digests;
use crate::uefi::guids;
use crate::uefi::signature::{SignatureDatabase, SignatureList};
use crate::uefi::var_store::{NON_VOLATILE_BOOT_SERVICE, RUNTIME_ACCESS};

use super::Shim;

impl Shim {
    /// `import_mok_state`.
    pub(super) fn import_mok_state(&mut self, session: &mut Session<'_>) {
        let list = with_built_in(self.build.authorized_list(), owned(session, "MokList"));
        log(session, "MokList", &list);
        let revoked = with_built_in(self.build.vendor_dbx.clone(), owned(session, "MokListX"));
        log(session, "MokListX", &revoked);
        self.mok_list = parse(session, "MokList", &list);
        self.mok_list_x = parse(session, "MokListX", &revoked);

        let state = owned(session, "MokSBState");
        if !state.is_empty() {
            self.measure_variable(session, Component::Shim, guids::SHIM_LOCK, "MokSBState", &state);
            log(session, "MokSBState", &state);
            self.insecure = state[0] == 1;
        }
        self.ignore_db = owned(session, "MokDBState") == [1];
        let level = self.sbat_level.clone();
        if !level.is_empty() {
            let guid = guids::SHIM_LOCK;
            self.measure_variable(session, Component::Shim, guid, "SbatLevel", &level);
        }
        self.import_trust(session);
    }

    /// MokListTrusted exists since 15.6, which also measured it into PCR 7 by mistake (rhboot/shim pull request 519).
    fn import_trust(&mut self, session: &mut Session<'_>) {
        if self.version < Version::SHIM_15_6 {
            return;
        }
        // The variable's absence means trust, and that is what is measured.
        if session.variables.get(guids::SHIM_LOCK, "MokListTrusted").is_none() {
            if self.version < Version::SHIM_15_7 {
                let guid = guids::SHIM_LOCK;
                self.measure_variable(session, Component::Shim, guid, "MokListTrusted", &[1]);
            }
            log(session, "MokListTrusted", &[1]);
        }
        let policy = owned(session, "MokPolicy");
        if !policy.is_empty() {
            log(session, "MokPolicy", &policy);
        }
    }
}

/// The machine owner's variable; one that an operating system could write is not believed and deleted.
fn owned(session: &mut Session<'_>, name: &str) -> Vec<u8> {
    let Some(variable) = session.variables.get(guids::SHIM_LOCK, name) else {
        return Vec::new();
    };
    if variable.attributes & NON_VOLATILE_BOOT_SERVICE == 0 || variable.attributes & RUNTIME_ACCESS != 0 {
        session.note(format!("shim deletes {name}, because it has the wrong attributes"));
        return Vec::new();
    }
    variable.data.clone()
}

/// What was built in, then what is stored; when both are empty, a list with a hash of zeros.
fn with_built_in(built_in: Vec<u8>, stored: Vec<u8>) -> Vec<u8> {
    let all = [built_in, stored].concat();
    if !all.is_empty() {
        return all;
    }
    let none = SignatureList::sha256(guids::SHIM_LOCK, &[[0; 32]]);
    SignatureDatabase { lists: none.into_iter().collect() }.encode()
}

fn parse(session: &mut Session<'_>, name: &str, bytes: &[u8]) -> SignatureDatabase {
    SignatureDatabase::parse(bytes).unwrap_or_else(|e| {
        session.note(format!("{name} is no signature database ({e}); nothing in it is trusted"));
        SignatureDatabase::default()
    })
}

/// PCR 14: the content under its name.
fn log(session: &mut Session<'_>, name: &str, content: &[u8]) {
    let data = [name.as_bytes(), b"\0"].concat();
    let digests = Digests::of(content);
    session.recorder.measure_digest(Component::Shim, 14, EventType::IPL, digests, data);
}
