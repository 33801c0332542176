//! Functions on arrays and objects, and on texts where they are taken as arrays of characters.

use serde_json::{Map, Value};

use super::arguments::{array as array_at, integer, misfit, object as object_at, text, written};
use super::texts::with_length;

/// How many items, members or characters.
pub(super) fn length(arguments: &[Value]) -> Result<Value, String> {
    Ok(count(&arguments[0])?.into())
}

fn count(value: &Value) -> Result<usize, String> {
    match value {
        Value::String(text) => Ok(text.chars().count()),
        Value::Array(items) => Ok(items.len()),
        Value::Object(members) => Ok(members.len()),
        other => Err(with_length(other)),
    }
}

/// Whether there is none; null is empty too.
pub(super) fn empty(arguments: &[Value]) -> Result<Value, String> {
    Ok((arguments[0].is_null() || count(&arguments[0])? == 0).into())
}

/// The first item or character; of an empty array null, of an empty text an empty one.
pub(super) fn first(arguments: &[Value]) -> Result<Value, String> {
    match &arguments[0] {
        Value::Array(items) => Ok(items.first().cloned().unwrap_or(Value::Null)),
        Value::String(text) => Ok(text.chars().next().map(String::from).unwrap_or_default().into()),
        _ => misfit(arguments, 0, "Array, String"),
    }
}

/// The last item or character.
pub(super) fn last(arguments: &[Value]) -> Result<Value, String> {
    match &arguments[0] {
        Value::Array(items) => Ok(items.last().cloned().unwrap_or(Value::Null)),
        Value::String(text) => Ok(text.chars().next_back().map(String::from).unwrap_or_default().into()),
        _ => misfit(arguments, 0, "Array, String"),
    }
}

/// Whether an array has an item, an object a member (without regard to case), a text a part.
pub(super) fn contains(arguments: &[Value]) -> Result<Value, String> {
    Ok(match &arguments[0] {
        Value::Array(items) => items.contains(&arguments[1]).into(),
        Value::Object(members) => {
            let name = text(arguments, 1)?;
            members.keys().any(|own| own.eq_ignore_ascii_case(name)).into()
        }
        Value::String(whole) => whole.contains(&written(&arguments[1])).into(),
        _ => return misfit(arguments, 0, "Array, Object, String"),
    })
}

fn amount(arguments: &[Value]) -> Result<usize, String> {
    // Below zero is taken as zero; more than there are, as all.
    Ok(usize::try_from(integer(arguments, 1)?.max(0)).unwrap_or(usize::MAX))
}

/// So many from the start.
pub(super) fn take(arguments: &[Value]) -> Result<Value, String> {
    let amount = amount(arguments)?;
    match &arguments[0] {
        Value::Array(items) => Ok(Value::Array(items.iter().take(amount).cloned().collect())),
        Value::String(text) => Ok(text.chars().take(amount).collect::<String>().into()),
        _ => misfit(arguments, 0, "Array, String"),
    }
}

/// All but so many from the start.
pub(super) fn skip(arguments: &[Value]) -> Result<Value, String> {
    let amount = amount(arguments)?;
    match &arguments[0] {
        Value::Array(items) => Ok(Value::Array(items.iter().skip(amount).cloned().collect())),
        Value::String(text) => Ok(text.chars().skip(amount).collect::<String>().into()),
        _ => misfit(arguments, 0, "Array, String"),
    }
}

/// All items without repetition; of objects all members, nested objects merged, the later ones winning.
pub(super) fn union(arguments: &[Value]) -> Result<Value, String> {
    if arguments[0].is_array() {
        let mut out: Vec<Value> = Vec::new();
        for at in 0..arguments.len() {
            for item in array_at(arguments, at)? {
                if !out.contains(item) {
                    out.push(item.clone());
                }
            }
        }
        return Ok(out.into());
    }
    let mut out = Map::new();
    for at in 0..arguments.len() {
        merge(&mut out, object_at(arguments, at)?);
    }
    Ok(out.into())
}

fn merge(into: &mut Map<String, Value>, from: &Map<String, Value>) {
    for (key, value) in from {
        match (into.get_mut(key), value) {
            (Some(Value::Object(mine)), Value::Object(theirs)) => merge(mine, theirs),
            _ => {
                into.insert(key.clone(), value.clone());
            }
        }
    }
}

/// What all have: items of arrays, equal members of objects.
pub(super) fn intersection(arguments: &[Value]) -> Result<Value, String> {
    let mut common = arguments[0].clone();
    for at in 1..arguments.len() {
        match &mut common {
            Value::Array(items) => {
                let other = array_at(arguments, at)?;
                items.retain(|item| other.contains(item));
            }
            Value::Object(members) => {
                let other = object_at(arguments, at)?;
                members.retain(|key, value| other.get(key) == Some(value));
            }
            _ => return misfit(arguments, 0, "Array, Object"),
        }
    }
    Ok(common)
}

/// An array as it is; anything else as an array of one.
pub(super) fn array(arguments: &[Value]) -> Result<Value, String> {
    Ok(match &arguments[0] {
        array @ Value::Array(_) => array.clone(),
        other => vec![other.clone()].into(),
    })
}

/// The arguments as an array.
pub(super) fn create_array(arguments: &[Value]) -> Result<Value, String> {
    Ok(arguments.to_vec().into())
}

/// Names and values alternating.
pub(super) fn create_object(arguments: &[Value]) -> Result<Value, String> {
    if arguments.len() % 2 == 1 {
        return Err("function expects an even number of parameters.".to_owned());
    }
    let mut out = Map::new();
    for at in (0..arguments.len()).step_by(2) {
        out.insert(text(arguments, at)?.to_owned(), arguments[at + 1].clone());
    }
    Ok(out.into())
}

/// Members as `{"key", "value"}`, by name.
pub(super) fn items(arguments: &[Value]) -> Result<Value, String> {
    let mut members: Vec<_> = object_at(arguments, 0)?.iter().collect();
    members.sort_by_key(|(key, _)| key.to_lowercase());
    Ok(members.into_iter().map(|(key, value)| serde_json::json!({"key": key, "value": value})).collect())
}

/// The names of an object's members, sorted.
pub(super) fn object_keys(arguments: &[Value]) -> Result<Value, String> {
    let mut keys: Vec<_> = object_at(arguments, 0)?.keys().cloned().collect();
    keys.sort_by_key(|key| key.to_lowercase());
    Ok(keys.into())
}

/// A value from its JSON text.
pub(super) fn json(arguments: &[Value]) -> Result<Value, String> {
    let source = text(arguments, 0)?;
    serde_json::from_str(source).map_err(|why| format!("the text is not valid JSON: {why}."))
}
