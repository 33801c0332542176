//! The measured boot in a few lines: what each stage was, and where its measurement went.

use attestation::Part;
use vtpm_backend::eventlog::{Event, EventLog, EventType};
use vtpm_backend::pcr::{Bank, PcrBanks, PcrIndex};

use super::scene::Scene;
use super::stage::{self, Style, shortened, styled};
use crate::api::NodeView;
use crate::failure::{Failure, OrFail as _};

/// The registers that tell a boot's story.
const SHOWN: [u8; 6] = [0, 4, 7, 8, 9, 14];

/// Shows the boot chain of a node and its registers, and checks that they agree.
pub(super) fn show(scene: &Scene<'_>, node: &NodeView) -> Result<(), Failure> {
    let bytes = scene.client.bytes(&scene.node_path(node, "/eventlog?format=binary"))?;
    let log = EventLog::parse(&bytes).or_fail(|| format!("the event log of {} cannot be read", node.name))?;
    for event in log.events.iter().filter(|event| is_a_stage(event)) {
        let part = Part::of(event);
        let text = format!("{:<30} PCR {:<2} {}", part.as_str(), event.pcr.number(), event.describe());
        stage::line(&shortened(&text))?;
    }
    stage::line("")?;
    let live: PcrBanks = scene.client.get(&scene.node_path(node, "/pcrs"))?;
    for pcr in PcrIndex::all().filter(|pcr| SHOWN.contains(&pcr.number())) {
        stage::line(&format!("PCR {:<2} sha256 {}", pcr.number(), hex::encode(live.get(Bank::Sha256, pcr))))?;
    }
    let explained = log.replay().differing(&live).is_empty();
    if !explained {
        return Err(Failure::Failed(format!("the event log of {} does not explain its registers", node.name)));
    }
    let text = format!("{} events explain all registers in sha1, sha256 and sha384", log.events.len());
    stage::line(&styled(Style::Green, &text))
}

/// Secure Boot's state, the certificates that let images pass, images and the files that GRUB read.
fn is_a_stage(event: &Event) -> bool {
    match event.event_type {
        EventType::EFI_VARIABLE_AUTHORITY | EventType::EFI_BOOT_SERVICES_APPLICATION => true,
        EventType::EFI_VARIABLE_DRIVER_CONFIG => event.describe().starts_with("SecureBoot"),
        // GRUB's words: what it loaded, not each command.
        EventType::IPL => event.pcr == PcrIndex::new(9),
        _ => false,
    }
}
