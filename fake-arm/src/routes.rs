//! What is served, as one table. Paths are in canonical form (`middleware::canonical_path`): keywords in lower case.

use std::sync::Arc;

use axum::middleware::{from_fn, from_fn_with_state};
use axum::routing::{any, get, post};
use axum::{Extension, Router};
use tower::ServiceExt;

use crate::container_service::{
    actions, clusters, commands, credentials, locations, machines, operations, outbound, pools, trusted_access,
    upgrades,
};
use crate::deployments::Deployments;
use crate::door::FrontDoor;
use crate::middleware::{
    api_version, bearer, canonical_path, extension_scope, headers, permission, remaining, served_version, throttle,
};
use crate::{authorization, compute, deployments, entra, extensions, gateway, kept, metadata, resource_health};

/// Everything that az and the SDKs see.
///
/// The router answers every path (unknown ones as the gateway does); merge it with routers that have routes and no
/// fallback of their own.
pub fn router(door: FrontDoor) -> Router {
    let door = Arc::new(door);
    let deployments = Deployments::open(&door, container_service_routes().merge(kept_routes()));
    let arm = subscription_routes()
        .merge(group_routes())
        .merge(container_service_routes())
        .merge(deployment_routes().layer(Extension(deployments)))
        .merge(authorization_routes())
        .merge(compute_routes())
        .merge(resource_health_routes())
        .route("/subscriptions", get(gateway::subscriptions::list))
        .route("/tenants", get(gateway::subscriptions::tenants))
        .merge(kept_routes())
        .fallback(gateway::unmatched::not_found)
        .method_not_allowed_fallback(gateway::unmatched::method_not_allowed)
        .layer(from_fn_with_state(remaining::Remaining::new(door.clone()), remaining::tell))
        .layer(from_fn_with_state(throttle::Throttle::new(door.clone()), throttle::limit))
        .layer(from_fn_with_state(door.clone(), permission::require))
        .layer(from_fn_with_state(door.clone(), served_version::require))
        .layer(from_fn(api_version::require))
        .layer(from_fn_with_state(door.clone(), bearer::require));
    let graph = graph_routes().layer(from_fn_with_state(door.clone(), bearer::require));
    let all = arm.merge(open_routes()).merge(graph).layer(from_fn(headers::dress)).with_state(door);
    Router::new()
        .fallback_service(all.map_request(|request| extension_scope::rewrite(canonical_path::rewrite(request))))
}

/// What is served to anybody: what a client needs before it has a token.
fn open_routes() -> Router<Arc<FrontDoor>> {
    Router::new()
        .route("/metadata/endpoints", get(metadata::endpoints))
        .route("/extensions/index.json", get(extensions::index))
        .route(extensions::WHEEL_PATH, get(extensions::wheel))
        .route("/devicelogin", get(entra::device_page))
        .route("/{tenant}/discovery/instance", get(entra::instance_discovery))
        .route("/{tenant}/discovery/v2.0/keys", get(entra::json_web_keys))
        .route("/{tenant}/discovery/keys", get(entra::json_web_keys))
        .route("/{tenant}/.well-known/openid-configuration", get(entra::openid_configuration))
        .route("/{tenant}/v2.0/.well-known/openid-configuration", get(entra::openid_configuration))
        .route("/{tenant}/oauth2/v2.0/token", post(entra::token))
        .route("/{tenant}/oauth2/token", post(entra::token))
        .route("/{tenant}/oauth2/v2.0/authorize", get(entra::approve))
        .route("/{tenant}/oauth2/authorize", get(entra::approve))
        .route("/{tenant}/oauth2/v2.0/devicecode", post(entra::device_code))
        .route("/{tenant}/oauth2/devicecode", post(entra::device_code))
}

