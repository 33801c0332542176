//! The outermost members of a template.

use control_plane::model::Opaque;
use serde_json::Value;

use super::super::expression::kind_of;
use super::super::failure::Fault;

/// Members that a template may have.
const KNOWN: &[&str] = &[
    "$schema",
    "contentVersion",
    "languageVersion",
    "apiProfile",
    "metadata",
    "parameters",
    "variables",
    "functions",
    "definitions",
    "resources",
    "outputs",
    "imports",
    "extensions",
    "asserts",
];

/// Members that are refused when they hold anything.
const NOT_SIMULATED: &[&str] = &["functions", "definitions", "imports", "extensions", "asserts", "apiProfile"];

/// Refuses templates that lack what they need, and those that have what is not simulated.
pub(super) fn check(template: &Opaque) -> Result<(), Fault> {
    if let Some(strange) = template.keys().find(|key| !KNOWN.contains(&key.as_str())) {
        return Err(Fault::unreadable(format_args!(
            "Could not find member '{strange}' on object of type 'Template'. Path '{strange}', line 1, position 1."
        )));
    }
    for required in ["$schema", "contentVersion", "resources"] {
        if template.get(required).is_none_or(Value::is_null) {
            return Err(Fault::unreadable(format_args!(
                "Required property '{required}' not found in JSON. Path '', line 1, position 1."
            )));
        }
    }
    let holds = |value: &Value| match value {
        Value::Array(items) => !items.is_empty(),
        Value::Object(members) => !members.is_empty(),
        other => !other.is_null(),
    };
    if let Some(member) = NOT_SIMULATED.iter().find(|member| template.get(**member).is_some_and(holds)) {
        return Err(Fault::template(format_args!("Slipway does not simulate '{member}' in templates.")));
    }
    check_schema(template)
}

/// A template for another scope: the code is ARM's, the text is inferred.
fn check_schema(template: &Opaque) -> Result<(), Fault> {
    let schema = template.get("$schema").and_then(Value::as_str).unwrap_or("");
    let file = schema.trim_end_matches('#').rsplit('/').next().unwrap_or("");
    if file.eq_ignore_ascii_case("deploymentTemplate.json") {
        return Ok(());
    }
    Err(Fault::new(
        "InvalidSchema",
        format!(
            "The template schema '{schema}' is not supported for deployments to a resource group. Supported is 'https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#'."
        ),
    ))
}

/// A member that is an object.
pub(super) fn object<'t>(template: &'t Opaque, name: &str) -> Result<Option<&'t Opaque>, Fault> {
    match template.get(name) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::Object(members)) => Ok(Some(members)),
        Some(other) => Err(Fault::unreadable(format_args!(
            "Could not convert '{name}' of type '{}' to an object. Path '{name}', line 1, position 1.",
            kind_of(other)
        ))),
    }
}
