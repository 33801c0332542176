//! The ARM gateway: what belongs to no resource provider.

pub(crate) mod features;
pub(crate) mod groups;
pub(crate) mod operation_results;
pub(crate) mod providers;
pub(crate) mod resources;
pub(crate) mod security;
pub(crate) mod subscriptions;
pub(crate) mod tags;
pub(crate) mod unmatched;
