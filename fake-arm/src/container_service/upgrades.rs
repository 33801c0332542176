//! Where a cluster and its pools can go: upgrade profiles and versions for new pools.

use std::collections::BTreeSet;

use control_plane::catalog::{KubernetesMinor, KubernetesVersion};
use control_plane::model::{OsType, UsedVersions};

use crate::answer;
use crate::error::Answer;
use crate::scope::Scope;
use crate::wire::ids::{ClusterPath, PoolPath};
use crate::wire::json::{Object, document, object};

/// How many minor versions a pool may be behind its control plane (Kubernetes version skew policy, from 1.28 on).
const SKEW_MINORS_MAX: u32 = 3;

/// `GET {cluster}/upgradeProfiles/default`. `agentPoolProfiles` was null in Azure's answers of 2024; @azure/arm-containerservice
/// 25 fails on that, so that newer api-versions must have the list of the documented schema (inferred).
pub(crate) async fn of_cluster(scope: Scope) -> Answer {
    let cluster = scope.existing_cluster()?;
    let version = &cluster.current_kubernetes_version;
    Ok(answer::provider(document(|o| {
        o.text("id", format_args!("{}/upgradeprofiles/default", ClusterPath(&cluster.id)));
        o.value("name", "default").value("type", "Microsoft.ContainerService/managedClusters/upgradeprofiles");
        o.object("properties", |o| {
            o.object("controlPlaneProfile", |o| {
                o.value("kubernetesVersion", version).value("osType", "Linux");
                write_upgrades(o, &scope, version);
                if scope.form().has_components() {
                    let upgrades = scope.world().catalog().patch(scope.subscription.era, version);
                    let upgrades = upgrades.map(|patch| patch.upgrades.as_slice()).unwrap_or_default();
                    write_components(o, std::iter::once(version).chain(upgrades), COMPONENTS);
                }
            });
            if scope.form().lists_pool_upgrades() {
                o.array("agentPoolProfiles", scope.world().pools(&cluster.id), |pool, out| {
                    object(out, |o| {
                        let settings = &pool.settings;
                        o.value("name", pool.id.name.as_str());
                        o.value("kubernetesVersion", &settings.current_orchestrator_version);
                        o.value("osType", settings.os_type.as_str());
                        write_upgrades(o, &scope, &settings.current_orchestrator_version);
                    });
                });
            } else {
                o.value("agentPoolProfiles", &());
            }
        });
    })))
}

/// `upgrades`, newest first; left out when there are none, as Azure does.
fn write_upgrades(o: &mut Object<'_>, scope: &Scope, version: &str) {
    let (catalog, era) = (scope.world().catalog(), scope.subscription.era);
    let Some(patch) = catalog.patch(era, version).filter(|patch| !patch.upgrades.is_empty()) else {
        return;
    };
    let minors = catalog.versions(era, "");
    o.array("upgrades", patch.upgrades.iter().rev(), |to, out| {
        object(out, |o| {
            o.value("kubernetesVersion", to);
            if is_preview(minors, to) {
                o.value("isPreview", &true);
            }
        });
    });
}

fn is_preview(minors: &[KubernetesMinor], version: &str) -> bool {
    minors.iter().any(|minor| minor.preview && minor.patches.iter().any(|patch| patch.version == version))
}

