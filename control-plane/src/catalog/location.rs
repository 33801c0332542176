//! Azure's regions.

use serde::Deserialize;

/// A region.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Location {
    /// Its normalised name, e.g. `eastus`.
    pub name: String,
    /// Its name for people, e.g. `East US`.
    pub display_name: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    location: Vec<Location>,
}

pub(super) fn load() -> Vec<Location> {
    super::read::<File>("locations.toml", include_str!("locations.toml")).location
}

/// ARM compares regions without regard to case and blanks.
pub(super) fn normalise(name: &str) -> String {
    name.chars().filter(|c| !c.is_whitespace()).collect::<String>().to_lowercase()
}
