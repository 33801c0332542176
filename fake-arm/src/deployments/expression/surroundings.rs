//! Functions that tell where the deployment happens.

use std::sync::Arc;

use control_plane::clock::VirtualTime;
use control_plane::ids::GroupId;
use control_plane::model::{Opaque, ResourceGroup, Subscription};
use serde_json::{Value, json};
use uuid::Uuid;

use super::arguments::{integer, kind_of, text};
use super::evaluate::{Evaluator, Here, References, Trouble, not_expected};
use crate::wire::ids::GroupPath;

/// Where a deployment happens.
#[derive(Clone)]
pub(crate) struct Surroundings {
    /// The subscription.
    pub(crate) subscription: Arc<Subscription>,
    /// The resource group.
    pub(crate) group: Arc<ResourceGroup>,
    /// The deployment's name.
    pub(crate) deployment: String,
    /// Its id: what `newGuid()` follows from.
    pub(crate) correlation: Uuid,
    /// When it was asked for: what `utcNow()` tells.
    pub(crate) asked: VirtualTime,
    /// What `environment()` tells: the cloud's name and addresses.
    pub(crate) cloud: Value,
    /// The template, which `deployment()` tells.
    pub(crate) template: Arc<Opaque>,
}

impl Surroundings {
    /// The resource group.
    pub(crate) fn group_id(&self) -> &GroupId {
        &self.group.id
    }
}

/// A fault that names the function.
fn fault(function: &str, why: impl std::fmt::Display) -> Trouble {
    Trouble::Fault(format!("Unable to evaluate template language function '{function}': {why}"))
}

/// `parameters(name)`
pub(super) fn parameters(evaluator: &Evaluator<'_>, arguments: &[Value]) -> Result<Value, Trouble> {
    evaluator.parameter(text(arguments, 0).map_err(|why| fault("parameters", why))?)
}

/// `variables(name)`
pub(super) fn variables(evaluator: &Evaluator<'_>, arguments: &[Value]) -> Result<Value, Trouble> {
    evaluator.variable(text(arguments, 0).map_err(|why| fault("variables", why))?)
}

/// `resourceGroup()`
pub(super) fn resource_group(evaluator: &Evaluator<'_>, _: &[Value]) -> Result<Value, Trouble> {
    let group = &evaluator.surroundings.group;
    let mut shown = json!({
        "id": GroupPath(&group.id).to_string(),
        "name": group.id.name.as_str(),
        "type": "Microsoft.Resources/resourceGroups",
        "location": group.location,
    });
    if let Some(tags) = &group.tags {
        shown["tags"] = json!(tags);
    }
    shown["properties"] = json!({"provisioningState": "Succeeded"});
    Ok(shown)
}

/// `subscription()`
pub(super) fn subscription(evaluator: &Evaluator<'_>, _: &[Value]) -> Result<Value, Trouble> {
    let subscription = &evaluator.surroundings.subscription;
    Ok(json!({
        "id": format!("/subscriptions/{}", subscription.id),
        "subscriptionId": subscription.id.to_string(),
        "tenantId": subscription.tenant.to_string(),
        "displayName": subscription.name,
    }))
}

/// `tenant()`
pub(super) fn tenant(evaluator: &Evaluator<'_>, _: &[Value]) -> Result<Value, Trouble> {
    let tenant = evaluator.surroundings.subscription.tenant.to_string();
    Ok(json!({"tenantId": tenant, "country": "US", "countryCode": "US", "displayName": "Slipway"}))
}

/// `deployment()`
pub(super) fn deployment(evaluator: &Evaluator<'_>, _: &[Value]) -> Result<Value, Trouble> {
    let here = evaluator.surroundings;
    let version = here.template.get("contentVersion").cloned().unwrap_or(Value::Null);
    Ok(json!({
        "name": here.deployment,
        "properties": {
            "template": {"contentVersion": version},
            "mode": "Incremental",
            "provisioningState": "Accepted",
        },
    }))
}

/// `environment()`
pub(super) fn environment(evaluator: &Evaluator<'_>, _: &[Value]) -> Result<Value, Trouble> {
    Ok(evaluator.surroundings.cloud.clone())
}

fn texts<'a>(function: &str, arguments: &'a [Value]) -> Result<Vec<&'a str>, Trouble> {
    let all: Result<Vec<_>, _> = (0..arguments.len()).map(|at| text(arguments, at)).collect();
    all.map_err(|why| fault(function, why))
}