/// `GET {pool}/upgradeProfiles/default`.
pub(crate) async fn of_pool(scope: Scope) -> Answer {
    let (cluster, pool) = scope.existing_pool()?;
    let version = &pool.settings.current_orchestrator_version;
    let behind = *version != cluster.current_kubernetes_version;
    Ok(answer::provider(document(|o| {
        o.text("id", format_args!("{}/upgradeProfiles/default", PoolPath(&pool.id)));
        o.value("name", "default");
        o.value("type", "Microsoft.ContainerService/managedClusters/agentPools/upgradeProfiles");
        o.object("properties", |o| {
            o.value("kubernetesVersion", version);
            o.value("osType", if pool.settings.os_type == OsType::Windows { "Windows" } else { "Linux" });
            o.value("latestNodeImageVersion", &scope.world().newest_node_image(&cluster, &pool));
            if behind {
                o.array("upgrades", [&cluster.current_kubernetes_version], |to, out| {
                    object(out, |o| {
                        o.value("kubernetesVersion", to);
                    });
                });
            }
            if scope.form().has_recently_used_versions() {
                write_recently_used(o, pool.rollback(scope.world().now()));
            }
            if scope.form().has_components() {
                write_components(o, std::iter::once(version), &[]);
            }
        });
    })))
}

/// `recentlyUsedVersions`, left out when there is nothing to roll back to.
fn write_recently_used(o: &mut Object<'_>, used: Option<&UsedVersions>) {
    let Some(used) = used else { return };
    o.array("recentlyUsedVersions", [used], |used, out| {
        object(out, |o| {
            o.value("orchestratorVersion", &used.orchestrator_version);
            o.value("nodeImageVersion", &used.node_image_version);
            o.value("timestamp", &used.left.rfc3339());
        });
    });
}

/// Components of the control plane that are listed for each minor version (recorded in `test_aks_get_upgrades`).
const COMPONENTS: &[(&str, &str)] = &[("coredns", "v1.9.4-hotfix.20240520")];

/// `componentsByReleases`: one entry for each minor version among these versions.
fn write_components<'v>(o: &mut Object<'_>, versions: impl Iterator<Item = &'v String>, components: &[(&str, &str)]) {
    let parsed = versions.filter_map(|version| KubernetesVersion::parse(version));
    let minors: BTreeSet<_> = parsed.map(|version| (version.major, version.minor)).collect();
    o.array("componentsByReleases", minors, |(major, minor), out| {
        object(out, |o| {
            o.text("kubernetesVersion", format_args!("{major}.{minor}"));
            o.array("components", components, |(name, version), out| {
                object(out, |o| {
                    o.value("name", name).value("version", version).value("hasBreakingChanges", &false);
                });
            });
        });
    });
}

/// `GET {cluster}/availableAgentPoolVersions`: what a new pool may run, oldest first; the control plane's version is the default.
pub(crate) async fn pool_versions(scope: Scope) -> Answer {
    let cluster = scope.existing_cluster()?;
    let current = &cluster.current_kubernetes_version;
    let minors = scope.world().catalog().versions(scope.subscription.era, &cluster.location);
    let fitting = minors.iter().flat_map(|minor| &minor.patches).map(|patch| &patch.version);
    let fitting = fitting.filter(|version| fits(version, current));
    Ok(answer::provider(document(|o| {
        o.text("id", format_args!("{}/availableagentpoolversions", ClusterPath(&cluster.id)));
        o.value("name", "default");
        o.value("type", "Microsoft.ContainerService/managedClusters/availableAgentpoolVersions");
        o.object("properties", |o| {
            o.array("agentPoolVersions", fitting, |version, out| {
                object(out, |o| {
                    if version == current {
                        o.value("default", &true);
                    }
                    o.value("kubernetesVersion", version);
                    if is_preview(minors, version) {
                        o.value("isPreview", &true);
                    }
                });
            });
        });
    })))
}

fn fits(version: &str, current: &str) -> bool {
    match (KubernetesVersion::parse(version), KubernetesVersion::parse(current)) {
        (Some(version), Some(current)) => {
            version <= current && version.major == current.major && current.minor - version.minor <= SKEW_MINORS_MAX
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::fits;

    #[test]
    fn pools_may_be_behind_but_not_ahead() {
        assert!(fits("1.34.9", "1.34.9") && fits("1.31.1", "1.34.9"));
        assert!(!fits("1.35.0", "1.34.9") && !fits("1.30.0", "1.34.9") && !fits("x", "1.34.9"));
    }
}
