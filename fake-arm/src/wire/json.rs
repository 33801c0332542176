//! A writer of JSON objects that keeps the order in which members are written and allocates nothing but its output.

use control_plane::model::Opaque;
use serde::Serialize;
use serde_json::Value;

/// Writes one object into a buffer: members in call order.
pub(crate) struct Object<'a> {
    out: &'a mut Vec<u8>,
    first: bool,
}

/// Writes one top-level object.
pub(crate) fn document(write: impl FnOnce(&mut Object<'_>)) -> Vec<u8> {
    let mut out = Vec::with_capacity(1024);
    object(&mut out, write);
    out
}

/// Writes one object at the end of a buffer.
pub(crate) fn object(out: &mut Vec<u8>, write: impl FnOnce(&mut Object<'_>)) {
    out.push(b'{');
    let mut object = Object { out, first: true };
    write(&mut object);
    object.out.push(b'}');
}

/// Writes `{"value":[…]}` with one object an item.
pub(crate) fn list<T>(items: impl IntoIterator<Item = T>, mut write: impl FnMut(T, &mut Vec<u8>)) -> Vec<u8> {
    document(|o| {
        o.array("value", items, &mut write);
    })
}

fn scalar<T: Serialize + ?Sized>(out: &mut Vec<u8>, value: &T) {
    let start = out.len();
    if serde_json::to_writer(&mut *out, value).is_err() {
        // Cannot happen for text, numbers and JSON values; a half-written member would break the whole document.
        out.truncate(start);
        out.extend_from_slice(b"null");
    }
}

impl Object<'_> {
    fn separate(&mut self) {
        if !self.first {
            self.out.push(b',');
        }
        self.first = false;
    }

    /// A name of this program's own: plain, so it needs no escaping.
    fn key(&mut self, key: &'static str) {
        debug_assert!(key.bytes().all(|b| b.is_ascii_graphic() && b != b'"' && b != b'\\'), "{key}");
        self.separate();
        self.out.push(b'"');
        self.out.extend_from_slice(key.as_bytes());
        self.out.extend_from_slice(b"\":");
    }

    /// A name that came from elsewhere.
    fn foreign_key(&mut self, key: &str) {
        self.separate();
        scalar(self.out, key);
        self.out.push(b':');
    }

    /// A member whose name came from elsewhere.
    pub(crate) fn foreign<T: Serialize + ?Sized>(&mut self, key: &str, value: &T) -> &mut Self {
        self.foreign_key(key);
        scalar(self.out, value);
        self
    }

    /// A nested object whose name came from elsewhere.
    pub(crate) fn foreign_object(&mut self, key: &str, write: impl FnOnce(&mut Object<'_>)) -> &mut Self {
        self.foreign_key(key);
        object(self.out, write);
        self
    }

    /// A member with a value that serde knows how to write.
    pub(crate) fn value<T: Serialize + ?Sized>(&mut self, key: &'static str, value: &T) -> &mut Self {
        self.key(key);
        scalar(self.out, value);
        self
    }

    /// A text member made of anything that displays as text.
    pub(crate) fn text(&mut self, key: &'static str, value: impl std::fmt::Display) -> &mut Self {
        self.key(key);
        // collect_str escapes; the formatter writes straight into the buffer.
        let start = self.out.len();
        let mut serializer = serde_json::Serializer::new(&mut *self.out);
        if serde::Serializer::collect_str(&mut serializer, &value).is_err() {
            self.out.truncate(start);
            self.out.extend_from_slice(b"null");
        }
        self
    }

    /// A member, if there is a value.
    pub(crate) fn maybe<T: Serialize>(&mut self, key: &'static str, value: Option<T>) -> &mut Self {
        match value {
            Some(value) => self.value(key, &value),
            None => self,
        }
    }

    /// A nested object.
    pub(crate) fn object(&mut self, key: &'static str, write: impl FnOnce(&mut Object<'_>)) -> &mut Self {
        self.key(key);
        object(self.out, write);
        self
    }

    /// An array; each item writes itself.
    pub(crate) fn array<T>(
        &mut self,
        key: &'static str,
        items: impl IntoIterator<Item = T>,
        mut write: impl FnMut(T, &mut Vec<u8>),
    ) -> &mut Self {
        self.key(key);
        self.out.push(b'[');
        for (index, item) in items.into_iter().enumerate() {
            if index > 0 {
                self.out.push(b',');
            }
            write(item, self.out);
        }
        self.out.push(b']');
        self
    }

    /// A kept member, if it was sent and is not null.
    pub(crate) fn kept(&mut self, from: &Opaque, key: &'static str) -> &mut Self {
        match from.get(key) {
            None | Some(Value::Null) => self,
            Some(value) => self.value(key, value),
        }
    }

    /// A kept member, or a default when it was not sent or is null.
    pub(crate) fn kept_or<T: Serialize + ?Sized>(
        &mut self,
        from: &Opaque,
        key: &'static str,
        default: &T,
    ) -> &mut Self {
        match from.get(key) {
            None | Some(Value::Null) => self.value(key, default),
            Some(value) => self.value(key, value),
        }
    }

    /// All kept members whose place is not known: those not listed.
    pub(crate) fn rest(&mut self, from: &Opaque, placed: &[&str]) -> &mut Self {
        for (key, value) in from {
            if !value.is_null() && !placed.contains(&key.as_str()) {
                self.foreign(key, value);
            }
        }
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn members_keep_their_order_and_are_escaped() {
        let kept = json!({"b": 2, "a": 1, "gone": null}).as_object().cloned().unwrap();
        let bytes = document(|o| {
            o.text("z", "quo\"te").kept(&kept, "a").kept(&kept, "absent").object("in", |o| {
                o.value("n", &1);
            });
            o.rest(&kept, &["a"]).maybe::<u8>("no", None).kept_or(&kept, "gone", "default");
        });
        assert_eq!(String::from_utf8(bytes).unwrap(), r#"{"z":"quo\"te","a":1,"in":{"n":1},"b":2,"gone":"default"}"#);
    }

    #[test]
    fn lists_are_wrapped() {
        let bytes = list([1, 2], |n, out| {
            object(out, |o| {
                o.value("n", &n);
            })
        });
        assert_eq!(String::from_utf8(bytes).unwrap(), r#"{"value":[{"n":1},{"n":2}]}"#);
        assert_eq!(list(Vec::<u8>::new(), |_, _| {}), b"{\"value\":[]}");
    }
}
