//! Tree to value.

use std::cell::Cell;
use std::collections::HashMap;

use serde_json::{Map, Value};

use super::arguments::kind_of;
use super::functions::{self, Run};
use super::parse::{Expression, parse};
use super::surroundings::Surroundings;
use super::{Values, expression_in};

/// How much all values of one evaluation may weigh together, in bytes: a few short expressions can double a text or an
/// array without end. ARM's own limit for an expanded template is 4 MB.
const WEIGHT_MAX: usize = 32 * 1024 * 1024;

/// How deep evaluation may go: an expression in a variable in an expression and so on.
const DEPTH_MAX: usize = 256;

/// Why there is no value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Trouble {
    /// It depends on a resource that is not deployed yet.
    Later,
    /// The expression is wrong.
    Fault(String),
}

impl From<String> for Trouble {
    fn from(text: String) -> Self {
        Trouble::Fault(text)
    }
}

/// In which part of a template an expression stands: not every function is expected everywhere.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Here {
    /// The default value of a parameter.
    Default,
    /// A variable.
    Variable,
    /// What makes a resource the one it is: name, type, condition, what it depends on.
    Head,
    /// The body of a resource.
    Body,
    /// An output.
    Output,
}

/// A resource of the template, as `reference()` finds it.
#[derive(Clone, Debug)]
pub(crate) struct Target {
    /// Its symbolic name, if the template has such.
    pub(crate) symbol: Option<String>,
    /// Its resource id.
    pub(crate) id: String,
    /// Its full name: names joined by `/`.
    pub(crate) name: String,
}

/// What `reference()` can see.
#[derive(Clone, Copy)]
pub(crate) enum References<'a> {
    /// Nothing: it is not expected here.
    Forbidden,
    /// Nothing is deployed yet.
    Later,
    /// Resources with all their members, by their ids in lower case.
    Known(&'a HashMap<String, Value>),
}

/// Where a copy loop stands.
#[derive(Clone, Debug)]
pub(crate) struct CopyIndex {
    /// The loop's name.
    pub(crate) name: String,
    /// The number of the copy, from 0.
    pub(crate) index: i64,
}

/// How much one evaluation has taken.
#[derive(Debug, Default)]
pub(crate) struct Effort {
    weight: Cell<usize>,
    depth: Cell<usize>,
}

impl Effort {
    fn charge(&self, value: &Value) -> Result<(), Trouble> {
        self.weight.set(self.weight.get().saturating_add(weight(value)));
        if self.weight.get() > WEIGHT_MAX {
            let text = format!("The template's values exceed the limit of '{WEIGHT_MAX}' bytes.");
            return Err(Trouble::Fault(text));
        }
        Ok(())
    }

    fn deeper<T>(&self, run: impl FnOnce() -> Result<T, Trouble>) -> Result<T, Trouble> {
        if self.depth.get() >= DEPTH_MAX {
            return Err(Trouble::Fault(format!(
                "The template's expressions nest more than '{DEPTH_MAX}' levels deep."
            )));
        }
        self.depth.set(self.depth.get() + 1);
        let outcome = run();
        self.depth.set(self.depth.get() - 1);
        outcome
    }
}

/// Bytes, more or less.
fn weight(value: &Value) -> usize {
    match value {
        Value::String(text) => 16 + text.len(),
        Value::Array(items) => 16 + items.iter().map(weight).sum::<usize>(),
        Value::Object(members) => 16 + members.iter().map(|(key, value)| 16 + key.len() + weight(value)).sum::<usize>(),
        _ => 16,
    }
}

/// Everything that an expression's value depends on.
#[derive(Clone, Copy)]
pub(crate) struct Evaluator<'a> {
    /// Where the deployment happens.
    pub(crate) surroundings: &'a Surroundings,
    /// `parameters()`.
    pub(crate) parameters: Values<'a>,
    /// `variables()`.
    pub(crate) variables: Values<'a>,
    /// Where the expression stands.
    pub(crate) here: Here,
    /// `copyIndex()`.
    pub(crate) copy: Option<&'a CopyIndex>,
    /// `reference()`.
    pub(crate) references: References<'a>,
    /// The template's resources.
    pub(crate) targets: &'a [Target],
    /// What has been taken so far.
    pub(crate) effort: &'a Effort,
}

impl<'a> Evaluator<'a> {
    /// The value of a piece of a template: every text that is an expression is replaced by its value.
    pub(crate) fn value(&self, source: &Value) -> Result<Value, Trouble> {
        match source {
            Value::String(text) => self.text(text),
            Value::Array(items) => {
                items.iter().map(|item| self.value(item)).collect::<Result<_, _>>().map(Value::Array)
            }
            Value::Object(members) => {
                let mut out = Map::with_capacity(members.len());
                for (key, value) in members {
                    if key.eq_ignore_ascii_case("copy") && value.is_array() {
                        return Err(Trouble::Fault(
                            "Slipway does not simulate property loops ('copy' in an object).".to_owned(),
                        ));
                    }
                    let key = match self.text(key)? {
                        Value::String(key) => key,
                        other => {
                            return Err(Trouble::Fault(format!(
                                "The property name '{key}' is of type '{}'.",
                                kind_of(&other)
                            )));
                        }
                    };
                    out.insert(key, self.value(value)?);
                }
                Ok(Value::Object(out))
            }
            plain => Ok(plain.clone()),
        }
    }

