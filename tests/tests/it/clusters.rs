//! Managed clusters under the newest az: every group of options of `az aks create` and `update`, and every other
//! command on a cluster.

use serde_json::{Value, json};

use crate::support::{Arm, Az, NEW, Slipway, cluster_path, column, shows};

const SPEED: &str = "3000";

/// The resources that options refer to. Their own commands are tried elsewhere.
fn surroundings(arm: &Arm) -> String {
    let group = |rest: &str| format!("/resourceGroups/g{rest}");
    arm.put(&group("?api-version=2024-11-01"), &json!({"location": "eastus"}));
    for namespace in ["Microsoft.Insights", "Microsoft.OperationalInsights", "Microsoft.ContainerRegistry"] {
        let path = format!("/providers/{namespace}/register?api-version=2024-11-01");
        assert_eq!(arm.request("POST", &path, None).status, 200);
    }
    // Registering takes a while, also at this speed.
    let registered = || {
        arm.get("/providers/Microsoft.ContainerRegistry?api-version=2024-11-01")["registrationState"] == "Registered"
    };
    crate::support::eventually("the providers are registered", || registered().then_some(()));
    let made = |provider: &str, body: Value| {
        arm.put(&group(&format!("/providers/{provider}?api-version=2024-05-01")), &body);
    };
    let here = json!({"location": "eastus"});
    made("Microsoft.ManagedIdentity/userAssignedIdentities/control", here.clone());
    made("Microsoft.ManagedIdentity/userAssignedIdentities/kubelet", here.clone());
    made("Microsoft.OperationalInsights/workspaces/work", here.clone());
    made("Microsoft.ContainerRegistry/registries/images", here);
    let subnet = json!({"name": "nodes", "properties": {"addressPrefix": "10.8.0.0/20"}});
    let network = json!({"addressSpace": {"addressPrefixes": ["10.8.0.0/16"]}, "subnets": [subnet]});
    made("Microsoft.Network/virtualNetworks/vnet", json!({"location": "eastus", "properties": network}));
    arm.url("/resourceGroups/g").split('?').next().expect("a path").replace(arm.origin(), "")
}

#[test]
fn creation_with_every_group_of_options() {
    let slipway = Slipway::start(SPEED);
    let (az, arm) = (Az::new(&slipway, NEW), slipway.arm());
    let group = surroundings(&arm);
    open_cluster(&az);
    closed_cluster(&az, &group);
}

