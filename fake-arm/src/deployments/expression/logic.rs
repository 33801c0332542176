//! Functions that decide and compare.

use std::cmp::Ordering;

use serde_json::Value;

use super::arguments::{boolean as boolean_at, kind_of, misfit};
use super::evaluate::{Evaluator, Trouble};
use super::parse::Expression;

fn decided(evaluator: &Evaluator<'_>, name: &str, argument: &Expression) -> Result<bool, Trouble> {
    let value = evaluator.evaluate(argument)?;
    value.as_bool().ok_or_else(|| {
        Trouble::Fault(format!(
            "Unable to evaluate template language function '{name}': an argument is expected to be of type 'Boolean', but it is of type '{}'.",
            kind_of(&value)
        ))
    })
}

/// `if(condition, then, else)`: only the branch that is taken is evaluated.
pub(super) fn either(evaluator: &Evaluator<'_>, arguments: &[Expression]) -> Result<Value, Trouble> {
    let taken = if decided(evaluator, "if", &arguments[0])? { 1 } else { 2 };
    evaluator.evaluate(&arguments[taken])
}

/// Whether all hold.
pub(super) fn and(evaluator: &Evaluator<'_>, arguments: &[Expression]) -> Result<Value, Trouble> {
    for argument in arguments {
        if !decided(evaluator, "and", argument)? {
            return Ok(false.into());
        }
    }
    Ok(true.into())
}

/// Whether one holds.
pub(super) fn or(evaluator: &Evaluator<'_>, arguments: &[Expression]) -> Result<Value, Trouble> {
    for argument in arguments {
        if decided(evaluator, "or", argument)? {
            return Ok(true.into());
        }
    }
    Ok(false.into())
}

/// The opposite.
pub(super) fn not(arguments: &[Value]) -> Result<Value, String> {
    Ok((!boolean_at(arguments, 0)?).into())
}

/// A boolean from a text or a number.
pub(super) fn boolean(arguments: &[Value]) -> Result<Value, String> {
    match &arguments[0] {
        Value::Bool(known) => Ok((*known).into()),
        Value::Number(number) => Ok((number.as_i64() != Some(0)).into()),
        Value::String(text) if text.eq_ignore_ascii_case("true") || text == "1" => Ok(true.into()),
        Value::String(text) if text.eq_ignore_ascii_case("false") || text == "0" => Ok(false.into()),
        Value::String(text) => Err(format!("'{text}' cannot be converted to a value of type 'Boolean'.")),
        _ => misfit(arguments, 0, "String, Integer"),
    }
}

/// `true`
pub(super) fn yes(_: &[Value]) -> Result<Value, String> {
    Ok(true.into())
}

/// `false`
pub(super) fn no(_: &[Value]) -> Result<Value, String> {
    Ok(false.into())
}

/// `null`
pub(super) fn null(_: &[Value]) -> Result<Value, String> {
    Ok(Value::Null)
}

/// Whether two values are the same: of one type, texts with regard to case.
pub(super) fn equals(arguments: &[Value]) -> Result<Value, String> {
    Ok((arguments[0] == arguments[1]).into())
}

fn compared(arguments: &[Value]) -> Result<Ordering, String> {
    match (&arguments[0], &arguments[1]) {
        (Value::Number(a), Value::Number(b)) => Ok(a.as_i64().cmp(&b.as_i64())),
        (Value::String(a), Value::String(b)) => Ok(a.cmp(b)),
        _ => Err("both parameters are expected to be of type 'Integer', or both of type 'String'.".to_owned()),
    }
}

/// `a < b`
pub(super) fn less(arguments: &[Value]) -> Result<Value, String> {
    Ok(compared(arguments)?.is_lt().into())
}

/// `a ≤ b`
pub(super) fn less_or_equals(arguments: &[Value]) -> Result<Value, String> {
    Ok(compared(arguments)?.is_le().into())
}

/// `a > b`
pub(super) fn greater(arguments: &[Value]) -> Result<Value, String> {
    Ok(compared(arguments)?.is_gt().into())
}

/// `a ≥ b`
pub(super) fn greater_or_equals(arguments: &[Value]) -> Result<Value, String> {
    Ok(compared(arguments)?.is_ge().into())
}

/// The first that is not null.
pub(super) fn coalesce(arguments: &[Value]) -> Result<Value, String> {
    Ok(arguments.iter().find(|value| !value.is_null()).cloned().unwrap_or(Value::Null))
}
