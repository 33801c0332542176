//! Compares an answer with the recorded one.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use serde_json::Value;

use super::flat::{self, Leaf};
use super::rules;
use super::score::Score;

/// Headers that matter beyond those that the recording has: one that is there on one side only is a difference.
const TELLING: &[&str] = &["azure-asyncoperation", "location", "retry-after", "x-ms-failure-cause"];

/// What the recorder of Azure's own command line takes out of the answers that it records: Azure sends it with every read
/// (public recordings of azure-sdk-for-js have it).
const NEVER_RECORDED: &str = "x-ms-ratelimit-remaining-subscription-reads";

/// An answer, from a recording or from the simulator; host and subscription as recorded.
#[derive(Clone, Debug)]
pub struct Answer {
    /// The HTTP status.
    pub status: u16,
    /// Headers, names in lower case.
    pub headers: BTreeMap<String, String>,
    /// The body; null for none.
    pub body: Value,
}

/// What kind of difference it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// The HTTP status.
    Status,
    /// A header: missing, extra, or of another form.
    Header,
    /// A path of the recorded body that the answer lacks.
    Missing,
    /// A path of the answer that the recorded body lacks.
    Extra,
    /// A value of another JSON type.
    Type,
    /// Another value.
    Value,
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Kind::Status => "status",
            Kind::Header => "header",
            Kind::Missing => "missing",
            Kind::Extra => "extra",
            Kind::Type => "type",
            Kind::Value => "value",
        })
    }
}

/// A difference.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    /// What kind.
    pub kind: Kind,
    /// The JSON path or the header's name.
    pub at: String,
    /// What the recording has; empty when it has nothing.
    pub recorded: String,
    /// What the simulator answered; empty when it has nothing.
    pub answered: String,
}

/// Compares; gives the score and what differs.
pub fn compare(recorded: &Answer, answered: &Answer) -> (Score, Vec<Difference>) {
    let mut result = Comparison::default();
    result.score.status.count(recorded.status == answered.status);
    if recorded.status != answered.status {
        result.note(Kind::Status, "status", recorded.status.to_string(), answered.status.to_string());
    }
    result.headers(&recorded.headers, &answered.headers);
    result.bodies(&recorded.body, &answered.body);
    (result.score, result.differences)
}

#[derive(Default)]
struct Comparison {
    score: Score,
    differences: Vec<Difference>,
}

impl Comparison {
    fn note(&mut self, kind: Kind, at: &str, recorded: String, answered: String) {
        self.differences.push(Difference { kind, at: at.to_owned(), recorded, answered });
    }

    fn headers(&mut self, recorded: &BTreeMap<String, String>, answered: &BTreeMap<String, String>) {
        let rate = |name: &str| name.starts_with("x-ms-ratelimit-") && name != NEVER_RECORDED;
        let telling = |name: &&String| TELLING.contains(&name.as_str()) || rate(name);
        let names: BTreeSet<_> = recorded.keys().chain(answered.keys().filter(telling)).collect();
        for name in names {
            let form = |value: &String| rules::pattern_of(name, value).shape;
            let (left, right) = (recorded.get(name), answered.get(name));
            let equal = left.map(form) == right.map(form);
            self.score.headers.count(equal);
            if !equal {
                self.note(Kind::Header, name, left.cloned().unwrap_or_default(), right.cloned().unwrap_or_default());
            }
        }
    }

    fn bodies(&mut self, recorded: &Value, answered: &Value) {
        let (left, right) = (flat::of(recorded), flat::of(answered));
        let paths: BTreeSet<_> = left.keys().chain(right.keys()).collect();
        for path in paths {
            let both = left.get(path).zip(right.get(path));
            if both.is_none() && rules::is_there_sometimes(path) {
                continue;
            }
            self.score.paths.count(both.is_some());
            match (both, left.get(path), right.get(path)) {
                (Some((recorded, answered)), ..) => self.leaves(path, recorded, answered),
                (None, Some(recorded), _) => self.note(Kind::Missing, path, texts(recorded), String::new()),
                (None, None, answered) => {
                    let text = answered.map(texts).unwrap_or_default();
                    self.note(Kind::Extra, path, String::new(), text);
                }
            }
        }
    }

    fn leaves(&mut self, path: &str, recorded: &BTreeSet<Leaf>, answered: &BTreeSet<Leaf>) {
        let kinds = |leaves: &BTreeSet<Leaf>| leaves.iter().map(|leaf| leaf.kind).collect::<BTreeSet<_>>();
        let shapes = |leaves: &BTreeSet<Leaf>| leaves.iter().map(|leaf| leaf.shape.clone()).collect::<BTreeSet<_>>();
        let (same_kind, same_shape) = if path.contains("[*]") || path.contains(".*") {
            // A catalogue of another moment: each side may have forms that the other lacks, but they must meet.
            (!kinds(recorded).is_disjoint(&kinds(answered)), !shapes(recorded).is_disjoint(&shapes(answered)))
        } else {
            (kinds(recorded) == kinds(answered), shapes(recorded) == shapes(answered))
        };
        self.score.types.count(same_kind);
        self.score.values.count(same_kind && same_shape);
        self.score.exact.count(recorded == answered);
        if !same_kind {
            self.note(Kind::Type, path, texts(recorded), texts(answered));
        } else if !same_shape {
            self.note(Kind::Value, path, texts(recorded), texts(answered));
        }
    }
}

fn texts(leaves: &BTreeSet<Leaf>) -> String {
    leaves.iter().map(|leaf| leaf.text.as_str()).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn answer(status: u16, body: Value) -> Answer {
        Answer { status, headers: BTreeMap::new(), body }
    }

    #[test]
    fn every_kind_of_difference_is_found() {
        let mut recorded = answer(201, json!({"a": 1, "b": "x", "c": true, "kubernetesVersion": "1.27.9"}));
        recorded.headers.insert("azure-asyncoperation".into(), "https://h/6a934283-6533-4612-b1e7-6dbb6cf641b5".into());
        let mut answered = answer(200, json!({"a": "1", "b": "y", "d": {}, "kubernetesVersion": "1.28.3"}));
        answered.headers.insert("retry-after".into(), "1".into());
        answered.headers.insert(NEVER_RECORDED.into(), "11999".into());
        let (score, differences) = compare(&recorded, &answered);
        let kinds: Vec<_> = differences.iter().map(|d| (d.kind, d.at.as_str())).collect();
        let wanted = [
            (Kind::Status, "status"),
            (Kind::Header, "azure-asyncoperation"),
            (Kind::Header, "retry-after"),
            (Kind::Type, "a"),
            (Kind::Value, "b"),
            (Kind::Missing, "c"),
            (Kind::Extra, "d"),
        ];
        assert_eq!(kinds, wanted);
        assert_eq!((score.paths.equal, score.paths.of), (3, 5));
        assert_eq!((score.values.equal, score.exact.equal), (1, 0));
    }

    #[test]
    fn equal_answers_have_no_difference() {
        let one = answer(200, json!({"name": "6a934283-6533-4612-b1e7-6dbb6cf641b5", "list": []}));
        let two = answer(200, json!({"name": "775bb9c4-8481-4fe8-98ce-761a752f6ca0", "list": []}));
        assert!(compare(&one, &two).1.is_empty());
    }
}
