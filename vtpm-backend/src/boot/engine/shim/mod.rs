//! shim: the first-stage boot loader (rhboot/shim: `shim.c`, `mok.c`, `sbat.c`, `verify.c`).

mod build;
mod mok;
pub(crate) mod sbat;
mod verify;

use std::collections::BTreeSet;

use control_plane::hardware::Component;

use crate::boot::Refusal;
use crate::eventlog::EventType;
use crate::image::{Content, pe};
use crate::uefi::device_path::{DevicePath, Node};
use crate::uefi::image_load::ImageLoadEvent;
use crate::uefi::signature::SignatureDatabase;
use crate::uefi::variable::VariableData;
use crate::uefi::{EfiGuid, guids};

use super::Version;
use super::loader::{self, BootFile, folder, refusal};
use super::session::{LOAD_ADDRESS, Session};

pub(crate) use build::Build;

/// What shim starts: `DEFAULT_LOADER`, in its own folder.
const SECOND_STAGE: &str = "grubx64.efi";
/// shim's program for the machine owner's lists, in its own folder.
const MANAGER: &str = "mmx64.efi";
const VIOLATION: &str = "Verification failed: (0x1A) Security Violation";

/// A running shim, which GRUB calls back through the shim lock protocol.
pub(super) struct Shim {
    build: Build,
    version: Version,
    /// The machine owner's lists with what shim was built with in front.
    mok_list: SignatureDatabase,
    mok_list_x: SignatureDatabase,
    /// The revocation level that applies.
    sbat_level: Vec<u8>,
    /// Whether the machine owner turned verification off (MokSBState).
    insecure: bool,
    /// Whether the machine owner distrusts db (MokDBState).
    ignore_db: bool,
    /// What was measured into PCR 7: nothing is, twice.
    measured: BTreeSet<Vec<u8>>,
}

/// Runs shim: its own state, then the second stage.
pub(super) fn run(session: &mut Session<'_>, file: &BootFile) -> Result<(), Refusal> {
    let build = Build::of(file.content.bytes());
    let version = session.shim_version.or(build.version).unwrap_or_else(|| {
        session.note("this shim does not tell its version; 15.8 is assumed (--shim-version says otherwise)");
        Version::SHIM_15_8
    });
    let mut shim = Shim {
        build,
        version,
        mok_list: SignatureDatabase::default(),
        mok_list_x: SignatureDatabase::default(),
        sbat_level: Vec::new(),
        insecure: false,
        ignore_db: false,
        measured: BTreeSet::new(),
    };
    shim.apply_sbat_level(session)?;
    shim.import_mok_state(session);
    pending_request(session, &file.path);
    let second = second_stage(session, &file.path)?;
    shim.start(session, &second)?;
    loader::run_second(session, &second, Some(&mut shim))
}

fn second_stage(session: &mut Session<'_>, own_path: &str) -> Result<BootFile, Refusal> {
    let path = format!(r"{}\{SECOND_STAGE}", folder(own_path));
    let esp = session.disk.esp();
    match esp.and_then(|esp| session.file(esp, &path)) {
        Some(content) => Ok(BootFile { path, content }),
        None => {
            session.recorder.print(format!("Failed to open {path} - Not Found"));
            session.mark_refusal();
            Err(refusal(Component::Grub, format!("there is no {path}")))
        }
    }
}

impl Shim {
    /// Whether shim verifies what it starts.
    pub(super) fn secure_mode(&self, session: &Session<'_>) -> bool {
        session.secure_boot && !self.insecure
    }

    /// Starts the second stage. Up to 15.5 shim measures it before verifying it, since then afterwards, so that a
    /// refused one leaves no trace (`handle_image`).
    fn start(&mut self, session: &mut Session<'_>, file: &BootFile) -> Result<(), Refusal> {
        let Ok(digests) = file.content.authenticode() else {
            return Err(report_refused(session, &file.path, "the file is no PE image"));
        };
        let event = ImageLoadEvent {
            location: LOAD_ADDRESS,
            length: file.content.bytes().len() as u64,
            link_time_address: pe::image_base(file.content.bytes()).unwrap_or_default(),
            device_path: DevicePath(vec![Node::File(file.path.clone())]),
        }
        .encode();
        let measures_first = self.version < Version::SHIM_15_6;
        if measures_first {
            session.measure_image(Component::Grub, digests, event.clone());
        }
        if self.secure_mode(session) {
            self.verify(session, Component::Grub, &file.content, false)
                .map_err(|reason| report_refused(session, &file.path, &reason))?;
        }
        if !measures_first {
            session.measure_image(Component::Grub, digests, event);
        }
        Ok(())
    }

    /// `shim_lock.Verify`, by which GRUB asks about a kernel: measures first, verifies then (`shim_verify`). So a refused
    /// kernel is in PCR 4.
    ///
    /// The error says why the kernel may not run.
    pub(super) fn verify_for_grub(&mut self, session: &mut Session<'_>, kernel: &Content) -> Result<(), String> {
        let digests = kernel.authenticode().map_err(|e| e.to_string())?;
        // The protocol passes a buffer: there is no address to tell and no device path.
        let event = ImageLoadEvent {
            location: 0,
            length: kernel.bytes().len() as u64,
            link_time_address: 0,
            device_path: DevicePath::default(),
        };
        session.measure_image(Component::Kernel, digests, event.encode());
        if !self.secure_mode(session) {
            return Ok(());
        }
        self.verify(session, Component::Kernel, kernel, true)
    }