/// Network, tier, channels, API server ranges, autoscaler, OIDC, Windows, zones, labels, taints, tags, names.
fn open_cluster(az: &Az) {
    let made = az.ok("az aks create -g g -n open --node-count 2 --zones 1 2 3 --tags a=b --nodepool-labels x=y \
        --nodepool-taints CriticalAddonsOnly=true:NoSchedule --nodepool-tags p=q --nodepool-name system \
        --network-plugin azure --network-plugin-mode overlay --network-dataplane cilium --network-policy cilium \
        --pod-cidr 10.240.0.0/16 --service-cidr 10.1.0.0/16 --dns-service-ip 10.1.0.10 --tier standard \
        --load-balancer-managed-outbound-ip-count 2 --enable-oidc-issuer --enable-workload-identity \
        --auto-upgrade-channel stable --node-os-upgrade-channel SecurityPatch \
        --api-server-authorized-ip-ranges 1.2.3.4/32,5.6.7.0/24 --enable-cluster-autoscaler --min-count 1 \
        --max-count 5 --node-resource-group my-nodes --windows-admin-username azureuser \
        --windows-admin-password P@ssw0rd1234! --enable-image-cleaner --enable-keda --enable-vpa \
        --nrg-lockdown-restriction-level ReadOnly --node-osdisk-size 100 --max-pods 60 --enable-vtpm \
        --enable-secure-boot --dns-name-prefix front --no-ssh-key");
    shows(
        "open",
        &made,
        &[
            ("/provisioningState", json!("Succeeded")),
            ("/type", json!("Microsoft.ContainerService/ManagedClusters")),
            ("/sku", json!({"name": "Base", "tier": "Standard"})),
            ("/tags", json!({"a": "b"})),
            ("/dnsPrefix", json!("front")),
            ("/nodeResourceGroup", json!("my-nodes")),
            ("/nodeResourceGroupProfile/restrictionLevel", json!("ReadOnly")),
            ("/networkProfile/networkPlugin", json!("azure")),
            ("/networkProfile/networkPluginMode", json!("overlay")),
            ("/networkProfile/networkDataplane", json!("cilium")),
            ("/networkProfile/networkPolicy", json!("cilium")),
            ("/networkProfile/podCidrs", json!(["10.240.0.0/16"])),
            ("/networkProfile/serviceCidr", json!("10.1.0.0/16")),
            ("/networkProfile/dnsServiceIp", json!("10.1.0.10")),
            ("/networkProfile/loadBalancerProfile/managedOutboundIPs/count", json!(2)),
            ("/autoUpgradeProfile", json!({"nodeOsUpgradeChannel": "SecurityPatch", "upgradeChannel": "stable"})),
            ("/apiServerAccessProfile/authorizedIpRanges", json!(["1.2.3.4/32", "5.6.7.0/24"])),
            ("/privateLinkResources", Value::Null),
            ("/autoScalerProfile/scanInterval", json!("10s")),
            ("/autoScalerProfile/daemonsetEvictionForOccupiedNodes", json!(true)),
            ("/windowsProfile/adminUsername", json!("azureuser")),
            ("/windowsProfile/adminPassword", Value::Null),
            ("/windowsProfile/enableCsiProxy", json!(true)),
            ("/securityProfile/workloadIdentity/enabled", json!(true)),
            ("/securityProfile/imageCleaner/enabled", json!(true)),
            ("/workloadAutoScalerProfile/keda/enabled", json!(true)),
            ("/oidcIssuerProfile/enabled", json!(true)),
            ("/identity/type", json!("SystemAssigned")),
            ("/agentPoolProfiles/0/name", json!("system")),
            ("/agentPoolProfiles/0/availabilityZones", json!(["1", "2", "3"])),
            ("/agentPoolProfiles/0/nodeLabels", json!({"x": "y"})),
            ("/agentPoolProfiles/0/nodeTaints", json!(["CriticalAddonsOnly=true:NoSchedule"])),
            ("/agentPoolProfiles/0/tags", json!({"p": "q"})),
            ("/agentPoolProfiles/0/minCount", json!(1)),
            ("/agentPoolProfiles/0/maxPods", json!(60)),
            ("/agentPoolProfiles/0/osDiskSizeGb", json!(100)),
            ("/agentPoolProfiles/0/securityProfile/enableSecureBoot", json!(true)),
        ],
    );
    let issuer = made["oidcIssuerProfile"]["issuerUrl"].as_str().expect("an issuer");
    assert!(issuer.starts_with("https://eastus.oic.prod-aks.azure.com/") && issuer.ends_with('/'), "{issuer}");
    let addresses = &made["networkProfile"]["loadBalancerProfile"]["effectiveOutboundIPs"];
    assert_eq!(addresses.as_array().map(Vec::len), Some(2), "{addresses}");
    assert!(made["fqdn"].as_str().is_some_and(|name| name.starts_with("front-")), "{}", made["fqdn"]);
}

/// Identities, own network, private API server, Entra, no local accounts, add-ons, a registry.
fn closed_cluster(az: &Az, group: &str) {
    let identity = |name: &str| format!("{group}/providers/Microsoft.ManagedIdentity/userAssignedIdentities/{name}");
    let (control, kubelet) = (identity("control"), identity("kubelet"));
    let made = az.ok(&format!(
        "az aks create -g g -n closed --node-count 1 --assign-identity {control} --assign-kubelet-identity {kubelet} \
         --vnet-subnet-id {group}/providers/Microsoft.Network/virtualNetworks/vnet/subnets/nodes --enable-aad \
         --enable-azure-rbac --disable-local-accounts --enable-private-cluster --enable-addons monitoring,azure-policy \
         --workspace-resource-id {group}/providers/Microsoft.OperationalInsights/workspaces/work \
         --attach-acr {group}/providers/Microsoft.ContainerRegistry/registries/images --no-ssh-key --yes"
    ));
    shows(
        "closed",
        &made,
        &[
            ("/identity/type", json!("UserAssigned")),
            ("/identity/principalId", Value::Null),
            ("/identityProfile/kubeletidentity/resourceId", json!(kubelet)),
            ("/apiServerAccessProfile/enablePrivateCluster", json!(true)),
            ("/apiServerAccessProfile/privateDnsZone", json!("system")),
            ("/apiServerAccessProfile/enablePrivateClusterPublicFqdn", json!(true)),
            ("/privateLinkResources/0/groupId", json!("management")),
            ("/aadProfile/managed", json!(true)),
            ("/aadProfile/enableAzureRbac", json!(true)),
            ("/disableLocalAccounts", json!(true)),
            ("/addonProfiles/azurepolicy/enabled", json!(true)),
            ("/addonProfiles/omsagent/config/useAADAuth", json!("true")),
        ],
    );
    assert!(made["identity"]["userAssignedIdentities"][&control]["principalId"].is_string(), "{}", made["identity"]);
    assert!(made["aadProfile"]["tenantId"].is_string(), "{}", made["aadProfile"]);
    let addon = made["addonProfiles"]["omsagent"]["identity"]["resourceId"].as_str().expect("an identity");
    assert!(addon.ends_with("/userAssignedIdentities/omsagent-closed"), "{addon}");
    let private = made["privateFqdn"].as_str().expect("a private name");
    assert!(private.ends_with(".privatelink.eastus.azmk8s.io"), "{private}");

    let hidden = az.ok("az aks update -g g -n closed --disable-public-fqdn");
    assert_eq!((&hidden["fqdn"], &hidden["privateFqdn"]), (&Value::Null, &made["privateFqdn"]));
    let refused = az.fails(1, "az aks get-credentials -g g -n closed --admin -f -");
    assert!(refused.contains("(BadRequest) Getting static credential isn't allowed"), "{refused}");
    let off = az.ok("az aks disable-addons -g g -n closed -a monitoring");
    shows(
        "disable-addons",
        &off,
        &[
            ("/addonProfiles/omsagent/enabled", json!(false)),
            ("/addonProfiles/omsagent/identity", Value::Null),
            ("/addonProfiles/azurepolicy/enabled", json!(true)),
        ],
    );
}

