//! Microsoft.ContainerService: clusters, agent pools and what hangs off them.

pub(crate) mod actions;
pub(crate) mod clusters;
pub(crate) mod commands;
pub(crate) mod credentials;
mod kubectl;
pub(crate) mod locations;
pub(crate) mod machines;
pub(crate) mod operations;
pub(crate) mod outbound;
pub(crate) mod pools;
pub(crate) mod trusted_access;
pub(crate) mod upgrades;
