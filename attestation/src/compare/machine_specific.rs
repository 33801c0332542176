//! What differs between two machines that boot the same.

use vtpm_backend::eventlog::{Event, EventData, EventType};
use vtpm_backend::uefi::gpt::GptEvent;

/// Whether an event tells about its machine alone: the BIOS GUID that Azure's firmware measures into PCR 6, boot options
/// (which name disks by their GUIDs), and the firmware's tables (serial numbers, memory sizes), in PCR 1 or, on older
/// machines, 5.
pub(super) fn alone(event: &Event) -> bool {
    match event.pcr.number() {
        6 => event.event_type == EventType::COMPACT_HASH,
        1 | 5 => matches!(
            event.event_type,
            EventType::EFI_VARIABLE_BOOT
                | EventType::EFI_VARIABLE_BOOT2
                | EventType::EFI_HANDOFF_TABLES
                | EventType::EFI_HANDOFF_TABLES2
                | EventType::TABLE_OF_DEVICES
                | EventType::PLATFORM_CONFIG_FLAGS
        ),
        _ => false,
    }
}

/// Whether the same step differs in what belongs to its machine alone; of a partition table, the GUIDs.
pub(super) fn changed(was: &Event, is: &Event) -> bool {
    let layout = |event: &Event| match (event.pcr.number(), event.decode()) {
        (5, EventData::Gpt(gpt)) => Some(without_guids(gpt)),
        _ => None,
    };
    alone(is) || layout(is).is_some_and(|is| layout(was) == Some(is))
}

fn without_guids(gpt: GptEvent) -> Vec<(String, u64, u64, String)> {
    gpt.partitions.into_iter().map(|(kind, _, first, last, name)| (kind.to_string(), first, last, name)).collect()
}
