//! Parameters: what the template declares and what the request gives.
//!
//! Error texts: Azure/SimuLand issue 39 (not provided), microsoft/TailwindTraders issue 3 (not declared), azure-docs
//! `error-parameter-file.md` and `bicep/parameters.md` (allowed values, length); the rest is inferred.

use control_plane::model::Opaque;
use serde_json::{Value, json};

use super::super::expression::surroundings::Surroundings;
use super::super::expression::{Effort, Evaluator, Here, Lazy, References, Trouble, Values};
use super::super::failure::Fault;
use super::super::positions::{At, Positions};
use super::kinds::{self, Kind};
use super::step;

/// The most parameters that a template may declare: ARM's documented limit.
const PARAMETERS_MAX: usize = 256;

/// A parameter with its value.
#[derive(Clone, Debug)]
pub(crate) struct Parameter {
    pub(crate) name: String,
    pub(crate) kind: Kind,
    pub(crate) value: Value,
}

/// Works all parameters out.
pub(super) fn read(
    surroundings: &Surroundings,
    declared: &Opaque,
    supplied: &Opaque,
    positions: &Positions,
) -> Result<Vec<Parameter>, Fault> {
    if declared.len() > PARAMETERS_MAX {
        return Err(Fault::template(format_args!("The template declares more than '{PARAMETERS_MAX}' parameters")));
    }
    let supplied = Supplied::check(declared, supplied)?;
    let null = Value::Null;
    let lazy = Lazy::new(declared.iter().map(|(name, d)| (name.as_str(), d.get("defaultValue").unwrap_or(&null))));
    for (name, value) in &supplied.0 {
        lazy.set(name, value.clone());
    }
    let effort = Effort::default();
    let evaluator = Evaluator {
        surroundings,
        parameters: Values::Lazy(&lazy),
        variables: Values::Lazy(&lazy),
        here: Here::Default,
        copy: None,
        references: References::Forbidden,
        targets: &[],
        effort: &effort,
    };
    let each = declared.iter().map(|(name, definition)| {
        let at = positions.find(&[step("parameters"), step(name)]);
        let given = supplied.has(name);
        one(&evaluator, name, definition, given, &at)
    });
    each.collect()
}

fn one(evaluator: &Evaluator<'_>, name: &str, definition: &Value, given: bool, at: &At) -> Result<Parameter, Fault> {
    let invalid = |why: &str| {
        let text = format!(
            "The template parameter '{name}' at line '{}' and column '{}' is not valid: {why}. Please see https://aka.ms/arm-syntax-parameters for usage details.",
            at.line, at.column
        );
        Fault::template(text).at(at)
    };
    let kind = kinds::read(definition).map_err(|trouble| invalid(&why(trouble)))?;
    if let Some(other) =
        ["$ref", "items", "prefixItems", "additionalProperties"].iter().find(|m| definition.get(**m).is_some())
    {
        return Err(invalid(&format!("Slipway does not simulate '{other}' in a parameter")));
    }
    if !given && definition.get("defaultValue").is_none() {
        if definition.get("nullable").and_then(Value::as_bool) == Some(true) {
            return Ok(Parameter { name: name.to_owned(), kind, value: Value::Null });
        }
        let text = format!(
            "The value for the template parameter '{name}' at line '{}' and column '{}' is not provided. Please see https://aka.ms/arm-create-parameter-file for usage details.",
            at.line, at.column
        );
        return Err(Fault::template(text).at(at));
    }
    let value = evaluator.parameter(name).map_err(|trouble| invalid(&why(trouble)))?;
    check(name, kind, definition, &value, at)?;
    Ok(Parameter { name: name.to_owned(), kind, value })
}

/// The text of a trouble; nothing is deployed later for the sake of a parameter.
pub(super) fn why(trouble: Trouble) -> String {
    match trouble {
        Trouble::Fault(text) => text,
        Trouble::Later => "it depends on a resource that is not deployed yet".to_owned(),
    }
}

