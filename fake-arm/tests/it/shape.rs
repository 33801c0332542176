//! Member names and their order.

use serde_json::Value;

/// All member paths of a document in order; of an array, its first item stands for all.
pub(crate) fn of(value: &Value) -> Vec<String> {
    let mut out = Vec::new();
    walk(value, "", &mut out);
    out
}

fn walk(value: &Value, at: &str, out: &mut Vec<String>) {
    match value {
        Value::Object(members) => {
            for (key, value) in members {
                let path = format!("{at}.{key}");
                out.push(path.clone());
                walk(value, &path, out);
            }
        }
        Value::Array(items) => {
            if let Some(first) = items.first() {
                walk(first, &format!("{at}[]"), out);
            }
        }
        _ => {}
    }
}

/// Asserts that `ours` has the members of the recording in the recorded order, and besides them only `extra`.
#[track_caller]
pub(crate) fn assert_like(ours: &Value, recorded: &Value, extra: &[&str]) {
    let ours: Vec<_> = of(ours).into_iter().filter(|path| !extra.contains(&path.as_str())).collect();
    let recorded = of(recorded);
    let missing: Vec<_> = recorded.iter().filter(|path| !ours.contains(path)).collect();
    let surplus: Vec<_> = ours.iter().filter(|path| !recorded.contains(path)).collect();
    assert!(missing.is_empty() && surplus.is_empty(), "missing: {missing:#?}\nsurplus: {surplus:#?}");
    assert_eq!(ours, recorded, "same members in another order");
}