#[test]
fn updates_upgrades_and_power() {
    let slipway = Slipway::start(SPEED);
    let (az, arm) = (Az::new(&slipway, NEW), slipway.arm());
    arm.cluster("g", "c", 1, &json!({"enableVTPM": true}));
    let group = surroundings(&arm);
    updates(&az, &group);
    by_the_generic_commands(&az);
    upgrades(&az);

    assert_eq!(az.ok("az aks stop -g g -n c"), Value::Null);
    let stopped = arm.get(&cluster_path("g", "c"));
    assert_eq!(stopped["properties"]["powerState"]["code"], "Stopped");
    az.ok("az aks start -g g -n c");
    az.ok("az aks rotate-certs -g g -n c --yes");
    let running = arm.get(&cluster_path("g", "c"));
    shows(
        "after start",
        &running,
        &[
            ("/properties/powerState/code", json!("Running")),
            ("/properties/provisioningState", json!("Succeeded")),
            ("/properties/agentPoolProfiles/0/powerState/code", json!("Running")),
        ],
    );
}

fn updates(az: &Az, group: &str) {
    let identity = format!("{group}/providers/Microsoft.ManagedIdentity/userAssignedIdentities/control");
    let table: &[(&str, &[(&str, Value)])] = &[
        (
            "--tags a=c d=e --tier standard --api-server-authorized-ip-ranges 5.6.7.0/24",
            &[
                ("/tags", json!({"a": "c", "d": "e"})),
                ("/sku/tier", json!("Standard")),
                ("/apiServerAccessProfile/authorizedIpRanges", json!(["5.6.7.0/24"])),
            ],
        ),
        (
            "--tags \"\" --api-server-authorized-ip-ranges \"\" --tier free",
            &[
                ("/tags", Value::Null),
                ("/sku/tier", json!("Free")),
                ("/apiServerAccessProfile/authorizedIpRanges", Value::Null),
            ],
        ),
        (
            "--enable-cluster-autoscaler --min-count 1 --max-count 3 --auto-upgrade-channel patch \
          --node-os-upgrade-channel None --enable-oidc-issuer --enable-workload-identity --nodepool-labels l=m",
            &[
                ("/agentPoolProfiles/0/enableAutoScaling", json!(true)),
                ("/autoUpgradeProfile/upgradeChannel", json!("patch")),
                ("/autoUpgradeProfile/nodeOsUpgradeChannel", json!("None")),
                ("/securityProfile/workloadIdentity/enabled", json!(true)),
                ("/agentPoolProfiles/0/nodeLabels", json!({"l": "m"})),
            ],
        ),
        (
            "--cluster-autoscaler-profile scan-interval=30s",
            &[("/autoScalerProfile/scanInterval", json!("30s")), ("/autoScalerProfile/expander", json!("random"))],
        ),
        (
            "--enable-aad --disable-local-accounts --load-balancer-managed-outbound-ip-count 3",
            &[
                ("/aadProfile/enableAzureRbac", json!(false)),
                ("/disableLocalAccounts", json!(true)),
                ("/networkProfile/loadBalancerProfile/managedOutboundIPs/count", json!(3)),
            ],
        ),
        (
            "--enable-local-accounts --disable-cluster-autoscaler",
            &[("/disableLocalAccounts", json!(false)), ("/agentPoolProfiles/0/enableAutoScaling", json!(false))],
        ),
    ];
    for (flags, expected) in table {
        shows(flags, &az.ok(&format!("az aks update -g g -n c {flags}")), expected);
    }
    let moved = az.ok(&format!("az aks update -g g -n c --enable-managed-identity --assign-identity {identity} --yes"));
    assert!(moved["identity"]["userAssignedIdentities"][&identity]["clientId"].is_string(), "{}", moved["identity"]);
}

