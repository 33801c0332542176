//! Reads an event log with parsers that have nothing to do with Slipway's, and prints what they read as JSON.
#![forbid(unsafe_code)]

use std::collections::BTreeMap;
use std::error::Error;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use fallible_iterator::FallibleIterator as _;
use serde_json::{Value, json};
use tpmless_tpm2::DigestAlgorithm;

const PCRS: u32 = 24;
const BANKS: [(&str, DigestAlgorithm); 3] =
    [("sha1", DigestAlgorithm::Sha1), ("sha256", DigestAlgorithm::Sha256), ("sha384", DigestAlgorithm::Sha384)];

fn main() -> Result<(), Box<dyn Error>> {
    let path = std::env::args_os().nth(1).ok_or("usage: eventlog-parsers FILE")?;
    let log = std::fs::read(path)?;
    let all = json!({ "eventlog-rs": eventlog_rs(&log)?, "uefi-eventlog": uefi_eventlog(&log)? });
    println!("{all}");
    Ok(())
}

/// It keeps no header event and replays nothing that a TPM has: it is made for the registers of Intel TDX.
fn eventlog_rs(log: &[u8]) -> Result<Value, Box<dyn Error>> {
    let parsed = eventlog_rs::Eventlog::try_from(log.to_vec())?;
    let events = parsed.log.iter().map(|event| {
        let digest = |digest: &eventlog_rs::ElDigest| {
            (digest.algorithm.trim_start_matches("TPM_ALG_").to_lowercase(), hex::encode(&digest.digest))
        };
        let digests: BTreeMap<_, _> = event.digests.iter().map(digest).collect();
        json!({
            "pcr": event.target_measurement_registry, "type": event.event_type_id, "digests": digests,
            "bytes": event.event_desc.len(),
        })
    });
    Ok(json!({ "events": events.collect::<Vec<_>>() }))
}

fn uefi_eventlog(log: &[u8]) -> Result<Value, Box<dyn Error>> {
    let mut parser = uefi_eventlog::Parser::new(log);
    let mut events = Vec::new();
    while let Some(event) = parser.next()? {
        // Its digests are to be had in serialized form only.
        let written = serde_json::to_value(&event.digests)?;
        let digests: BTreeMap<String, String> =
            written.as_array().ok_or("digests are a list")?.iter().map(digest).collect::<Result<_, _>>()?;
        events.push(json!({
            "pcr": event.pcr_index, "type": u32::from(event.event), "digests": digests, "bytes": event.data.len(),
        }));
    }
    let registers = parser.pcrs();
    let bank = |(name, algorithm): (&str, DigestAlgorithm)| {
        let values = (0..PCRS).map(|pcr| Ok((pcr.to_string(), hex::encode(registers.pcr_algo_value(pcr, algorithm)?))));
        Ok((name.to_owned(), values.collect::<Result<BTreeMap<_, _>, tpmless_tpm2::Error>>()?))
    };
    let pcrs = BANKS.into_iter().map(bank).collect::<Result<BTreeMap<_, _>, tpmless_tpm2::Error>>()?;
    Ok(json!({ "events": events, "pcrs": pcrs }))
}

fn digest(written: &Value) -> Result<(String, String), Box<dyn Error>> {
    let field = |name: &str| written[name].as_str().ok_or("a digest has a method and a value");
    Ok((field("method")?.to_lowercase(), hex::encode(STANDARD.decode(field("digest")?)?)))
}
