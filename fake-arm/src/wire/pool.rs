//! Agent pools as the AKS resource provider writes them.

use control_plane::model::{GpuDriver, MachineGroup, Opaque, Pool, PoolKind, Priority};

use super::form::Form;
use super::ids::PoolPath;
use super::json::{Object, document, object};
use super::models;
use super::pool_body::is_hollow;

/// Kept members that are written at a place of their own below.
const PLACED: &[&str] = &[
    "kubeletDiskType",
    "vnetSubnetID",
    "podSubnetID",
    "availabilityZones",
    "maxCount",
    "minCount",
    "enableAutoScaling",
    "scaleDownMode",
    "scaleSetEvictionPolicy",
    "spotMaxPrice",
    "enableNodePublicIP",
    "enableCustomCATrust",
    "enableEncryptionAtHost",
    "enableUltraSSD",
    "upgradeStrategy",
    "upgradeSettings",
    "gpuProfile",
    "networkProfile",
    "securityProfile",
];

/// An agent pool resource.
pub(crate) fn resource(pool: &Pool, form: Form) -> Vec<u8> {
    document(|o| write_resource(o, pool, form))
}

/// An agent pool resource as an item of a list.
pub(crate) fn item(pool: &Pool, form: Form, out: &mut Vec<u8>) {
    object(out, |o| write_resource(o, pool, form));
}

fn write_resource(o: &mut Object<'_>, pool: &Pool, form: Form) {
    o.text("id", PoolPath(&pool.id));
    o.value("name", pool.id.name.as_str());
    o.value("type", "Microsoft.ContainerService/managedClusters/agentPools");
    o.object("properties", |o| write_properties(o, pool, form, false));
}

/// An entry of a cluster's `agentPoolProfiles`: the same members, with the name among them. In the answer that says
/// that the cluster is `new`, a pool without labels shows `nodeLabels: {}` (recorded).
pub(super) fn embedded(pool: &Pool, form: Form, new: bool, out: &mut Vec<u8>) {
    object(out, |o| {
        o.value("name", pool.id.name.as_str());
        write_properties(o, pool, form, new);
    });
}

/// Whether the cluster autoscaler looks after the pool.
pub(super) fn scales_itself(pool: &Pool) -> bool {
    pool.settings.autoscaler.is_some()
}

fn write_properties(o: &mut Object<'_>, pool: &Pool, form: Form, new: bool) {
    let api = form.api;
    let settings = &pool.settings;
    let kept = &settings.properties;
    let machines = settings.kind == PoolKind::VirtualMachines;
    if machines {
        // Sizes and counts are in the profile (recorded in test_vms_agentpool_type of Azure/azure-cli, July 2025).
        o.value("count", &()).value("vmSize", "");
    } else {
        o.value("count", &settings.count).value("vmSize", &settings.vm_size);
    }
    o.value("osDiskSizeGB", &settings.os_disk_size_gb);
    o.value("osDiskType", settings.os_disk_type.as_str());
    o.kept_or(kept, "kubeletDiskType", "OS");
    match &settings.workload_runtime {
        Some(runtime) => o.value("workloadRuntime", runtime),
        None if api.is_preview() => o.value("workloadRuntime", "OCIContainer"),
        None => o,
    };
    o.kept(kept, "vnetSubnetID").kept(kept, "podSubnetID");
    o.value("maxPods", &settings.max_pods);
    o.value("type", settings.kind.as_str());
    if !settings.zones.is_empty() {
        o.value("availabilityZones", &settings.zones);
    }
    if let Some(bounds) = settings.autoscaler {
        o.value("maxCount", &bounds.max).value("minCount", &bounds.min);
    }
    o.value("enableAutoScaling", &scales_itself(pool));
    if form.fills_in_scale_down_mode() {
        o.kept_or(kept, "scaleDownMode", "Delete");
    } else {
        o.kept(kept, "scaleDownMode");
    }
    if settings.priority == Priority::Spot {
        o.value("scaleSetPriority", "Spot");
        o.kept_or(kept, "scaleSetEvictionPolicy", "Delete").kept_or(kept, "spotMaxPrice", &-1.0);
    }
    o.value("provisioningState", pool.provisioning.as_str());
    o.object("powerState", |o| {
        o.value("code", settings.power.as_str());
    });
    o.value("orchestratorVersion", &settings.orchestrator_version);
    if form.knows(models::CURRENT_VERSION) {
        o.value("currentOrchestratorVersion", &settings.current_orchestrator_version);
    }
    o.kept_or(kept, "enableNodePublicIP", &false);
    if form.has_custom_ca_trust() {
        o.kept_or(kept, "enableCustomCATrust", &false);
    } else {
        o.kept(kept, "enableCustomCATrust");
    }
    if !settings.tags.is_empty() {
        o.value("tags", &settings.tags);
    }
    write_labels_and_taints(o, pool, new && form.is_of_late_2023());
    o.value("mode", settings.mode.as_str());
    o.kept_or(kept, "enableEncryptionAtHost", &false).kept_or(kept, "enableUltraSSD", &false);
    o.value("osType", settings.os_type.as_str());
    o.value("osSKU", &settings.os_sku);
    o.value("nodeImageVersion", &settings.node_image_version);
    if form.knows(models::UPGRADE_STRATEGY) {
        o.kept_or(kept, "upgradeStrategy", "Rolling");
    } else {
        o.kept(kept, "upgradeStrategy");
    }
    write_upgrade_settings(o, pool, form);
    o.value("enableFIPS", &settings.fips);
    write_gpu(o, pool, form);
    if machines {
        write_machines(o, pool);
    }
    if api.is_preview() && form.knows(models::POOL_NETWORK) {
        o.kept_or(kept, "networkProfile", &serde_json::Map::new());
    } else {
        o.kept(kept, "networkProfile");
    }
    write_security(o, pool, form);
    if form.has_etag() && !new {
        o.value("eTag", &pool.etag);
    }
    o.rest(kept, PLACED);
}

