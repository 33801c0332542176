//! What of an answer depends on the moment in which it was recorded.
//!
//! Such a part is not ignored: both sides must have it, in the same form, with everything around it equal. The table
//! is the documentation; `slipway-replay --rules` prints it.

use super::pattern::{self, Finder, Pattern};

/// A kind of part that depends on the moment.
pub struct Rule {
    /// Its name; stands for the part in printed differences.
    pub kind: &'static str,
    /// The members it applies to, by the last name of their path; empty for all texts.
    pub members: &'static [&'static str],
    /// Why the part cannot be equal.
    pub why: &'static str,
    /// Finds it.
    find: Finder,
    /// Whether later requests may name it, so that it must be translated there.
    pub named_later: bool,
}

const fn everywhere(kind: &'static str, find: Finder, named_later: bool, why: &'static str) -> Rule {
    Rule { kind, members: &[], why, find, named_later }
}

const fn at(members: &'static [&'static str], kind: &'static str, find: Finder, why: &'static str) -> Rule {
    Rule { kind, members, why, find, named_later: false }
}

const VERSIONS: &[&str] = &[
    "kubernetesVersion",
    "currentKubernetesVersion",
    "orchestratorVersion",
    "currentOrchestratorVersion",
    "version",
    "upgrades[*]",
    "upgrades[*].kubernetesVersion",
];

/// All of them. The first that fits wins.
pub const RULES: &[Rule] = &[
    at(
        &["servicePrincipalProfile.clientId"],
        "client id",
        pattern::client_id,
        "the recorder replaced it; a managed identity is `msi`",
    ),
    everywhere("guid", pattern::guid, true, "ids of operations, principals, addresses and tenants are random"),
    everywhere("time", pattern::time, false, "moments of the recording"),
    everywhere("hash", pattern::pool_hash, true, "the digits in a scale set's name are a hash that is not published"),
    everywhere("token", pattern::skip_token, true, "paging tokens mean something to the server only"),
    at(
        &["fqdn", "azurePortalFQDN", "privateFQDN"],
        "suffix",
        pattern::dns_suffix,
        "eight random characters make the host name unique",
    ),
    at(&["resourceUID"], "object id", pattern::object_id, "a random id"),
    at(VERSIONS, "minor version", pattern::minor_version, "versions on offer change every month"),
    at(VERSIONS, "patch version", pattern::patch_version, "versions on offer change every month"),
    at(
        &["components[*].version"],
        "component version",
        pattern::component_version,
        "components are patched every month",
    ),
    at(
        &["nodeImageVersion", "latestNodeImageVersion"],
        "image date",
        pattern::image_date,
        "node images are made every week",
    ),
    at(&["ip"], "ipv4", pattern::ipv4, "addresses are given out in the order of arrival"),
    at(
        &[
            "x-ms-ratelimit-remaining-subscription-writes",
            "x-ms-ratelimit-remaining-subscription-deletes",
            "x-ms-ratelimit-remaining-subscription-reads",
            "x-ms-ratelimit-remaining-subscription-global-reads",
            "x-ms-ratelimit-remaining-subscription-global-writes",
            "x-ms-ratelimit-remaining-subscription-global-deletes",
        ],
        "count",
        pattern::count,
        "what others have left over of the limit",
    ),
];

/// Lists and maps whose length depends on the moment: their items are compared as a set of forms, not one by one.
pub const CATALOGUES: &[(&str, &str)] = &[
    ("values", "minor versions on offer change every quarter"),
    ("upgrades", "versions on offer change every month"),
    ("agentPoolVersions", "versions on offer change every month"),
    ("componentsByReleases", "one entry for each version on offer"),
    ("components", "only components that change between versions are listed"),
    ("supportPlan", "long-term support is given to some versions only"),
    ("patchVersions", "the keys are versions on offer"),
];

/// Members of a catalogue's items that are there on some items only, at some moments on none.
pub const SOMETIMES: &[(&str, &str)] =
    &[("isPreview", "only versions in preview have it, and there is not always one")];

/// Whether a member below a catalogue may be on one side only.
pub fn is_there_sometimes(path: &str) -> bool {
    path.contains("[*]") && SOMETIMES.iter().any(|(name, _)| names(name, path))
}

/// Whether a rule's member names this path, or the end of it.
fn names(member: &str, path: &str) -> bool {
    path.strip_suffix(member).is_some_and(|front| front.is_empty() || front.ends_with('.'))
}

/// A text at a path, with what depends on the moment replaced.
pub fn pattern_of(path: &str, text: &str) -> Pattern {
    let fitting = RULES.iter().filter(|r| r.members.is_empty() || r.members.iter().any(|m| names(m, path)));
    let finders: Vec<_> = fitting.map(|rule| (rule.kind, rule.find)).collect();
    pattern::of(text, &finders)
}

/// Whether parts of this kind may be named by later requests.
pub fn is_named_later(kind: &str) -> bool {
    RULES.iter().any(|rule| rule.kind == kind && rule.named_later)
}

/// Whether items of the list or map of this name are compared as a set.
pub fn is_catalogue(name: &str) -> bool {
    CATALOGUES.iter().any(|(known, _)| *known == name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rules_apply_to_their_members_only() {
        assert_eq!(pattern_of("properties.kubernetesVersion", "1.27.9").shape, "<patch version>");
        assert_eq!(pattern_of("properties.somethingElse", "1.27.9").shape, "1.27.9");
        assert_eq!(pattern_of("properties.servicePrincipalProfile.clientId", "msi").shape, "<client id>");
        assert_eq!(pattern_of("identity.clientId", "msi").shape, "msi");
    }

    #[test]
    fn a_changed_word_is_a_changed_shape() {
        let image = |text| pattern_of("properties.nodeImageVersion", text).shape;
        assert_eq!(
            image("AKSUbuntu-2204gen2containerd-202401.09.2"),
            image("AKSUbuntu-2204gen2containerd-202405.27.0")
        );
        assert_ne!(
            image("AKSUbuntu-2204gen2containerd-202401.09.2"),
            image("AKSUbuntu-2204gen2TLcontainerd-202401.09.2")
        );
    }
}
