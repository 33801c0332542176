//! ARM templates: what one declares, worked out for one deployment.

mod dependencies;
mod kinds;
mod outputs;
mod parameters;
mod planned;
mod resources;
mod shape;

use std::collections::HashMap;
use std::sync::Arc;

use control_plane::model::Opaque;
use serde_json::Value;

use super::expression::parse::{Expression, parse};
use super::expression::surroundings::Surroundings;
use super::expression::{CopyIndex, Effort, Evaluator, Here, Lazy, References, Target, Trouble, Values, expression_in};
use super::failure::Fault;
use super::positions::Positions;
use crate::wire::locate::Step;
use parameters::Parameter;
pub(super) use planned::Planned;

/// The most variables that a template may declare: ARM's documented limit.
const VARIABLES_MAX: usize = 512;

/// A member as a step of a path.
fn step(name: &str) -> Step {
    Step::Member(name.to_owned())
}

/// A template with its parameters and variables worked out and its resources in order.
pub(super) struct Template {
    surroundings: Surroundings,
    source: Arc<Opaque>,
    positions: Positions,
    declared: Vec<Parameter>,
    parameters: Opaque,
    variables: Opaque,
    targets: Vec<Target>,
    resources: Vec<Planned>,
}

impl Template {
    /// Reads a template. Nothing of it needs to be deployed; everything that can be wrong without that is found.
    ///
    /// # Errors
    /// `InvalidTemplate` and its kin.
    pub(super) fn read(surroundings: Surroundings, supplied: &Opaque, positions: Positions) -> Result<Self, Fault> {
        let source = Arc::clone(&surroundings.template);
        shape::check(&source)?;
        let empty = Opaque::new();
        let declared = shape::object(&source, "parameters")?.unwrap_or(&empty);
        let declared = parameters::read(&surroundings, declared, supplied, &positions)?;
        let parameters = declared.iter().map(|p| (p.name.clone(), p.value.clone())).collect();
        let mut template = Template {
            surroundings,
            source,
            positions,
            declared,
            parameters,
            variables: Opaque::new(),
            targets: Vec::new(),
            resources: Vec::new(),
        };
        template.variables = template.work_out_variables()?;
        let (resources, skipped) = resources::read(&template)?;
        template.targets = resources.iter().map(Planned::target).collect();
        template.resources = dependencies::resolve(&template, resources, &skipped)?;
        outputs::check(&template)?;
        Ok(template)
    }

    fn work_out_variables(&self) -> Result<Opaque, Fault> {
        let empty = Opaque::new();
        let sources = shape::object(&self.source, "variables")?.unwrap_or(&empty);
        if sources.len() > VARIABLES_MAX {
            return Err(Fault::template(format_args!("The template declares more than '{VARIABLES_MAX}' variables")));
        }
        if sources.get("copy").is_some_and(Value::is_array) {
            return Err(Fault::template("Slipway does not simulate variable loops ('copy' in 'variables')."));
        }
        let lazy = Lazy::new(sources.iter().map(|(name, value)| (name.as_str(), value)));
        let effort = Effort::default();
        let evaluator = Evaluator { variables: Values::Lazy(&lazy), ..self.evaluator(Here::Variable, &effort) };
        let each = sources.keys().map(|name| {
            let value = evaluator
                .variable(name)
                .map_err(|trouble| self.invalid("variable", name, &trouble, &["variables", name]))?;
            Ok((name.clone(), value))
        });
        each.collect()
    }

    fn evaluator<'a>(&'a self, here: Here, effort: &'a Effort) -> Evaluator<'a> {
        Evaluator {
            surroundings: &self.surroundings,
            parameters: Values::Known(&self.parameters),
            variables: Values::Known(&self.variables),
            here,
            copy: None,
            references: References::Forbidden,
            targets: &self.targets,
            effort,
        }
    }

    /// `The template resource 'x' at line … is not valid: …` (microsoft/vscode-azurearmtools issue 531).
    fn invalid(&self, what: &str, name: &str, trouble: &Trouble, path: &[&str]) -> Fault {
        let path: Vec<_> = path.iter().map(|member| step(member)).collect();
        self.invalid_at(what, name, trouble, &path)
    }

