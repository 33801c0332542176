//! What the resource providers would say to a template, before anything is written.

use std::sync::Arc;

use control_plane::ids::{ClusterId, GroupId, PoolId};
use control_plane::model::Opaque;
use control_plane::refusal::{Refusal, RefusalKind};
use control_plane::world::{Draft, World};
use http::Method;

use super::expression::Trouble;
use super::failure::{Fault, Refused};
use super::template::{Planned, Template};
use crate::authorization::{Wanted, decide};
use crate::entra::Principal;
use crate::error::Error;
use crate::scope::Scope;
use crate::wire::{cluster_body, pool_body};

/// Tries all resources of a template. Those that depend on what is not deployed yet are left out, as Azure does.
///
/// # Errors
/// `InvalidTemplateDeployment` with one inner error for each resource that would be refused.
pub(super) async fn check(
    scope: &Scope,
    template: &Template,
    principal: Option<&Arc<Principal>>,
) -> Result<(), Refused> {
    let mut refused: Vec<(&Planned, Refusal)> = Vec::new();
    let mut drafts = Vec::new();
    let mut owners = Vec::new();
    for planned in template.resources() {
        allowed(scope, planned, principal)?;
        let body = match template.body(planned, None) {
            Err(Trouble::Later) => continue,
            Err(trouble) => return Err(template.body_fault(planned, &trouble).into()),
            Ok(body) => body,
        };
        match draft(template.surroundings().group_id(), planned, &body, scope.world()) {
            Ok(Some(draft)) => {
                drafts.push(draft);
                owners.push(planned);
            }
            Ok(None) => {}
            Err(error) => refused.push((planned, *error.0)),
        }
    }
    let findings = scope.world().preflight(drafts).await;
    refused.extend(findings.into_iter().filter_map(|(at, refusal)| Some((*owners.get(at)?, refusal))));
    // A pool whose cluster is refused, or comes later, has no parent yet; the cluster's own error says it all.
    let all = template.resources();
    let orphan = |planned: &Planned, refusal: &Refusal| {
        &*refusal.code == "ParentResourceNotFound" && all.iter().any(|other| below(&planned.id, &other.id))
    };
    let told = refused.iter().filter(|(planned, refusal)| !orphan(planned, refusal));
    let details: Vec<_> = told.map(|(planned, refusal)| detail(planned, template, refusal)).collect();
    if details.is_empty() {
        return Ok(());
    }
    let here = template.surroundings();
    let text = format!(
        "The template deployment '{}' is not valid according to the validation procedure. The tracking id is '{}'. See inner errors for details.",
        here.deployment, here.correlation
    );
    Err(Fault { details, ..Fault::new("InvalidTemplateDeployment", text) }.into())
}

fn below(id: &str, parent: &str) -> bool {
    id.to_lowercase().starts_with(&format!("{}/", parent.to_lowercase()))
}

/// Whoever deploys needs the right to write every resource. ARM's code; the inner text is that of a single request.
fn allowed(scope: &Scope, planned: &Planned, principal: Option<&Arc<Principal>>) -> Result<(), Refused> {
    let Some(principal) = principal.filter(|principal| !scope.door.authority.is_owner(principal)) else {
        return Ok(());
    };
    let Some(wanted) = Wanted::of(scope.world().catalog(), &Method::PUT, &planned.id) else {
        return Ok(());
    };
    decide(&scope.door, principal, &wanted).map_err(|error| {
        let text = format!(
            "Deployment failed with multiple errors: 'Authorization failed for template resource '{}' of type '{}'. {}'",
            planned.full_name(),
            planned.kind,
            error.0.message
        );
        Refused::gateway(error.0.kind, "InvalidTemplateDeployment", text)
    })
}

/// The write that a resource amounts to, for the types that have rules.
fn draft(group: &GroupId, planned: &Planned, body: &Opaque, world: &World) -> Result<Option<Draft>, Error> {
    let kind = planned.kind.as_str();
    let Some(types) = kind.strip_prefix("Microsoft.ContainerService/") else {
        return Ok(None);
    };
    let name = |at: usize| planned.names.get(at).map_or("", String::as_str);
    let cluster = ClusterId { group: group.clone(), name: name(0).into() };
    let text = serde_json::to_vec(body).unwrap_or_default();
    Ok(match types {
        "managedClusters" => {
            let spec = cluster_body::read(&text)?;
            if spec.location.is_empty() && world.cluster(&cluster).is_none() {
                let text = "The location property is required for this definition.";
                return Err(Error::gateway(RefusalKind::BadRequest, "LocationRequired", text));
            }
            Some(Draft::Cluster(cluster, Box::new(spec)))
        }
        "managedClusters/agentPools" => {
            let spec = pool_body::read(&text, name(1))?;
            Some(Draft::Pool(PoolId { cluster, name: name(1).into() }, Box::new(spec)))
        }
        _ => None,
    })
}

/// The words around the resource provider's own are AKS's (Azure-Samples/azure-search-openai-demo-java issue 110).
fn detail(planned: &Planned, template: &Template, refusal: &Refusal) -> Fault {
    let cluster = planned.names.first().map_or("", String::as_str);
    let group = &template.surroundings().group_id().name;
    let message = format!(
        "Preflight validation check for resource(s) for container service {cluster} in resource group {group} failed. Message: {}. Details: ",
        refusal.message
    );
    let fault = Fault::new(&refusal.code, message);
    fault.about(refusal.target.as_deref().unwrap_or(&planned.id))
}
