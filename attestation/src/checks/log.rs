//! The event log against the registers.

use vtpm_backend::eventlog::EventLog;
use vtpm_backend::pcr::{Bank, PcrBanks, PcrIndex};

use super::Outcome;
use super::quote::Parsed;

/// Registers that the boot does not determine: 10 belongs to the running kernel (IMA), 16 and 23 can be reset by any
/// software (PC Client Platform TPM Profile, 4.6.2).
const NOT_OF_THE_BOOT: [u8; 3] = [10, 16, 23];

pub(super) fn parse(bytes: &[u8]) -> Result<EventLog, String> {
    if bytes.is_empty() {
        return Err("there is no event log: the registers cannot be explained".to_owned());
    }
    EventLog::parse(bytes).map_err(|error| error.to_string())
}

pub(super) fn describe(log: &EventLog) -> String {
    format!("{} events in the TCG's crypto-agile format", log.events.len())
}

fn is_of_the_boot(pcr: PcrIndex) -> bool {
    !NOT_OF_THE_BOOT.contains(&pcr.number())
}

/// Replays the log in every bank and compares: with the quoted registers, and with all registers that the host read.
pub(super) fn replay(log: &EventLog, parsed: &Parsed, live: Option<&PcrBanks>) -> Outcome {
    let replayed = log.replay();
    let quoted = parsed.selection.bank;
    let mut judged = 0;
    for (pcr, value) in parsed.registers().filter(|(pcr, _)| is_of_the_boot(*pcr)) {
        judged += 1;
        same(log, quoted, pcr, value, &replayed)?;
    }
    let Some(live) = live else {
        return Ok(format!("replaying the log gives all {judged} quoted registers ({quoted})"));
    };
    for bank in Bank::ALL {
        for pcr in PcrIndex::all().filter(|pcr| is_of_the_boot(*pcr)) {
            same(log, bank, pcr, live.get(bank, pcr), &replayed)?;
        }
    }
    Ok(format!("replaying the log gives all {judged} quoted registers ({quoted}) and the machine's own in every bank"))
}

fn same(log: &EventLog, bank: Bank, pcr: PcrIndex, value: &[u8], replayed: &PcrBanks) -> Result<(), String> {
    if replayed.get(bank, pcr) == value {
        return Ok(());
    }
    let events = log.events.iter().filter(|event| event.is_extended() && event.pcr == pcr).count();
    Err(format!(
        "PCR {pcr} ({bank}) is {} but replaying its {events} events gives {}: the log was changed or is not complete",
        hex::encode(value),
        hex::encode(replayed.get(bank, pcr))
    ))
}
