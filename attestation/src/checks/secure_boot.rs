//! Whether Secure Boot was on, by what the firmware measured into PCR 7.
//!
//! As strict as google/go-attestation's `ParseSecurebootState`: variables come before exactly one separator and only
//! once, authorities after it, nothing unexplained, and where Secure Boot is on there are keys and something was
//! admitted by them.

use vtpm_backend::eventlog::{Event, EventData, EventLog, EventType};
use vtpm_backend::uefi::variable::VariableData;

use super::Outcome;

const PCR: u8 = 7;
const VARIABLES: [&str; 5] = ["SecureBoot", "PK", "KEK", "db", "dbx"];

/// What PCR 7 tells.
#[derive(Default)]
struct Seen {
    variables: Vec<VariableData>,
    separators: usize,
    authorities: usize,
}

/// The state, or why there is none.
pub(super) fn state(log: &EventLog) -> Result<bool, String> {
    let mut seen = Seen::default();
    for event in log.events.iter().filter(|event| event.is_extended() && event.pcr.number() == PCR) {
        seen.take(event)?;
    }
    seen.state()
}

/// The state against the expected one.
pub(super) fn judge(state: Result<&bool, &String>, expected: Option<bool>) -> Outcome {
    let on = *state.map_err(Clone::clone)?;
    let word = |on: bool| if on { "on" } else { "off" };
    match expected {
        Some(expected) if expected != on => {
            Err(format!("Secure Boot was {}, but it has to be {}", word(on), word(expected)))
        }
        Some(_) => Ok(format!("Secure Boot was {}, as it has to be", word(on))),
        None => Ok(format!("Secure Boot was {}", word(on))),
    }
}

impl Seen {
    fn take(&mut self, event: &Event) -> Result<(), String> {
        match (event.event_type, event.decode()) {
            (EventType::EFI_VARIABLE_DRIVER_CONFIG, EventData::Variable(variable)) => self.variable(variable),
            (EventType::EFI_VARIABLE_AUTHORITY, EventData::Variable(authority)) => self.authority(&authority),
            (EventType::SEPARATOR, EventData::Separator) => {
                self.separators += 1;
                if self.separators > 1 { Err("PCR 7 has two separators".to_owned()) } else { Ok(()) }
            }
            (EventType::SEPARATOR, _) => Err("the separator in PCR 7 reports an error of the firmware".to_owned()),
            (EventType::EFI_ACTION, EventData::Text(text)) if text == "DMA Protection Disabled" => Ok(()),
            (EventType::EFI_ACTION, EventData::Text(text)) => Err(format!("the firmware reports '{text}' in PCR 7")),
            (other, _) => Err(format!("PCR 7 has an event that does not belong there: {other}")),
        }
    }

    fn variable(&mut self, variable: VariableData) -> Result<(), String> {
        let name = &variable.name;
        if self.separators > 0 {
            return Err(format!("the Secure Boot variable {name} was measured after the separator"));
        }
        if !VARIABLES.contains(&name.as_str()) {
            return Err(format!("PCR 7 has the variable {name}, which does not belong there"));
        }
        if self.find(name).is_some() {
            return Err(format!("the Secure Boot variable {name} was measured twice"));
        }
        self.variables.push(variable);
        Ok(())
    }

    fn authority(&mut self, authority: &VariableData) -> Result<(), String> {
        if self.separators == 0 {
            return Err("something was admitted before the separator in PCR 7".to_owned());
        }
        match authority.name.as_str() {
            "dbx" => Err("a revoked program was refused at boot".to_owned()),
            // A revocation level, and a switch: nothing that was admitted.
            "SbatLevel" | "MokListTrusted" => Ok(()),
            _ => {
                self.authorities += 1;
                Ok(())
            }
        }
    }

    fn find(&self, name: &str) -> Option<&VariableData> {
        self.variables.iter().find(|variable| variable.name == name)
    }

    fn state(&self) -> Result<bool, String> {
        if self.separators == 0 {
            return Err("PCR 7 has no separator: the firmware did not finish its measurements".to_owned());
        }
        let on = match self.find("SecureBoot").map(|variable| variable.data.as_slice()) {
            Some([0]) => return Ok(false),
            Some([1]) => true,
            Some(_) => return Err("the variable SecureBoot is neither 0 nor 1".to_owned()),
            None => return Err("the variable SecureBoot was not measured".to_owned()),
        };
        for name in ["PK", "KEK", "db"] {
            if self.find(name).is_none_or(|variable| variable.data.is_empty()) {
                return Err(format!("Secure Boot is on, but there are no keys in {name}"));
            }
        }
        if self.authorities == 0 {
            return Err("Secure Boot is on, but no key admitted anything".to_owned());
        }
        Ok(on)
    }
}
