//! What Azure offers: VM sizes, Kubernetes versions, regions, resource providers with their features, node images.
//!
//! All of it is data in TOML files beside the code, each entry with its source. The files are compiled in and read once.

mod kubernetes;
mod location;
mod node_image;
mod provider;
mod release;
#[cfg(test)]
mod tests;
mod vm_size;

pub use kubernetes::{KubernetesMinor, KubernetesVersion, Patch, Resolved};
pub use location::Location;
pub use node_image::{Distribution, NodeImage};
pub use provider::{Feature, Provider, ResourceType};
pub use release::weeks_in;
pub use vm_size::{Placement, Source, VmSize};

use std::sync::{Arc, LazyLock};

use crate::era::Era;

static BUILTIN: LazyLock<Catalog> = LazyLock::new(|| Catalog(Arc::new(Data::load())));

/// Everything that can be asked for. Cheap to clone and share.
#[derive(Clone, Debug)]
pub struct Catalog(Arc<Data>);

#[derive(Debug)]
struct Data {
    sizes: vm_size::Sizes,
    kubernetes: kubernetes::Releases,
    locations: Vec<Location>,
    providers: provider::Providers,
    images: node_image::Versions,
}

impl Data {
    fn load() -> Data {
        Data {
            sizes: vm_size::Sizes::load(),
            kubernetes: kubernetes::Releases::load(),
            locations: location::load(),
            providers: provider::Providers::load(),
            images: node_image::Versions::load(),
        }
    }
}

/// Reads one of the compiled-in files. They are part of the program: a test reads all of them.
fn read<T: serde::de::DeserializeOwned>(name: &str, text: &str) -> T {
    match toml::from_str(text) {
        Ok(value) => value,
        Err(error) => panic!("the compiled-in catalog file {name} is broken: {error}"),
    }
}

impl Catalog {
    /// The catalog that is compiled in; parsed at the first call.
    pub fn builtin() -> Catalog {
        BUILTIN.clone()
    }

    /// The VM size of this name, without regard to case.
    pub fn vm_size(&self, name: &str) -> Option<&VmSize> {
        self.0.sizes.find(name)
    }

    /// All VM sizes, in the order of the data file.
    pub fn vm_sizes(&self) -> &[VmSize] {
        self.0.sizes.all()
    }

    /// The size of a pool that names none.
    pub fn default_vm_size(&self, era: Era) -> &VmSize {
        self.0.sizes.default(era)
    }

    /// The Kubernetes minor versions that a region offers in an era, oldest first. All regions offer the same.
    pub fn versions(&self, era: Era, _location: &str) -> &[KubernetesMinor] {
        self.0.kubernetes.of(era)
    }

    /// Finds the version that a client asks for: empty (the default minor), `1.34` (its latest patch) or `1.34.9`.
    /// `None` when the era does not offer it.
    pub fn resolve_version(&self, era: Era, asked: &str) -> Option<Resolved> {
        self.0.kubernetes.resolve(era, asked)
    }

    /// The patch of exactly this version, if the era offers it.
    pub fn patch(&self, era: Era, version: &str) -> Option<&Patch> {
        self.0.kubernetes.of(era).iter().flat_map(|minor| &minor.patches).find(|patch| patch.version == version)
    }

    /// The region of this name (`eastus`) or display name (`East US`), without regard to case and blanks.
    pub fn location(&self, name: &str) -> Option<&Location> {
        let name = location::normalise(name);
        self.0.locations.iter().find(|location| location.name == name)
    }

    /// All regions.
    pub fn locations(&self) -> &[Location] {
        &self.0.locations
    }

    /// The resource provider of this namespace, without regard to case.
    pub fn provider(&self, namespace: &str) -> Option<&Provider> {
        self.providers().iter().find(|provider| provider.namespace.eq_ignore_ascii_case(namespace))
    }

    /// All resource providers.
    pub fn providers(&self) -> &[Provider] {
        self.0.providers.all()
    }

    /// The features that can be registered in a namespace (all namespaces when `None`).
    pub fn features<'a>(&'a self, namespace: Option<&'a str>) -> impl Iterator<Item = &'a Feature> {
        let wanted = move |feature: &&Feature| namespace.is_none_or(|ns| feature.namespace.eq_ignore_ascii_case(ns));
        self.0.providers.features().iter().filter(wanted)
    }

    /// The feature of this name, without regard to case.
    pub fn feature<'a>(&'a self, namespace: &'a str, name: &str) -> Option<&'a Feature> {
        self.features(Some(namespace)).find(|feature| feature.name.eq_ignore_ascii_case(name))
    }

    /// The value of `nodeImageVersion` for the node image that is the newest when an era is `weeks` old, e.g.
    /// `AKSUbuntu-2204gen2TLcontainerd-202607.13.0`.
    pub fn node_image(&self, era: Era, image: &NodeImage, weeks: u32) -> String {
        format!("{}-{}", image.definition(era), self.0.images.version(era, image.distribution, weeks))
    }
}
