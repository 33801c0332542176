//! Which types are kept, and what a path below a group or subscription names.

use crate::scope::Scope;

/// The kept types: namespace and types in their conventional case. What is read below `providers` is the namespace of
/// an extension resource.
const TYPES: &[(&str, &[&str])] = &[
    ("Microsoft.ManagedIdentity", &["userAssignedIdentities"]),
    ("Microsoft.Network", &["virtualNetworks"]),
    ("Microsoft.Network", &["virtualNetworks", "subnets"]),
    ("Microsoft.Network", &["networkSecurityGroups"]),
    ("Microsoft.Network", &["routeTables"]),
    ("Microsoft.Network", &["publicIPAddresses"]),
    ("Microsoft.Network", &["loadBalancers"]),
    ("Microsoft.Network", &["natGateways"]),
    ("Microsoft.Network", &["privateDnsZones"]),
    ("Microsoft.ContainerRegistry", &["registries"]),
    ("Microsoft.OperationalInsights", &["workspaces"]),
    ("Microsoft.Insights", &["dataCollectionRules"]),
    ("Microsoft.ContainerService", &["managedClusters", "maintenanceConfigurations"]),
    ("Microsoft.ContainerService", &["managedClusters", "trustedAccessRoleBindings"]),
    ("Microsoft.ContainerService", &["managedClusters", "providers", "dataCollectionRuleAssociations"]),
    ("Microsoft.ContainerService", &["snapshots"]),
];

/// The kept types as `Namespace/type[/type]`.
pub(crate) fn types() -> impl Iterator<Item = String> {
    TYPES.iter().map(|(namespace, types)| format!("{namespace}/{}", types.join("/")))
}

/// A tracked type by namespace and name, in its conventional case.
pub(super) fn tracked(namespace: &str, kind: &str) -> Option<(&'static str, &'static str)> {
    TYPES.iter().find_map(|(known, types)| match types {
        [only] if known.eq_ignore_ascii_case(namespace) && only.eq_ignore_ascii_case(kind) => Some((*known, *only)),
        _ => None,
    })
}

/// Where a path below a group leads.
pub(super) struct Place {
    pub(super) namespace: &'static str,
    /// Types and names alternating, types in their conventional case. A list ends in a type.
    pub(super) path: Vec<String>,
}

impl Place {
    /// What the path of a request names, if it is of a kept type.
    pub(super) fn of(scope: &Scope) -> Option<Place> {
        let namespace = scope.param("namespace");
        let segments: Vec<&str> = scope.param("path").split('/').collect();
        TYPES.iter().find_map(|(known, types)| {
            let fits = known.eq_ignore_ascii_case(namespace)
                && segments.len().div_ceil(2) == types.len()
                && segments.iter().step_by(2).zip(*types).all(|(segment, kind)| segment.eq_ignore_ascii_case(kind));
            let spelled = |(index, segment): (usize, &&str)| match types.get(index / 2) {
                Some(kind) if index % 2 == 0 => (*kind).to_owned(),
                _ => (*segment).to_owned(),
            };
            fits.then(|| Place { namespace: known, path: segments.iter().enumerate().map(spelled).collect() })
        })
    }

    pub(super) fn is_list(&self) -> bool {
        self.path.len() % 2 == 1
    }

    pub(super) fn what(&self) -> String {
        format!("{}/{}", self.namespace, self.path.join("/"))
    }
}
