//! What a template changes in a resource, property by property.

use serde_json::{Value, json};

/// The differences between a resource and what a template says of it, as what-if shows them. What the template leaves
/// out, and what it leaves to the default (null, an empty text), is no difference.
pub(super) fn difference(before: &Value, after: &Value) -> Vec<Value> {
    let mut changes = Vec::new();
    let members = after.as_object().into_iter().flatten();
    for (key, after) in members {
        compare(key, before.get(key), after, &mut changes);
    }
    changes
}

fn compare(path: &str, before: Option<&Value>, after: &Value, changes: &mut Vec<Value>) {
    let before = before.filter(|value| !value.is_null());
    match (before, after) {
        (None, after) if !says_something(after) => {}
        (_, Value::Null) => {}
        (_, Value::String(text)) if text.is_empty() => {}
        (None, after) => {
            changes.push(json!({"path": path, "propertyChangeType": "Create", "after": after}));
        }
        (Some(before @ Value::Object(_)), Value::Object(members)) => {
            for (key, after) in members {
                compare(&format!("{path}.{key}"), before.get(key), after, changes);
            }
        }
        (Some(Value::Array(before)), Value::Array(after)) => compare_arrays(path, before, after, changes),
        (Some(before), after) if same(path, before, after) => {}
        (Some(before), after) => {
            changes.push(json!({"path": path, "propertyChangeType": "Modify", "before": before, "after": after}));
        }
    }
}

fn says_something(value: &Value) -> bool {
    match value {
        Value::Null => false,
        Value::String(text) => !text.is_empty(),
        Value::Array(items) => !items.is_empty(),
        Value::Object(members) => members.values().any(says_something),
        Value::Bool(_) | Value::Number(_) => true,
    }
}

/// Numbers by value; regions however they are written.
fn same(path: &str, before: &Value, after: &Value) -> bool {
    match (before, after) {
        (Value::Number(a), Value::Number(b)) => a.as_f64() == b.as_f64(),
        (Value::String(a), Value::String(b)) if path == "location" => {
            let plain = |text: &str| text.to_lowercase().replace(' ', "");
            plain(a) == plain(b)
        }
        _ => before == after,
    }
}

/// The array of a cluster in which a pool that is left out stays as it is.
const POOLS: &str = "properties.agentPoolProfiles";

fn compare_arrays(path: &str, before: &[Value], after: &[Value], changes: &mut Vec<Value>) {
    let mut children = Vec::new();
    for (at, wanted) in after.iter().enumerate() {
        let present = match path {
            POOLS => before.iter().find(|one| one.get("name") == wanted.get("name")),
            _ => before.get(at),
        };
        children.extend(compare_items(at, present, wanted));
    }
    if path != POOLS {
        let gone = before.iter().enumerate().skip(after.len());
        children.extend(
            gone.map(|(at, item)| json!({"path": at.to_string(), "propertyChangeType": "Delete", "before": item})),
        );
    }
    if !children.is_empty() {
        changes.push(json!({"path": path, "propertyChangeType": "Array", "children": children}));
    }
}

fn compare_items(at: usize, before: Option<&Value>, after: &Value) -> Option<Value> {
    let path = at.to_string();
    match (before, after) {
        (None, _) => Some(json!({"path": path, "propertyChangeType": "Create", "after": after})),
        (Some(Value::Object(_)), Value::Object(_)) => {
            let inner = before.map(|before| difference(before, after)).filter(|inner| !inner.is_empty())?;
            Some(json!({"path": path, "propertyChangeType": "Modify", "children": inner}))
        }
        (Some(before), _) => {
            let mut changes = Vec::new();
            compare(&path, Some(before), after, &mut changes);
            changes.pop()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_the_template_says_counts() {
        let before = json!({"location": "eastus", "tags": {"a": "1"}, "properties": {"count": 1, "extra": true}});
        let same = json!({"location": "East US", "properties": {"count": 1.0, "version": "", "taints": [], "x": null}});
        assert_eq!(difference(&before, &same), Vec::<Value>::new());
        let other = json!({"tags": {"a": "2", "b": "3"}, "properties": {"count": 2}});
        assert_eq!(
            difference(&before, &other),
            [
                json!({"path": "tags.a", "propertyChangeType": "Modify", "before": "1", "after": "2"}),
                json!({"path": "tags.b", "propertyChangeType": "Create", "after": "3"}),
                json!({"path": "properties.count", "propertyChangeType": "Modify", "before": 1, "after": 2}),
            ]
        );
    }

    #[test]
    fn arrays_are_compared_item_by_item() {
        let before = json!({"zones": ["1"], "subnets": [{"name": "a", "prefix": "x", "more": 1}, {"name": "b"}]});
        let after = json!({"zones": ["1", "2"], "subnets": [{"name": "a", "prefix": "y"}]});
        assert_eq!(
            difference(&before, &after),
            [
                json!({"path": "zones", "propertyChangeType": "Array", "children": [
                    {"path": "1", "propertyChangeType": "Create", "after": "2"}]}),
                json!({"path": "subnets", "propertyChangeType": "Array", "children": [
                    {"path": "0", "propertyChangeType": "Modify", "children": [
                        {"path": "prefix", "propertyChangeType": "Modify", "before": "x", "after": "y"}]},
                    {"path": "1", "propertyChangeType": "Delete", "before": {"name": "b"}}]}),
            ]
        );
    }

    #[test]
    fn pools_that_a_cluster_leaves_out_stay() {
        let before =
            json!({"properties": {"agentPoolProfiles": [{"name": "b", "count": 1}, {"name": "a", "count": 1}]}});
        let after = json!({"properties": {"agentPoolProfiles": [{"name": "a", "count": 3}]}});
        assert_eq!(
            difference(&before, &after),
            [json!({"path": "properties.agentPoolProfiles", "propertyChangeType": "Array", "children": [
                {"path": "0", "propertyChangeType": "Modify", "children": [
                    {"path": "count", "propertyChangeType": "Modify", "before": 1, "after": 3}]}]})]
        );
    }
}
