//! The platform firmware: Hyper-V's UEFI as Azure Gen2 machines run it (microsoft/mu_msvm, microsoft/mu_tiano_plus).

pub(in crate::boot) mod secure_boot;
mod volume;

use control_plane::hardware::Component;
use uuid::Uuid;

use crate::eventlog::{Event, EventType};
use crate::image::pe;
use crate::pcr::{Digests, PcrIndex};
use crate::uefi::device_path::{DevicePath, Node};
use crate::uefi::image_load::ImageLoadEvent;
use crate::uefi::load_option::LoadOption;
use crate::uefi::variable::VariableData;
use crate::uefi::{EfiGuid, guids};

use super::recorder::Recorder;
use super::{Platform, Refusal, kernel, shim};

use secure_boot::{Denial, judge};

/// The subject of everything that is measured before the boot loader.
const SELF: Component = Component::Firmware;
/// The instance of the synthetic SCSI controller that carries the OS disk of every Azure Gen2 machine.
const SCSI_CONTROLLER: EfiGuid = EfiGuid(Uuid::from_u128(0xf8b3781a_1e82_4818_a1c3_63d806ec15bb));
/// The partition that holds the boot loaders.
const ESP_NUMBER: u32 = 15;
/// Where images are loaded. Real firmware puts them wherever memory is free; no digest covers it.
const LOAD_ADDRESS: u64 = 0x3f00_0000;
const SEPARATOR: [u8; 4] = [0; 4];

/// Runs the machine from power-on until the kernel has left boot services or something was refused.
pub(super) fn run(platform: &Platform<'_>, recorder: &mut Recorder) -> Result<(), Refusal> {
    measure_firmware(recorder);
    measure_secure_boot(platform, recorder);
    measure_machine(platform.bios_uuid, recorder);
    ready_to_boot(platform, recorder);
    match start_shim(platform, recorder) {
        Ok(command_line) => {
            kernel::run(platform, &command_line, recorder);
            exit_boot_services(recorder);
            Ok(())
        }
        Err(refusal) => {
            boot_summary(&refusal, recorder);
            Err(refusal)
        }
    }
}

/// PCR 0: the version of the root of trust, which is empty, and the firmware volume (VM version 9.0 and later).
fn measure_firmware(recorder: &mut Recorder) {
    recorder.measure(SELF, 0, EventType::S_CRTM_VERSION, [0, 0]);
    let blob = [volume::BASE.to_le_bytes(), volume::LEN.to_le_bytes()].concat();
    recorder.measure_digest(SELF, 0, EventType::EFI_PLATFORM_FIRMWARE_BLOB, volume::digests(), blob);
}

/// PCR 7: the five variables, whether they are set or not, and the separator, which comes long before the others.
fn measure_secure_boot(platform: &Platform<'_>, recorder: &mut Recorder) {
    let databases = platform.databases;
    let variables = [
        (guids::GLOBAL_VARIABLE, "SecureBoot", vec![u8::from(platform.secure_boot)]),
        (guids::GLOBAL_VARIABLE, "PK", databases.pk.encode()),
        (guids::GLOBAL_VARIABLE, "KEK", databases.kek.encode()),
        (guids::IMAGE_SECURITY_DATABASE, "db", databases.db.encode()),
        (guids::IMAGE_SECURITY_DATABASE, "dbx", databases.dbx.encode()),
    ];
    for (guid, name, data) in variables {
        let event = VariableData { guid, name: name.to_owned(), data };
        recorder.measure(SELF, 7, EventType::EFI_VARIABLE_DRIVER_CONFIG, event.encode());
    }
    recorder.measure(SELF, 7, EventType::SEPARATOR, SEPARATOR);
}

/// PCR 6: the only measurement that differs between machines of one image.
fn measure_machine(bios_uuid: Uuid, recorder: &mut Recorder) {
    let Event { event_type, data, .. } = uuid_event(bios_uuid);
    recorder.measure(SELF, 6, event_type, data);
    recorder.mark_machine_specific();
}

/// `UUID: ` and the BIOS GUID in ASCII, without a NUL.
pub(super) fn uuid_event(bios_uuid: Uuid) -> Event {
    Event::of_data(PcrIndex::new(6), EventType::COMPACT_HASH, format!("UUID: {bios_uuid}"))
}

