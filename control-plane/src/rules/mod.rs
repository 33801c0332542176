//! (interim: being replaced by the rules engineer; signatures are what world/ calls)
use std::sync::Arc;
use crate::catalog::{Catalog, Resolved};
use crate::era::Era;
use crate::model::{Cluster, ClusterSpec, Pool, PoolSettings, PoolSpec};
use crate::refusal::Refusal;
use crate::resolve::PoolContext;
/// Interim.
#[allow(missing_docs)]
pub struct ClusterContext<'a> { pub catalog: &'a Catalog, pub era: Era, pub before: Option<&'a Cluster>, pub name: &'a str, pub existing_pools: &'a [Arc<Pool>], pub clusters_in_subscription: usize }
/// Interim.
pub fn judge_pool(_c: &PoolContext<'_>, _s: &PoolSpec, _p: &PoolSettings) -> Result<(), Refusal> { Ok(()) }
/// Rules that need the cluster's other pools (pool count limit, last system pool turned into a user pool, ...). `before` is the pool itself on an update.
pub fn judge_pool_in_cluster(_pools: &[Arc<Pool>], _before: Option<&Pool>, _p: &PoolSettings, _era: Era) -> Result<(), Refusal> { Ok(()) }
/// `pools`: the pools embedded in the request, with their names.
pub fn judge_cluster(_c: &ClusterContext<'_>, _s: &ClusterSpec, _pools: &[(&str, &PoolSettings)]) -> Result<(), Refusal> { Ok(()) }
/// Interim.
pub fn judge_pool_delete(_pools: &[Arc<Pool>], _deleting: &Pool, _era: Era) -> Result<(), Refusal> { Ok(()) }
/// Interim.
pub fn judge_group_name(_name: &str) -> Result<(), Refusal> { Ok(()) }
/// The normalised region of a cluster, or why not.
pub fn cluster_location(_c: &Catalog, asked: &str) -> Result<String, Refusal> { Ok(asked.to_owned()) }
/// A cluster cannot move.
pub fn judge_cluster_location(_before: Option<&Cluster>, _location: &str) -> Result<(), Refusal> { Ok(()) }
/// Empty: the default; otherwise `1.34` or `1.34.9`; AgentPoolK8sVersionNotSupported-like refusal else.
pub fn cluster_version(c: &Catalog, era: Era, _location: &str, asked: &str) -> Result<Resolved, Refusal> { c.resolve_version(era, asked).ok_or_else(|| version_refusal(asked)) }
/// Interim.
pub fn version_refusal(asked: &str) -> Refusal { Refusal::provider(crate::refusal::RefusalKind::BadRequest, "AgentPoolK8sVersionNotSupported", asked) }
/// Interim.
pub fn judge_request(_c: &PoolContext<'_>, _s: &PoolSpec) -> Result<(), Refusal> { Ok(()) }
