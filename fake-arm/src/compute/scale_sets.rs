//! The virtual machine scale sets behind agent pools, in the cluster's node resource group: they can be read and
//! reimaged; everything else about them is AKS's to change.

use std::sync::Arc;

use axum::extract::RawQuery;
use control_plane::ids::GroupId;
use control_plane::model::{Cluster, Node, OsDiskType, Pool, PoolKind};
use control_plane::refusal::{Refusal, RefusalKind};
use http::StatusCode;

use super::instance_views;
use crate::answer;
use crate::container_service::machines::state_of;
use crate::error::{Answer, Error};
use crate::middleware::Content;
use crate::query;
use crate::scope::{Scope, group_not_found, resource_not_found};
use crate::wire::ids::{scale_set_name, scale_set_path};
use crate::wire::json::{self, Object, document, object};
use crate::wire::read::{Members, parse};

/// The subscription in which AKS publishes its node images (Azure/karpenter-provider-azure, image family).
const IMAGES: &str = "/subscriptions/109a5e88-712a-48ae-9078-9ca8b3c81345/resourceGroups";

/// A scale set: an agent pool seen from Microsoft.Compute.
pub(crate) struct ScaleSet {
    /// The cluster.
    pub(crate) cluster: Arc<Cluster>,
    pub(super) pool: Arc<Pool>,
}

impl ScaleSet {
    /// Its name.
    pub(crate) fn name(&self) -> String {
        scale_set_name(&self.pool.id, &self.cluster.name_hash)
    }

    /// Its id.
    pub(crate) fn id(&self) -> String {
        scale_set_path(&self.cluster, &self.name())
    }

    /// Its machines, by instance number.
    pub(crate) fn nodes(&self, scope: &Scope) -> Vec<Arc<Node>> {
        scope.world().nodes(&self.pool.id)
    }

    /// Its provisioning state.
    pub(crate) fn state(&self) -> &'static str {
        self.pool.provisioning.as_str()
    }
}

/// The scale sets in a group: those of the cluster whose node resource group it is.
pub(crate) fn in_group(scope: &Scope, group: &GroupId) -> Vec<ScaleSet> {
    let manager = scope.world().group(group).and_then(|found| found.managed_by.clone());
    let cluster = manager.and_then(|id| scope.world().cluster(&id));
    cluster.map(|cluster| of_cluster(scope, &cluster)).unwrap_or_default()
}

/// The scale sets of a cluster.
pub(crate) fn of_cluster(scope: &Scope, cluster: &Arc<Cluster>) -> Vec<ScaleSet> {
    let pools = scope.world().pools(&cluster.id).into_iter();
    let in_sets = pools.filter(|pool| pool.settings.kind == PoolKind::VirtualMachineScaleSets);
    in_sets.map(|pool| ScaleSet { cluster: cluster.clone(), pool }).collect()
}

/// `GET …/virtualMachineScaleSets` of a subscription.
pub(crate) async fn list_all(scope: Scope) -> Answer {
    let clusters = scope.world().clusters(scope.subscription.id);
    let sets = clusters.iter().flat_map(|cluster| of_cluster(&scope, cluster));
    Ok(answer::provider(json::list(sets, |set, out| object(out, |o| write(o, &set)))))
}

/// `GET …/virtualMachineScaleSets` of a group.
pub(crate) async fn list(scope: Scope) -> Answer {
    let group = scope.group();
    scope.world().group(&group).ok_or_else(|| group_not_found(&group))?;
    let sets = in_group(&scope, &group);
    Ok(answer::provider(json::list(&sets, |set, out| object(out, |o| write(o, set)))))
}

pub(super) fn find(scope: &Scope) -> Result<ScaleSet, Error> {
    let (group, name) = (scope.group(), scope.param("set"));
    scope.world().group(&group).ok_or_else(|| group_not_found(&group))?;
    let found = in_group(scope, &group).into_iter().find(|set| set.name().eq_ignore_ascii_case(name));
    found.ok_or_else(|| resource_not_found(&group, &format!("Microsoft.Compute/virtualMachineScaleSets/{name}")))
}

/// `GET …/virtualMachineScaleSets/{set}`.
pub(crate) async fn show(scope: Scope) -> Answer {
    let set = find(&scope)?;
    Ok(answer::provider(document(|o| write(o, &set))))
}

