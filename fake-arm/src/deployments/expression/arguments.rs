//! What functions do with their arguments.

use serde_json::{Map, Value};

/// The type of a value in ARM's words.
pub(crate) fn kind_of(value: &Value) -> &'static str {
    match value {
        Value::Null => "Null",
        Value::Bool(_) => "Boolean",
        Value::Number(number) if number.is_f64() => "Float",
        Value::Number(_) => "Integer",
        Value::String(_) => "String",
        Value::Array(_) => "Array",
        Value::Object(_) => "Object",
    }
}

fn wrong(arguments: &[Value], at: usize, expected: &str) -> String {
    let given = arguments.get(at).map_or("Null", kind_of);
    format!("the parameter at position '{at}' is expected to be of type '{expected}', but it is of type '{given}'.")
}

/// The text at a position.
pub(super) fn text(arguments: &[Value], at: usize) -> Result<&str, String> {
    arguments.get(at).and_then(Value::as_str).ok_or_else(|| wrong(arguments, at, "String"))
}

/// The whole number at a position.
pub(super) fn integer(arguments: &[Value], at: usize) -> Result<i64, String> {
    arguments.get(at).and_then(Value::as_i64).ok_or_else(|| wrong(arguments, at, "Integer"))
}

/// The boolean at a position.
pub(super) fn boolean(arguments: &[Value], at: usize) -> Result<bool, String> {
    arguments.get(at).and_then(Value::as_bool).ok_or_else(|| wrong(arguments, at, "Boolean"))
}

/// The array at a position.
pub(super) fn array(arguments: &[Value], at: usize) -> Result<&Vec<Value>, String> {
    arguments.get(at).and_then(Value::as_array).ok_or_else(|| wrong(arguments, at, "Array"))
}

/// The object at a position.
pub(super) fn object(arguments: &[Value], at: usize) -> Result<&Map<String, Value>, String> {
    arguments.get(at).and_then(Value::as_object).ok_or_else(|| wrong(arguments, at, "Object"))
}

/// A refusal for a value of the wrong type, naming what would do.
pub(super) fn misfit<T>(arguments: &[Value], at: usize, expected: &str) -> Result<T, String> {
    Err(wrong(arguments, at, expected))
}

/// A value as text, as `string()`, `concat()` and `format()` write it: booleans with a capital letter, objects and
/// arrays as JSON.
pub(super) fn written(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Bool(true) => "True".to_owned(),
        Value::Bool(false) => "False".to_owned(),
        Value::Null => String::new(),
        other => other.to_string(),
    }
}
