//! Deployments as ARM shows them. Member order follows the examples in the specification of Microsoft.Resources.

use std::time::Duration;

use control_plane::clock::VirtualTime;
use control_plane::ids::GroupId;
use serde_json::{Map, Value, json};

use super::record::{NAMESPACE, Record, State, Step, TYPE};

/// A deployment.
pub(super) fn deployment(group: &GroupId, record: &Record) -> Value {
    let mut properties = common(record);
    if record.state == State::Succeeded {
        properties["outputs"] = json!(record.outputs);
        properties["outputResources"] = ids(record);
    }
    if let Some(error) = &record.error {
        properties["error"] = json!(error);
    }
    resource(group, record, properties)
}

/// The answer to `validate`.
pub(super) fn validated(group: &GroupId, record: &Record) -> Value {
    let mut properties = common(record);
    properties["provisioningState"] = json!("Succeeded");
    properties["validatedResources"] = ids(record);
    resource(group, record, properties)
}

fn resource(group: &GroupId, record: &Record, properties: Value) -> Value {
    let mut shown = json!({
        "id": Record::id_of(group, &record.name),
        "name": record.name,
        "type": format!("{NAMESPACE}/{TYPE}"),
    });
    if let Some(tags) = &record.tags {
        shown["tags"] = json!(tags);
    }
    shown["properties"] = properties;
    shown
}

fn common(record: &Record) -> Value {
    json!({
        "templateHash": record.template_hash,
        "parameters": record.parameters,
        "mode": "Incremental",
        "provisioningState": record.state.as_str(),
        "timestamp": record.changed.rfc3339(),
        "duration": duration(record.duration()),
        "correlationId": record.correlation.to_string(),
        "providers": providers(record),
        "dependencies": dependencies(record),
    })
}

fn ids(record: &Record) -> Value {
    record.steps.iter().map(|step| json!({"id": step.id})).collect()
}

/// The regions that a template names, by resource type.
type Places<'a> = Vec<(&'a str, Vec<Option<&'a str>>)>;

/// The types of the template by provider, with the regions it names; children have none, which ARM shows as null.
fn providers(record: &Record) -> Value {
    let mut found: Vec<(&str, Places<'_>)> = Vec::new();
    for step in &record.steps {
        let (namespace, kind) = step.kind.split_once('/').unwrap_or((&step.kind, ""));
        let types = entry(&mut found, namespace);
        let places = entry(types, kind);
        let place = step.location.as_deref();
        if !places.contains(&place) {
            places.push(place);
        }
    }
    let shown = found.iter().map(|(namespace, types)| {
        let types: Vec<_> =
            types.iter().map(|(kind, places)| json!({"resourceType": kind, "locations": places})).collect();
        json!({"namespace": namespace, "resourceTypes": types})
    });
    shown.collect()
}

fn entry<'a, 'k, T: Default>(list: &'a mut Vec<(&'k str, T)>, key: &'k str) -> &'a mut T {
    let at = list.iter().position(|(own, _)| *own == key).unwrap_or_else(|| {
        list.push((key, T::default()));
        list.len() - 1
    });
    &mut list[at].1
}

fn dependencies(record: &Record) -> Value {
    let dependent = record.steps.iter().filter(|step| !step.after.is_empty());
    let shown = dependent.map(|step| {
        let before: Vec<_> = step.after.iter().filter_map(|at| record.steps.get(*at)).map(named).collect();
        let mut shown = Map::from_iter([("dependsOn".to_owned(), json!(before))]);
        if let Value::Object(own) = named(step) {
            shown.extend(own);
        }
        Value::Object(shown)
    });
    shown.collect()
}

/// `{"id","resourceType","resourceName"}`
pub(super) fn named(step: &Step) -> Value {
    json!({"id": step.id, "resourceType": step.kind, "resourceName": step.name})
}

/// ISO 8601 as .NET writes it: `PT5M12.3450000S`.
pub(super) fn duration(duration: Duration) -> String {
    let seconds = duration.as_secs();
    let mut out = "PT".to_owned();
    if seconds >= 3600 {
        out.push_str(&format!("{}H", seconds / 3600));
    }
    if seconds >= 60 && seconds % 3600 / 60 > 0 {
        out.push_str(&format!("{}M", seconds % 3600 / 60));
    }
    match duration.subsec_millis() {
        0 => out.push_str(&format!("{}S", seconds % 60)),
        millis => out.push_str(&format!("{}.{millis:03}S", seconds % 60)),
    }
    out
}

/// How long from one moment to another, or to the other's absence zero.
pub(super) fn between(started: Option<VirtualTime>, ended: Option<VirtualTime>) -> String {
    let taken = started.zip(ended).map_or(Duration::ZERO, |(started, ended)| ended.since(started));
    duration(taken)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_written_as_azure_writes_them() {
        assert_eq!(duration(Duration::from_millis(312_345)), "PT5M12.345S");
        assert_eq!(duration(Duration::from_secs(7200)), "PT2H0S");
        assert_eq!(duration(Duration::ZERO), "PT0S");
    }
}
