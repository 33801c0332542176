use control_plane::hardware::Fault;

use std::sync::Arc;

use uuid::Uuid;

use super::engine::FirmwareProfile;
use super::*;
use crate::eventlog::{EventData, EventType};
use crate::image::testing::{image, keys};
use crate::pcr::{Digests, PcrIndex};

mod distributions;
mod order;
mod refusals;
mod registers;
mod revocations;

const UUID_A: Uuid = Uuid::from_u128(0x1111_2222_3333_4444_5555_6666_7777_8888);
const UUID_B: Uuid = Uuid::from_u128(0x9999_2222_3333_4444_5555_6666_7777_8888);

fn boot_with(bios_uuid: Uuid, secure_boot: bool, faults: &[Fault]) -> BootRun {
    boot(&Machine { faults, ..machine(bios_uuid, secure_boot) }).unwrap()
}

fn machine(bios_uuid: Uuid, secure_boot: bool) -> Machine<'static> {
    let firmware = FirmwareProfile::azure();
    Machine { bios_uuid, secure_boot, image: image(), faults: &[], keys: keys(), firmware }
}

fn good(secure_boot: bool) -> BootRun {
    boot_with(UUID_A, secure_boot, &[])
}

fn tampered(component: Component, secure_boot: bool) -> BootRun {
    boot_with(UUID_A, secure_boot, &[Fault::Tampered { component }])
}

fn refused(run: &BootRun) -> (Component, &str) {
    match &run.outcome {
        BootOutcome::Refused { component, reason } => (*component, reason),
        BootOutcome::Booted => panic!("it booted"),
    }
}

fn differing(a: &BootRun, b: &BootRun) -> Vec<u8> {
    a.pcrs.differing(&b.pcrs).into_iter().map(PcrIndex::number).collect()
}

fn authorities(run: &BootRun) -> Vec<String> {
    let names = run.events.iter().filter(|event| event.event_type == EventType::EFI_VARIABLE_AUTHORITY);
    names
        .map(|event| match event.decode() {
            EventData::Variable(variable) => variable.name,
            other => panic!("{other:?}"),
        })
        .collect()
}

fn digests_in(run: &BootRun, pcr: u8, event_type: EventType) -> Vec<Digests> {
    let wanted = |event: &&Event| event.pcr == PcrIndex::new(pcr) && event.event_type == event_type;
    run.events.iter().filter(wanted).map(|event| event.digests).collect()
}

fn applications(run: &BootRun) -> Vec<Digests> {
    digests_in(run, 4, EventType::EFI_BOOT_SERVICES_APPLICATION)
}

fn hash_of(component: Component) -> Digests {
    image().file(component).unwrap().content.authenticode().unwrap()
}
