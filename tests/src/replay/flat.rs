//! JSON documents as a table: one row a leaf, by path.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::pattern::Part;
use super::rules;

/// A leaf: a text, number, boolean, null, or an object or list without members.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Leaf {
    /// JSON's name of the type.
    pub kind: &'static str,
    /// The value with what depends on the moment replaced.
    pub shape: String,
    /// The value as it is.
    pub text: String,
}

/// All leaves by path. Several at one path only below a catalogue (see [`rules::CATALOGUES`]).
pub type Flat = BTreeMap<String, BTreeSet<Leaf>>;

/// The leaves of a document. Null at the top means that there is no body: no leaf.
pub fn of(document: &Value) -> Flat {
    let mut flat = Flat::new();
    if !document.is_null() {
        walk(&mut flat, String::new(), document, false);
    }
    flat
}

/// The parts of a text that later requests may name.
pub fn parts_named_later(path: &str, text: &str) -> Vec<Part> {
    let mut pattern = rules::pattern_of(path, text);
    pattern.parts.retain(|part| rules::is_named_later(part.kind));
    pattern.parts
}

fn walk(flat: &mut Flat, path: String, value: &Value, in_catalogue: bool) {
    match value {
        Value::Object(members) if !members.is_empty() => {
            for (key, member) in members {
                let catalogue = rules::is_catalogue(key);
                // The keys of this map are versions.
                let shown = if path.ends_with("patchVersions") { "*" } else { key.as_str() };
                let dot = if path.is_empty() { "" } else { "." };
                walk(flat, format!("{path}{dot}{shown}"), member, catalogue);
            }
        }
        Value::Array(items) if !items.is_empty() => {
            for (index, item) in items.iter().enumerate() {
                let index = if in_catalogue { "*".to_owned() } else { index.to_string() };
                walk(flat, format!("{path}[{index}]"), item, false);
            }
        }
        leaf => {
            let made = self::leaf(&path, leaf);
            flat.entry(path).or_default().insert(made);
        }
    }
}

fn leaf(path: &str, value: &Value) -> Leaf {
    let (kind, text) = match value {
        Value::Null => ("null", "null".to_owned()),
        Value::Bool(b) => ("boolean", b.to_string()),
        Value::Number(n) => ("number", n.as_f64().map_or_else(|| n.to_string(), |f| f.to_string())),
        Value::String(s) => ("string", s.clone()),
        Value::Array(_) => ("array", "[]".to_owned()),
        Value::Object(_) => ("object", "{}".to_owned()),
    };
    let shape = if kind == "string" { rules::pattern_of(path, &text).shape } else { text.clone() };
    Leaf { kind, shape, text }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn every_leaf_has_its_path() {
        let flat = of(&json!({"a": {"b": [1, {"c": null}]}, "d": {}}));
        assert_eq!(flat.keys().collect::<Vec<_>>(), ["a.b[0]", "a.b[1].c", "d"]);
        assert!(of(&Value::Null).is_empty());
    }

    #[test]
    fn catalogues_are_sets_of_forms() {
        let one = json!({"values": [{"version": "1.27", "patchVersions": {"1.27.1": {"upgrades": ["1.28.0"]}}}]});
        let two = json!({"values": [
            {"version": "1.29", "patchVersions": {"1.29.1": {"upgrades": ["1.30.0", "1.30.1"]}}},
            {"version": "1.30", "patchVersions": {"1.30.1": {"upgrades": ["1.31.2"]}}}]});
        assert_eq!(of(&one).keys().collect::<Vec<_>>(), of(&two).keys().collect::<Vec<_>>());
    }
}
