//! Reads request bodies: every complaint names the path, line and position of what does not fit.
//!
//! The words are those of ARM's front door (Newtonsoft.Json), which clients and people know:
//! `The request content was invalid and could not be deserialized: '… Path '…', line 1, position 7.'.`

use control_plane::model::Opaque;
use control_plane::refusal::RefusalKind;
use serde_json::Value;

use super::locate::{Step, locate};
use crate::error::Error;

/// The refusal for content that cannot be read.
fn invalid(detail: &str) -> Error {
    Error::gateway(
        RefusalKind::BadRequest,
        "InvalidRequestContent",
        format!("The request content was invalid and could not be deserialized: '{detail}'."),
    )
}

/// Parses a body into an object.
///
/// # Errors
/// `InvalidRequestContent` when it is empty, not JSON, nested too deep, or not an object.
pub(crate) fn parse(body: &[u8]) -> Result<Opaque, Error> {
    if body.iter().all(u8::is_ascii_whitespace) {
        return Err(Error::gateway(
            RefusalKind::BadRequest,
            "InvalidRequestContent",
            "The request content was empty; a JSON object is required.",
        ));
    }
    match serde_json::from_slice(body) {
        Ok(Value::Object(object)) => Ok(object),
        Ok(other) => Err(invalid(&format!(
            "A JSON object was expected, but the content is {}. Path '', line 1, position 1.",
            kind_of(&other)
        ))),
        Err(error) => {
            let text = error.to_string();
            let cause = text.split(" at line ").next().unwrap_or(&text);
            Err(invalid(&format!(
                "Invalid JSON: {cause}. Path '', line {}, position {}.",
                error.line(),
                error.column()
            )))
        }
    }
}

fn kind_of(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "a boolean",
        Value::Number(_) => "a number",
        Value::String(_) => "a string",
        Value::Array(_) => "an array",
        Value::Object(_) => "an object",
    }
}

/// One object of a body: members are taken out one by one; what is left over is kept.
pub(crate) struct Members<'t> {
    source: &'t [u8],
    path: Vec<Step>,
    members: Opaque,
}

impl<'t> Members<'t> {
    /// The outermost object of a body.
    pub(crate) fn of(body: &'t [u8]) -> Result<Self, Error> {
        Ok(Members { source: body, path: Vec::new(), members: parse(body)? })
    }

    /// What was not taken out.
    pub(crate) fn rest(self) -> Opaque {
        self.members
    }

    /// Drops members that only the server sets and that clients send back.
    pub(crate) fn drop_all(&mut self, names: &[&str]) {
        for name in names {
            self.take(name);
        }
    }

    fn take(&mut self, name: &str) -> Option<Value> {
        // shift_remove keeps the order of what is left over.
        match self.members.shift_remove(name) {
            None | Some(Value::Null) => None,
            some => some,
        }
    }

    /// Refuses a member: says what was found, what was expected, and where.
    fn misfit(&self, name: &str, detail: &str) -> Error {
        let mut path = self.path.clone();
        path.push(Step::Member(name.to_owned()));
        let (line, position) = locate(self.source, &path).unwrap_or((1, 1));
        invalid(&format!("{detail} Path '{}', line {line}, position {position}.", show(&path)))
    }

    fn typed<T>(
        &mut self,
        name: &str,
        expected: &str,
        read: impl FnOnce(&Value) -> Option<T>,
    ) -> Result<Option<T>, Error> {
        let Some(value) = self.take(name) else {
            return Ok(None);
        };
        match read(&value) {
            Some(read) => Ok(Some(read)),
            None => Err(self.misfit(
                name,
                &format!("Could not convert {} to {expected}: {}.", without_article(&value), short(&value)),
            )),
        }
    }

    /// A text member.
    pub(crate) fn text(&mut self, name: &str) -> Result<Option<String>, Error> {
        self.typed(name, "string", |v| v.as_str().map(str::to_owned))
    }

    /// A text member where empty means "not given".
    pub(crate) fn text_or_default(&mut self, name: &str) -> Result<Option<String>, Error> {
        Ok(self.text(name)?.filter(|text| !text.is_empty()))
    }