/// Cleared labels and taints are left out.
fn write_labels_and_taints(o: &mut Object<'_>, pool: &Pool, new: bool) {
    let settings = &pool.settings;
    if !settings.labels.is_empty() || new {
        o.value("nodeLabels", &settings.labels);
    }
    if !settings.taints.is_empty() {
        o.value("nodeTaints", &settings.taints);
    }
}

/// `maxSurge` is 10 %, and `maxUnavailable` 0, unless something else was asked for.
fn write_upgrade_settings(o: &mut Object<'_>, pool: &Pool, form: Form) {
    let kept = pool.settings.properties.get("upgradeSettings").and_then(|v| v.as_object());
    let empty = Opaque::new();
    let kept = kept.unwrap_or(&empty);
    o.object("upgradeSettings", |o| {
        // Spot pools have none: az would send it back, and the service refuses it.
        if form.fills_in_surge() && pool.settings.priority != Priority::Spot {
            o.kept_or(kept, "maxSurge", "10%");
            if form.fills_in_unavailable() {
                o.kept_or(kept, "maxUnavailable", "0");
            } else {
                o.kept(kept, "maxUnavailable");
            }
            o.rest(kept, &["maxSurge", "maxUnavailable"]);
        } else {
            o.rest(kept, &[]);
        }
    });
}

/// Today `driver`; in the previews of 2024 `installGPUDriver`.
fn write_gpu(o: &mut Object<'_>, pool: &Pool, form: Form) {
    let kept = pool.settings.properties.get("gpuProfile").and_then(|v| v.as_object());
    let Some(driver) = pool.settings.gpu_driver else {
        if let Some(kept) = kept {
            o.value("gpuProfile", kept);
        }
        return;
    };
    o.object("gpuProfile", |o| {
        if form.api.is_preview() && form.api.is_before(2025, 1) {
            o.value("installGPUDriver", &(driver == GpuDriver::Install));
        } else {
            o.value("driver", driver.as_str());
        }
        if let Some(kept) = kept {
            o.rest(kept, &[]);
        }
    });
}

/// The scale profiles as asked for, and the machines that there are: until an operation has succeeded those from before
/// it (recorded in test_vms_agentpool_type of Azure/azure-cli).
fn write_machines(o: &mut Object<'_>, pool: &Pool) {
    let write = |group: &MachineGroup, out: &mut Vec<u8>| {
        object(out, |o| {
            o.value("size", &group.size).value("count", &group.count);
        });
    };
    o.object("virtualMachinesProfile", |o| {
        o.object("scale", |o| {
            o.array("manual", &pool.settings.groups(), write);
        });
    });
    if !pool.present.is_empty() {
        o.array("virtualMachineNodesStatus", &pool.present, write);
    }
}

/// Both booleans, except where [`Form`] knows better: az 2.66 to 2.91 crash on `--enable-secure-boot` when the profile is missing.
fn write_security(o: &mut Object<'_>, pool: &Pool, form: Form) {
    let kept = pool.settings.properties.get("securityProfile").filter(|v| !is_hollow(v)).and_then(|v| v.as_object());
    let access = kept.and_then(|k| k.get("sshAccess")).and_then(|v| v.as_str());
    let access = access.or(form.fills_in_ssh_access().then_some("LocalUser"));
    if kept.is_none() && access.is_none() && !form.knows(models::TRUSTED_LAUNCH) {
        return;
    }
    o.object("securityProfile", |o| {
        o.maybe("sshAccess", access);
        if form.shows_trusted_launch(pool) {
            o.value("enableVTPM", &pool.settings.vtpm);
            o.value("enableSecureBoot", &pool.settings.secure_boot);
        }
        if let Some(kept) = kept {
            o.rest(kept, &["sshAccess", "enableVTPM", "enableSecureBoot"]);
        }
    });
}
