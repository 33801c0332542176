//! Resource groups, regions, versions of control planes.

use super::{BAD_REQUEST, Rule, Test, Wording, when_with};
use crate::catalog::Catalog;
use crate::refusal::Layer;

/// A region's name in a cluster request.
pub(super) struct PlaceCase<'a> {
    pub(super) catalog: &'a Catalog,
    pub(super) asked: &'a str,
}

pub(super) const VERSION_UNSUPPORTED: Rule = Rule {
    id: "cluster-kubernetes-unsupported",
    summary: "A control plane's Kubernetes version is offered, or already runs.",
    code: "AgentPoolK8sVersionNotSupported",
    message: "Version {version} is not supported in this region. Please use [az aks get-versions] command to get the \
              supported version list in this region. For more information, please check \
              https://aka.ms/supported-version-list",
    wording: Wording::Verbatim,
    source: "dspace-group/simphera-reference-architecture-azure issue 29",
    test: Test::Version,
    ..BAD_REQUEST
};

pub(super) const PLACE_RULES: &[Rule] = &[
    Rule {
        id: "cluster-location",
        summary: "The region exists.",
        layer: Layer::Gateway,
        code: "LocationNotAvailableForResourceType",
        message: "The provided location '{asked}' is not available for resource type \
                  'Microsoft.ContainerService/managedClusters'. List of available regions for the resource type is \
                  '{known}'.",
        wording: Wording::Verbatim,
        source: "Azure/pcs-cli issue 409, Azure/AKS issue 5099",
        test: Test::Place(|c| {
            when_with(c.catalog.location(c.asked).is_none(), || {
                let known: Vec<&str> = c.catalog.locations().iter().map(|l| l.name.as_str()).collect();
                [("asked", c.asked.to_owned()), ("known", known.join(","))]
            })
        }),
        ..BAD_REQUEST
    },
    VERSION_UNSUPPORTED,
];

const GATEWAY: Rule = Rule { layer: Layer::Gateway, code: "InvalidResourceGroup", ..BAD_REQUEST };

pub(super) const RULES: &[Rule] = &[
    Rule {
        id: "group-name-length",
        summary: "A resource group's name has 1 to 90 characters.",
        message: "The provided resource group name '{name}' has a length of {length}. The length must be between 1 and 90.",
        source: "Microsoft.Resources 2024-11-01, resourceGroupName; azure-docs resource-name-rules.md",
        test: Test::GroupName(|name| {
            let length = name.chars().count();
            when_with(!(1..=90).contains(&length), || [("name", name.to_owned()), ("length", length.to_string())])
        }),
        ..GATEWAY
    },
    Rule {
        id: "group-name-characters",
        summary: "A resource group's name has letters, digits, '-', '.', '(', ')' and '_'.",
        message: "The provided resource group name '{name}' has these invalid characters: '{characters}'. The name can \
                  only be a letter, digit, '-', '.', '(', ')' or '_'.",
        wording: Wording::Verbatim,
        source: "Azure/azure-cli issue 14481",
        test: Test::GroupName(|name| {
            invalid_characters(name).map(|characters| vec![("name", name.to_owned()), ("characters", characters)])
        }),
        ..GATEWAY
    },
    Rule {
        id: "group-name-end",
        summary: "A resource group's name does not end with a full stop.",
        message: "The provided resource group name '{name}' is invalid. The name cannot end with '.'.",
        source: "Microsoft.Resources 2024-11-01, resourceGroupName; azure-docs resource-name-rules.md",
        test: Test::GroupName(|name| when_with(name.ends_with('.'), || [("name", name.to_owned())])),
        ..GATEWAY
    },
];

/// The characters of a name that a resource group's name may not have.
pub(super) fn invalid_characters(name: &str) -> Option<String> {
    let bad: String = name.chars().filter(|c| !c.is_alphanumeric() && !"-.()_".contains(*c)).collect();
    (!bad.is_empty()).then_some(bad)
}
