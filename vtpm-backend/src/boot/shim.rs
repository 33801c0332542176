//! shim 15.8: the first-stage boot loader (rhboot/shim).

use control_plane::hardware::Component;

use crate::eventlog::EventType;
use crate::image::authenticode::{Signature, signatures};
use crate::image::{Content, KeyDatabases, pe};
use crate::pcr::Digests;
use crate::uefi::device_path::{DevicePath, Node};
use crate::uefi::image_load::ImageLoadEvent;
use crate::uefi::signature::{SignatureData, SignatureDatabase, SignatureList};
use crate::uefi::variable::VariableData;
use crate::uefi::{Cursor, Malformed, guids};

use super::recorder::Recorder;
use super::{Platform, Refusal, grub};

/// The revocation level that shim falls back to when Secure Boot is off (`SBAT_VAR_ORIGINAL`).
const SBAT_LEVEL_ORIGINAL: &[u8] = b"sbat,1,2021030218\n";
const LOAD_ADDRESS: u64 = 0x3e00_0000;

/// Runs shim: its own state, then GRUB. Returns the kernel's command line.
pub(super) fn run(platform: &Platform<'_>, recorder: &mut Recorder) -> Result<String, Refusal> {
    let shim = Shim::new(platform);
    shim.measure_state(recorder);
    shim.start_grub(recorder)?;
    grub::run(platform, &shim, recorder)
}

/// A running shim, which GRUB calls back through the shim lock protocol.
pub(super) struct Shim<'a> {
    platform: &'a Platform<'a>,
    build: Build,
}

/// What was built into this shim; read from its own bytes.
struct Build {
    vendor_certificate: Vec<u8>,
    vendor_dbx: Vec<u8>,
    sbat_level: Vec<u8>,
}

/// What admitted an image, as it is measured into PCR 7.
struct Authority {
    name: &'static str,
    data: Vec<u8>,
}

impl<'a> Shim<'a> {
    fn new(platform: &'a Platform<'a>) -> Shim<'a> {
        Shim { platform, build: Build::of(platform.image.shim.content.bytes()) }
    }

    /// Mirrors the machine owner's lists and applies the revocation level. No MOKs are enrolled, so the lists hold what
    /// was built in.
    fn measure_state(&self, recorder: &mut Recorder) {
        let own = SignatureList::x509(guids::SHIM_LOCK, &self.build.vendor_certificate);
        let mok_list = SignatureDatabase { lists: vec![own] }.encode();
        measure_mok("MokList", &mok_list, recorder);
        measure_mok("MokListX", &self.build.vendor_dbx, recorder);
        let level = if self.platform.secure_boot { self.build.sbat_level.as_slice() } else { SBAT_LEVEL_ORIGINAL };
        let event = VariableData::new(guids::SHIM_LOCK, "SbatLevel", level).encode();
        recorder.measure(Component::Shim, 7, EventType::EFI_VARIABLE_AUTHORITY, event);
        measure_mok("MokListTrusted", &[1], recorder);
    }

    /// Verifies, then measures (`handle_image` since 15.6): a refused GRUB leaves no trace.
    fn start_grub(&self, recorder: &mut Recorder) -> Result<(), Refusal> {
        let file = &self.platform.image.grub;
        if self.platform.secure_boot && !self.admit(Component::Grub, &file.content, recorder) {
            return Err(self.report_refused_grub(recorder));
        }
        // Without Secure Boot nothing was verified, but a file that is no PE cannot be started either.
        let digests = file.content.authenticode().map_err(|_| self.report_refused_grub(recorder))?;
        let event = ImageLoadEvent {
            location: LOAD_ADDRESS,
            length: file.content.bytes().len() as u64,
            link_time_address: pe::image_base(file.content.bytes()).unwrap_or_default(),
            device_path: DevicePath(vec![Node::File(file.path.clone())]),
        };
        let event_type = EventType::EFI_BOOT_SERVICES_APPLICATION;
        recorder.measure_digest(Component::Grub, 4, event_type, digests, event.encode());
        Ok(())
    }

    /// What shim shows: a box, then its attempt to start MokManager, which node images do not carry.
    fn report_refused_grub(&self, recorder: &mut Recorder) -> Refusal {
        let folder = self.platform.image.distribution.esp_folder;
        let reason = "Verification failed: (0x1A) Security Violation";
        for line in [
            "ERROR".to_owned(),
            reason.to_owned(),
            "Failed to load image: Security Policy Violation".to_owned(),
            format!("Failed to open {folder}\\mmx64.efi - Not Found"),
            format!("Failed to load image {folder}\\mmx64.efi: Not Found"),
            "start_image() returned Not Found, falling back to default loader".to_owned(),
            reason.to_owned(),
            "Failed to load image: Security Policy Violation".to_owned(),
            "start_image() returned Security Policy Violation".to_owned(),
        ] {
            recorder.print(line);
        }
        Refusal { component: Component::Grub, reason: reason.to_owned() }
    }

    /// `shim_lock.Verify`, by which GRUB asks about a kernel: measures first, verifies then (`shim_verify`). So a refused
    /// kernel is in PCR 4.
    ///
    /// Returns whether the kernel may run.
    pub(super) fn verify_for_grub(&self, kernel: &Content, recorder: &mut Recorder) -> bool {
        let Ok(digests) = kernel.authenticode() else {
            return false;
        };
        // The protocol passes a buffer: there is no address to tell and no device path.
        let event = ImageLoadEvent {
            location: 0,
            length: kernel.bytes().len() as u64,
            link_time_address: 0,
            device_path: DevicePath::default(),
        };
        let event_type = EventType::EFI_BOOT_SERVICES_APPLICATION;
        recorder.measure_digest(Component::Kernel, 4, event_type, digests, event.encode());
        self.admit(Component::Kernel, kernel, recorder)
    }

    /// Whether an image may run. What admitted it, or the entry of dbx that revoked it, is measured into PCR 7.
    fn admit(&self, subject: Component, image: &Content, recorder: &mut Recorder) -> bool {
        let (authority, admitted) = match self.verify(image) {
            Ok(authority) => (Some(authority), true),
            Err(revocation) => (revocation.map(|entry| Authority { name: "dbx", data: entry.encode() }), false),
        };
        if let Some(authority) = authority {
            measure_authority(subject, &authority, recorder);
        }
        admitted
    }

    /// `verify_buffer`: revoked hashes first, then db, then the vendor's certificate.
    ///
    /// The error holds the entry of dbx that revoked the image, if that was the reason.
    fn verify(&self, image: &Content) -> Result<Authority, Option<SignatureData>> {
        let hash = image.authenticode().map_err(|_| None)?.sha256;
        let databases = self.platform.databases;
        if let Some(entry) = self.revocation(&hash, databases) {
            return Err(Some(entry));
        }
        let found = signatures(image.bytes()).map_err(|_| None)?;
        let authority = found.iter().flatten().find_map(|signature| self.authority(image, signature, databases));
        authority.ok_or(None)
    }

    fn revocation(&self, hash: &[u8; 32], databases: &KeyDatabases) -> Option<SignatureData> {
        let vendor = SignatureDatabase::parse(&self.build.vendor_dbx).unwrap_or_default();
        databases.dbx.find_sha256(hash).or_else(|| vendor.find_sha256(hash)).cloned()
    }

    fn authority(&self, image: &Content, signature: &Signature, databases: &KeyDatabases) -> Option<Authority> {
        let mut entries = databases.db.certificates();
        if let Some(entry) = entries.find(|entry| signature.verify(image, &entry.data).is_ok()) {
            return Some(Authority { name: "db", data: entry.encode() });
        }
        let vendor = &self.build.vendor_certificate;
        // The built-in certificate is measured as it is, without an owner's GUID.
        signature.verify(image, vendor).is_ok().then(|| Authority { name: "Shim", data: vendor.clone() })
    }
}