/// `Namespace/type[/type]` and names to `Namespace/type/name[/type/name]`.
fn joined(function: &str, kind: &str, names: &[&str]) -> Result<String, Trouble> {
    let mut segments = kind.split('/');
    let namespace = segments.next().unwrap_or_default();
    let types: Vec<_> = segments.collect();
    if types.len() != names.len() {
        return Err(fault(
            function,
            format_args!(
                "the type '{kind}' requires '{}' resource name argument(s). Please see https://aka.ms/arm-template-expressions/#resourceid for usage details.",
                types.len()
            ),
        ));
    }
    let pairs: Vec<_> = types.iter().zip(names).map(|(kind, name)| format!("{kind}/{name}")).collect();
    Ok(format!("{namespace}/{}", pairs.join("/")))
}

/// Takes the arguments before the resource type away: the type is the first with a slash.
fn before_type<'a, 'b>(
    function: &str,
    all: &'b [&'a str],
    most: usize,
) -> Result<(&'b [&'a str], &'b [&'a str]), Trouble> {
    let at = all.iter().take(most + 1).position(|argument| argument.contains('/'));
    at.map(|at| all.split_at(at)).ok_or_else(|| {
        fault(
            function,
            "no argument is a fully qualified resource type. Please see https://aka.ms/arm-template-expressions/#resourceid for usage details.",
        )
    })
}

/// `resourceId([subscription], [group], type, names…)`
pub(super) fn resource_id(evaluator: &Evaluator<'_>, arguments: &[Value]) -> Result<Value, Trouble> {
    let all = texts("resourceId", arguments)?;
    let (before, rest) = before_type("resourceId", &all, 2)?;
    let own = evaluator.surroundings.group_id();
    let own_subscription = own.subscription.to_string();
    let (subscription, group) = match before {
        [] => (own_subscription.as_str(), own.name.as_str()),
        [group] => (own_subscription.as_str(), *group),
        [subscription, group, ..] => (*subscription, *group),
    };
    let tail = joined("resourceId", rest[0], &rest[1..])?;
    Ok(format!("/subscriptions/{subscription}/resourceGroups/{group}/providers/{tail}").into())
}

/// `subscriptionResourceId([subscription], type, names…)`
pub(super) fn subscription_resource_id(evaluator: &Evaluator<'_>, arguments: &[Value]) -> Result<Value, Trouble> {
    let all = texts("subscriptionResourceId", arguments)?;
    let (before, rest) = before_type("subscriptionResourceId", &all, 1)?;
    let own = evaluator.surroundings.subscription.id.to_string();
    let subscription = before.first().copied().unwrap_or(&own);
    let tail = joined("subscriptionResourceId", rest[0], &rest[1..])?;
    Ok(format!("/subscriptions/{subscription}/providers/{tail}").into())
}

/// `tenantResourceId(type, names…)`
pub(super) fn tenant_resource_id(_: &Evaluator<'_>, arguments: &[Value]) -> Result<Value, Trouble> {
    let all = texts("tenantResourceId", arguments)?;
    Ok(format!("/providers/{}", joined("tenantResourceId", all[0], &all[1..])?).into())
}

/// `extensionResourceId(id, type, names…)`
pub(super) fn extension_resource_id(_: &Evaluator<'_>, arguments: &[Value]) -> Result<Value, Trouble> {
    let all = texts("extensionResourceId", arguments)?;
    Ok(format!("{}/providers/{}", all[0], joined("extensionResourceId", all[1], &all[2..])?).into())
}

impl Evaluator<'_> {
    /// The id of the resource that `reference()` names: an id, or the name of a resource of the template.
    pub(crate) fn referenced(&self, name: &str) -> Result<String, Trouble> {
        if name.starts_with('/') {
            return Ok(name.to_owned());
        }
        let by_symbol = self.targets.iter().find(|t| t.symbol.as_deref() == Some(name));
        let by_name = || self.targets.iter().find(|t| t.name.eq_ignore_ascii_case(name));
        let by_path = || {
            let tail = format!("/providers/{name}").to_lowercase();
            self.targets.iter().find(|t| t.id.to_lowercase().ends_with(&tail))
        };
        let found = by_symbol.or_else(by_name).or_else(by_path);
        found.map(|target| target.id.clone()).ok_or_else(|| {
            Trouble::Fault(format!(
                "The template resource reference '{name}' is not valid: could not find template resource or resource copy with this name. Please see https://aka.ms/arm-function-reference for usage details."
            ))
        })
    }
}

