//! The log as YAML, in the shape that `tpm2_eventlog` prints.

use std::fmt::Write;

use crate::pcr::{Bank, PcrIndex};

use super::{Event, EventLog, LogStyle};

/// tpm2_eventlog prints the data of unknown events up to this length.
const DATA_BYTES_SHOWN_MAX: usize = 1024;

pub(super) fn render(log: &EventLog, style: &LogStyle) -> String {
    let mut out = String::new();
    // Writing to a String cannot fail.
    let _ = write_log(log, style, &mut out);
    out
}

fn write_log(log: &EventLog, style: &LogStyle, out: &mut String) -> std::fmt::Result {
    out.push_str("---\nversion: 1\nevents:\n");
    write_header(style, out)?;
    for (i, event) in log.events.iter().enumerate() {
        write_event(i + 1, event, style, out)?;
    }
    write_pcrs(log, out)
}

fn write_header(style: &LogStyle, out: &mut String) -> std::fmt::Result {
    writeln!(out, "- EventNum: 0\n  PCRIndex: 0\n  EventType: EV_NO_ACTION\n  Digest: \"{}\"", "0".repeat(40))?;
    out.push_str("  EventSize: 41\n  SpecID:\n  - Signature: Spec ID Event03\n    platformClass: 0\n");
    writeln!(
        out,
        "    specVersionMinor: 0\n    specVersionMajor: 2\n    specErrata: {}\n    uintnSize: 2",
        style.errata
    )?;
    writeln!(out, "    numberOfAlgorithms: {}\n    Algorithms:", Bank::ALL.len())?;
    for (i, bank) in Bank::ALL.into_iter().enumerate() {
        writeln!(out, "    - Algorithm[{i}]:\n      algorithmId: {bank}\n      digestSize: {}", bank.digest_len())?;
    }
    out.push_str("    vendorInfoSize: 0\n");
    Ok(())
}

fn write_event(number: usize, event: &Event, style: &LogStyle, out: &mut String) -> std::fmt::Result {
    writeln!(out, "- EventNum: {number}\n  PCRIndex: {}\n  EventType: {}", event.pcr, event.event_type)?;
    writeln!(out, "  DigestCount: {}\n  Digests:", style.digest_order.len())?;
    for bank in style.digest_order {
        writeln!(out, "  - AlgorithmId: {bank}\n    Digest: \"{}\"", hex::encode(event.digests.get(bank)))?;
    }
    writeln!(out, "  EventSize: {}", event.data.len())?;
    writeln!(out, "  Description: {}", quoted(&event.describe()))?;
    let shown = &event.data[..event.data.len().min(DATA_BYTES_SHOWN_MAX)];
    writeln!(out, "  Event: \"{}\"", hex::encode(shown))
}

fn write_pcrs(log: &EventLog, out: &mut String) -> std::fmt::Result {
    let banks = log.replay();
    let used = |pcr: &PcrIndex| log.events.iter().any(|event| event.is_extended() && event.pcr == *pcr);
    out.push_str("pcrs:\n");
    for bank in Bank::ALL {
        writeln!(out, "  {bank}:")?;
        for pcr in PcrIndex::all().filter(used) {
            writeln!(out, "    {:<2} : 0x{}", pcr.number(), hex::encode(banks.get(bank, pcr)))?;
        }
    }
    Ok(())
}

/// A double-quoted YAML scalar; JSON strings are a subset of these.
fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}
