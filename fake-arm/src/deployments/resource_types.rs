//! Which resource types a template may have: those that the simulator can write on their own.

use crate::kept;

/// The types of Microsoft.ContainerService that have routes of their own.
const SERVED: &[&str] =
    &["Microsoft.ContainerService/managedClusters", "Microsoft.ContainerService/managedClusters/agentPools"];

/// All of them, in conventional case.
pub(super) fn all() -> Vec<String> {
    SERVED.iter().map(|kind| (*kind).to_owned()).chain(kept::types()).collect()
}

/// The conventional case of a type, if it can be deployed.
pub(super) fn conventional(kind: &str) -> Option<String> {
    all().into_iter().find(|known| known.eq_ignore_ascii_case(kind))
}
