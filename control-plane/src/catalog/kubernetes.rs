//! Kubernetes versions by era.

use std::collections::BTreeMap;
use std::fmt;

use serde::Deserialize;

use crate::era::Era;

/// A version in numbers; a missing patch counts as 0. Orders as versions do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct KubernetesVersion {
    /// Major.
    pub major: u32,
    /// Minor.
    pub minor: u32,
    /// Patch.
    pub patch: u32,
}

impl KubernetesVersion {
    /// The version of these three numbers.
    pub const fn new(major: u32, minor: u32, patch: u32) -> Self {
        KubernetesVersion { major, minor, patch }
    }

    /// Reads `1.34` or `1.34.9`.
    pub fn parse(text: &str) -> Option<Self> {
        let number = |part: &str| part.bytes().all(|b| b.is_ascii_digit()).then(|| part.parse().ok()).flatten();
        let mut parts = text.split('.');
        let (major, minor) = (number(parts.next()?)?, number(parts.next()?)?);
        let patch = parts.next().map_or(Some(0), number)?;
        parts.next().is_none().then_some(KubernetesVersion { major, minor, patch })
    }
}

impl fmt::Display for KubernetesVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}.{}", self.major, self.minor, self.patch)
    }
}

/// A patch version and where it can go.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Patch {
    /// The version, e.g. `1.34.9`.
    pub version: String,
    /// The versions that it can be upgraded to.
    pub upgrades: Vec<String>,
}

/// A minor version that AKS offers.
#[derive(Clone, Debug)]
pub struct KubernetesMinor {
    /// The version, e.g. `1.34`.
    pub minor: String,
    /// Whether it is what a request without a version gets.
    pub default: bool,
    /// Whether it is a preview.
    pub preview: bool,
    /// Whether it has long-term support.
    pub lts: bool,
    /// Its patches, oldest first; never empty.
    pub patches: Vec<Patch>,
    /// Where this entry comes from.
    pub source: String,
}

/// A version that was asked for and found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Resolved {
    /// As asked for, with the default filled in: `1.34` or `1.34.9`.
    pub asked: String,
    /// The patch that runs: `1.34.9`.
    pub patch: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    eras: Vec<Era>,
    minor: String,
    #[serde(default)]
    default: bool,
    #[serde(default)]
    preview: bool,
    #[serde(default)]
    lts: bool,
    patches: Vec<Patch>,
    source: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    release: Vec<Entry>,
}

#[derive(Debug)]
pub(super) struct Releases(BTreeMap<Era, Vec<KubernetesMinor>>);

impl Releases {
    pub(super) fn load() -> Releases {
        let file: File = super::read("kubernetes.toml", include_str!("kubernetes.toml"));
        let mut by_era: BTreeMap<Era, Vec<KubernetesMinor>> = BTreeMap::new();
        for entry in file.release {
            for era in entry.eras {
                by_era.entry(era).or_default().push(KubernetesMinor {
                    minor: entry.minor.clone(),
                    default: entry.default,
                    preview: entry.preview,
                    lts: entry.lts,
                    patches: entry.patches.clone(),
                    source: entry.source.clone(),
                });
            }
        }
        Releases(by_era)
    }

    pub(super) fn of(&self, era: Era) -> &[KubernetesMinor] {
        self.0.get(&era).map_or(&[], Vec::as_slice)
    }

    pub(super) fn resolve(&self, era: Era, asked: &str) -> Option<Resolved> {
        let minors = self.of(era);
        if let Some(minor) = minors.iter().find(|minor| minor.minor == asked || (asked.is_empty() && minor.default)) {
            let patch = minor.patches.last()?.version.clone();
            return Some(Resolved { asked: minor.minor.clone(), patch });
        }
        let patch = minors.iter().flat_map(|minor| &minor.patches).find(|patch| patch.version == asked)?;
        Some(Resolved { asked: asked.to_owned(), patch: patch.version.clone() })
    }
}
