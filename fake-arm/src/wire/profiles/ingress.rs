//! `ingressProfile`.

use control_plane::era::Era;
use serde_json::{Map, Value};

use super::super::cluster::View;
use super::super::json::Object;

/// App routing: a list of zones that is null when empty, an identity that is null until it stands, and since 2025 the
/// default kind of its NGINX controller (recorded in `test_aks_create_and_update_with_app_routing_istio`).
pub(in crate::wire) fn write(o: &mut Object<'_>, view: &View<'_>) {
    let Some(kept) = super::members(&view.cluster.properties, "ingressProfile").filter(|kept| !kept.is_empty()) else {
        return;
    };
    let routing = kept.get("webAppRouting").and_then(Value::as_object);
    let on = super::boolean(routing, "enabled") == Some(true);
    let Some(routing) = routing.filter(|_| on) else {
        o.value("ingressProfile", kept);
        return;
    };
    o.object("ingressProfile", |o| {
        o.object("webAppRouting", |o| write_routing(o, view, routing));
        o.rest(kept, &["webAppRouting"]);
    });
}

fn write_routing(o: &mut Object<'_>, view: &View<'_>, routing: &Map<String, Value>) {
    o.value("enabled", &true).value("dnsZoneResourceIds", &routing.get("dnsZoneResourceIds"));
    if view.stands {
        o.object("identity", |o| super::addon_identity(o, view.cluster, "webapprouting"));
    } else {
        o.value("identity", &Value::Null);
    }
    if view.form.era > Era::Preview {
        let controller =
            Value::from(Map::from_iter([("defaultIngressControllerType".to_owned(), "AnnotationControlled".into())]));
        o.kept_or(routing, "nginx", &controller);
    } else {
        o.kept(routing, "nginx");
    }
    o.rest(routing, &["enabled", "dnsZoneResourceIds", "identity", "nginx"]);
}
