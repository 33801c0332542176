//! Outputs.

use std::collections::HashMap;

use control_plane::model::Opaque;
use serde_json::{Value, json};

use super::super::expression::{Effort, Evaluator, Here, References, Trouble, check_functions, kind_of};
use super::super::failure::Fault;
use super::kinds;
use super::{Template, each_expression, shape};

/// The most outputs that a template may have: ARM's documented limit.
const OUTPUTS_MAX: usize = 64;

/// Finds what is wrong before anything is deployed.
pub(super) fn check(template: &Template) -> Result<(), Fault> {
    let Some(outputs) = shape::object(&template.source, "outputs")? else {
        return Ok(());
    };
    if outputs.len() > OUTPUTS_MAX {
        return Err(Fault::template(format_args!("The template has more than '{OUTPUTS_MAX}' outputs")));
    }
    for (name, definition) in outputs {
        check_one(definition).map_err(|trouble| template.invalid("output", name, &trouble, &["outputs", name]))?;
    }
    Ok(())
}

fn check_one(definition: &Value) -> Result<(), Trouble> {
    kinds::read(definition)?;
    if definition.get("copy").is_some() {
        return Err(Trouble::Fault("Slipway does not simulate loops in outputs".to_owned()));
    }
    let value = definition.get("value").ok_or_else(|| Trouble::Fault("the value is missing".to_owned()))?;
    each_expression(value, &mut check_functions)
}

/// The outputs as ARM gives them: `{"name": {"type", "value"}}`, secure ones without a value.
pub(super) fn evaluate(template: &Template, deployed: &HashMap<String, Value>) -> Result<Opaque, Fault> {
    let Some(outputs) = shape::object(&template.source, "outputs")? else {
        return Ok(Opaque::new());
    };
    let mut shown = Opaque::new();
    for (name, definition) in outputs {
        let one = evaluate_one(template, definition, deployed);
        match one.map_err(|trouble| failed(template, name, &trouble))? {
            Some(output) => shown.insert(name.clone(), output),
            None => continue,
        };
    }
    Ok(shown)
}

fn evaluate_one(
    template: &Template,
    definition: &Value,
    deployed: &HashMap<String, Value>,
) -> Result<Option<Value>, Trouble> {
    let effort = Effort::default();
    let evaluator = Evaluator { references: References::Known(deployed), ..template.evaluator(Here::Output, &effort) };
    if let Some(condition) = definition.get("condition")
        && evaluator.value(condition)? == Value::Bool(false)
    {
        return Ok(None);
    }
    let kind = kinds::read(definition)?;
    let value = evaluator.value(definition.get("value").unwrap_or(&Value::Null))?;
    if !kind.admits(&value) {
        let text =
            format!("Expected a value of type '{}', but received a value of type '{}'", kind.as_str(), kind_of(&value));
        return Err(Trouble::Fault(text));
    }
    Ok(Some(if kind.is_secure() {
        json!({"type": kind.as_str()})
    } else {
        json!({"type": kind.as_str(), "value": value})
    }))
}

/// The code is ARM's (azure-docs `common-deployment-errors.md`), the outer text is inferred.
fn failed(template: &Template, name: &str, trouble: &Trouble) -> Fault {
    let inner = template.invalid("output", name, trouble, &["outputs", name]);
    let text = "Unable to evaluate template outputs. Please see error details and deployment operations. Please see https://aka.ms/arm-common-errors for usage details.";
    Fault { details: vec![inner], ..Fault::new("DeploymentOutputEvaluationFailed", text) }
}