/// Measures an authority the first time it decides something.
fn measure_authority(subject: Component, authority: &Authority, recorder: &mut Recorder) {
    let guid = if authority.name == "Shim" { guids::SHIM_LOCK } else { guids::IMAGE_SECURITY_DATABASE };
    let event = VariableData::new(guid, authority.name, authority.data.as_slice()).encode();
    if !recorder.has(EventType::EFI_VARIABLE_AUTHORITY, &event) {
        recorder.measure(subject, 7, EventType::EFI_VARIABLE_AUTHORITY, event);
    }
}

/// PCR 14: the content of a list under its name.
fn measure_mok(name: &str, content: &[u8], recorder: &mut Recorder) {
    let data = [name.as_bytes(), b"\0"].concat();
    recorder.measure_digest(Component::Shim, 14, EventType::IPL, Digests::of(content), data);
}

impl Build {
    fn of(shim: &[u8]) -> Build {
        let section = |name| pe::section(shim, name).ok().flatten().unwrap_or_default();
        let (vendor_certificate, vendor_dbx) = vendor_table(section(".vendor_cert")).unwrap_or_default();
        let sbat_level = sbat_level(section(".sbatlevel")).unwrap_or_else(|_| SBAT_LEVEL_ORIGINAL.to_vec());
        Build { vendor_certificate, vendor_dbx, sbat_level }
    }
}

/// `struct cert_table`: two sizes, two offsets.
fn vendor_table(section: &[u8]) -> Result<(Vec<u8>, Vec<u8>), Malformed> {
    let mut cursor = Cursor::new(section);
    let (certificate_len, dbx_len) = (cursor.u32()?, cursor.u32()?);
    let (certificate_at, dbx_at) = (cursor.u32()?, cursor.u32()?);
    let part = |at: u32, len: u32| {
        let mut cursor = Cursor::new(section);
        cursor.take(at as usize)?;
        Ok(cursor.take(len as usize)?.to_vec())
    };
    Ok((part(certificate_at, certificate_len)?, part(dbx_at, dbx_len)?))
}

/// The automatic level: a C string at the first offset, counted from behind the format version.
fn sbat_level(section: &[u8]) -> Result<Vec<u8>, Malformed> {
    let mut cursor = Cursor::new(section);
    cursor.u32()?;
    let offset = cursor.u32()? as usize;
    let mut text = Cursor::new(section);
    text.take(offset + 4)?;
    let rest = text.take(text.remaining())?;
    let len = rest.iter().position(|byte| *byte == 0).ok_or_else(|| text.error("no end of the SBAT level"))?;
    Ok(rest[..len].to_vec())
}
