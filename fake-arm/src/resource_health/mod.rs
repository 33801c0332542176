//! Microsoft.ResourceHealth: `{resource}/providers/Microsoft.ResourceHealth/availabilityStatuses`, for clusters, their
//! scale sets and the machines in them.
//!
//! Shape and the text of a healthy machine: a recorded answer in Checkmk's tests; texts of machines that are not
//! available: "Resource Health virtual machine health annotations" in Azure's documentation. That a refused boot of a
//! trusted-launch machine is told as `VirtualMachineFailedToSecureBoot`, which is documented for confidential ones, and
//! how machines add up to scale sets and clusters, is inferred.

mod status;

use std::sync::Arc;

use axum::Extension;
use control_plane::ids::{ClusterId, GroupId, Name};
use control_plane::model::{Cluster, Node};
use control_plane::refusal::RefusalKind;

use crate::answer;
use crate::compute::scale_sets::{self, ScaleSet};
use crate::error::{Answer, Error};
use crate::middleware::extension_scope::ExtensionScope;
use crate::scope::{Scope, group_not_found, resource_not_found};
use crate::wire::ids::ClusterPath;
use crate::wire::json::{self, Object, document, object};

use status::Status;

/// The one status that is served: what is true now.
const CURRENT: &str = "current";

/// A resource with a health.
struct Subject {
    id: String,
    location: String,
    status: Status,
}

/// `GET …/availabilityStatuses` of a subscription, a group (all clusters and scale sets in it) or a resource.
pub(crate) async fn list(scope: Scope, Extension(ExtensionScope(at)): Extension<ExtensionScope>) -> Answer {
    let lower = at.to_lowercase();
    let subjects = match segments(&lower).as_slice() {
        [] => {
            let clusters = scope.world().clusters(scope.subscription.id);
            clusters.iter().flat_map(|cluster| with_sets(&scope, cluster)).collect()
        }
        ["resourcegroups", _] => in_group(&scope, &group_of(&scope, &at)?),
        _ => vec![find(&scope, &at)?],
    };
    let now = scope.world().now();
    Ok(answer::gateway(json::list(&subjects, |subject, out| object(out, |o| write(o, subject, now)))))
}

/// `GET …/availabilityStatuses/current`.
pub(crate) async fn show(scope: Scope, Extension(ExtensionScope(at)): Extension<ExtensionScope>) -> Answer {
    let name = scope.param("status");
    if !name.eq_ignore_ascii_case(CURRENT) {
        return Err(Error::not_simulated("past availability statuses", "Ask for 'current'."));
    }
    let subject = find(&scope, &at)?;
    let now = scope.world().now();
    Ok(answer::gateway(document(|o| write(o, &subject, now))))
}

/// What follows the subscription.
fn segments(at: &str) -> Vec<&str> {
    at.split('/').filter(|segment| !segment.is_empty()).skip(2).collect()
}

fn group_of(scope: &Scope, at: &str) -> Result<GroupId, Error> {
    let name = segments(at).get(1).copied().unwrap_or_default().to_owned();
    let group = GroupId { subscription: scope.subscription.id, name: Name::new(name) };
    scope.world().group(&group).ok_or_else(|| group_not_found(&group))?;
    Ok(group)
}

fn in_group(scope: &Scope, group: &GroupId) -> Vec<Subject> {
    let clusters = scope.world().clusters_in(group);
    let own = clusters.iter().map(|cluster| of_cluster(scope, cluster));
    own.chain(scale_sets::in_group(scope, group).iter().map(|set| of_set(scope, set))).collect()
}

fn with_sets(scope: &Scope, cluster: &Arc<Cluster>) -> Vec<Subject> {
    let sets = scale_sets::of_cluster(scope, cluster);
    std::iter::once(of_cluster(scope, cluster)).chain(sets.iter().map(|set| of_set(scope, set))).collect()
}

fn of_cluster(scope: &Scope, cluster: &Arc<Cluster>) -> Subject {
    let nodes = scope.world().nodes_of(&cluster.id);
    subject(ClusterPath(&cluster.id).to_string(), cluster, Status::of_all(&nodes, "cluster"))
}

fn of_set(scope: &Scope, set: &ScaleSet) -> Subject {
    subject(set.id(), &set.cluster, Status::of_all(&set.nodes(scope), "scale set"))
}

fn of_machine(set: &ScaleSet, node: &Node) -> Subject {
    let id = format!("{}/virtualMachines/{}", set.id(), node.id.instance);
    subject(id, &set.cluster, Status::of_machine(node))
}

fn subject(id: String, cluster: &Cluster, status: Status) -> Subject {
    Subject { id, location: cluster.location.clone(), status }
}

fn find(scope: &Scope, at: &str) -> Result<Subject, Error> {
    let group = group_of(scope, at)?;
    let lower = at.to_lowercase();
    let all = segments(&lower);
    let missing = |kind: &str, name: &str| resource_not_found(&group, &format!("{kind}/{name}"));
    match all.get(3..).unwrap_or_default() {
        ["microsoft.containerservice", "managedclusters", name] => {
            let id = ClusterId { group: group.clone(), name: Name::new(*name) };
            let found = scope.world().cluster(&id);
            let cluster = found.ok_or_else(|| missing("Microsoft.ContainerService/managedClusters", name))?;
            Ok(of_cluster(scope, &cluster))
        }
        ["microsoft.compute", "virtualmachinescalesets", name, rest @ ..] => {
            let sets = scale_sets::in_group(scope, &group);
            let set = sets.iter().find(|set| set.name().eq_ignore_ascii_case(name));
            let set = set.ok_or_else(|| missing("Microsoft.Compute/virtualMachineScaleSets", name))?;
            match rest {
                [] => Ok(of_set(scope, set)),
                ["virtualmachines", instance] => {
                    let nodes = set.nodes(scope);
                    let node = nodes.iter().find(|node| node.id.instance.to_string() == *instance);
                    let kind = "Microsoft.Compute/virtualMachineScaleSets/virtualMachines";
                    Ok(of_machine(set, node.ok_or_else(|| missing(kind, instance))?))
                }
                _ => Err(not_covered()),
            }
        }
        _ => Err(not_covered()),
    }
}

fn not_covered() -> Error {
    Error::gateway(
        RefusalKind::NotFound,
        "ResourceTypeNotSupported",
        "Slipway knows the health of managed clusters, scale sets and their machines only.",
    )
}

fn write(o: &mut Object<'_>, subject: &Subject, now: control_plane::clock::VirtualTime) {
    o.text("id", format_args!("{}/providers/Microsoft.ResourceHealth/availabilityStatuses/{CURRENT}", subject.id));
    o.value("name", CURRENT).value("type", "Microsoft.ResourceHealth/AvailabilityStatuses");
    o.value("location", &subject.location);
    let status = &subject.status;
    o.object("properties", |o| {
        o.value("availabilityState", status.state).value("title", status.state).value("summary", &status.summary);
        o.value("reasonType", status.reason_type).value("category", status.category).value("context", status.context);
        // Azure spells it like this.
        o.value("occuredTime", &status.since.unwrap_or(now).rfc3339());
        o.value("reasonChronicity", "Persistent").value("reportedTime", &now.rfc3339());
    });
}