    /// A whole number.
    pub(crate) fn integer(&mut self, name: &str) -> Result<Option<i64>, Error> {
        self.typed(name, "integer", |v| {
            // SDKs write whole numbers as 3.0 now and then; Newtonsoft takes them.
            #[allow(clippy::cast_possible_truncation, reason = "checked to be whole and far within i64")]
            let whole = |f: f64| (f.fract() == 0.0 && f.abs() < 1e15).then_some(f as i64);
            v.as_i64().or_else(|| v.as_f64().and_then(whole))
        })
    }

    /// A boolean. The text `"true"` and `"false"` is accepted, as Azure does.
    pub(crate) fn boolean(&mut self, name: &str) -> Result<Option<bool>, Error> {
        self.typed(name, "boolean", |v| match v {
            Value::Bool(b) => Some(*b),
            Value::String(s) if s.eq_ignore_ascii_case("true") => Some(true),
            Value::String(s) if s.eq_ignore_ascii_case("false") => Some(false),
            _ => None,
        })
    }

    /// A member with one of a few values, read without regard to case.
    pub(crate) fn choice<T: Copy>(
        &mut self,
        name: &str,
        all: &[T],
        name_of: impl Fn(T) -> &'static str,
    ) -> Result<Option<T>, Error> {
        let Some(text) = self.text_or_default(name)? else {
            return Ok(None);
        };
        let found = all.iter().copied().find(|&v| name_of(v).eq_ignore_ascii_case(&text));
        found.map(Some).ok_or_else(|| {
            let known: Vec<_> = all.iter().map(|&v| name_of(v)).collect();
            let mut path = self.path.clone();
            path.push(Step::Member(name.to_owned()));
            let target = show(&path);
            Error::from(
                control_plane::refusal::Refusal::provider(
                    RefusalKind::BadRequest,
                    "InvalidParameter",
                    format!(
                        "The value '{text}' of parameter {target} is not allowed. Allowed values are: {}.",
                        known.join(", ")
                    ),
                )
                .at(target),
            )
        })
    }

    /// An object whose members are kept as they are. Tags, labels.
    pub(crate) fn map(&mut self, name: &str) -> Result<Option<Opaque>, Error> {
        self.typed(name, "object", |v| v.as_object().cloned())
    }

    /// An object with text values only.
    pub(crate) fn text_map(&mut self, name: &str) -> Result<Option<Opaque>, Error> {
        let Some(map) = self.map(name)? else {
            return Ok(None);
        };
        match map.iter().find(|(_, v)| !v.is_string() && !v.is_null()) {
            None => Ok(Some(map)),
            Some((key, value)) => Err(self.misfit(
                name,
                &format!("Could not convert {} to string in member '{key}': {}.", without_article(value), short(value)),
            )),
        }
    }

    /// A list of text.
    pub(crate) fn texts(&mut self, name: &str) -> Result<Option<Vec<String>>, Error> {
        self.typed(name, "array of strings", |v| {
            v.as_array()?.iter().map(|item| item.as_str().map(str::to_owned)).collect()
        })
    }

    /// A nested object, to be read member by member.
    pub(crate) fn nested(&mut self, name: &str) -> Result<Option<Members<'t>>, Error> {
        let Some(members) = self.map(name)? else {
            return Ok(None);
        };
        let mut path = self.path.clone();
        path.push(Step::Member(name.to_owned()));
        Ok(Some(Members { source: self.source, path, members }))
    }

    /// A list of objects, to be read member by member.
    pub(crate) fn list(&mut self, name: &str) -> Result<Option<Vec<Members<'t>>>, Error> {
        let objects: Option<Vec<Opaque>> = self.typed(name, "array of objects", |v| {
            v.as_array()?.iter().map(|item| item.as_object().cloned()).collect()
        })?;
        let at = |index: usize| {
            let mut path = self.path.clone();
            path.push(Step::Member(name.to_owned()));
            path.push(Step::Item(index));
            path
        };
        Ok(objects.map(|objects| {
            let each = objects.into_iter().enumerate();
            each.map(|(i, members)| Members { source: self.source, path: at(i), members }).collect()
        }))
    }

    /// Puts a member back among those that are kept.
    pub(crate) fn keep(&mut self, name: &str, value: impl Into<Value>) {
        self.members.insert(name.to_owned(), value.into());
    }

    /// A required member is missing.
    pub(crate) fn missing(name: &str) -> Error {
        invalid(&format!("Required property '{name}' not found in JSON. Path '', line 1, position 1."))
    }
}