/// `PUT` and `PATCH …/virtualMachineScaleSets/{set}`: refused. What belongs to trusted launch in the words of
/// Azure/AKS issue 4181; everything else because the set is AKS's to change.
pub(crate) async fn change(scope: Scope, Content(body): Content) -> Answer {
    let set = find(&scope)?;
    let asked = parse(&body)?;
    let uefi = ["properties", "virtualMachineProfile", "securityProfile", "uefiSettings"];
    let uefi = serde_json::Value::Object(asked).pointer(&format!("/{}", uefi.join("/"))).cloned().unwrap_or_default();
    let settings = &set.pool.settings;
    let differs = |name: &str, now: bool| uefi[name].as_bool().is_some_and(|asked| asked != now);
    if differs("vTpmEnabled", settings.vtpm) || differs("secureBootEnabled", settings.secure_boot) {
        let text = "Changing property 'securityProfile.uefiSettings' is not allowed.";
        let refusal = Refusal::gateway(RefusalKind::Conflict, "PropertyChangeNotAllowed", text);
        return Err(refusal.at("securityProfile.uefiSettings").into());
    }
    Err(Error::not_simulated(
        "changes to the scale sets of a cluster",
        "Change the agent pool instead, for example with 'az aks nodepool update'.",
    ))
}

/// `GET …/{set}/virtualMachines`.
pub(crate) async fn machines(scope: Scope, RawQuery(query): RawQuery) -> Answer {
    let set = find(&scope)?;
    let nodes = scope.world().nodes(&set.pool.id);
    let expand = wants_view(query.as_deref());
    Ok(answer::provider(json::list(&nodes, |node, out| object(out, |o| write_machine(o, &set, node, expand)))))
}

/// `GET …/{set}/virtualMachines/{instance}`.
pub(crate) async fn machine(scope: Scope, RawQuery(query): RawQuery) -> Answer {
    let set = find(&scope)?;
    let node = find_machine(&scope, &set)?;
    let expand = wants_view(query.as_deref());
    Ok(answer::provider(document(|o| write_machine(o, &set, &node, expand))))
}

/// Whether `$expand=instanceView` is asked for.
fn wants_view(query: Option<&str>) -> bool {
    query::value(query, "$expand").is_some_and(|what| what.eq_ignore_ascii_case("instanceView"))
}

/// The machine that the path names.
pub(super) fn find_machine(scope: &Scope, set: &ScaleSet) -> Result<Arc<Node>, Error> {
    let instance = scope.param("instance");
    let nodes = scope.world().nodes(&set.pool.id);
    let found = nodes.into_iter().find(|node| node.id.instance.to_string() == instance);
    found.ok_or_else(|| no_such_instance(RefusalKind::NotFound, instance))
}

/// In the words of microsoft/onefuzz issue 2547, where it is 400 for an instance that a body names.
fn no_such_instance(kind: RefusalKind, instance: &str) -> Error {
    let text = format!("The provided instanceId {instance} is not an active Virtual Machine Scale Set VM instanceId.");
    Refusal::gateway(kind, "InvalidParameter", text).at("instanceIds").into()
}

/// `POST …/{set}/reimage` and `/reimageall`, with `{"instanceIds":["0"]}` or without a body for all instances.
pub(crate) async fn reimage(scope: Scope, Content(body): Content) -> Answer {
    let set = find(&scope)?;
    let instances = if body.is_empty() { None } else { read_instances(&body)? };
    let nodes = scope.world().nodes(&set.pool.id);
    let gone = |wanted: &&u32| !nodes.iter().any(|node| node.id.instance == **wanted);
    if let Some(missing) = instances.iter().flatten().find(gone) {
        return Err(no_such_instance(RefusalKind::BadRequest, &missing.to_string()));
    }
    start_reimage(&scope, &set, instances).await
}

/// `POST …/virtualMachines/{instance}/reimage` and `/reimageall`. What the body may say is about data disks, which
/// nodes do not have.
pub(crate) async fn reimage_machine(scope: Scope) -> Answer {
    let set = find(&scope)?;
    let node = find_machine(&scope, &set)?;
    start_reimage(&scope, &set, Some(vec![node.id.instance])).await
}

async fn start_reimage(scope: &Scope, set: &ScaleSet, instances: Option<Vec<u32>>) -> Answer {
    let operation = scope.world().reimage_instances(&set.pool.id, instances).await?;
    let url = format!(
        "{}/subscriptions/{}/providers/Microsoft.Compute/locations/{}/operations/{operation}?api-version=2024-11-01",
        scope.door.origin, scope.subscription.id, set.cluster.location
    );
    Ok(answer::with_async_operation(answer::empty(StatusCode::ACCEPTED), &url))
}

/// The instance numbers; `None` for all, which is also what `*` says.
fn read_instances(body: &[u8]) -> Result<Option<Vec<u32>>, Error> {
    let Some(names) = Members::of(body)?.texts("instanceIds")? else { return Ok(None) };
    if names.iter().any(|name| name == "*") {
        return Ok(None);
    }
    let read = |name: &String| {
        name.parse().map_err(|_| {
            let text = format!("The instance id '{name}' is not a number.");
            Error::gateway(RefusalKind::BadRequest, "InvalidParameter", text)
        })
    };
    names.iter().map(read).collect::<Result<Vec<u32>, Error>>().map(Some)
}

