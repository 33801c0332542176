//! Agent pools from request bodies: `properties` of an agent pool, or one entry of `agentPoolProfiles`.

use control_plane::model::{
    GpuDriver, MachineGroup, NodePoolMode, OsDiskType, OsType, PoolKind, PoolSpec, PowerState, Priority,
};
use serde_json::Value;

use super::read::Members;
use crate::error::Error;

/// Set by the server; SDKs and `az rest` send them back.
const READ_ONLY: &[&str] =
    &["provisioningState", "currentOrchestratorVersion", "eTag", "etag", "status", "recentlyUsedVersions"];

/// Spot settings, which Azure forgets on regular pools (recorded: sent with `Regular`, not returned).
const SPOT_ONLY: &[&str] = &["scaleSetEvictionPolicy", "spotMaxPrice"];

/// Reads the body of `PUT …/agentPools/{name}`.
pub(crate) fn read(body: &[u8], name: &str) -> Result<PoolSpec, Error> {
    let mut envelope = Members::of(body)?;
    let properties = envelope.nested("properties")?.ok_or_else(|| Members::missing("properties"))?;
    read_members(properties, name.to_owned())
}

/// Reads one entry of `agentPoolProfiles`.
pub(super) fn read_embedded(mut pool: Members<'_>) -> Result<PoolSpec, Error> {
    let name = pool.text("name")?.unwrap_or_default();
    read_members(pool, name)
}

fn read_members(mut pool: Members<'_>, name: String) -> Result<PoolSpec, Error> {
    pool.drop_all(READ_ONLY);
    let upgrade = upgrade_settings(&mut pool)?;
    let security = security(&mut pool)?;
    let mut spec = PoolSpec {
        name,
        mode: pool.choice("mode", NodePoolMode::ALL, NodePoolMode::as_str)?,
        count: pool.integer("count")?,
        vm_size: pool.text_or_default("vmSize")?,
        os_type: pool.choice("osType", OsType::ALL, OsType::as_str)?,
        os_sku: pool.text_or_default("osSKU")?,
        kind: pool.choice("type", PoolKind::ALL, PoolKind::as_str)?,
        orchestrator_version: pool.text_or_default("orchestratorVersion")?,
        fips: pool.boolean("enableFIPS")?,
        secure_boot: security.secure_boot,
        vtpm: security.vtpm,
        os_disk_type: pool.choice("osDiskType", OsDiskType::ALL, OsDiskType::as_str)?,
        os_disk_size_gb: pool.integer("osDiskSizeGB")?,
        max_pods: pool.integer("maxPods")?,
        gpu_driver: gpu_driver(&mut pool)?,
        workload_runtime: pool.text_or_default("workloadRuntime")?,
        priority: pool.choice("scaleSetPriority", Priority::ALL, Priority::as_str)?,
        power: power_state(&mut pool)?,
        node_image_version: pool.text_or_default("nodeImageVersion")?,
        snapshot_image: None,
        autoscaling: pool.boolean("enableAutoScaling")?,
        min_count: pool.integer("minCount")?,
        max_count: pool.integer("maxCount")?,
        machines: virtual_machines(&mut pool)?,
        zones: pool.texts("availabilityZones")?,
        spot_max_price: None,
        max_surge: upgrade.max_surge,
        max_unavailable: upgrade.max_unavailable,
        taints: pool.texts("nodeTaints")?,
        labels: pool.text_map("nodeLabels")?,
        tags: pool.text_map("tags")?,
        properties: serde_json::Map::new(),
    };
    if spec.priority == Some(Priority::Regular) {
        pool.drop_all(SPOT_ONLY);
    }
    spec.properties = pool.rest();
    spec.spot_max_price = spec.properties.get("spotMaxPrice").and_then(Value::as_f64);
    // Recorded: sent empty, not returned.
    spec.properties
        .retain(|key, value| !(key == "nodeInitializationTaints" && value.as_array().is_some_and(Vec::is_empty)));
    Ok(spec)
}

