//! The state of one predicted boot that all stages share.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use control_plane::hardware::{BootOutcome, Component};
use uuid::Uuid;

use crate::boot::Refusal;
use crate::disk::{Disk, DiskError, Kind, Volume};
use crate::eventlog::EventType;
use crate::image::{Content, KeyDatabases};
use crate::pcr::Digests;
use crate::uefi::guids;
use crate::uefi::signature::SignatureDatabase;
use crate::uefi::var_store::Variables;

use super::profile::FirmwareProfile;
use super::recorder::Recorder;
use super::{AtRefusal, Firmware, Inputs, Prediction, Version};

/// Where images are loaded. Real firmware puts them wherever memory is free; no digest covers it.
pub(super) const LOAD_ADDRESS: u64 = 0x3f00_0000;

/// A boot under way.
pub(super) struct Session<'a> {
    pub(super) profile: &'a FirmwareProfile,
    pub(super) disk: &'a Disk,
    pub(super) variables: Variables,
    pub(super) firmware: Firmware,
    pub(super) databases: KeyDatabases,
    pub(super) secure_boot: bool,
    pub(super) bios_uuid: Option<Uuid>,
    pub(super) boot_path: Option<String>,
    pub(super) shim_version: Option<Version>,
    pub(super) grub_version: Option<Version>,
    pub(super) debugger: bool,
    pub(super) recorder: Recorder,
    /// How many programs the firmware has started.
    pub(super) started: usize,
    /// The authorities that the firmware has measured.
    pub(super) admitted_by: BTreeSet<Vec<u8>>,
    at_refusal: Option<AtRefusal>,
    unpredicted: BTreeMap<u8, String>,
    notes: Vec<String>,
    /// The first thing on the disk that could not be read.
    disk_error: Option<DiskError>,
}

impl<'a> Session<'a> {
    pub(super) fn new(inputs: Inputs<'a>) -> Session<'a> {
        let mut session = Session {
            profile: inputs.profile,
            disk: inputs.disk,
            databases: KeyDatabases::default(),
            variables: inputs.variables,
            firmware: inputs.firmware,
            secure_boot: inputs.secure_boot,
            bios_uuid: inputs.bios_uuid,
            boot_path: inputs.boot_path,
            shim_version: inputs.shim_version,
            grub_version: inputs.grub_version,
            debugger: inputs.debugger,
            recorder: Recorder::default(),
            started: 0,
            admitted_by: BTreeSet::new(),
            at_refusal: None,
            unpredicted: BTreeMap::new(),
            notes: Vec::new(),
            disk_error: None,
        };
        session.databases = KeyDatabases {
            pk: session.database("PK"),
            kek: session.database("KEK"),
            db: session.database("db"),
            dbx: session.database("dbx"),
        };
        session
    }

    fn database(&mut self, name: &str) -> SignatureDatabase {
        let guid = match name {
            "PK" | "KEK" => guids::GLOBAL_VARIABLE,
            _ => guids::IMAGE_SECURITY_DATABASE,
        };
        match SignatureDatabase::parse(self.variables.data(guid, name)) {
            Ok(database) => database,
            Err(e) => {
                self.note(format!("the variable {name} is no signature database ({e}) and counts as empty"));
                SignatureDatabase::default()
            }
        }
    }

    /// Tells the user something once.
    pub(super) fn note(&mut self, note: impl Into<String>) {
        let note = note.into();
        if !self.notes.contains(&note) {
            self.notes.push(note);
        }
    }

    /// Says that a register cannot be told; the first reason stays.
    pub(super) fn cannot_predict(&mut self, pcr: u8, reason: impl Into<String>) {
        self.unpredicted.entry(pcr).or_insert_with(|| reason.into());
    }

    /// A file; a file that cannot be read counts as absent, and the boot ends with an error.
    pub(super) fn file(&mut self, volume: &Volume, path: &str) -> Option<Arc<Content>> {
        let result = volume.file(path);
        self.checked(result).flatten()
    }

    pub(super) fn kind(&mut self, volume: &Volume, path: &str) -> Option<Kind> {
        let result = volume.kind(path);
        self.checked(result).flatten()
    }

    pub(super) fn list(&mut self, volume: &Volume, path: &str) -> Vec<String> {
        let result = volume.list(path);
        self.checked(result).unwrap_or_default()
    }

    fn checked<T>(&mut self, result: Result<T, DiskError>) -> Option<T> {
        match result {
            Ok(value) => Some(value),
            Err(error) => {
                self.disk_error.get_or_insert(error);
                None
            }
        }
    }

    /// What could not be read, if anything.
    pub(super) fn take_disk_error(&mut self) -> Option<DiskError> {
        self.disk_error.take()
    }

    /// Measures an image into PCR 4 by its Authenticode hash.
    pub(super) fn measure_image(&mut self, subject: Component, digests: Digests, event: Vec<u8>) {
        let event_type = EventType::EFI_BOOT_SERVICES_APPLICATION;
        self.recorder.measure_digest(subject, 4, event_type, digests, event);
    }

    /// Keeps the registers as they are at a refusal.
    pub(super) fn mark_refusal(&mut self) {
        if self.at_refusal.is_none() {
            self.at_refusal =
                Some(AtRefusal { pcrs: self.recorder.pcrs.clone(), unpredicted: self.unpredicted.clone() });
        }
    }

    pub(super) fn finish(self, result: Result<(), Refusal>) -> Prediction {
        Prediction {
            outcome: match result {
                Ok(()) => BootOutcome::Booted,
                Err(Refusal { component, reason }) => BootOutcome::Refused { component, reason },
            },
            pcrs: self.recorder.pcrs,
            at_refusal: self.at_refusal,
            console: self.recorder.console,
            events: self.recorder.events,
            subjects: self.recorder.subjects,
            unpredicted: self.unpredicted,
            notes: self.notes,
        }
    }
}
