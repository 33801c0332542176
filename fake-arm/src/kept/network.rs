//! Virtual networks and their subnets, which can be written with the network or on their own.

use std::sync::Arc;

use control_plane::model::{GenericResource, Opaque};
use serde_json::Value;

use super::id_of;
use crate::scope::Scope;
use crate::wire::json::{Object, object};

const NETWORKS: &str = "virtualNetworks";
const SUBNETS: &str = "subnets";
const NAMESPACE: &str = "Microsoft.Network";

/// A subnet that was written as part of its network.
pub(super) fn embedded_subnet(scope: &Scope, path: &[String]) -> Option<Arc<GenericResource>> {
    let [networks, network, subnets, name] = path else {
        return None;
    };
    if networks != NETWORKS || subnets != SUBNETS {
        return None;
    }
    let parent = super::find(scope, &scope.group(), NAMESPACE, &[networks.clone(), network.clone()])?;
    let found = embedded(&parent).find(|subnet| named(subnet, name))?.clone();
    Some(Arc::new(GenericResource { path: path.to_vec(), body: found, ..(*parent).clone() }))
}

fn embedded(network: &GenericResource) -> impl Iterator<Item = &Opaque> {
    let list = network.body.get("properties").and_then(|p| p.get(SUBNETS)).and_then(Value::as_array);
    list.into_iter().flatten().filter_map(Value::as_object)
}

fn named(subnet: &Opaque, name: &str) -> bool {
    subnet.get("name").and_then(Value::as_str).is_some_and(|own| own.eq_ignore_ascii_case(name))
}

/// The properties of a network with all its subnets, each with an id.
pub(super) fn write_network(o: &mut Object<'_>, scope: &Scope, network: &GenericResource, properties: &Opaque) {
    let id = id_of(network);
    let own = network.path.get(1).map_or("", String::as_str);
    let all = scope.world().generics(&network.group);
    let alone: Vec<_> = all.iter().filter(|one| is_subnet_of(one, own)).collect();
    let name_of = |one: &GenericResource| one.path.last().cloned().unwrap_or_default();
    o.value("provisioningState", "Succeeded");
    o.rest(properties, &["provisioningState", SUBNETS]);
    let with_network = embedded(network).filter(|subnet| !alone.iter().any(|one| named(subnet, &name_of(one))));
    let with_network = with_network.map(|s| (s.get("name").and_then(Value::as_str).unwrap_or("").to_owned(), s));
    let subnets = with_network.chain(alone.iter().map(|one| (name_of(one), &one.body)));
    o.array(SUBNETS, subnets, |(name, body), out| {
        object(out, |o| {
            o.text("id", format_args!("{id}/{SUBNETS}/{name}")).value("name", &name);
            o.value("type", "Microsoft.Network/virtualNetworks/subnets");
            let empty = Opaque::new();
            let properties = body.get("properties").and_then(Value::as_object).unwrap_or(&empty);
            o.object("properties", |o| {
                o.value("provisioningState", "Succeeded").rest(properties, &["provisioningState"]);
            });
        });
    });
}

fn is_subnet_of(one: &GenericResource, network: &str) -> bool {
    matches!(&one.path[..], [networks, name, subnets, _]
        if networks == NETWORKS && subnets == SUBNETS && name.eq_ignore_ascii_case(network))
}
