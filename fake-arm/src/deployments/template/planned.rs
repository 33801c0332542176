//! A resource of a template, with its id.

use std::sync::Arc;

use control_plane::model::Opaque;

use super::super::expression::{CopyIndex, Target};
use crate::wire::locate::Step;

/// What belongs to a resource's head: everything else is its body.
pub(super) const HEAD: &[&str] = &[
    "type",
    "apiVersion",
    "name",
    "comments",
    "metadata",
    "dependsOn",
    "condition",
    "copy",
    "resources",
    "existing",
    "scope",
    "subscriptionId",
    "resourceGroup",
    "import",
    "extension",
    "asserts",
];

/// A resource that is to be deployed.
#[derive(Clone, Debug)]
pub(crate) struct Planned {
    /// Its resource id.
    pub(crate) id: String,
    /// Its full type, in conventional case.
    pub(crate) kind: String,
    /// Its names, outermost first.
    pub(crate) names: Vec<String>,
    /// The api-version to write it with.
    pub(crate) api: String,
    /// Places in the plan of the resources it depends on.
    pub(crate) after: Vec<usize>,
    /// The loop that made it.
    pub(super) copy: Option<CopyIndex>,
    /// Its symbolic name.
    pub(super) symbol: Option<String>,
    /// What it says it depends on.
    pub(super) depends_on: Vec<String>,
    /// The copy of the same loop that must be done first, as its number.
    pub(super) copy_after: Option<i64>,
    /// As the template has it.
    pub(super) source: Arc<Opaque>,
    /// Where the template has it.
    pub(super) path: Vec<Step>,
}

impl Planned {
    /// Names joined by `/`.
    pub(crate) fn full_name(&self) -> String {
        self.names.join("/")
    }

    /// What of it `reference()` sees.
    pub(super) fn target(&self) -> Target {
        Target { symbol: self.symbol.clone(), id: self.id.clone(), name: self.full_name() }
    }

    /// Its body, with expressions.
    pub(crate) fn body_source(&self) -> Opaque {
        let body = self.source.iter().filter(|(key, _)| !HEAD.contains(&key.as_str()));
        body.map(|(key, value)| (key.clone(), value.clone())).collect()
    }
}
