//! Functions on whole numbers.

use serde_json::Value;

use super::arguments::{integer, misfit};

/// The most items that `range` makes; ARM's documented limit.
const RANGE_MAX: i64 = 10_000;

/// A number from a text or a number.
pub(super) fn int(arguments: &[Value]) -> Result<Value, String> {
    match &arguments[0] {
        Value::String(text) => {
            let number = text.trim().parse::<i64>();
            number.map(Value::from).map_err(|_| format!("'{text}' cannot be converted to a value of type 'Integer'."))
        }
        Value::Number(_) => integer(arguments, 0).map(Value::from),
        _ => misfit(arguments, 0, "String, Integer"),
    }
}

fn two(arguments: &[Value], run: impl Fn(i64, i64) -> Option<i64>) -> Result<Value, String> {
    let (a, b) = (integer(arguments, 0)?, integer(arguments, 1)?);
    run(a, b).map(Value::from).ok_or_else(|| format!("'{a}' and '{b}' have no 64-bit result."))
}

/// `a + b`
pub(super) fn add(arguments: &[Value]) -> Result<Value, String> {
    two(arguments, i64::checked_add)
}

/// `a − b`
pub(super) fn sub(arguments: &[Value]) -> Result<Value, String> {
    two(arguments, i64::checked_sub)
}

/// `a × b`
pub(super) fn mul(arguments: &[Value]) -> Result<Value, String> {
    two(arguments, i64::checked_mul)
}

/// `a ÷ b` without the remainder.
pub(super) fn div(arguments: &[Value]) -> Result<Value, String> {
    two(arguments, i64::checked_div)
}

/// The remainder of `a ÷ b`.
pub(super) fn modulo(arguments: &[Value]) -> Result<Value, String> {
    two(arguments, i64::checked_rem)
}

/// The smallest of the arguments, or of one array.
pub(super) fn min(arguments: &[Value]) -> Result<Value, String> {
    let smallest = all(arguments)?.into_iter().min();
    smallest.map(Value::from).ok_or_else(|| "there is no number.".to_owned())
}

/// The largest of the arguments, or of one array.
pub(super) fn max(arguments: &[Value]) -> Result<Value, String> {
    let largest = all(arguments)?.into_iter().max();
    largest.map(Value::from).ok_or_else(|| "there is no number.".to_owned())
}

fn all(arguments: &[Value]) -> Result<Vec<i64>, String> {
    let numbers = match arguments {
        [Value::Array(items)] => items.as_slice(),
        many => many,
    };
    (0..numbers.len()).map(|at| integer(numbers, at)).collect()
}

/// So many numbers from one on.
pub(super) fn range(arguments: &[Value]) -> Result<Value, String> {
    let (start, count) = (integer(arguments, 0)?, integer(arguments, 1)?);
    let end = start.checked_add(count).filter(|_| (0..=RANGE_MAX).contains(&count));
    let end = end.ok_or_else(|| format!("the count must be between 0 and {RANGE_MAX}."))?;
    Ok((start..end).collect::<Vec<_>>().into())
}
