//! The documented constraints as one table.
//!
//! Every entry names the eras in which it holds, when it is broken, and what the refusal says: status, code and text,
//! with the public source they come from and whether the text is Azure's own or inferred. `docs/CONSTRAINTS.md` is
//! generated from the table ([`render_markdown`]). The first broken rule, in table order, refuses.

mod change;
mod cluster;
mod disk;
mod group;
mod judge;
mod markdown;
mod mode;
mod pool;
mod request;
mod scaling;
mod siblings;
#[cfg(test)]
mod tests;
mod trusted_launch;

pub use cluster::ClusterContext;
pub use judge::{
    cluster_location, cluster_version, judge_cluster, judge_cluster_location, judge_group_name, judge_pool,
    judge_pool_delete, judge_pool_in_cluster, judge_request,
};
pub use markdown::render_markdown;

use std::sync::LazyLock;

use crate::era::Era;
use crate::refusal::{Layer, Refusal, RefusalKind};
use crate::resolve::Wanted;
use cluster::{ClusterCase, MoveCase};
use group::PlaceCase;
use pool::PoolCase;
use siblings::SiblingsCase;

/// Whether a text is Azure's own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wording {
    /// The text was published by somebody who received it.
    Verbatim,
    /// No text was published; this one says what the documentation says.
    Inferred,
}

/// What a broken rule puts into its text: names and values for the `{name}` places of a [`Rule::message`].
type Values = Vec<(&'static str, String)>;

/// `None`: the rule is kept.
type Found = Option<Values>;

/// What a rule looks at.
#[derive(Clone, Copy)]
enum Test {
    /// A pool request, before its defaults are filled in.
    Request(fn(&Wanted<'_>) -> Found),
    /// A pool's settings.
    Pool(fn(&PoolCase<'_>) -> Found),
    /// A pool among the other pools of its cluster.
    Siblings(fn(&SiblingsCase<'_>) -> Found),
    /// A cluster request.
    Cluster(fn(&ClusterCase<'_>) -> Found),
    /// A cluster request's region against the region the cluster is in.
    Move(fn(&MoveCase<'_>) -> Found),
    /// A region's name.
    Place(fn(&PlaceCase<'_>) -> Found),
    /// A resource group's name.
    GroupName(fn(&str) -> Found),
    /// A Kubernetes version that a cluster request asks for, when the era does not offer it.
    Version,
}

/// One documented constraint.
#[derive(Clone, Copy)]
pub struct Rule {
    /// Its name in logs and in the docs.
    pub id: &'static str,
    /// What it demands, in one sentence.
    pub summary: &'static str,
    /// The eras in which it holds.
    pub eras: &'static [Era],
    /// Who refuses.
    pub layer: Layer,
    /// The status of the refusal.
    pub kind: RefusalKind,
    /// Azure's error code.
    pub code: &'static str,
    /// The text, with `{name}` places.
    pub message: &'static str,
    /// The property at fault, with `{name}` places; `None` where Azure names none.
    pub target: Option<&'static str>,
    /// Whether the text is Azure's own.
    pub wording: Wording,
    /// The public source of the rule and of its text.
    pub source: &'static str,
    test: Test,
}

impl std::fmt::Debug for Rule {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Rule").field("id", &self.id).finish_non_exhaustive()
    }
}

impl Rule {
    fn refusal(&self, values: &[(&'static str, String)]) -> Refusal {
        Refusal {
            kind: self.kind,
            layer: self.layer,
            code: self.code.to_owned(),
            message: filled(self.message, values),
            target: self.target.map(|target| filled(target, values).into()),
            subcode: "",
            detail: None,
            rule: Some(self.id),
        }
    }
}

fn filled(template: &str, values: &[(&'static str, String)]) -> String {
    let mut text = String::with_capacity(template.len());
    let mut rest = template;
    // In one pass, so that a value that contains braces is not filled in again.
    while let Some(open) = rest.find('{') {
        text.push_str(&rest[..open]);
        let tail = &rest[open..];
        let known = values.iter().find(|(name, _)| tail[1..].strip_prefix(name).is_some_and(|t| t.starts_with('}')));
        match known {
            Some((name, value)) => {
                text.push_str(value);
                rest = &tail[name.len() + 2..];
            }
            None => {
                text.push('{');
                rest = &tail[1..];
            }
        }
    }
    text.push_str(rest);
    text
}

/// The code of most refusals by the resource provider.
const BAD_REQUEST: Rule = Rule {
    id: "",
    summary: "",
    eras: &Era::ALL,
    layer: Layer::Provider,
    kind: RefusalKind::BadRequest,
    code: "BadRequest",
    message: "",
    target: None,
    wording: Wording::Inferred,
    source: "",
    test: Test::Version,
};

const INVALID_PARAMETER: Rule = Rule { code: "InvalidParameter", ..BAD_REQUEST };

const TO_GA: &[Era] = &[Era::Preview, Era::Ga];
const TO_2025_08: &[Era] = &[Era::Preview, Era::Ga, Era::Y2025M08];
const TO_2026_06: &[Era] = &[Era::Preview, Era::Ga, Era::Y2025M08, Era::Y2026M06];
const FROM_GA: &[Era] = &[Era::Ga, Era::Y2025M08, Era::Y2026M06, Era::Y2026M07];
const FROM_2025_08: &[Era] = &[Era::Y2025M08, Era::Y2026M06, Era::Y2026M07];
const FROM_2026_06: &[Era] = &[Era::Y2026M06, Era::Y2026M07];

/// The rule is broken when `broken`; its text has no places to fill.
fn when(broken: bool) -> Found {
    broken.then(Values::new)
}

/// The rule is broken when `broken`; the values are made only then.
fn when_with<const N: usize>(broken: bool, values: impl FnOnce() -> [(&'static str, String); N]) -> Found {
    broken.then(|| values().into())
}

/// The sections in the order in which they are applied, with their titles in the docs.
const SECTIONS: [(&str, &[Rule]); 10] = [
    ("Pool requests", request::RULES),
    ("Scaling, Spot, upgrades, zones", scaling::RULES),
    ("Changes of an existing pool", change::RULES),
    ("System and user pools, labels, operating systems", mode::RULES),
    ("Trusted launch", trusted_launch::RULES),
    ("Operating system disks", disk::RULES),
    ("Pools of one cluster", siblings::RULES),
    ("Clusters", cluster::RULES),
    ("Regions and Kubernetes versions", group::PLACE_RULES),
    ("Resource groups", group::RULES),
];

static TABLE: LazyLock<Vec<Rule>> =
    LazyLock::new(|| SECTIONS.iter().flat_map(|(_, rules)| rules.iter().copied()).collect());

/// All rules, in the order in which they are applied.
pub fn table() -> &'static [Rule] {
    &TABLE
}
