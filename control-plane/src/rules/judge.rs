//! Applying the table.

use std::sync::Arc;

use super::cluster::{ClusterCase, ClusterContext, MoveCase};
use super::group::{self, PlaceCase};
use super::pool::PoolCase;
use super::siblings::SiblingsCase;
use super::{Found, Rule, Test, request, table};
use crate::catalog::{Catalog, Resolved};
use crate::era::Era;
use crate::model::{Cluster, ClusterSpec, Pool, PoolSettings, PoolSpec};
use crate::refusal::Refusal;
use crate::resolve::{PoolContext, Wanted};

/// The refusal of the first rule of the era that `broken` finds broken.
fn first(era: Era, broken: impl Fn(&Rule) -> Found) -> Result<(), Refusal> {
    for rule in table().iter().filter(|rule| rule.eras.contains(&era)) {
        if let Some(values) = broken(rule) {
            return Err(rule.refusal(&values));
        }
    }
    Ok(())
}

/// Judges a pool request before its defaults are filled in: names, ranges, unknown sizes, versions and distributions.
/// [`crate::resolve::resolve_pool`] calls it.
///
/// # Errors
/// The refusal of the first rule that is broken.
pub fn judge_request(ctx: &PoolContext<'_>, spec: &PoolSpec) -> Result<(), Refusal> {
    let wanted = Wanted::new(ctx, spec);
    first(ctx.era, |rule| match rule.test {
        Test::Request(broken) => broken(&wanted),
        _ => None,
    })
}

/// Judges what a pool is to be, on creation and on update.
///
/// # Errors
/// The refusal of the first rule that is broken.
pub fn judge_pool(ctx: &PoolContext<'_>, spec: &PoolSpec, settings: &PoolSettings) -> Result<(), Refusal> {
    let Some(case) = PoolCase::new(ctx, spec, settings) else {
        // Settings that no request can lead to: say which size it is about rather than nothing.
        return Err(request::VM_SIZE_UNKNOWN.refusal(&request::size_values(&spec.name, ctx.location)));
    };
    first(ctx.era, |rule| match rule.test {
        Test::Pool(broken) => broken(&case),
        _ => None,
    })
}

/// Judges a pool that is created or updated against the other pools of its cluster. `pools` are all pools that exist,
/// `before` among them on an update.
///
/// # Errors
/// The refusal of the first rule that is broken.
pub fn judge_pool_in_cluster(
    pools: &[Arc<Pool>],
    before: Option<&Pool>,
    settings: &PoolSettings,
    era: Era,
) -> Result<(), Refusal> {
    judge_siblings(era, &SiblingsCase { pools, subject: before, settings: Some(settings) })
}

/// Judges the deletion of a pool. `pools_of_cluster` are all pools that exist, `deleting` among them.
///
/// # Errors
/// The refusal of the first rule that is broken.
pub fn judge_pool_delete(pools_of_cluster: &[Arc<Pool>], deleting: &Pool, era: Era) -> Result<(), Refusal> {
    judge_siblings(era, &SiblingsCase { pools: pools_of_cluster, subject: Some(deleting), settings: None })
}

fn judge_siblings(era: Era, case: &SiblingsCase<'_>) -> Result<(), Refusal> {
    first(era, |rule| match rule.test {
        Test::Siblings(broken) => broken(case),
        _ => None,
    })
}

/// Judges a cluster request. `pools` are the pools that it embeds, by name, resolved and judged.
///
/// # Errors
/// The refusal of the first rule that is broken.
pub fn judge_cluster(
    ctx: &ClusterContext<'_>,
    spec: &ClusterSpec,
    pools: &[(&str, &PoolSettings)],
) -> Result<(), Refusal> {
    let case = ClusterCase { ctx, spec, pools };
    first(ctx.era, |rule| match rule.test {
        Test::Cluster(broken) => broken(&case),
        _ => None,
    })
}

/// A resource group's name.
///
/// # Errors
/// The refusal of the first rule that is broken.
pub fn judge_group_name(name: &str) -> Result<(), Refusal> {
    first(Era::CURRENT, |rule| match rule.test {
        Test::GroupName(broken) => broken(name),
        _ => None,
    })
}

/// The normalised name of a region that offers clusters.
///
/// # Errors
/// A refusal when there is no such region.
pub fn cluster_location(catalog: &Catalog, asked: &str) -> Result<String, Refusal> {
    let case = PlaceCase { catalog, asked };
    first(Era::CURRENT, |rule| match rule.test {
        Test::Place(broken) => broken(&case),
        _ => None,
    })?;
    Ok(catalog.location(asked).map_or_else(|| asked.to_owned(), |location| location.name.clone()))
}

/// A cluster stays in its region.
///
/// # Errors
/// A refusal when `location` is another region.
pub fn judge_cluster_location(before: Option<&Cluster>, location: &str) -> Result<(), Refusal> {
    let Some(before) = before else { return Ok(()) };
    let case = MoveCase { before, location };
    first(Era::CURRENT, |rule| match rule.test {
        Test::Move(broken) => broken(&case),
        _ => None,
    })
}

/// The version that a cluster request asks for: empty (the default), a minor or a patch version.
///
/// # Errors
/// A refusal when the era does not offer it.
pub fn cluster_version(catalog: &Catalog, era: Era, _location: &str, asked: &str) -> Result<Resolved, Refusal> {
    let refused = || group::VERSION_UNSUPPORTED.refusal(&[("version", asked.to_owned())]);
    catalog.resolve_version(era, asked).ok_or_else(refused)
}
