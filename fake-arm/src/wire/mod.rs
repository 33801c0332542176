//! JSON to model and back: the only place that knows ARM's member names, casing and order.
//!
//! Bodies are read by [`read`], which names the path, line and column of what does not fit. Answers are written
//! straight to bytes by [`json`], members in the order in which Azure writes them (the public test recordings of
//! Azure/azure-cli-extensions). Members that the simulator does not act on are kept in the model and given back in
//! their place, or at the end when their place is not known.

pub(crate) mod cluster;
pub(crate) mod cluster_body;
pub(crate) mod cluster_defaults;
pub(crate) mod form;
pub(crate) mod group;
pub(crate) mod ids;
pub(crate) mod json;
pub(crate) mod locate;
pub(crate) mod models;
pub(crate) mod operation;
pub(crate) mod pool;
pub(crate) mod pool_body;
pub(crate) mod preview_features;
pub(crate) mod profiles;
pub(crate) mod read;
