//! The Kubernetes API that each simulated cluster serves.
//!
//! So far a cluster has a well-formed kubeconfig ([`kubeconfig`]) and a door behind it ([`router`]) that answers every
//! request with a Kubernetes `Status` saying that nothing is served there yet. Nothing pretends to work.
#![forbid(unsafe_code)]

mod kubeconfig;
mod status;

pub use kubeconfig::{Kubeconfig, KubeconfigUser};
pub use status::{PATH_PREFIX, router, server_path};