struct Security {
    secure_boot: Option<bool>,
    vtpm: Option<bool>,
}

/// Takes the two flags out of `securityProfile` and keeps its other members.
fn security(pool: &mut Members<'_>) -> Result<Security, Error> {
    let Some(mut profile) = pool.nested("securityProfile")? else {
        return Ok(Security { secure_boot: None, vtpm: None });
    };
    let read = Security { secure_boot: profile.boolean("enableSecureBoot")?, vtpm: profile.boolean("enableVTPM")? };
    if let Some(access) = profile.text_or_default("sshAccess")? {
        profile.keep("sshAccess", ssh_access(access));
    }
    let rest = profile.rest();
    if !rest.is_empty() {
        pool.keep("securityProfile", rest);
    }
    Ok(read)
}

struct UpgradeSettings {
    max_surge: Option<String>,
    max_unavailable: Option<String>,
}

/// Looks at what the rules judge of `upgradeSettings`, and keeps all of it.
fn upgrade_settings(pool: &mut Members<'_>) -> Result<UpgradeSettings, Error> {
    let Some(mut settings) = pool.nested("upgradeSettings")? else {
        return Ok(UpgradeSettings { max_surge: None, max_unavailable: None });
    };
    let read = UpgradeSettings {
        max_surge: settings.text_or_default("maxSurge")?,
        max_unavailable: settings.text_or_default("maxUnavailable")?,
    };
    for (name, text) in [("maxSurge", &read.max_surge), ("maxUnavailable", &read.max_unavailable)] {
        if let Some(text) = text {
            settings.keep(name, text.clone());
        }
    }
    pool.keep("upgradeSettings", settings.rest());
    Ok(read)
}

/// The resource provider normalises the case of what it knows (recorded: `localuser` comes back as `LocalUser`).
fn ssh_access(text: String) -> String {
    let known = ["LocalUser", "Disabled", "EntraId"];
    known.into_iter().find(|k| k.eq_ignore_ascii_case(&text)).map_or(text, str::to_owned)
}

/// `gpuProfile.driver` of today and `gpuProfile.installGPUDriver` of the 2024 previews mean the same.
fn gpu_driver(pool: &mut Members<'_>) -> Result<Option<GpuDriver>, Error> {
    let Some(mut profile) = pool.nested("gpuProfile")? else {
        return Ok(None);
    };
    let driver = profile.choice("driver", GpuDriver::ALL, GpuDriver::as_str)?;
    let install = profile.boolean("installGPUDriver")?;
    let rest = profile.rest();
    if !rest.is_empty() {
        pool.keep("gpuProfile", rest);
    }
    Ok(driver.or(install.map(|yes| if yes { GpuDriver::Install } else { GpuDriver::None })))
}

/// Stopping and starting a pool is a PUT of `powerState`; a pool's state comes back with every update.
fn power_state(pool: &mut Members<'_>) -> Result<Option<PowerState>, Error> {
    match pool.nested("powerState")? {
        Some(mut state) => state.choice("code", PowerState::ALL, PowerState::as_str),
        None => Ok(None),
    }
}

/// Sizes and counts of a pool of type `VirtualMachines`, which come in a profile of their own.
fn virtual_machines(pool: &mut Members<'_>) -> Result<Option<Vec<MachineGroup<i64>>>, Error> {
    pool.drop_all(&["virtualMachineNodesStatus"]);
    let Some(mut profile) = pool.nested("virtualMachinesProfile")? else {
        return Ok(None);
    };
    let Some(mut scale) = profile.nested("scale")? else {
        return Ok(None);
    };
    if scale.list("autoscale")?.is_some_and(|entries| !entries.is_empty()) {
        return Err(Error::not_simulated(
            "the cluster autoscaler on VirtualMachines pools",
            "Use a manual scale profile.",
        ));
    }
    let group = |mut entry: Members<'_>| {
        let size = entry.text_or_default("size")?.unwrap_or_default();
        Ok(MachineGroup { size, count: entry.integer("count")?.unwrap_or(1) })
    };
    scale.list("manual")?.map(|entries| entries.into_iter().map(group).collect()).transpose()
}

