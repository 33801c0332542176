//! What AKS makes in a cluster's node resource group, beside the scale sets: network and identities.
//!
//! Names and the structure of the load balancer are those that cloud-provider-azure and the AKS documentation show.
//! They are read only here: nothing is stored, so they come and go with the cluster and follow its settings. Public
//! addresses are of TEST-NET-3 (RFC 5737): nothing outside may be taken for them.

use std::sync::Arc;

use control_plane::era::Era;
use control_plane::ids::GroupId;
use control_plane::model::{Cluster, GenericResource, Pool, Provisioning};
use control_plane::resolve::PodNetwork;
use serde_json::{Map, Value, json};
use uuid::Uuid;

use super::id_of;
use crate::scope::Scope;
use crate::wire::ids::node_group;
use crate::wire::profiles::addons;
use crate::wire::profiles::load_balancer::outbound_addresses;

const NETWORK: &str = "Microsoft.Network";
const IDENTITY: &str = "Microsoft.ManagedIdentity";
const LOAD_BALANCER: &str = "kubernetes";

/// What AKS made in a group: nothing, unless it is the node resource group of a cluster that stands.
pub(super) fn in_group(scope: &Scope, group: &GroupId) -> Vec<Arc<GenericResource>> {
    let world = scope.world();
    let manager = world.group(group).and_then(|found| found.managed_by.clone());
    let cluster = manager.and_then(|id| world.cluster(&id));
    match cluster.filter(|cluster| cluster.provisioning != Provisioning::Creating) {
        Some(cluster) => {
            let maker = Maker { cluster: &cluster, group: node_group(&cluster), era: scope.subscription.era };
            maker.all(&world.pools(&cluster.id))
        }
        None => Vec::new(),
    }
}

struct Maker<'a> {
    cluster: &'a Cluster,
    group: GroupId,
    era: Era,
}