fn write(o: &mut Object<'_>, set: &ScaleSet) {
    let settings = &set.pool.settings;
    o.value("name", &set.name()).value("id", &set.id());
    o.value("type", "Microsoft.Compute/virtualMachineScaleSets").value("location", &set.cluster.location);
    o.object("tags", |o| {
        o.value("aks-managed-poolName", set.pool.id.name.as_str());
        o.value("aks-managed-orchestrator", &format!("Kubernetes:{}", settings.current_orchestrator_version));
    });
    o.object("sku", |o| {
        o.value("name", &settings.vm_size).value("tier", "Standard").value("capacity", &settings.count);
    });
    o.object("properties", |o| {
        o.value("singlePlacementGroup", &false).value("orchestrationMode", "Uniform");
        o.object("upgradePolicy", |o| {
            o.value("mode", "Manual");
        });
        o.object("virtualMachineProfile", |o| {
            o.object("osProfile", |o| {
                o.value("computerNamePrefix", &set.name());
            });
            o.object("storageProfile", |o| write_storage(o, set, &settings.node_image_version));
            write_security(o, &settings.node_image_version, settings.secure_boot, settings.vtpm);
        });
        o.value("provisioningState", set.state()).value("overprovision", &false);
        o.value("timeCreated", &set.pool.created.rfc3339());
    });
}

fn write_machine(o: &mut Object<'_>, set: &ScaleSet, node: &Node, expand: bool) {
    let (settings, instance) = (&set.pool.settings, node.id.instance);
    o.text("name", format_args!("{}_{instance}", set.name()));
    o.text("id", format_args!("{}/virtualMachines/{instance}", set.id()));
    o.value("type", "Microsoft.Compute/virtualMachineScaleSets/virtualMachines");
    o.value("location", &set.cluster.location).value("instanceId", &instance.to_string());
    o.object("sku", |o| {
        o.value("name", &settings.vm_size).value("tier", "Standard");
    });
    o.object("properties", |o| {
        o.value("latestModelApplied", &(node.model == settings.node_model()));
        o.text("vmId", node.vm);
        o.object("hardwareProfile", |o| {
            o.value("vmSize", &settings.vm_size);
        });
        o.object("storageProfile", |o| write_storage(o, set, &node.model.image));
        o.object("osProfile", |o| {
            o.value("computerName", &node.name);
        });
        write_security(o, &node.model.image, node.model.secure_boot, node.model.vtpm);
        o.value("provisioningState", state_of(node)).value("timeCreated", &node.created.rfc3339());
        if expand {
            o.object("instanceView", |o| instance_views::write(o, node));
        }
    });
}

fn write_storage(o: &mut Object<'_>, set: &ScaleSet, image: &str) {
    let settings = &set.pool.settings;
    o.object("osDisk", |o| {
        o.value("osType", settings.os_type.as_str()).value("createOption", "FromImage");
        if settings.os_disk_type == OsDiskType::Ephemeral {
            o.value("caching", "ReadOnly").object("diffDiskSettings", |o| {
                o.value("option", "Local");
            });
        } else {
            o.value("caching", "ReadWrite").object("managedDisk", |o| {
                o.value("storageAccountType", "Premium_LRS");
            });
        }
        o.value("diskSizeGB", &settings.os_disk_size_gb);
    });
    o.object("imageReference", |o| {
        o.value("id", &image_id(image));
    });
}

/// `AKSUbuntu-2204gen2TLcontainerd-202607.13.0` is version `202607.13.0` of definition `2204gen2TLcontainerd` in gallery
/// `AKSUbuntu`.
fn image_id(image: &str) -> String {
    let (head, version) = image.rsplit_once('-').unwrap_or((image, ""));
    let (gallery, definition) = head.split_once('-').unwrap_or((head, head));
    let group = gallery.replacen("AKS", "AKS-", 1);
    format!("{IMAGES}/{group}/providers/Microsoft.Compute/galleries/{gallery}/images/{definition}/versions/{version}")
}

/// Present when the machines are trusted-launch machines: a flag is set, or the image is one that Azure starts in no
/// other way ("only supports creation of VMs … with 'TrustedLaunch' security type", microsoft/STL issue 3159).
fn write_security(o: &mut Object<'_>, image: &str, secure_boot: bool, vtpm: bool) {
    let definition = image.split('-').nth(1).unwrap_or("");
    if !(secure_boot || vtpm || definition.contains("TL")) {
        return;
    }
    o.object("securityProfile", |o| {
        o.object("uefiSettings", |o| {
            o.value("secureBootEnabled", &secure_boot).value("vTpmEnabled", &vtpm);
        });
        o.value("securityType", "TrustedLaunch");
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_image_is_found_in_its_gallery() {
        assert!(image_id("AKSUbuntu-2204gen2TLcontainerd-202607.13.0").ends_with(
            "/AKS-Ubuntu/providers/Microsoft.Compute/galleries/AKSUbuntu/images/2204gen2TLcontainerd/versions/202607.13.0"
        ));
    }
}
