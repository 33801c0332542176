//! Microsoft.ContainerService: clusters, agent pools and what hangs off them.

pub(crate) mod actions;
pub(crate) mod clusters;
pub(crate) mod credentials;
pub(crate) mod locations;
pub(crate) mod machines;
pub(crate) mod pools;
pub(crate) mod upgrades;