impl Maker<'_> {
    fn all(&self, pools: &[Arc<Pool>]) -> Vec<Arc<GenericResource>> {
        let mut all = self.load_balancer();
        all.push(self.security_group());
        let kubenet = PodNetwork::of(self.era, self.cluster.properties.get("networkProfile")) == PodNetwork::Kubenet;
        all.extend(kubenet.then(|| self.route_table()));
        let own_subnet = pools.iter().any(|pool| pool.settings.properties.contains_key("vnetSubnetID"));
        all.extend((!own_subnet).then(|| self.network(kubenet)));
        all.extend(self.identities());
        all.into_iter().map(Arc::new).collect()
    }

    fn resource(&self, namespace: &str, kind: &str, name: &str, properties: Value) -> GenericResource {
        let mut body = Map::new();
        body.insert("location".to_owned(), json!(self.cluster.location));
        body.insert("properties".to_owned(), properties);
        let path = vec![kind.to_owned(), name.to_owned()];
        GenericResource { group: self.group.clone(), namespace: namespace.to_owned(), path, body }
    }

    fn id(&self, kind: &str, name: &str) -> String {
        id_of(&self.resource(NETWORK, kind, name, Value::Null))
    }

    /// The load balancer through which nodes reach the outside, and its addresses.
    fn load_balancer(&self) -> Vec<GenericResource> {
        let addresses = outbound_addresses(self.cluster);
        if addresses.is_empty() {
            return Vec::new();
        }
        let id = self.id("loadBalancers", LOAD_BALANCER);
        let frontend = |name: &str| format!("{id}/frontendIPConfigurations/{name}");
        let frontends: Vec<Value> = addresses
            .iter()
            .map(|name| {
                json!({"name": name, "id": frontend(name), "properties": {
            "provisioningState": "Succeeded", "privateIPAllocationMode": "Dynamic",
            "publicIPAddress": {"id": self.id("publicIPAddresses", name)}}})
            })
            .collect();
        let outbound = format!("{id}/backendAddressPools/aksOutboundBackendPool");
        let refs: Vec<Value> = addresses.iter().map(|name| json!({"id": frontend(name)})).collect();
        let balancer = json!({
            "provisioningState": "Succeeded",
            "frontendIPConfigurations": frontends,
            "backendAddressPools": [{"name": "aksOutboundBackendPool", "id": outbound},
                {"name": LOAD_BALANCER, "id": format!("{id}/backendAddressPools/{LOAD_BALANCER}")}],
            "loadBalancingRules": [], "probes": [], "inboundNatRules": [], "inboundNatPools": [],
            "outboundRules": [{"name": "aksOutboundRule", "id": format!("{id}/outboundRules/aksOutboundRule"), "properties": {
                "provisioningState": "Succeeded", "allocatedOutboundPorts": 0, "protocol": "All", "enableTcpReset": true,
                "idleTimeoutInMinutes": 30, "backendAddressPool": {"id": outbound}, "frontendIPConfigurations": refs}}],
        });
        let mut made = vec![with_sku(self.resource(NETWORK, "loadBalancers", LOAD_BALANCER, balancer))];
        let address = |(index, name): (usize, &String)| {
            let properties = json!({"provisioningState": "Succeeded", "ipAddress": format!("203.0.113.{}", index % 254 + 1),
                "publicIPAddressVersion": "IPv4", "publicIPAllocationMode": "Static", "idleTimeoutInMinutes": 30,
                "ipConfiguration": {"id": frontend(name)}});
            with_sku(self.resource(NETWORK, "publicIPAddresses", name, properties))
        };
        made.extend(addresses.iter().enumerate().map(address));
        made
    }

    fn agent_pool_name(&self, what: &str) -> String {
        format!("aks-agentpool-{}-{what}", self.cluster.name_hash)
    }

    fn security_group(&self) -> GenericResource {
        let properties = json!({"provisioningState": "Succeeded", "securityRules": []});
        self.resource(NETWORK, "networkSecurityGroups", &self.agent_pool_name("nsg"), properties)
    }

    fn route_table(&self) -> GenericResource {
        let properties = json!({"provisioningState": "Succeeded", "disableBgpRoutePropagation": false, "routes": []});
        self.resource(NETWORK, "routeTables", &self.agent_pool_name("routetable"), properties)
    }

    /// The network that AKS makes for clusters which bring none: nodes have addresses of its subnet.
    fn network(&self, kubenet: bool) -> GenericResource {
        let mut subnet = json!({"addressPrefix": "10.224.0.0/16",
            "networkSecurityGroup": {"id": self.id("networkSecurityGroups", &self.agent_pool_name("nsg"))}});
        if kubenet {
            subnet["routeTable"] = json!({"id": self.id("routeTables", &self.agent_pool_name("routetable"))});
        }
        let properties = json!({"addressSpace": {"addressPrefixes": ["10.224.0.0/12"]}, "enableDdosProtection": false,
            "subnets": [{"name": "aks-subnet", "properties": subnet}]});
        self.resource(NETWORK, "virtualNetworks", &format!("aks-vnet-{}", self.cluster.name_hash), properties)
    }

    /// The kubelet's identity, unless the client brought one, and those of add-ons.
    fn identities(&self) -> Vec<GenericResource> {
        let (client, principal) = self.cluster.kubelet_identity;
        let properties = json!({"clientId": client, "principalId": principal});
        let name = format!("{}-agentpool", self.cluster.id.name);
        let made = self.resource(IDENTITY, "userAssignedIdentities", &name, properties);
        let used = self.cluster.properties.get("identityProfile");
        let used = used.and_then(|profile| profile.get("kubeletidentity")?.get("resourceId")?.as_str());
        let kubelet = used.is_none_or(|id| id.eq_ignore_ascii_case(&id_of(&made))).then_some(made);
        let addon = |(name, client, object): (String, Uuid, Uuid)| {
            let properties = json!({"clientId": client, "principalId": object});
            self.resource(IDENTITY, "userAssignedIdentities", &name, properties)
        };
        kubelet.into_iter().chain(addons::identities(self.cluster).into_iter().map(addon)).collect()
    }
}

fn with_sku(mut resource: GenericResource) -> GenericResource {
    resource.body.insert("sku".to_owned(), json!({"name": "Standard", "tier": "Regional"}));
    resource
}
