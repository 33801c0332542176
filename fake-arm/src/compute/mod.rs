//! Microsoft.Compute as far as AKS shows through: VM sizes, and the scale sets behind agent pools.

pub(crate) mod instance_views;
pub(crate) mod scale_sets;
pub(crate) mod sizes;
pub(crate) mod skus;
pub(crate) mod usages;