/// The gateway's own: subscriptions, regions, providers, features, lists over all types.
fn subscription_routes() -> Router<Arc<FrontDoor>> {
    use gateway::{features, groups, operation_results, providers, resources, security, subscriptions, tags};
    const SECURITY: &str = "/subscriptions/{subscription}/providers/microsoft.security";
    const FEATURES: &str = "/subscriptions/{subscription}/providers/microsoft.features";
    Router::new()
        .route("/subscriptions/{subscription}", get(subscriptions::show))
        .route("/subscriptions/{subscription}/locations", get(subscriptions::locations))
        .route("/subscriptions/{subscription}/tagnames", get(tags::names))
        .route("/subscriptions/{subscription}/tagnames/{tag}", any(gateway::unmatched::predefined_tag))
        .route(
            "/subscriptions/{subscription}/providers/microsoft.resources/tags/default",
            get(tags::show).put(tags::put).patch(tags::patch).delete(tags::delete),
        )
        .route(&format!("{SECURITY}/alerts"), get(security::none))
        .route(&format!("{SECURITY}/locations/{{location}}/alerts"), get(security::none))
        .route(&format!("{SECURITY}/assessments"), get(security::none))
        .route(
            "/subscriptions/{subscription}/resourcegroups/{group}/providers/microsoft.security/alerts",
            get(security::none_in_group),
        )
        .route("/subscriptions/{subscription}/resources", get(resources::list))
        .route("/subscriptions/{subscription}/resourcegroups", get(groups::list))
        .route("/subscriptions/{subscription}/operationresults/{operation}", get(operation_results::show))
        .route("/subscriptions/{subscription}/providers", get(providers::list))
        .route("/subscriptions/{subscription}/providers/{namespace}", get(providers::show))
        .route("/subscriptions/{subscription}/providers/{namespace}/register", post(providers::register))
        .route("/subscriptions/{subscription}/providers/{namespace}/unregister", post(providers::unregister))
        .route(&format!("{FEATURES}/features"), get(features::list_all))
        .route(&format!("{FEATURES}/providers/{{provider}}/features"), get(features::list))
        .route(&format!("{FEATURES}/providers/{{provider}}/features/{{feature}}"), get(features::show))
        .route(&format!("{FEATURES}/providers/{{provider}}/features/{{feature}}/register"), post(features::register))
        .route(
            &format!("{FEATURES}/providers/{{provider}}/features/{{feature}}/unregister"),
            post(features::unregister),
        )
}

/// Resource groups.
fn group_routes() -> Router<Arc<FrontDoor>> {
    use gateway::{groups, resources};
    const GROUP: &str = "/subscriptions/{subscription}/resourcegroups/{group}";
    Router::new()
        .route(
            GROUP,
            get(groups::show).head(groups::exists).put(groups::put).patch(groups::patch).delete(groups::delete),
        )
        .route(&format!("{GROUP}/resources"), get(resources::list_in_group))
        .route(&format!("{GROUP}/exporttemplate"), post(gateway::unmatched::group_export))
}

/// Microsoft.Authorization. Role assignments and definitions hang off any resource: `middleware::extension_scope`.
fn authorization_routes() -> Router<Arc<FrontDoor>> {
    use authorization::{assignments, definitions};
    const HERE: &str = "/subscriptions/{subscription}/providers/microsoft.authorization";
    Router::new()
        .route(&format!("{HERE}/roleassignments"), get(assignments::list))
        .route(
            &format!("{HERE}/roleassignments/{{assignment}}"),
            get(assignments::show).put(assignments::put).delete(assignments::delete),
        )
        .route(&format!("{HERE}/roledefinitions"), get(definitions::list))
        .route(&format!("{HERE}/roledefinitions/{{definition}}"), get(definitions::show))
}

/// Microsoft.ResourceHealth. Statuses hang off any resource: `middleware::extension_scope`.
fn resource_health_routes() -> Router<Arc<FrontDoor>> {
    const HERE: &str = "/subscriptions/{subscription}/providers/microsoft.resourcehealth/availabilitystatuses";
    Router::new()
        .route(HERE, get(resource_health::list))
        .route(&format!("{HERE}/{{status}}"), get(resource_health::show))
}

