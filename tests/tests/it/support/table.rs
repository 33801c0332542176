//! Many expectations of one answer, as a table.

use serde_json::Value;

/// Compares members of an answer, by JSON pointer, with what they should be; names all that differ at once. `null` stands
/// for a member that is absent as well.
#[track_caller]
pub fn shows(what: &str, answer: &Value, expected: &[(&str, Value)]) {
    let at = |pointer: &str| answer.pointer(pointer).unwrap_or(&Value::Null);
    let differ = expected.iter().filter(|(pointer, value)| at(pointer) != value);
    let differ: Vec<_> =
        differ.map(|(pointer, value)| format!("{pointer}: {} instead of {value}", at(pointer))).collect();
    assert!(differ.is_empty(), "{what}:\n  {}", differ.join("\n  "));
}

/// The values of a member in all items of a list.
#[track_caller]
pub fn column(list: &Value, member: &str) -> Vec<Value> {
    list.as_array().unwrap_or_else(|| panic!("no list: {list}")).iter().map(|item| item[member].clone()).collect()
}