fn without_article(value: &Value) -> &'static str {
    let kind = kind_of(value);
    kind.split_once(' ').map_or(kind, |(_, noun)| noun)
}

/// The value in at most 60 characters.
fn short(value: &Value) -> String {
    let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    match text.char_indices().nth(60) {
        Some((cut, _)) => format!("{}…", &text[..cut]),
        None => text,
    }
}

/// `properties.agentPoolProfiles[0].count`
fn show(path: &[Step]) -> String {
    let mut out = String::new();
    for step in path {
        match step {
            Step::Member(name) if out.is_empty() => out.push_str(name),
            Step::Member(name) => {
                out.push('.');
                out.push_str(name);
            }
            Step::Item(index) => out.push_str(&format!("[{index}]")),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn message(result: Result<impl Sized, Error>) -> String {
        result.err().expect("should be refused").0.message.clone()
    }

    #[test]
    fn a_wrong_type_is_named_with_path_line_and_position() {
        let body = b"{\n \"properties\": {\"agentPoolProfiles\": [\n  {\"count\": \"three\"}]}}";
        let mut members = Members::of(body).unwrap();
        let mut properties = members.nested("properties").unwrap().unwrap();
        let mut pools = properties.list("agentPoolProfiles").unwrap().unwrap();
        assert_eq!(
            message(pools[0].integer("count")),
            "The request content was invalid and could not be deserialized: 'Could not convert string to integer: three. Path 'properties.agentPoolProfiles[0].count', line 3, position 13.'."
        );
    }

    #[test]
    fn not_json_is_named_with_line_and_position() {
        assert!(message(parse(b"{\n \"a\": }")).contains("line 2, position 7"));
        assert!(message(parse(b"[]")).contains("an array"));
        assert!(message(parse(b" ")).contains("empty"));
        assert!(message(parse(&b"[".repeat(500))).contains("recursion limit"));
    }

    #[test]
    fn numbers_booleans_and_choices_are_read_as_azure_reads_them() {
        let mut m = Members::of(br#"{"a":3.0,"b":"True","c":3.5,"d":null,"e":"linux","f":"Beos","g":""}"#).unwrap();
        assert_eq!(m.integer("a").unwrap(), Some(3));
        assert_eq!(m.boolean("b").unwrap(), Some(true));
        assert!(m.integer("c").is_err());
        assert_eq!(m.integer("d").unwrap(), None);
        assert_eq!(m.text_or_default("g").unwrap(), None);
        let names = |i: usize| ["Linux", "Windows"][i];
        assert_eq!(m.choice("e", &[0, 1], names).unwrap(), Some(0));
        assert!(message(m.choice("f", &[0, 1], names)).contains("Linux, Windows"));
        assert!(m.rest().is_empty());
    }

    proptest! {
        #[test]
        fn never_panics(body in prop::collection::vec(any::<u8>(), 0..120)) {
            let _ = Members::of(&body);
        }

        #[test]
        fn every_misfit_is_located(pad in "[ \n]{0,8}", value in prop::sample::select(vec!["true", "[1]", "{\"a\":1}", "\"x\""])) {
            let body = format!("{{{pad}\"properties\":{pad}{{\"count\":{pad}{value}}}}}");
            let mut m = Members::of(body.as_bytes()).unwrap();
            let text = message(m.nested("properties").unwrap().unwrap().integer("count"));
            let line = 1 + body[..body.find(value).unwrap()].matches('\n').count();
            let wanted = format!("Path 'properties.count', line {line},");
            prop_assert!(text.contains(&wanted), "{}", text);
        }
    }
}