/// Whether a kept value is an empty list or object.
pub(super) fn is_hollow(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Array(items) => items.is_empty(),
        Value::Object(members) => members.is_empty(),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    fn read_value(properties: Value) -> Result<PoolSpec, Error> {
        read(json!({ "properties": properties }).to_string().as_bytes(), "p")
    }

    #[test]
    fn reads_what_az_2_91_sends() {
        let spec = read_value(json!({"count":3,"vmSize":"","osType":"Linux","mode":"User","type":"VirtualMachineScaleSets",
            "enableNodePublicIP":false,"scaleSetPriority":"Regular","scaleSetEvictionPolicy":"Delete","spotMaxPrice":-1.0,
            "scaleDownMode":"Delete","nodeTaints":[],"upgradeSettings":{"undrainableNodeBehavior":"Schedule"},
            "enableFIPS":false,"securityProfile":{"enableVTPM":true}}))
        .unwrap();
        assert_eq!((spec.count, spec.vm_size, spec.vtpm, spec.secure_boot), (Some(3), None, Some(true), None));
        assert_eq!(spec.taints, Some(vec![]));
        let kept: Vec<_> = spec.properties.keys().map(String::as_str).collect();
        assert_eq!(kept, ["enableNodePublicIP", "scaleDownMode", "upgradeSettings"]);
    }

    #[test]
    fn both_ways_to_skip_the_gpu_driver_are_one() {
        let new = read_value(json!({"gpuProfile": {"driver": "none"}})).unwrap();
        let old = read_value(json!({"gpuProfile": {"installGPUDriver": false}})).unwrap();
        assert_eq!(new.gpu_driver, Some(GpuDriver::None));
        assert_eq!(old.gpu_driver, Some(GpuDriver::None));
    }

    #[test]
    fn other_members_of_the_security_profile_are_kept() {
        let spec =
            read_value(json!({"securityProfile": {"sshAccess": "localuser", "enableSecureBoot": true}})).unwrap();
        assert_eq!(spec.secure_boot, Some(true));
        assert_eq!(spec.properties["securityProfile"], json!({"sshAccess": "LocalUser"}));
    }

    #[test]
    fn machines_pools_bring_their_size_along() {
        let manual = json!([{"size": "Standard_D4s_v3", "count": 3}]);
        let spec =
            read_value(json!({"type": "VirtualMachines", "virtualMachinesProfile": {"scale": {"manual": manual}}}))
                .unwrap();
        assert_eq!(spec.machines, Some(vec![MachineGroup { size: "Standard_D4s_v3".to_owned(), count: 3 }]));
    }

    #[test]
    fn the_power_state_is_read_and_what_does_not_fit_is_refused() {
        let stopped = read_value(json!({"powerState": {"code": "stopped"}})).unwrap();
        assert_eq!(stopped.power, Some(PowerState::Stopped));
        assert!(read_value(json!({"powerState": {"code": "Running"}})).is_ok());
        assert!(read_value(json!({"count": "three"})).unwrap_err().0.message.contains("'properties.count'"));
        assert_eq!(read(b"{}", "p").unwrap_err().0.code, "InvalidRequestContent");
    }

    proptest! {
        #[test]
        fn never_panics(key in prop::sample::select(vec!["count","mode","vmSize","securityProfile","nodeLabels","nodeTaints","gpuProfile","virtualMachinesProfile","powerState"]), value in any::<i32>(), shape in 0_u8..5) {
            let value = match shape { 0 => json!(value), 1 => json!([value]), 2 => json!({"a": value}), 3 => json!("x"), _ => Value::Null };
            let _ = read_value(json!({ key: value }));
        }
    }
}
