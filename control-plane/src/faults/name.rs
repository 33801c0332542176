//! The names of faults, as people type and read them.

use super::{Fault, LIBRARY};

/// A name that no fault has.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("there is no fault '{name}'; one of {}", known())]
pub struct UnknownFault {
    /// What was asked for.
    pub name: String,
}

fn known() -> String {
    LIBRARY.iter().map(|entry| entry.name).collect::<Vec<_>>().join(", ")
}

impl std::str::FromStr for Fault {
    type Err = UnknownFault;

    fn from_str(name: &str) -> Result<Fault, UnknownFault> {
        let entry = LIBRARY.iter().find(|entry| entry.name == name);
        entry.map(|entry| entry.fault).ok_or_else(|| UnknownFault { name: name.to_owned() })
    }
}

impl std::fmt::Display for Fault {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.entry() {
            Some(entry) => f.write_str(entry.name),
            None => write!(f, "{self:?}"),
        }
    }
}
