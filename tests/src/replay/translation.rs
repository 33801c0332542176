//! Between the recorded world and the simulated one: host, subscription, and ids that answers gave.

use std::collections::BTreeMap;

use serde_json::Value;

use super::compare::Answer;
use super::flat::parts_named_later;
use super::rules;

/// The host of all recordings.
const RECORDED_ORIGIN: &str = "https://management.azure.com";

/// GUIDs that recorders write for several real ones, so nothing is learned from them.
const SCRUBBED: &str = "00000000-0000-0000-0000-";

/// What stands for what.
pub struct Translation {
    origin: String,
    subscription: (String, String),
    /// Parts of texts: recorded, simulated.
    parts: BTreeMap<String, String>,
    /// Whole values: recorded, simulated. Versions, for instance.
    values: BTreeMap<String, String>,
}

impl Translation {
    /// A translation that knows hosts and subscriptions only.
    pub fn new(origin: &str, recorded_subscription: &str, subscription: &str) -> Translation {
        Translation {
            origin: origin.to_owned(),
            subscription: (recorded_subscription.to_owned(), subscription.to_owned()),
            parts: BTreeMap::new(),
            values: BTreeMap::new(),
        }
    }

    /// A recorded text as the simulator must see it.
    pub fn to_simulated(&self, text: &str) -> String {
        let mut text = text.replace(RECORDED_ORIGIN, &self.origin).replace(&self.subscription.0, &self.subscription.1);
        for (recorded, simulated) in &self.parts {
            text = text.replace(recorded, simulated);
        }
        text
    }

    /// A recorded URI as the simulator must see it.
    pub fn uri(&self, uri: &str) -> String {
        self.to_simulated(uri).replace(' ', "%20")
    }

    /// A recorded body as the simulator must see it.
    pub fn body(&self, body: &Value) -> Value {
        match body {
            Value::String(text) => match self.values.get(text) {
                Some(value) => Value::String(value.clone()),
                None => Value::String(self.to_simulated(text)),
            },
            Value::Array(items) => Value::Array(items.iter().map(|item| self.body(item)).collect()),
            Value::Object(members) => {
                members.iter().map(|(key, member)| (key.clone(), self.member(key, member))).collect()
            }
            other => other.clone(),
        }
    }

    fn member(&self, key: &str, member: &Value) -> Value {
        let mut translated = self.body(member);
        // The recorder wrote a GUID of its own over `msi`.
        let client = translated.get("clientId").and_then(Value::as_str);
        if key == "servicePrincipalProfile" && client.is_some_and(|id| id.starts_with(SCRUBBED)) {
            translated["clientId"] = "msi".into();
        }
        translated
    }

    /// The simulator's answer with host and subscription as recorded.
    pub fn to_recorded(&self, answer: &Answer) -> Answer {
        let back = |text: &str| {
            text.replace(&self.origin, RECORDED_ORIGIN).replace(&self.subscription.1, &self.subscription.0)
        };
        Answer {
            status: answer.status,
            headers: answer.headers.iter().map(|(name, value)| (name.clone(), back(value))).collect(),
            body: map_texts(&answer.body, &back),
        }
    }

    /// Learns from an answer what later requests may name.
    pub fn learn(&mut self, recorded: &Answer, answered: &Answer) {
        for (name, value) in &recorded.headers {
            if let Some(other) = answered.headers.get(name) {
                self.learn_text(name, value, other);
            }
        }
        self.learn_value("", &recorded.body, &answered.body);
    }

    fn learn_value(&mut self, path: &str, recorded: &Value, answered: &Value) {
        match (recorded, answered) {
            (Value::String(left), Value::String(right)) => self.learn_text(path, left, right),
            (Value::Array(left), Value::Array(right)) => {
                left.iter().zip(right).for_each(|(l, r)| self.learn_value(path, l, r));
            }
            (Value::Object(left), Value::Object(right)) => {
                for (key, member) in left {
                    if let Some(other) = right.get(key) {
                        self.learn_value(&format!("{path}.{key}"), member, other);
                    }
                }
            }
            _ => {}
        }
    }

    fn learn_text(&mut self, path: &str, recorded: &str, answered: &str) {
        // Ids are learned even when something else in the text differs: that counts as a difference once, not again
        // with every later request.
        let (left, right) = (parts_named_later(path, recorded), parts_named_later(path, answered));
        if left.iter().map(|part| part.kind).eq(right.iter().map(|part| part.kind)) {
            for (left, right) in left.into_iter().zip(right) {
                if !left.text.starts_with(SCRUBBED) && left.text != right.text {
                    self.parts.insert(left.text, right.text);
                }
            }
        }
        let same_shape = rules::pattern_of(path, recorded).shape == rules::pattern_of(path, answered).shape;
        if same_shape && recorded != answered && !recorded.starts_with(SCRUBBED) {
            self.values.insert(recorded.to_owned(), answered.to_owned());
        }
    }
}

fn map_texts(value: &Value, map: &impl Fn(&str) -> String) -> Value {
    match value {
        Value::String(text) => Value::String(map(text)),
        Value::Array(items) => Value::Array(items.iter().map(|item| map_texts(item, map)).collect()),
        Value::Object(members) => members.iter().map(|(k, v)| (k.clone(), map_texts(v, map))).collect(),
        other => other.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn answer(body: Value) -> Answer {
        Answer { status: 200, headers: BTreeMap::new(), body }
    }

    #[test]
    fn later_requests_name_what_answers_gave() {
        let mut translation = Translation::new("https://127.0.0.1:1", "S", "T");
        let recorded = answer(json!({"name": "aks-p-03975068-vmss000000", "orchestratorVersion": "1.27.9"}));
        let answered = answer(json!({"name": "aks-p-11111111-vmss000000", "orchestratorVersion": "1.28.3"}));
        translation.learn(&recorded, &answered);
        let uri = translation.uri("https://management.azure.com/s/S/machines/aks-p-03975068-vmss000000?x=a b");
        assert_eq!(uri, "https://127.0.0.1:1/s/T/machines/aks-p-11111111-vmss000000?x=a%20b");
        let body = translation.body(&json!({"orchestratorVersion": "1.27.9", "count": 3}));
        assert_eq!(body, json!({"orchestratorVersion": "1.28.3", "count": 3}));
    }

    #[test]
    fn scrubbed_ids_teach_nothing_and_mean_msi_for_a_service_principal() {
        let zero = "00000000-0000-0000-0000-000000000001";
        let mut translation = Translation::new("o", "S", "T");
        translation.learn(
            &answer(json!({"objectId": zero})),
            &answer(json!({"objectId": "6a934283-6533-4612-b1e7-6dbb6cf641b5"})),
        );
        assert_eq!(translation.uri(zero), zero);
        let body = translation.body(&json!({"servicePrincipalProfile": {"clientId": zero}, "clientId": zero}));
        assert_eq!(body, json!({"servicePrincipalProfile": {"clientId": "msi"}, "clientId": zero}));
    }
}
