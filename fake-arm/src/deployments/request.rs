//! The body of a deployment request.

use std::sync::Arc;

use axum::body::Bytes;
use control_plane::clock::VirtualTime;
use control_plane::model::Opaque;
use control_plane::refusal::RefusalKind;
use serde_json::Value;
use uuid::Uuid;

use super::expression::surroundings::Surroundings;
use super::failure::{Fault, Refused};
use super::lenient;
use super::positions::Positions;
use super::record::Record;
use super::template::Template;
use crate::error::Error;
use crate::metadata;
use crate::scope::{Scope, group_not_found};
use crate::wire::read;

/// Members of `properties` that are read or have no effect here.
const KNOWN: &[&str] = &[
    "mode",
    "template",
    "parameters",
    "debugSetting",
    "expressionEvaluationOptions",
    "whatIfSettings",
    "validationLevel",
    "onErrorDeployment",
    "templateLink",
    "parametersLink",
    "externalInputs",
    "externalInputDefinitions",
    "extensionConfigs",
];

/// What a request asks to deploy.
pub(super) struct Wanted {
    /// The template.
    pub(super) template: Arc<Opaque>,
    /// The parameters as they were given.
    pub(super) supplied: Opaque,
    /// The deployment's tags.
    pub(super) tags: Option<Opaque>,
    /// Whether a what-if shall only name resources.
    pub(super) ids_only: bool,
    positions: Positions,
}

impl Wanted {
    /// Reads a body.
    ///
    /// # Errors
    /// `InvalidRequestContent`, or what is not simulated, by name.
    pub(super) fn read(body: &Bytes) -> Result<Self, Refused> {
        let strict = lenient::strict(body);
        let mut top = read::parse(&strict)?;
        let tags = top.get("tags").and_then(Value::as_object).cloned();
        let Some(Value::Object(mut properties)) = top.shift_remove("properties") else {
            return Err(invalid("The request content does not have the required property 'properties'."));
        };
        properties.retain(|_, value| !value.is_null());
        if let Some(strange) = properties.keys().find(|key| !KNOWN.contains(&key.as_str())) {
            return Err(invalid(&format!("Could not find member '{strange}' on object of type 'DeploymentContent'.")));
        }
        refuse_what_is_not_simulated(&properties)?;
        let Some(Value::Object(template)) = properties.shift_remove("template") else {
            return Err(invalid("The request content does not have a 'template' that is an object."));
        };
        let supplied = match properties.shift_remove("parameters") {
            None => Opaque::new(),
            Some(Value::Object(mut parameters)) => {
                // A whole parameter file may be given for its `parameters`.
                match parameters.get("parameters").filter(|_| parameters.contains_key("$schema")) {
                    Some(Value::Object(inner)) => inner.clone(),
                    _ => std::mem::take(&mut parameters),
                }
            }
            Some(_) => return Err(invalid("The property 'parameters' is not an object.")),
        };
        let format = properties.get("whatIfSettings").and_then(|s| s.get("resultFormat")).and_then(Value::as_str);
        Ok(Wanted {
            template: Arc::new(template),
            supplied,
            tags,
            ids_only: format.is_some_and(|format| format.eq_ignore_ascii_case("ResourceIdOnly")),
            positions: Positions::of(&strict),
        })
    }

    /// The template, worked out for the group and the deployment that the path names.
    ///
    /// # Errors
    /// When the group does not exist; `InvalidTemplate` and its kin.
    pub(super) fn work_out(&self, scope: &Scope) -> Result<Template, Refused> {
        let id = scope.group();
        let group = scope.world().group(&id).ok_or_else(|| group_not_found(&id))?;
        let name = scope.param("deployment");
        check_name(name)?;
        let asked = scope.world().now();
        let own_id = Record::id_of(&id, name);
        let before = Record::load(scope.world(), &id, name).map(|before| before.correlation);
        let surroundings = Surroundings {
            subscription: Arc::clone(&scope.subscription),
            group,
            deployment: name.to_owned(),
            correlation: correlation(&own_id, before, asked),
            asked,
            cloud: metadata::cloud(&scope.door),
            template: Arc::clone(&self.template),
        };
        Ok(Template::read(surroundings, &self.supplied, self.positions.clone())?)
    }
}

/// An id that follows from the deployment, the one it replaces and the time, so that histories repeat.
fn correlation(id: &str, before: Option<Uuid>, asked: VirtualTime) -> Uuid {
    let name = format!("{}@{}", id.to_lowercase(), asked.as_millis());
    Uuid::new_v5(&before.unwrap_or(Uuid::NAMESPACE_URL), name.as_bytes())
}

fn invalid(why: &str) -> Refused {
    let text = format!("The request content was invalid and could not be deserialized: '{why}'.");
    Refused::gateway(RefusalKind::BadRequest, "InvalidRequestContent", text)
}

fn refuse_what_is_not_simulated(properties: &Opaque) -> Result<(), Error> {
    let mode = properties.get("mode").and_then(Value::as_str).unwrap_or("Incremental");
    if mode.eq_ignore_ascii_case("Complete") {
        return Err(Error::not_simulated(
            "deployments in mode 'Complete', which delete what the template lacks",
            "Deploy in mode 'Incremental'.",
        ));
    }
    if !mode.eq_ignore_ascii_case("Incremental") {
        let text =
            format!("The deployment mode '{mode}' is not supported. Supported are 'Incremental' and 'Complete'.");
        return Err(Error::gateway(RefusalKind::BadRequest, "InvalidDeploymentMode", text));
    }
    for (member, instead) in [
        ("templateLink", "Give the template itself in 'template'."),
        ("parametersLink", "Give the parameters themselves in 'parameters'."),
        ("onErrorDeployment", ""),
        ("extensionConfigs", ""),
        ("externalInputs", ""),
    ] {
        let holds = properties.get(member).is_some_and(|value| value.as_object().is_none_or(|o| !o.is_empty()));
        if holds {
            return Err(Error::not_simulated(&format!("'{member}' in deployments"), instead));
        }
    }
    Ok(())
}

/// `^[-\w\._\(\)]+$`, at most 64 characters (Microsoft.Resources 2025-04-01, deploymentName); the text is inferred.
fn check_name(name: &str) -> Result<(), Fault> {
    let fits = |c: char| c.is_alphanumeric() || "-_.()".contains(c);
    if (1..=64).contains(&name.chars().count()) && name.chars().all(fits) {
        return Ok(());
    }
    Err(Fault::new(
        "InvalidDeploymentName",
        format!(
            "The provided deployment name '{name}' has these invalid characters or is longer than 64 characters: only letters, digits, '-', '.', '_', '(' and ')' are allowed."
        ),
    ))
}
