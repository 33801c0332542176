//! Turns the bodies of deployment requests into strict JSON.
//!
//! az splices the template into the request as the user wrote it, under a key without quotation marks:
//! `{"properties": {"mode": "Incremental", template:{ … }}}` (azure-cli, `JsonCTemplatePolicy`). ARM reads that with a
//! lenient reader. Accepted here: comments (`//` and `/* */`), keys without quotation marks, texts in apostrophes, line
//! breaks inside texts, and a comma after the last item. Everything else is left as it is, for the strict reader to
//! judge; line numbers stay true.

/// The body as strict JSON, if it can be made so. Takes time and memory in proportion to the body's length.
pub(super) fn strict(body: &[u8]) -> Vec<u8> {
    let body = body.strip_prefix(b"\xef\xbb\xbf").unwrap_or(body);
    let mut reader = Reader { body, at: 0, out: Vec::with_capacity(body.len() + 16) };
    while let Some(byte) = reader.peek(0) {
        reader.step(byte);
    }
    reader.out
}

struct Reader<'b> {
    body: &'b [u8],
    at: usize,
    out: Vec<u8>,
}

impl Reader<'_> {
    fn peek(&self, ahead: usize) -> Option<u8> {
        self.body.get(self.at + ahead).copied()
    }

    fn step(&mut self, byte: u8) {
        match byte {
            b'"' | b'\'' => self.text(byte),
            b'/' if self.comment_ahead(self.at).is_some() => self.comment(),
            b',' => {
                let closes = matches!(self.next_significant(self.at + 1), Some(b'}' | b']'));
                self.out.push(if closes { b' ' } else { b',' });
                self.at += 1;
            }
            b'_' | b'$' => self.word(),
            _ if byte.is_ascii_alphabetic() => self.word(),
            _ => {
                self.out.push(byte);
                self.at += 1;
            }
        }
    }

    /// Where the comment that starts at `from` ends, if one does.
    fn comment_ahead(&self, from: usize) -> Option<usize> {
        let rest = self.body.get(from..)?;
        if rest.starts_with(b"//") {
            return Some(rest.iter().position(|&b| b == b'\n').map_or(self.body.len(), |end| from + end));
        }
        if rest.starts_with(b"/*") {
            let end = rest[2..].windows(2).position(|pair| pair == b"*/");
            return Some(end.map_or(self.body.len(), |end| from + 2 + end + 2));
        }
        None
    }

    /// Blanks a comment out; its line breaks stay.
    fn comment(&mut self) {
        let end = self.comment_ahead(self.at).unwrap_or(self.at + 1);
        let blanks = self.body[self.at..end].iter().map(|&b| if b == b'\n' { b'\n' } else { b' ' });
        self.out.extend(blanks);
        self.at = end;
    }

    /// The next byte from `from` on that is neither blank nor comment.
    fn next_significant(&self, mut from: usize) -> Option<u8> {
        loop {
            let byte = self.body.get(from).copied()?;
            match self.comment_ahead(from) {
                Some(end) => from = end,
                None if byte.is_ascii_whitespace() => from += 1,
                None => return Some(byte),
            }
        }
    }

    /// A key without quotation marks gets them; `true`, `false`, `null` and numbers' exponents stay.
    fn word(&mut self) {
        let start = self.at;
        let in_word = |b: u8| b.is_ascii_alphanumeric() || b"_$-.".contains(&b);
        while self.peek(0).is_some_and(in_word) {
            self.at += 1;
        }
        let word = &self.body[start..self.at];
        if self.next_significant(self.at) == Some(b':') {
            self.out.push(b'"');
            self.out.extend_from_slice(word);
            self.out.push(b'"');
        } else {
            self.out.extend_from_slice(word);
        }
    }

    fn text(&mut self, mark: u8) {
        let mut breaks = 0;
        self.out.push(b'"');
        self.at += 1;
        while let Some(byte) = self.peek(0) {
            self.at += 1;
            match byte {
                _ if byte == mark => {
                    self.out.push(b'"');
                    // Inside the text they are escaped; the lines after it keep their numbers.
                    self.out.extend(std::iter::repeat_n(b'\n', breaks));
                    return;
                }
                b'\\' => self.escape(),
                b'"' => self.out.extend_from_slice(b"\\\""),
                b'\n' => {
                    breaks += 1;
                    self.out.extend_from_slice(b"\\n");
                }
                0..0x20 => self.out.extend_from_slice(format!("\\u{byte:04x}").as_bytes()),
                _ => self.out.push(byte),
            }
        }
    }

    /// What follows a backslash; `\'` is no escape in strict JSON.
    fn escape(&mut self) {
        match self.peek(0) {
            Some(b'\'') => self.out.push(b'\''),
            Some(byte) => self.out.extend_from_slice(&[b'\\', byte]),
            None => self.out.push(b'\\'),
        }
        self.at += 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::{Value, json};

    fn read(text: &str) -> Value {
        let strict = strict(text.as_bytes());
        serde_json::from_slice(&strict).unwrap_or_else(|e| panic!("{e}: {}", String::from_utf8_lossy(&strict)))
    }

    #[test]
    fn reads_what_az_sends() {
        let body = "{\"properties\": {\"parameters\": {}, \"mode\": \"Incremental\", template:{\r\n  // one line\n  \"a\": \"https://x//y\", /* two\n lines */\n  \"b\": [1, 2, /* last */ ],\n  'c': 'it\\'s \"so\"',\n  \"d\": \"[concat(\n    'x',\t'y')]\",\n  $e_1: true,\n}}}";
        let read = read(body);
        assert_eq!(
            read["properties"]["template"],
            json!({"a": "https://x//y", "b": [1, 2], "c": "it's \"so\"", "d": "[concat(\n    'x',\t'y')]", "$e_1": true})
        );
    }

    #[test]
    fn lines_keep_their_numbers() {
        let text = "{\n/* a\n b */\n\"x\": \"one\ntwo\",\n\"y\": }";
        let error = serde_json::from_slice::<Value>(&strict(text.as_bytes())).unwrap_err();
        assert_eq!(error.line(), 6);
    }

    #[test]
    fn what_never_ends_is_left_to_the_strict_reader() {
        for bad in ["{\"a", "{/* ", "{'a\\", "{a:}", "// x"] {
            assert!(serde_json::from_slice::<Value>(&strict(bad.as_bytes())).is_err(), "{bad}");
        }
    }

    fn any_json() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
            "\\PC{0,12}".prop_map(Value::from),
        ];
        leaf.prop_recursive(4, 32, 5, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..5).prop_map(Value::from),
                prop::collection::vec(("\\PC{0,8}", inner), 0..5)
                    .prop_map(|members| Value::Object(members.into_iter().collect())),
            ]
        })
    }

    proptest! {
        #[test]
        fn never_panics(text in prop::collection::vec(any::<u8>(), 0..120)) {
            let _ = strict(&text);
        }

        #[test]
        fn never_panics_on_almost_json(text in "[\\[\\]{}\"'/*:,a1\\\\ \n\t]{0,60}") {
            let _ = strict(text.as_bytes());
        }

        #[test]
        fn strict_json_keeps_its_meaning(value in any_json()) {
            let text = serde_json::to_string_pretty(&value).unwrap();
            let back: Value = serde_json::from_slice(&strict(text.as_bytes())).unwrap();
            prop_assert_eq!(back, value);
        }
    }
}