fn by_the_generic_commands(az: &Az) {
    let of_type = "--resource-type Microsoft.ContainerService/managedClusters -g g -n c";
    az.ok(&format!("az resource tag {of_type} --tags t=u"));
    let updated = az.ok(&format!("az resource update {of_type} --set tags.z=y properties.disableLocalAccounts=true"));
    shows(
        "az resource update",
        &updated,
        &[("/tags", json!({"t": "u", "z": "y"})), ("/properties/disableLocalAccounts", json!(true))],
    );
    az.ok(&format!("az resource update {of_type} --set properties.disableLocalAccounts=false"));
}

fn upgrades(az: &Az) {
    let offered = az.ok("az aks get-upgrades -g g -n c");
    let profile = &offered["controlPlaneProfile"];
    let next = column(&profile["upgrades"], "kubernetesVersion");
    let minor = |version: &Value| version.as_str().map(|v| v.rsplit_once('.').map_or(v, |(m, _)| m).to_owned());
    let now = minor(&profile["kubernetesVersion"]);
    let target =
        next.iter().find(|version| minor(version) != now).expect("a newer minor version").as_str().unwrap_or("");
    let first = az.ok(&format!("az aks upgrade -g g -n c -k {target} --control-plane-only --yes"));
    assert_eq!(first["currentKubernetesVersion"], target);
    assert_ne!(first["agentPoolProfiles"][0]["currentOrchestratorVersion"], target);
    let all = az.ok(&format!("az aks upgrade -g g -n c -k {target} --yes"));
    assert_eq!(all["agentPoolProfiles"][0]["currentOrchestratorVersion"], target);
    az.ok("az aks upgrade -g g -n c --node-image-only --yes");
    let refused = az.fails(1, "az aks upgrade -g g -n c -k 1.24.0 --yes");
    assert!(refused.contains("1.24.0"), "{refused}");
}

#[test]
fn reading_a_cluster_and_what_lies_below_it() {
    let slipway = Slipway::start(SPEED);
    let (az, arm) = (Az::new(&slipway, NEW), slipway.arm());
    arm.cluster("g", "c", 1, &json!({"enableVTPM": true}));
    for (flags, user) in
        [("", "clusterUser_g_c"), ("--admin", "clusterAdmin_g_c"), ("--format exec", "clusterUser_g_c")]
    {
        let config = az.ok(&format!("az aks get-credentials -g g -n c {flags} -f -"));
        assert!(config.as_str().is_some_and(|text| text.contains(user)), "{flags}: {config}");
    }
    let node = slipway.node("nodepool1", 0);
    for (command, code, said) in [("kubectl get nodes", 0, node.as_str()), ("kubectl get pods -A", 1, "was not run")] {
        let result = az.ok(&format!("az aks command invoke -g g -n c -c \"{command}\" -o json"));
        assert_eq!(result["exitCode"], code, "{command}: {result}");
        assert!(result["logs"].as_str().is_some_and(|logs| logs.contains(said)), "{command}: {result}");
    }
    maintenance_windows(&az);
    let latest = az
        .ok("az rest --url \"/subscriptions/{subscriptionId}/resourceGroups/g/providers/Microsoft.ContainerService\
         /managedClusters/c/operations/latest?api-version=2024-09-02-preview\"");
    assert_eq!(latest["status"], "Succeeded");
    let roles = az.ok("az aks trustedaccess role list -l eastus");
    assert!(roles.as_array().is_some_and(|all| !all.is_empty()), "{roles}");
    let refused = az.fails(1, "az aks oidc-issuer rotate-signing-keys -g g -n c --yes");
    assert!(refused.contains("NotSimulated"), "{refused}");
}

fn maintenance_windows(az: &Az) {
    const OF: &str = "-g g --cluster-name c";
    az.ok(&format!("az aks maintenanceconfiguration add {OF} -n default --weekday Monday --start-hour 1"));
    az.ok(&format!(
        "az aks maintenanceconfiguration add {OF} -n aksManagedNodeOSUpgradeSchedule --schedule-type Weekly \
         --day-of-week Friday --interval-weeks 3 --duration 8 --utc-offset +05:30 --start-time 00:00"
    ));
    let all = az.ok(&format!("az aks maintenanceconfiguration list {OF}"));
    assert_eq!(all.as_array().map(Vec::len), Some(2), "{all}");
    let updated =
        az.ok(&format!("az aks maintenanceconfiguration update {OF} -n default --weekday Sunday --start-hour 2"));
    assert_eq!(updated["timeInWeek"][0]["day"], "Sunday", "{updated}");
    az.ok(&format!("az aks maintenanceconfiguration delete {OF} -n default"));
    az.fails(3, &format!("az aks maintenanceconfiguration show {OF} -n default"));
}