    fn invalid_at(&self, what: &str, name: &str, trouble: &Trouble, path: &[Step]) -> Fault {
        let at = self.positions.find(path);
        let why = parameters::why(trouble.clone());
        let text = format!(
            "The template {what} '{name}' at line '{}' and column '{}' is not valid: {why}. Please see https://aka.ms/arm-template-expressions for usage details.",
            at.line, at.column
        );
        Fault::template(text).at(&at)
    }

    /// The resources, each after those it depends on.
    pub(super) fn resources(&self) -> &[Planned] {
        &self.resources
    }

    /// The resource group and all else around the deployment.
    pub(super) fn surroundings(&self) -> &Surroundings {
        &self.surroundings
    }

    /// The parameters as ARM gives them back.
    pub(super) fn shown_parameters(&self) -> Opaque {
        parameters::shown(&self.declared)
    }

    /// The body of a resource, without type, name and the rest of its head.
    ///
    /// # Errors
    /// [`Trouble::Later`] when it depends on what is not deployed and `deployed` is `None`.
    pub(super) fn body(&self, planned: &Planned, deployed: Option<&HashMap<String, Value>>) -> Result<Opaque, Trouble> {
        let effort = Effort::default();
        let references = deployed.map_or(References::Later, References::Known);
        let evaluator = Evaluator { references, copy: planned.copy.as_ref(), ..self.evaluator(Here::Body, &effort) };
        match evaluator.value(&Value::Object(planned.body_source()))? {
            Value::Object(body) => Ok(body),
            _ => Err(Trouble::Fault("The resource is not an object.".to_owned())),
        }
    }

    /// A fault in a resource's body.
    pub(super) fn body_fault(&self, planned: &Planned, trouble: &Trouble) -> Fault {
        self.invalid_at("resource", &planned.full_name(), trouble, &planned.path)
    }

    /// The outputs.
    ///
    /// # Errors
    /// `DeploymentOutputEvaluationFailed`.
    pub(super) fn outputs(&self, deployed: &HashMap<String, Value>) -> Result<Opaque, Fault> {
        outputs::evaluate(self, deployed)
    }

    /// The resources whose state a resource's body depends on.
    pub(super) fn references_of(&self, planned: &Planned) -> Result<Vec<String>, Trouble> {
        self.referenced(&Value::Object(planned.body_source()), planned.copy.as_ref())
    }

    /// The resources whose state the outputs depend on.
    pub(super) fn references_of_outputs(&self) -> Result<Vec<String>, Trouble> {
        self.referenced(self.source.get("outputs").unwrap_or(&Value::Null), None)
    }

    /// The ids in all calls of `reference()`.
    fn referenced(&self, source: &Value, copy: Option<&CopyIndex>) -> Result<Vec<String>, Trouble> {
        let effort = Effort::default();
        let evaluator = Evaluator { copy, ..self.evaluator(Here::Head, &effort) };
        let mut ids = Vec::new();
        each_expression(source, &mut |expression| {
            let mut arguments = Vec::new();
            expression.calls(&mut |name, given| {
                if name.eq_ignore_ascii_case("reference") {
                    arguments.extend(given.first());
                }
            });
            for argument in arguments {
                if let Value::String(name) = evaluator.evaluate(argument)? {
                    ids.push(evaluator.referenced(&name)?);
                }
            }
            Ok(())
        })?;
        Ok(ids)
    }
}

/// Visits every expression in a piece of a template.
fn each_expression(source: &Value, visit: &mut impl FnMut(&Expression) -> Result<(), Trouble>) -> Result<(), Trouble> {
    match source {
        Value::String(text) => expression(text, visit),
        Value::Array(items) => items.iter().try_for_each(|item| each_expression(item, visit)),
        Value::Object(members) => members.iter().try_for_each(|(key, value)| {
            expression(key, visit)?;
            each_expression(value, visit)
        }),
        _ => Ok(()),
    }
}

fn expression(text: &str, visit: &mut impl FnMut(&Expression) -> Result<(), Trouble>) -> Result<(), Trouble> {
    match expression_in(text) {
        Some(inner) => visit(&parse(inner)?),
        None => Ok(()),
    }
}