    /// Measures a variable or an entry of one into PCR 7, unless this shim has done so before.
    fn measure_variable(
        &mut self,
        session: &mut Session<'_>,
        subject: Component,
        guid: EfiGuid,
        name: &str,
        data: &[u8],
    ) {
        let event = VariableData::new(guid, name, data).encode();
        if self.measured.insert(event.clone()) {
            let event_type = EventType::EFI_VARIABLE_AUTHORITY;
            session.recorder.measure(subject, 7, event_type, event);
        }
    }

    /// Decides on the revocation level and makes sure that it does not revoke this shim itself
    /// (`set_sbat_uefi_variable`, then the self-check).
    fn apply_sbat_level(&mut self, session: &mut Session<'_>) -> Result<(), Refusal> {
        const AUTOMATIC: u8 = 2;
        const LATEST: u8 = 1;
        let secure = session.secure_boot;
        let policy = session.variables.data(guids::SHIM_LOCK, "SbatPolicy").first().copied();
        let stored = session.variables.data(guids::SHIM_LOCK, "SbatLevel").to_vec();
        let original = build::SBAT_LEVEL_ORIGINAL;
        let (candidate, reset) = match policy {
            Some(LATEST) => (self.build.sbat_latest.as_slice(), false),
            Some(AUTOMATIC) => (self.build.sbat_automatic.as_slice(), false),
            _ if secure => (self.build.sbat_automatic.as_slice(), false),
            _ => (original, true),
        };
        let keep = !reset && sbat::is_at_least(&stored, candidate);
        let self_revoking = sbat::revoked(&self.build.sbat, candidate).is_some();
        self.sbat_level = match (keep, self_revoking) {
            (true, _) => stored,
            (false, false) => candidate.to_vec(),
            (false, true) => {
                session.note("the SBAT level that shim would set revokes shim itself and is not applied");
                stored
            }
        };
        if !secure {
            return Ok(());
        }
        match sbat::revoked(&self.build.sbat, &self.sbat_level) {
            None => Ok(()),
            Some(why) => {
                session.recorder.print("Verifying shim SBAT data failed: Security Policy Violation");
                session
                    .recorder
                    .print("Something has gone seriously wrong: SBAT self-check failed: Security Policy Violation");
                session.mark_refusal();
                Err(refusal(Component::Shim, format!("SBAT self-check failed: {why}")))
            }
        }
    }
}

/// The variables by which an administrator asks for a change that somebody has to confirm at the console
/// (`check_mok_request`).
const REQUESTS: [&str; 10] =
    ["MokNew", "MokSB", "MokPW", "MokAuth", "MokDel", "MokDB", "MokXNew", "MokXDel", "MokXAuth", "MokListTrustedNew"];

/// shim starts MokManager when a request is pending. Nobody is there to answer, so it goes away after ten seconds; what
/// is measured of it is not followed.
fn pending_request(session: &mut Session<'_>, own_path: &str) {
    let pending = REQUESTS.into_iter().find(|name| session.variables.get(guids::SHIM_LOCK, name).is_some());
    if let Some(name) = pending {
        session.note(format!("{name} asks for MokManager, which is not followed: the request stays unanswered"));
        manager_runs(session, own_path, &format!("{name} makes shim start MokManager"));
    }
}

/// MokManager is measured when it is there.
fn manager_runs(session: &mut Session<'_>, own_path: &str, why: &str) {
    let path = format!(r"{}\{MANAGER}", folder(own_path));
    let esp = session.disk.esp();
    if esp.is_some_and(|esp| session.kind(esp, &path).is_some()) {
        for pcr in [4, 7] {
            session.cannot_predict(pcr, format!("{why}, and {path} is not followed"));
        }
    }
}

/// What shim shows: a box, then its attempt to start MokManager, which rarely is there.
fn report_refused(session: &mut Session<'_>, path: &str, why: &str) -> Refusal {
    let folder = folder(path);
    for line in [
        "ERROR".to_owned(),
        VIOLATION.to_owned(),
        "Failed to load image: Security Policy Violation".to_owned(),
        format!("Failed to open {folder}\\mmx64.efi - Not Found"),
        format!("Failed to load image {folder}\\mmx64.efi: Not Found"),
        "start_image() returned Not Found, falling back to default loader".to_owned(),
        VIOLATION.to_owned(),
        "Failed to load image: Security Policy Violation".to_owned(),
        "start_image() returned Security Policy Violation".to_owned(),
    ] {
        session.recorder.print(line);
    }
    session.note(format!("shim refused {path}: {why}"));
    session.mark_refusal();
    manager_runs(session, path, "after a refusal shim starts MokManager");
    refusal(Component::Grub, VIOLATION)
}