/// Microsoft Graph, as far as az asks it about principals.
fn graph_routes() -> Router<Arc<FrontDoor>> {
    use authorization::graph;
    Router::new()
        .route("/v1.0/directoryObjects/getByIds", post(graph::by_ids))
        .route("/v1.0/servicePrincipals", get(graph::service_principals))
        .route("/v1.0/users", get(graph::users))
}

/// Microsoft.Resources/deployments. az reads the operations without the provider in the path.
fn deployment_routes() -> Router<Arc<FrontDoor>> {
    use deployments::{handlers, operations, what_if};
    const GROUP: &str = "/subscriptions/{subscription}/resourcegroups/{group}";
    const ELSEWHERE: &str = "/providers/microsoft.resources/deployments";
    let all = format!("{GROUP}/providers/microsoft.resources/deployments");
    let one = format!("{all}/{{deployment}}");
    let short = format!("{GROUP}/deployments/{{deployment}}");
    Router::new()
        .route(&all, get(handlers::list))
        .route(&one, get(handlers::show).head(handlers::exists).put(handlers::put).delete(handlers::delete))
        .route(&format!("{one}/validate"), post(handlers::validate))
        .route(&format!("{one}/whatif"), post(what_if::post))
        .route(&format!("{one}/whatifresults/{{result}}"), get(what_if::result))
        .route(&format!("{one}/cancel"), post(handlers::cancel))
        .route(&format!("{one}/exporttemplate"), post(handlers::export))
        .route(&format!("{one}/operationstatuses/{{status}}"), get(handlers::status))
        .route(&format!("{one}/operations"), get(operations::list))
        .route(&format!("{one}/operations/{{operation}}"), get(operations::show))
        .route(&format!("{short}/operations"), get(operations::list))
        .route(&format!("{short}/operations/{{operation}}"), get(operations::show))
        .route(&format!("/subscriptions/{{subscription}}{ELSEWHERE}"), any(handlers::elsewhere))
        .route(&format!("/subscriptions/{{subscription}}{ELSEWHERE}/{{*path}}"), any(handlers::elsewhere))
        .route(ELSEWHERE, any(handlers::elsewhere))
        .route(&format!("{ELSEWHERE}/{{*path}}"), any(handlers::elsewhere))
}

/// Resources without routes of their own.
fn kept_routes() -> Router<Arc<FrontDoor>> {
    const BELOW_A_GROUP: &str = "/subscriptions/{subscription}/resourcegroups/{group}/providers/{namespace}/{*path}";
    const OF_A_SUBSCRIPTION: &str = "/subscriptions/{subscription}/providers/{namespace}/{kind}";
    Router::new().route(BELOW_A_GROUP, kept::routes()).route(OF_A_SUBSCRIPTION, kept::lists())
}

