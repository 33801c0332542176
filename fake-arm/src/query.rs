//! Query strings and the one OData filter dialect that az uses.

use crate::error::Error;
use control_plane::refusal::RefusalKind;

/// The longest filter that is read, in bytes.
const FILTER_BYTES_MAX: usize = 4096;

/// The value of a query parameter, percent-decoded. Names compare without regard to case, and `$` may be encoded.
pub(crate) fn value(query: Option<&str>, name: &str) -> Option<String> {
    query?.split('&').find_map(|pair| {
        let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
        decode(key).eq_ignore_ascii_case(name).then(|| decode(value))
    })
}

/// Percent-encodes all bytes but ASCII letters, digits and those in `kept`.
pub(crate) fn encode(text: &str, kept: &[u8]) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || kept.contains(&byte) {
            out.push(char::from(byte));
        } else {
            out.push_str(&format!("%{byte:02X}"));
        }
    }
    out
}

/// Decodes `%xx` and `+`. What is not a valid escape stays as it is.
pub(crate) fn decode(text: &str) -> String {
    if !text.bytes().any(|b| b == b'%' || b == b'+') {
        return text.to_owned();
    }
    let bytes = text.as_bytes();
    let mut out = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while at < bytes.len() {
        let escaped = (bytes[at] == b'%')
            .then(|| bytes.get(at + 1..at + 3))
            .flatten()
            .and_then(|hex| std::str::from_utf8(hex).ok())
            .filter(|hex| hex.bytes().all(|b| b.is_ascii_hexdigit()))
            .and_then(|hex| u8::from_str_radix(hex, 16).ok());
        match escaped {
            Some(byte) => {
                out.push(byte);
                at += 3;
            }
            None => {
                out.push(if bytes[at] == b'+' { b' ' } else { bytes[at] });
                at += 1;
            }
        }
    }
    String::from_utf8_lossy(&out).into_owned()
}

/// A conjunction of `key eq 'value'`, e.g. `tagname eq 'a' and tagvalue eq 'b'`.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Filter(Vec<(String, String)>);

impl Filter {
    /// Reads the `$filter` of a query string; absent means "everything".
    ///
    /// # Errors
    /// `InvalidFilterInQueryString` for everything that is not such a conjunction.
    pub(crate) fn from_query(query: Option<&str>, known: &[&str]) -> Result<Self, Error> {
        match value(query, "$filter") {
            Some(text) if !text.trim().is_empty() => {
                Filter::parse(&text, known).ok_or_else(|| {
                    Error::gateway(
                        RefusalKind::BadRequest,
                        "InvalidFilterInQueryString",
                        format!(
                            "Invalid $filter '{text}' specified in the query string. Slipway understands {} joined by 'and', each as name eq 'value'.",
                            known.join(", ")
                        ),
                    )
                })
            }
            _ => Ok(Filter::default()),
        }
    }

    fn parse(text: &str, known: &[&str]) -> Option<Self> {
        if text.len() > FILTER_BYTES_MAX {
            return None;
        }
        let mut terms = Vec::new();
        let mut rest = text.trim();
        loop {
            let (key, after) = rest.split_once(char::is_whitespace)?;
            let key = known.iter().find(|k| k.eq_ignore_ascii_case(key))?;
            let quoted = strip_word(after.trim_start(), "eq")?.trim_start().strip_prefix('\'')?;
            let (value, after) = literal(quoted)?;
            terms.push(((*key).to_owned(), value));
            rest = after.trim_start();
            if rest.is_empty() {
                return Some(Filter(terms));
            }
            rest = strip_word(rest, "and")?.trim_start();
        }
    }

    /// The value that a key must equal, if the filter names it.
    pub(crate) fn get(&self, key: &str) -> Option<&str> {
        self.0.iter().find(|(k, _)| k == key).map(|(_, v)| v.as_str())
    }

    /// Whether a value passes: it equals what the filter asks for, or the filter does not ask.
    pub(crate) fn admits(&self, key: &str, actual: &str) -> bool {
        self.get(key).is_none_or(|wanted| wanted.eq_ignore_ascii_case(actual))
    }
}

fn strip_word<'a>(text: &'a str, word: &str) -> Option<&'a str> {
    let head = text.get(..word.len())?;
    let tail = &text[word.len()..];
    (head.eq_ignore_ascii_case(word) && tail.starts_with(|c: char| c.is_whitespace() || c == '\'')).then_some(tail)
}

/// An OData literal after its first quote: ends at a quote that is not doubled.
fn literal(text: &str) -> Option<(String, &str)> {
    let mut value = String::new();
    let mut rest = text;
    loop {
        let (before, after) = rest.split_once('\'')?;
        value.push_str(before);
        match after.strip_prefix('\'') {
            Some(more) => {
                value.push('\'');
                rest = more;
            }
            None => return Some((value, after)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const KNOWN: &[&str] = &["tagname", "tagvalue"];

    #[test]
    fn reads_what_az_sends() {
        let query = Some("api-version=2024-11-01&%24filter=tagname%20eq%20%27a%27%20and%20tagvalue+eq+%27it%27%27s%27");
        let filter = Filter::from_query(query, KNOWN).unwrap();
        assert_eq!(filter.get("tagname"), Some("a"));
        assert_eq!(filter.get("tagvalue"), Some("it's"));
        assert!(filter.admits("tagname", "A") && !filter.admits("tagname", "b"));
        assert!(Filter::from_query(Some("api-version=1"), KNOWN).unwrap().admits("tagname", "anything"));
    }

    #[test]
    fn refuses_what_it_would_have_to_ignore() {
        for bad in
            ["tagname ne 'a'", "other eq 'a'", "tagname eq 'a' or tagvalue eq 'b'", "tagname eq a", "tagname eq 'a"]
        {
            assert!(Filter::parse(bad, KNOWN).is_none(), "{bad}");
        }
    }

    proptest! {
        #[test]
        fn never_panics(text in "\\PC{0,60}") {
            let _ = Filter::parse(&text, KNOWN);
            let _ = decode(&text);
            let _ = value(Some(&text), "api-version");
        }

        #[test]
        fn any_value_survives_quoting(text in "\\PC{0,20}") {
            let filter = Filter::parse(&format!("tagname eq '{}'", text.replace('\'', "''")), KNOWN).unwrap();
            prop_assert_eq!(filter.get("tagname"), Some(text.as_str()));
        }
    }
}