/// `reference(resource, [api-version], ['Full'])`
pub(super) fn reference(evaluator: &Evaluator<'_>, arguments: &[Value]) -> Result<Value, Trouble> {
    let known = match evaluator.references {
        References::Forbidden => return Err(not_expected("reference")),
        References::Later => return Err(Trouble::Later),
        References::Known(known) => known,
    };
    let id = evaluator.referenced(text(arguments, 0).map_err(|why| fault("reference", why))?)?;
    let resource = known.get(&id.to_lowercase()).ok_or_else(|| {
        Trouble::Fault(format!("The resource '{id}' that 'reference' names does not exist or is not deployed."))
    })?;
    match arguments.get(2).map(|full| full.as_str().unwrap_or("")) {
        Some(full) if full.eq_ignore_ascii_case("full") => Ok(resource.clone()),
        Some(other) if !other.is_empty() => Err(fault("reference", format_args!("'{other}' is not 'Full'."))),
        _ => Ok(resource.get("properties").cloned().unwrap_or_else(|| json!({}))),
    }
}

/// `copyIndex([loop], [offset])`
pub(super) fn copy_index(evaluator: &Evaluator<'_>, arguments: &[Value]) -> Result<Value, Trouble> {
    let copy = evaluator.copy.ok_or_else(|| not_expected("copyIndex"))?;
    let (name, offset) = match arguments {
        [] => (None, None),
        [Value::Number(_)] => (None, Some(0)),
        [_] => (Some(0), None),
        _ => (Some(0), Some(1)),
    };
    if let Some(at) = name {
        let name = text(arguments, at).map_err(|why| fault("copyIndex", why))?;
        if !name.eq_ignore_ascii_case(&copy.name) {
            return Err(fault("copyIndex", format_args!("there is no loop of the name '{name}' here.")));
        }
    }
    let offset = offset.map_or(Ok(0), |at| integer(arguments, at)).map_err(|why| fault("copyIndex", why))?;
    let index = copy.index.checked_add(offset).ok_or_else(|| fault("copyIndex", "the offset is out of range."))?;
    Ok(index.into())
}

/// `utcNow([format])`: virtual time, `yyyyMMddTHHmmssZ` unless another of the common formats is asked for.
pub(super) fn utc_now(evaluator: &Evaluator<'_>, arguments: &[Value]) -> Result<Value, Trouble> {
    only_in_defaults(evaluator, "utcNow")?;
    let now = evaluator.surroundings.asked.rfc3339();
    let digits = |range: std::ops::Range<usize>| now.get(range).unwrap_or_default().replace(['-', ':'], "");
    let format = match arguments.first() {
        None => "",
        Some(format) => format.as_str().ok_or_else(|| {
            fault(
                "utcNow",
                format_args!("the format is expected to be of type 'String', but it is of type '{}'.", kind_of(format)),
            )
        })?,
    };
    Ok(match format {
        "" => format!("{}Z", digits(0..19)),
        "yyyyMMdd" => digits(0..10),
        "yyyyMMddHHmmss" => digits(0..19).replace('T', ""),
        "yyyy-MM-dd" | "d" => now.get(..10).unwrap_or_default().to_owned(),
        "u" => format!("{}Z", now.get(..19).unwrap_or_default().replace('T', " ")),
        "s" => now.get(..19).unwrap_or_default().to_owned(),
        "o" | "O" => now,
        other => return Err(fault("utcNow", format_args!("Slipway does not simulate the format '{other}'."))),
    }
    .into())
}

/// `newGuid()`: one id a deployment, which follows from the deployment.
pub(super) fn new_guid(evaluator: &Evaluator<'_>, _: &[Value]) -> Result<Value, Trouble> {
    only_in_defaults(evaluator, "newGuid")?;
    Ok(Uuid::new_v5(&evaluator.surroundings.correlation, b"newGuid").to_string().into())
}

fn only_in_defaults(evaluator: &Evaluator<'_>, function: &str) -> Result<(), Trouble> {
    if evaluator.here == Here::Default { Ok(()) } else { Err(not_expected(function)) }
}
