//! The platform firmware: edk2's measurements in their order (`Tcg2Pei`, `Tcg2Dxe`, `DxeTpm2MeasureBootLib`).

use control_plane::hardware::Component;
use uuid::Uuid;

use super::secure_boot::{Denial, judge};
use crate::boot::Refusal;
use crate::eventlog::{Event, EventType};
use crate::image::pe;
use crate::pcr::{Digests, PcrIndex};
use crate::uefi::device_path::{DevicePath, Node};
use crate::uefi::image_load::ImageLoadEvent;
use crate::uefi::variable::{VariableData, utf16};
use crate::uefi::{EfiGuid, guids};

use super::loader::{BootFile, boot_file, boot_order};
use super::profile::{DiskPath, MachineEvent};
use super::session::{LOAD_ADDRESS, Session};
use super::{Firmware, PredictError, after_refusal, loader, simulated};

const SELF: Component = Component::Firmware;
const SEPARATOR: [u8; 4] = [0; 4];
/// The instance of the synthetic SCSI controller that carries the OS disk of every Azure Gen2 machine.
const SCSI_CONTROLLER: EfiGuid = EfiGuid(Uuid::from_u128(0xf8b3781a_1e82_4818_a1c3_63d806ec15bb));

/// Runs the machine from power-on until the operating system runs or the firmware gives up.
pub(super) fn run(session: &mut Session<'_>) -> Result<Result<(), Refusal>, PredictError> {
    measure_firmware(session);
    measure_secure_boot(session);
    measure_machine(session);
    measure_boot_variables(session);
    let file = boot_file(session);
    let file = match (file, session.take_disk_error()) {
        (_, Some(error)) => return Err(error.into()),
        (Err(reason), None) => return Err(PredictError::NothingToBoot(reason)),
        (Ok(file), None) => file,
    };
    if session.profile.calling_action {
        action(session, 4, "Calling EFI Application from Boot Option");
    }
    for pcr in 0..=6 {
        session.recorder.measure(SELF, pcr, EventType::SEPARATOR, SEPARATOR);
    }
    let result = start(session, &file);
    match (&result, session.take_disk_error()) {
        (_, Some(error)) => return Err(error.into()),
        (Ok(()), None) => {
            for text in ["Exit Boot Services Invocation", "Exit Boot Services Returned with Success"] {
                action(session, 5, text);
            }
        }
        (Err(refusal), None) => after_refusal::run(session, refusal),
    }
    Ok(result)
}

fn action(session: &mut Session<'_>, pcr: u8, text: &str) {
    session.recorder.measure(SELF, pcr, EventType::EFI_ACTION, text);
}

/// PCR 0: the version of the root of trust and the firmware volumes.
fn measure_firmware(session: &mut Session<'_>) {
    let version = [utf16(&session.profile.crtm_version), vec![0, 0]].concat();
    session.recorder.measure(SELF, 0, EventType::S_CRTM_VERSION, version);
    for volume in &session.profile.volumes {
        let known = match &session.firmware {
            Firmware::Unknown => None,
            Firmware::Simulated => Some(simulated::volume(volume.len)),
            Firmware::Image(image) => image.volume(volume.len).map(Digests::of),
        };
        let digests = match known {
            Some(digests) if !volume.changes_in_memory => digests,
            Some(_) => {
                session.cannot_predict(
                    0,
                    format!(
                        "the firmware writes into its volume {} before it measures it: the value depends on processors \
                     and variables",
                        volume.name
                    ),
                );
                Digests::ZERO
            }
            None => {
                session.cannot_predict(
                        0,
                        format!(
                            "it holds the firmware's volume {}, whose bytes are not at hand (for OVMF, --firmware gives them)",
                            volume.name
                        ),
                    );
                Digests::ZERO
            }
        };
        let data = [volume.base.to_le_bytes(), volume.len.to_le_bytes()].concat();
        let event_type = EventType::EFI_PLATFORM_FIRMWARE_BLOB;
        session.recorder.measure_digest(SELF, 0, event_type, digests, data);
    }
}

/// PCR 7: the five variables, whether they are set or not, and the separator, which comes long before the others.
fn measure_secure_boot(session: &mut Session<'_>) {
    if session.debugger {
        // Tcg2Dxe, `MeasureLaunchOfFirmwareDebugger`: before the variables, without a NUL.
        action(session, 7, "UEFI Debug Mode");
    }
    let (global, image) = (guids::GLOBAL_VARIABLE, guids::IMAGE_SECURITY_DATABASE);
    let stored = |guid, name| session.variables.data(guid, name).to_vec();
    let variables = [
        (global, "SecureBoot", vec![u8::from(session.secure_boot)]),
        (global, "PK", stored(global, "PK")),
        (global, "KEK", stored(global, "KEK")),
        (image, "db", stored(image, "db")),
        (image, "dbx", stored(image, "dbx")),
    ];
    for (guid, name, data) in variables {
        let event = VariableData::new(guid, name, data).encode();
        let event_type = EventType::EFI_VARIABLE_DRIVER_CONFIG;
        session.recorder.measure(SELF, 7, event_type, event);
    }
    session.recorder.measure(SELF, 7, EventType::SEPARATOR, SEPARATOR);
}

