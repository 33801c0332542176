//! Finds where in a JSON text a value stands, for error messages. Only ever run on text that parsed before.

/// One step into a JSON document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    /// A member of an object.
    Member(String),
    /// An item of an array.
    Item(usize),
}

/// Line (from 1) and position in the line (from 1) at which the value at `path` starts; `None` when there is none.
pub(crate) fn locate(text: &[u8], path: &[Step]) -> Option<(usize, usize)> {
    let mut scan = Scan { text, at: 0 };
    scan.blank();
    for step in path {
        match step {
            Step::Member(name) => scan.enter_member(name)?,
            Step::Item(index) => scan.enter_item(*index)?,
        }
    }
    let before = &text[..scan.at];
    let line = 1 + before.iter().filter(|&&b| b == b'\n').count();
    let line_start = before.iter().rposition(|&b| b == b'\n').map_or(0, |p| p + 1);
    Some((line, 1 + scan.at - line_start))
}

struct Scan<'a> {
    text: &'a [u8],
    at: usize,
}

impl Scan<'_> {
    fn peek(&self) -> Option<u8> {
        self.text.get(self.at).copied()
    }

    fn blank(&mut self) {
        while self.peek().is_some_and(|b| b.is_ascii_whitespace()) {
            self.at += 1;
        }
    }

    fn take(&mut self, byte: u8) -> Option<()> {
        self.blank();
        (self.peek()? == byte).then(|| self.at += 1)?;
        self.blank();
        Some(())
    }

    /// Skips a string and gives its raw text with quotes.
    fn string(&mut self) -> Option<&[u8]> {
        let start = self.at;
        (self.peek()? == b'"').then_some(())?;
        self.at += 1;
        loop {
            match self.peek()? {
                b'\\' => self.at += 2,
                b'"' => {
                    self.at += 1;
                    return self.text.get(start..self.at);
                }
                _ => self.at += 1,
            }
        }
    }

    /// Skips one value by counting brackets; no recursion, so depth does not matter.
    fn value(&mut self) -> Option<()> {
        let mut depth = 0_usize;
        loop {
            self.blank();
            match self.peek()? {
                b'"' => {
                    self.string()?;
                }
                b'{' | b'[' => {
                    depth += 1;
                    self.at += 1;
                    continue;
                }
                b'}' | b']' => {
                    depth = depth.checked_sub(1)?;
                    self.at += 1;
                }
                b',' | b':' => {
                    self.at += 1;
                    continue;
                }
                _ => {
                    while self.peek().is_some_and(|b| !b.is_ascii_whitespace() && !b",:{}[]\"".contains(&b)) {
                        self.at += 1;
                    }
                }
            }
            if depth == 0 {
                self.blank();
                return Some(());
            }
        }
    }

    /// Goes to the last member of that name, the one that a parser keeps.
    fn enter_member(&mut self, name: &str) -> Option<()> {
        self.take(b'{')?;
        let mut found = None;
        while self.peek()? == b'"' {
            let is_it = serde_json::from_slice::<String>(self.string()?).ok()? == name;
            self.take(b':')?;
            if is_it {
                found = Some(self.at);
            }
            self.value()?;
            if self.take(b',').is_none() {
                break;
            }
        }
        self.at = found?;
        Some(())
    }

    fn enter_item(&mut self, index: usize) -> Option<()> {
        self.take(b'[')?;
        for _ in 0..index {
            self.value()?;
            self.take(b',')?;
        }
        Some(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn finds_a_nested_value() {
        let text = b"{\n  \"properties\": {\"a\": [{\"x\": \"}\"}, {\"count\": \"three\"}]}\n}";
        let path =
            [Step::Member("properties".into()), Step::Member("a".into()), Step::Item(1), Step::Member("count".into())];
        let (line, position) = locate(text, &path).unwrap();
        assert_eq!(line, 2);
        let second = text.split(|&b| b == b'\n').nth(1).unwrap();
        assert!(second[position - 1..].starts_with(b"\"three\""));
        assert_eq!(locate(text, &[Step::Member("none".into())]), None);
        assert_eq!(locate(text, &[]), Some((1, 1)));
    }

    proptest! {
        #[test]
        fn never_panics(text in prop::collection::vec(any::<u8>(), 0..80), index in 0_usize..3) {
            let _ = locate(&text, &[Step::Item(index), Step::Member("a".into())]);
            let _ = locate(&text, &[Step::Member("a".into()), Step::Item(index)]);
        }
    }
}
