//! Resource providers and the preview features that can be registered in them.

use serde::Deserialize;

/// A resource type of a provider.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ResourceType {
    /// Its name below the namespace, e.g. `managedClusters/agentPools`.
    pub name: String,
    /// The api-versions it answers to, newest first.
    pub api_versions: Vec<String>,
    /// Whether it is not tied to a region.
    #[serde(default)]
    pub global: bool,
}

/// A resource provider.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Provider {
    /// Its namespace in its conventional case, e.g. `Microsoft.ContainerService`.
    pub namespace: String,
    /// Whether a new subscription has it registered.
    pub registered: bool,
    /// Its resource types.
    pub types: Vec<ResourceType>,
}

/// A feature that a subscription can register.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Feature {
    /// The provider's namespace.
    pub namespace: String,
    /// Its name, e.g. `TrustedLaunchPreview`.
    pub name: String,
    /// Where it is named.
    pub source: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Providers {
    provider: Vec<Provider>,
    feature: Vec<Feature>,
}

impl Providers {
    pub(super) fn load() -> Providers {
        super::read("providers.toml", include_str!("providers.toml"))
    }

    pub(super) fn all(&self) -> &[Provider] {
        &self.provider
    }

    pub(super) fn features(&self) -> &[Feature] {
        &self.feature
    }
}