/// PCR 6: what tells this machine from others.
fn measure_machine(session: &mut Session<'_>) {
    for event in &session.profile.machine_events {
        match event {
            MachineEvent::Uuid => {
                if session.bios_uuid.is_none() {
                    session.cannot_predict(6, "it holds the machine's BIOS GUID, which was not given (--bios-uuid)");
                }
                let Event { event_type, data, .. } = uuid_event(session.bios_uuid.unwrap_or_default());
                session.recorder.measure(SELF, 6, event_type, data);
                session.recorder.mark_machine_specific();
            }
            MachineEvent::Architecture => {
                let text = r#"{"MachineArchitecture": "X64"}"#;
                session.recorder.measure(SELF, 6, EventType::COMPACT_HASH, text);
            }
        }
    }
}

/// `UUID: ` and the BIOS GUID in ASCII, without a NUL.
pub(in crate::boot) fn uuid_event(bios_uuid: Uuid) -> Event {
    Event::of_data(PcrIndex::new(6), EventType::COMPACT_HASH, format!("UUID: {bios_uuid}"))
}

/// PCR 1: BootOrder and the options in its order; unlike the Secure Boot variables, only their content is hashed.
fn measure_boot_variables(session: &mut Session<'_>) {
    if !session.profile.boot_variables {
        return;
    }
    let order = boot_order(&session.variables);
    if order.is_empty() {
        session.cannot_predict(1, "the variables hold no BootOrder; the firmware makes one for the hardware it finds");
        return;
    }
    session.note(
        "PCR 1 is that of the boot options in the variables; firmware that finds other hardware changes them first",
    );
    let names = order.iter().map(|number| format!("Boot{number:04X}"));
    for name in std::iter::once("BootOrder".to_owned()).chain(names) {
        let data = session.variables.data(guids::GLOBAL_VARIABLE, &name).to_vec();
        let digests = Digests::of(&data);
        let event = VariableData::new(guids::GLOBAL_VARIABLE, &name, data).encode();
        let event_type = EventType::EFI_VARIABLE_BOOT;
        session.recorder.measure_digest(SELF, 1, event_type, digests, event);
    }
}

/// Loads, verifies, measures and starts the boot file. A refused image is not measured, and neither is the partition
/// table.
fn start(session: &mut Session<'_>, file: &BootFile) -> Result<(), Refusal> {
    let digests = admit(session, Component::Shim, file).map_err(|denial| refused(session, &denial))?;
    match &session.disk.table {
        Some(table) => {
            let data = table.event_data();
            session.recorder.measure(SELF, 5, EventType::EFI_GPT_EVENT, data);
        }
        None => session.cannot_predict(5, "it holds the disk's partition table; give the whole disk (--disk)"),
    }
    measure_application(session, Component::Shim, file, digests);
    loader::start(session, file)
}

/// Whether an image may run, by the firmware's own lists while Secure Boot is on. The entry of db that admits it is
/// measured into PCR 7, once in a boot (`IsDataMeasured`). Returns the image's hash.
pub(super) fn admit(session: &mut Session<'_>, subject: Component, file: &BootFile) -> Result<Digests, Denial> {
    if session.secure_boot {
        let verdict = judge(&file.content, &session.databases);
        if let Some(authority) = &verdict.authority {
            let data = authority.encode();
            let event = VariableData::new(guids::IMAGE_SECURITY_DATABASE, "db", data).encode();
            if session.admitted_by.insert(event.clone()) {
                session.recorder.measure(subject, 7, EventType::EFI_VARIABLE_AUTHORITY, event);
            }
        }
        verdict.result?;
    }
    file.content.authenticode().map_err(|_| Denial::InvalidImage)
}

/// PCR 4: a file that is started from the boot disk.
pub(super) fn measure_application(session: &mut Session<'_>, subject: Component, file: &BootFile, digests: Digests) {
    let bytes = file.content.bytes();
    let event = ImageLoadEvent {
        location: LOAD_ADDRESS,
        length: bytes.len() as u64,
        link_time_address: pe::image_base(bytes).unwrap_or_default(),
        device_path: device_path(session, &file.path),
    };
    session.measure_image(subject, digests, event.encode());
}

fn refused(session: &mut Session<'_>, denial: &Denial) -> Refusal {
    session.mark_refusal();
    Refusal { component: Component::Shim, reason: denial.to_string() }
}

/// Bus, disk, partition, file.
fn device_path(session: &Session<'_>, path: &str) -> DevicePath {
    let mut nodes = match session.profile.disk_path {
        DiskPath::Vmbus => vec![
            Node::AcpiExtended { hid: "VMBus".to_owned() },
            Node::vmbus_scsi(SCSI_CONTROLLER),
            Node::Scsi { target: 0, lun: 0 },
        ],
        DiskPath::Pci => vec![
            Node::Other { kind: 2, subtype: 1, data: vec![0xd0, 0x41, 0x03, 0x0a, 0, 0, 0, 0] },
            Node::Other { kind: 1, subtype: 1, data: vec![0, 1] },
        ],
    };
    let table = session.disk.table.as_ref();
    if let Some(esp) = table.and_then(|table| table.partition(session.disk.esp)) {
        nodes.push(Node::HardDrive {
            number: esp.number,
            first_lba: esp.first_lba,
            blocks: esp.last_lba - esp.first_lba + 1,
            unique: esp.unique,
        });
    }
    nodes.push(Node::File(path.to_owned()));
    DevicePath(nodes)
}