/// What Tcg2Dxe measures when the boot manager is about to start the first boot option.
fn ready_to_boot(platform: &Platform<'_>, recorder: &mut Recorder) {
    let option = LoadOption {
        description: platform.image.distribution.pretty_name.split(' ').next().unwrap_or("Linux").to_ascii_lowercase(),
        path: DevicePath(partition_path(platform).into_iter().chain([shim_file(platform)]).collect()),
    };
    for (name, data) in [("BootOrder", 1u16.to_le_bytes().to_vec()), ("Boot0001", option.encode())] {
        // Unlike the Secure Boot variables, only the content is hashed.
        let digests = Digests::of(&data);
        let event = VariableData::new(guids::GLOBAL_VARIABLE, name, data).encode();
        recorder.measure_digest(SELF, 1, EventType::EFI_VARIABLE_BOOT, digests, event);
    }
    recorder.measure(SELF, 4, EventType::EFI_ACTION, *b"Calling EFI Application from Boot Option");
    for pcr in 0..=6 {
        recorder.measure(SELF, pcr, EventType::SEPARATOR, SEPARATOR);
    }
}

/// Loads, verifies, measures and starts shim. A refused image is not measured, and neither is the partition table.
fn start_shim(platform: &Platform<'_>, recorder: &mut Recorder) -> Result<String, Refusal> {
    let content = &platform.image.shim.content;
    if platform.secure_boot {
        let verdict = judge(content, platform.databases);
        if let Some(authority) = &verdict.authority {
            let event = VariableData::new(guids::IMAGE_SECURITY_DATABASE, "db", authority.encode()).encode();
            recorder.measure(Component::Shim, 7, EventType::EFI_VARIABLE_AUTHORITY, event);
        }
        verdict.result.map_err(|denial| refused(denial.to_string()))?;
    }
    // Without Secure Boot nothing was verified, but a file that is no PE cannot be started either.
    let digests = content.authenticode().map_err(|_| refused(Denial::InvalidImage.to_string()))?;
    recorder.measure(SELF, 5, EventType::EFI_GPT_EVENT, platform.image.disk.event_data());
    let event = ImageLoadEvent {
        location: LOAD_ADDRESS,
        length: content.bytes().len() as u64,
        link_time_address: pe::image_base(content.bytes()).unwrap_or_default(),
        device_path: disk_path(platform),
    };
    let event_type = EventType::EFI_BOOT_SERVICES_APPLICATION;
    recorder.measure_digest(Component::Shim, 4, event_type, digests, event.encode());
    shim::run(platform, recorder)
}

fn refused(reason: String) -> Refusal {
    Refusal { component: Component::Shim, reason }
}

/// VMBus, SCSI controller, disk, partition, file.
fn disk_path(platform: &Platform<'_>) -> DevicePath {
    let bus = [
        Node::AcpiExtended { hid: "VMBus".to_owned() },
        Node::vmbus_scsi(SCSI_CONTROLLER),
        Node::Scsi { target: 0, lun: 0 },
    ];
    DevicePath(bus.into_iter().chain(partition_path(platform)).chain([shim_file(platform)]).collect())
}

fn partition_path(platform: &Platform<'_>) -> Option<Node> {
    let esp = platform.image.disk.partitions.iter().find(|partition| partition.number == ESP_NUMBER)?;
    Some(Node::HardDrive {
        number: esp.number,
        first_lba: esp.first_lba,
        blocks: esp.last_lba - esp.first_lba + 1,
        unique: esp.unique,
    })
}

fn shim_file(platform: &Platform<'_>) -> Node {
    Node::File(platform.image.shim.path.clone())
}

/// The kernel's EFI stub leaves boot services.
fn exit_boot_services(recorder: &mut Recorder) {
    for action in ["Exit Boot Services Invocation", "Exit Boot Services Returned with Success"] {
        recorder.measure(SELF, 5, EventType::EFI_ACTION, action);
    }
}

/// The page that Hyper-V's firmware shows when its only boot option has failed (mu_msvm, `FrontPageStrings.uni`). There
/// is no shell to fall back to and no second boot option, so nothing more is measured; that last part is inferred.
fn boot_summary(refusal: &Refusal, recorder: &mut Recorder) {
    let reason = match refusal.component {
        Component::Shim => refusal.reason.as_str(),
        _ => "The boot loader did not load an operating system.",
    };
    let lines = [
        "Virtual Machine Boot Summary",
        "",
        "1. SCSI Disk (0,0)",
        &format!("   {reason}"),
        "",
        "No operating system was loaded. Your virtual machine may be configured incorrectly.",
    ];
    lines.iter().for_each(|line| recorder.print(*line));
}
