//! Event logs as `tpm2_eventlog` prints them.
//!
//! The tool prints some events' data in its own words; of these the data is made again where that is possible (texts,
//! variables) and left empty elsewhere. Digests, which decide, are always there.

use serde::Deserialize;
use serde_json::Value;
use vtpm_backend::eventlog::{EVENTS_MAX, EventType, HardwareDigest, HardwareEvent, HardwareLog, HashAlgorithm};
use vtpm_backend::pcr::PcrIndex;
use vtpm_backend::uefi::EfiGuid;
use vtpm_backend::uefi::variable::VariableData;

#[derive(Deserialize)]
struct Printed {
    events: Vec<PrintedEvent>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct PrintedEvent {
    #[serde(rename = "PCRIndex")]
    pcr: u32,
    event_type: String,
    #[serde(default)]
    digests: Vec<PrintedDigest>,
    /// Events of logs in the older format have this one.
    digest: Option<String>,
    #[serde(default)]
    event: Value,
    #[serde(rename = "SpecID")]
    spec_id: Option<Value>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct PrintedDigest {
    algorithm_id: String,
    digest: String,
}

pub(super) fn parse(bytes: &[u8]) -> Result<HardwareLog, String> {
    let printed: Printed = serde_yaml_ng::from_slice(bytes)
        .map_err(|error| format!("it is not an event log as tpm2_eventlog prints it: {error}"))?;
    if printed.events.len() > EVENTS_MAX {
        return Err(format!("it has more than {EVENTS_MAX} events"));
    }
    let own = printed.events.iter().enumerate().filter(|(_, event)| event.spec_id.is_none());
    let events: Vec<_> = own
        .map(|(number, event)| event.read().map_err(|what| format!("event {number} is broken: {what}")))
        .collect::<Result<_, _>>()?;
    let mut algorithms: Vec<HashAlgorithm> = Vec::new();
    for digest in events.iter().flat_map(|event| &event.digests) {
        if !algorithms.contains(&digest.algorithm) {
            algorithms.push(digest.algorithm);
        }
    }
    algorithms.sort_unstable();
    let has_all = |event: &HardwareEvent| event.digests.len() == algorithms.len();
    if algorithms.is_empty() || !events.iter().all(has_all) {
        return Err("its events do not all have digests of the same algorithms".to_owned());
    }
    Ok(HardwareLog { algorithms, events })
}

impl PrintedEvent {
    fn read(&self) -> Result<HardwareEvent, String> {
        let event_type = event_type(&self.event_type)?;
        let pcr = PcrIndex::try_from(self.pcr).ok();
        if pcr.is_none() && event_type != EventType::NO_ACTION {
            return Err(format!("there is no PCR {}", self.pcr));
        }
        let older = self.digest.iter().map(|digest| (HashAlgorithm::SHA1, digest));
        let named = self.digests.iter().map(|digest| (algorithm(&digest.algorithm_id), &digest.digest));
        let digests = match self.digests.as_slice() {
            [] => older.map(|(algorithm, value)| read_digest(Some(algorithm), value)).collect::<Result<_, _>>()?,
            _ => named.map(|(algorithm, value)| read_digest(algorithm, value)).collect::<Result<_, _>>()?,
        };
        Ok(HardwareEvent { pcr, event_type, digests, data: data(&self.event) })
    }
}

fn algorithm(name: &str) -> Option<HashAlgorithm> {
    [0x0004, 0x000b, 0x000c, 0x000d, 0x0012].map(HashAlgorithm).into_iter().find(|known| known.name() == Some(name))
}

fn read_digest(algorithm: Option<HashAlgorithm>, value: &str) -> Result<HardwareDigest, String> {
    let algorithm = algorithm.ok_or("a digest's algorithm is not known")?;
    let value = hex::decode(value).map_err(|error| format!("a digest: {error}"))?;
    if algorithm.digest_len() != Some(value.len()) {
        return Err("a digest is not as long as its algorithm's".to_owned());
    }
    Ok(HardwareDigest { algorithm, value })
}

fn event_type(name: &str) -> Result<EventType, String> {
    if let Some(known) = EventType::from_name(name) {
        return Ok(known);
    }
    let digits = name.rsplit("0x").next().unwrap_or(name);
    u32::from_str_radix(digits.trim(), 16).map(EventType).map_err(|_| format!("'{name}' is no event type"))
}

/// The event's data, as far as what is printed gives it back.
fn data(event: &Value) -> Vec<u8> {
    let text = |value: &Value| value.as_str().map(str::to_owned);
    let field = |name: &str| event.get(name).and_then(text);
    if let Some(hex) = event.as_str() {
        return hex::decode(hex).unwrap_or_else(|_| hex.as_bytes().to_vec());
    }
    if let Some(words) = field("String") {
        return words.trim_end_matches('\n').as_bytes().to_vec();
    }
    let guid = field("VariableName").and_then(|guid| guid.parse().ok()).map(EfiGuid);
    let (Some(guid), Some(name)) = (guid, field("UnicodeName")) else { return Vec::new() };
    // Certificates and hashes are taken apart by the tool; what is left in one piece is the value of small variables.
    let value = field("VariableData").and_then(|hex| hex::decode(hex).ok()).unwrap_or_default();
    VariableData::new(guid, &name, value).encode()
}