/// Microsoft.ContainerService.
fn container_service_routes() -> Router<Arc<FrontDoor>> {
    const LOCATION: &str = "/subscriptions/{subscription}/providers/microsoft.containerservice/locations/{location}";
    const CLUSTERS: &str =
        "/subscriptions/{subscription}/resourcegroups/{group}/providers/microsoft.containerservice/managedclusters";
    let cluster = format!("{CLUSTERS}/{{cluster}}");
    let pool = format!("{cluster}/agentpools/{{pool}}");
    Router::new()
        .route(
            "/subscriptions/{subscription}/providers/microsoft.containerservice/managedclusters",
            get(clusters::list),
        )
        .route(&format!("{LOCATION}/kubernetesversions"), get(locations::kubernetes_versions))
        .route(&format!("{LOCATION}/trustedaccessroles"), get(trusted_access::roles))
        .route(&format!("{LOCATION}/operations/{{operation}}"), get(locations::operation))
        .route(&format!("{LOCATION}/operationresults/{{operation}}"), get(locations::operation_result))
        .route(CLUSTERS, get(clusters::list_in_group))
        .route(&cluster, get(clusters::show).put(clusters::put).patch(clusters::patch).delete(clusters::delete))
        .route(&format!("{cluster}/upgradeprofiles/default"), get(upgrades::of_cluster))
        .route(&format!("{cluster}/availableagentpoolversions"), get(upgrades::pool_versions))
        .route(&format!("{cluster}/availableagentpoolversions/default"), get(upgrades::pool_versions))
        .route(&format!("{cluster}/listclusterusercredential"), post(credentials::user))
        .route(&format!("{cluster}/listclusteradmincredential"), post(credentials::admin))
        .route(&format!("{cluster}/listclustermonitoringusercredential"), post(credentials::monitoring))
        .route(&format!("{cluster}/stop"), post(actions::stop))
        .route(&format!("{cluster}/start"), post(actions::start))
        .route(&format!("{cluster}/abort"), post(actions::abort_cluster))
        .route(&format!("{cluster}/rotateclustercertificates"), post(actions::rotate_certificates))
        .route(&format!("{cluster}/runcommand"), post(commands::run))
        .route(&format!("{cluster}/commandresults/{{command}}"), get(commands::show))
        .route(&format!("{cluster}/operations/{{operation}}"), get(operations::of_cluster))
        .route(&format!("{cluster}/outboundnetworkdependenciesendpoints"), get(outbound::list))
        .route(&format!("{cluster}/agentpools"), get(pools::list))
        .route(&pool, get(pools::show).put(pools::put).delete(pools::delete))
        .route(&format!("{pool}/upgradeprofiles/default"), get(upgrades::of_pool))
        .route(&format!("{pool}/machines"), get(machines::list))
        .route(
            &format!("{pool}/machines/{{machine}}"),
            get(machines::show).put(machines::change).delete(machines::change),
        )
        .route(&format!("{pool}/abort"), post(actions::abort_pool))
        .route(&format!("{pool}/upgradenodeimageversion"), post(actions::upgrade_node_image))
        .route(&format!("{pool}/deletemachines"), post(actions::delete_machines))
        .route(&format!("{pool}/operations/{{operation}}"), get(operations::of_pool))
}

/// Microsoft.Compute.
fn compute_routes() -> Router<Arc<FrontDoor>> {
    use compute::{instance_views, scale_sets, sizes, skus, usages};
    const SETS: &str =
        "/subscriptions/{subscription}/resourcegroups/{group}/providers/microsoft.compute/virtualmachinescalesets";
    let machines = format!("{SETS}/{{set}}/virtualmachines");
    Router::new()
        .route("/subscriptions/{subscription}/providers/microsoft.compute/skus", get(skus::list))
        .route(
            "/subscriptions/{subscription}/providers/microsoft.compute/locations/{location}/vmsizes",
            get(sizes::list),
        )
        .route(
            "/subscriptions/{subscription}/providers/microsoft.compute/virtualmachinescalesets",
            get(scale_sets::list_all),
        )
        .route(SETS, get(scale_sets::list))
        .route(
            "/subscriptions/{subscription}/providers/microsoft.compute/locations/{location}/operations/{operation}",
            get(locations::operation),
        )
        .route(
            "/subscriptions/{subscription}/providers/microsoft.compute/locations/{location}/usages",
            get(usages::list),
        )
        .route(&format!("{SETS}/{{set}}"), get(scale_sets::show).put(scale_sets::change).patch(scale_sets::change))
        .route(&format!("{SETS}/{{set}}/instanceview"), get(instance_views::of_set))
        .route(&format!("{SETS}/{{set}}/reimage"), post(scale_sets::reimage))
        .route(&format!("{SETS}/{{set}}/reimageall"), post(scale_sets::reimage))
        .route(&machines, get(scale_sets::machines))
        .route(&format!("{machines}/{{instance}}"), get(scale_sets::machine))
        .route(&format!("{machines}/{{instance}}/instanceview"), get(instance_views::of_machine))
        .route(&format!("{machines}/{{instance}}/reimage"), post(scale_sets::reimage_machine))
        .route(&format!("{machines}/{{instance}}/reimageall"), post(scale_sets::reimage_machine))
}
