//! Which exchanges can be replayed at all, and what a refusal means.

use std::fmt;

use serde_json::Value;

use super::recording::{Exchange, Request};

/// Why an exchange is not sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unreplayable {
    /// Azure had a fault for a moment (500, 502, 503, 504); nothing in the request asks for it.
    Transient,
    /// The recorder kept a part of the request's body only.
    Cut,
    /// It polls an operation that began outside of the recording.
    UnknownOperation,
}

impl fmt::Display for Unreplayable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Unreplayable::Transient => "transient: a fault of Azure's at that moment",
            Unreplayable::Cut => "cut: the recorder kept a part of the request only",
            Unreplayable::UnknownOperation => "unknown operation: it began outside of the recording",
        })
    }
}

/// Whether an exchange cannot be replayed, by itself.
pub fn unreplayable(exchange: &Exchange) -> Option<Unreplayable> {
    match (exchange.status, &exchange.request) {
        (500 | 502 | 503 | 504, _) => Some(Unreplayable::Transient),
        (_, Request::Cut) => Some(Unreplayable::Cut),
        _ => None,
    }
}

/// What the simulator says that it does not simulate; none when the answer is something else.
pub fn refused_by_name(body: &Value) -> Option<&str> {
    let error = &body["error"];
    (error["code"] == "NotSimulated").then(|| error["message"].as_str()).flatten()
}

/// Whether the recorded answer shows that what was going on had ended, so that time has to move before it is asked for.
pub fn shows_an_end(exchange: &Exchange) -> bool {
    if exchange.is_poll() {
        return match exchange.segment_after("operations") {
            Some(_) => exchange.response["status"] != "InProgress",
            None => exchange.status != 202,
        };
    }
    let mut states = Vec::new();
    collect_states(&exchange.response, &mut states);
    let ended = |state: &&str| matches!(*state, "Succeeded" | "Failed" | "Canceled");
    exchange.method == "GET" && !states.is_empty() && states.iter().all(ended)
}

fn collect_states<'v>(value: &'v Value, states: &mut Vec<&'v str>) {
    match value {
        Value::Object(members) => {
            states.extend(members.get("provisioningState").and_then(Value::as_str));
            members.values().for_each(|member| collect_states(member, states));
        }
        Value::Array(items) => items.iter().for_each(|item| collect_states(item, states)),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn exchange(uri: &str, status: u16, response: Value) -> Exchange {
        Exchange {
            place: 0,
            command: String::new(),
            features: String::new(),
            method: "GET".into(),
            uri: format!("https://h/subscriptions/s{uri}"),
            request: Request::None,
            status,
            headers: std::collections::BTreeMap::new(),
            response,
        }
    }

    #[test]
    fn faults_and_cut_requests_are_not_sent() {
        assert_eq!(unreplayable(&exchange("/x", 502, Value::Null)), Some(Unreplayable::Transient));
        assert_eq!(unreplayable(&exchange("/x", 404, Value::Null)), None);
        let cut = Exchange { request: Request::Cut, ..exchange("/x", 400, Value::Null) };
        assert_eq!(unreplayable(&cut), Some(Unreplayable::Cut));
    }

    #[test]
    fn ends_are_seen_in_polls_and_resources() {
        let poll = "/providers/P/locations/l/operations/1";
        assert!(!shows_an_end(&exchange(poll, 200, json!({"status": "InProgress"}))));
        assert!(shows_an_end(&exchange(poll, 200, json!({"status": "Succeeded"}))));
        assert!(shows_an_end(&exchange("/providers/P/locations/l/operationresults/1", 204, Value::Null)));
        assert!(shows_an_end(&exchange("/x", 200, json!({"properties": {"provisioningState": "Canceled"}}))));
        let mixed = json!([{"provisioningState": "Succeeded"}, {"provisioningState": "Creating"}]);
        assert!(!shows_an_end(&exchange("/x", 200, mixed)));
        assert!(!shows_an_end(&exchange("/x", 404, json!({}))));
    }
}