fn check(name: &str, kind: Kind, definition: &Value, value: &Value, at: &At) -> Result<(), Fault> {
    if !kind.admits(value) {
        let text = format!(
            "Template parameter JToken type is not valid. Expected '{}'. Actual '{}'. Please see https://aka.ms/arm-deploy/#parameter-file for usage details.",
            kind.expected(),
            super::super::expression::kind_of(value)
        );
        let info = At { path: at.path.clone(), ..*at };
        return Err(Fault::template(text).at(&info));
    }
    check_allowed(name, kind, definition, value, at)?;
    let length = match value {
        Value::String(text) => Some(text.chars().count()),
        Value::Array(items) => Some(items.len()),
        _ => None,
    };
    let limit = |key: &str| definition.get(key).and_then(Value::as_i64);
    let length = length.and_then(|length| i64::try_from(length).ok());
    let bounds = [
        (length, "minLength", "maxLength", "Length of the value"),
        (value.as_i64(), "minValue", "maxValue", "The value"),
    ];
    for (actual, min, max, subject) in bounds {
        let Some(actual) = actual else { continue };
        let broken = match (limit(min), limit(max)) {
            (Some(min), _) if actual < min => Some(("greater", min)),
            (_, Some(max)) if actual > max => Some(("less", max)),
            _ => None,
        };
        if let Some((side, bound)) = broken {
            let text = format!(
                "The provided value for the template parameter '{name}' is not valid. {subject} should be {side} than or equal to '{bound}'. Please see https://aka.ms/arm-syntax-parameters for usage details."
            );
            return Err(Fault::template(text).at(at));
        }
    }
    Ok(())
}

/// Texts compare without regard to case (inferred).
fn check_allowed(name: &str, kind: Kind, definition: &Value, value: &Value, at: &At) -> Result<(), Fault> {
    let Some(allowed) = definition.get("allowedValues").and_then(Value::as_array) else {
        return Ok(());
    };
    let same = |one: &Value| match (one.as_str(), value.as_str()) {
        (Some(one), Some(value)) => one.eq_ignore_ascii_case(value),
        _ => one == value,
    };
    // Of an array, every item must be allowed.
    let fits = allowed.iter().any(same)
        || value.as_array().is_some_and(|items| !items.is_empty() && items.iter().all(|item| allowed.contains(item)));
    if fits {
        return Ok(());
    }
    let plain = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    let shown = if kind.is_secure() { "***".to_owned() } else { plain(value) };
    let text = format!(
        "The provided value '{shown}' for the template parameter '{name}' at line '{}' and column '{}' is not valid. The parameter value is not part of the allowed value(s): '{}'.",
        at.line,
        at.column,
        allowed.iter().map(plain).collect::<Vec<_>>().join(",")
    );
    Err(Fault::template(text).at(at))
}

/// The values in the request, by name.
struct Supplied(Vec<(String, Value)>);

impl Supplied {
    fn check(declared: &Opaque, supplied: &Opaque) -> Result<Self, Fault> {
        let known = |name: &str| declared.keys().any(|own| own.eq_ignore_ascii_case(name));
        let strange: Vec<_> = supplied.keys().map(String::as_str).filter(|name| !known(name)).collect();
        if !strange.is_empty() {
            return Err(Fault::template(format_args!(
                "The template parameters '{}' in the parameters file are not valid; they are not present in the original template and can therefore not be provided at deployment time. The only supported parameters for this template are '{}'. Please see https://aka.ms/arm-deploy/#parameter-file for usage details.",
                strange.join(", "),
                declared.keys().map(String::as_str).collect::<Vec<_>>().join(", ")
            )));
        }
        let each = supplied.iter().map(|(name, given)| Ok((name.clone(), value_of(name, given)?)));
        each.collect::<Result<Vec<_>, Fault>>().map(Supplied)
    }

    fn has(&self, name: &str) -> bool {
        self.0.iter().any(|(own, _)| own.eq_ignore_ascii_case(name))
    }
}

fn value_of(name: &str, given: &Value) -> Result<Value, Fault> {
    if given.get("reference").is_some() {
        return Err(Fault::new(
            "InvalidDeploymentParameterValue",
            format!(
                "Slipway does not simulate key vault references: give the value of deployment parameter '{name}' itself."
            ),
        ));
    }
    let strange =
        given.as_object().and_then(|o| o.keys().find(|k| !["value", "type", "metadata"].contains(&k.as_str())));
    if let Some(strange) = strange {
        let text = format!(
            "The deployment parameter '{name}' has the unknown property '{strange}'; its value belongs in 'value'."
        );
        return Err(Fault::new("InvalidDeploymentParameterKey", text));
    }
    given.get("value").filter(|value| !value.is_null()).cloned().ok_or_else(|| {
        // microsoft/VisualStudio2017Launch_KeynoteDemos issue 7; the code is inferred.
        let text = format!(
            "The value of deployment parameter '{name}' is null. Please specify the value or use the parameter reference. See https://aka.ms/arm-deploy/#parameter-file for details."
        );
        Fault::new("InvalidDeploymentParameterValue", text)
    })
}

/// The parameters as ARM gives them back: secure ones without a value.
pub(super) fn shown(parameters: &[Parameter]) -> Opaque {
    let each = parameters.iter().map(|parameter| {
        let shown = match parameter.kind {
            kind if kind.is_secure() => json!({"type": kind.as_str()}),
            kind => json!({"type": kind.as_str(), "value": parameter.value}),
        };
        (parameter.name.clone(), shown)
    });
    each.collect()
}