    fn text(&self, text: &str) -> Result<Value, Trouble> {
        if let Some(inner) = expression_in(text) {
            return self.evaluate(&parse(inner)?);
        }
        Ok(Value::from(if text.starts_with("[[") && text.ends_with(']') { &text[1..] } else { text }))
    }

    /// The value of an expression.
    pub(crate) fn evaluate(&self, expression: &Expression) -> Result<Value, Trouble> {
        let value = self.effort.deeper(|| match expression {
            Expression::Text(text) => Ok(Value::from(text.as_str())),
            Expression::Number(number) => Ok(Value::from(*number)),
            Expression::Call { name, arguments } => self.call(name, arguments),
            Expression::Member { of, name } => member(&self.evaluate(of)?, name),
            Expression::Item { of, index } => item(&self.evaluate(of)?, &self.evaluate(index)?),
        })?;
        self.effort.charge(&value)?;
        Ok(value)
    }

    fn call(&self, name: &str, arguments: &[Expression]) -> Result<Value, Trouble> {
        let function = functions::find(name)?;
        function.check_count(arguments.len())?;
        match function.run {
            Run::Special(run) => run(self, arguments),
            Run::Here(run) => run(self, &self.all(arguments)?),
            Run::Plain(run) => Ok(run(&self.all(arguments)?)
                .map_err(|why| format!("Unable to evaluate template language function '{}': {why}", function.name))?),
        }
    }

    fn all(&self, arguments: &[Expression]) -> Result<Vec<Value>, Trouble> {
        arguments.iter().map(|argument| self.evaluate(argument)).collect()
    }

    /// A parameter's value.
    pub(crate) fn parameter(&self, name: &str) -> Result<Value, Trouble> {
        let default = Evaluator { here: Here::Default, copy: None, references: References::Forbidden, ..*self };
        named(self.parameters, name, &default)?.ok_or_else(|| not_found("parameter", name))
    }

    /// A variable's value.
    pub(crate) fn variable(&self, name: &str) -> Result<Value, Trouble> {
        if self.here == Here::Default {
            return Err(not_expected("variables"));
        }
        let plain = Evaluator { here: Here::Variable, copy: None, references: References::Forbidden, ..*self };
        named(self.variables, name, &plain)?.ok_or_else(|| not_found("variable", name))
    }
}

fn named(values: Values<'_>, name: &str, evaluator: &Evaluator<'_>) -> Result<Option<Value>, Trouble> {
    match values {
        Values::Known(known) => {
            let found = known.iter().find(|(own, _)| own.eq_ignore_ascii_case(name));
            Ok(found.map(|(_, value)| value.clone()))
        }
        Values::Lazy(lazy) => lazy.get(name, |source| evaluator.value(source)),
    }
}

fn not_found(what: &str, name: &str) -> Trouble {
    Trouble::Fault(format!(
        "The template {what} '{name}' is not found. Please see https://aka.ms/arm-template/#{what}s for usage details."
    ))
}

/// Azure/template-analyzer issue 184.
pub(super) fn not_expected(function: &str) -> Trouble {
    Trouble::Fault(format!(
        "The template function '{function}' is not expected at this location. Please see https://aka.ms/arm-template-expressions for usage details."
    ))
}

fn member(of: &Value, name: &str) -> Result<Value, Trouble> {
    let Value::Object(members) = of else {
        return Err(Trouble::Fault(format!(
            "The language expression property '{name}' can't be evaluated, property does not exist on a value of type '{}'.",
            kind_of(of)
        )));
    };
    let found = members.iter().find(|(own, _)| own.eq_ignore_ascii_case(name));
    found.map(|(_, value)| value.clone()).ok_or_else(|| {
        let known: Vec<_> = members.keys().map(String::as_str).collect();
        Trouble::Fault(format!(
            "The language expression property '{name}' doesn't exist, available properties are '{}'.",
            known.join(", ")
        ))
    })
}

fn item(of: &Value, index: &Value) -> Result<Value, Trouble> {
    match (of, index) {
        (Value::Array(items), Value::Number(number)) => {
            let at = number.as_i64().and_then(|n| usize::try_from(n).ok());
            at.and_then(|at| items.get(at)).cloned().ok_or_else(|| {
                Trouble::Fault(format!("The language expression property array index '{number}' is out of bounds."))
            })
        }
        (Value::Object(_), Value::String(name)) => member(of, name),
        _ => Err(Trouble::Fault(format!(
            "The language expression property '{}' can't be evaluated: a value of type '{}' has no items of type '{}'.",
            index.as_str().map_or_else(|| index.to_string(), str::to_owned),
            kind_of(of),
            kind_of(index)
        ))),
    }
}
