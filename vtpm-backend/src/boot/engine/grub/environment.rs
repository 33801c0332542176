//! GRUB's variables.

use std::collections::{BTreeMap, BTreeSet};

/// Variables, of which the exported ones are seen by menus that are opened from here.
#[derive(Clone, Debug, Default)]
pub(super) struct Environment {
    values: BTreeMap<String, String>,
    exported: BTreeSet<String>,
}

impl Environment {
    pub(super) fn get(&self, name: &str) -> Option<&str> {
        self.values.get(name).map(String::as_str)
    }

    pub(super) fn set(&mut self, name: &str, value: impl Into<String>) {
        self.values.insert(name.to_owned(), value.into());
    }

    pub(super) fn set_exported(&mut self, name: &str, value: impl Into<String>) {
        self.set(name, value);
        self.export(name);
    }

    pub(super) fn unset(&mut self, name: &str) {
        self.values.remove(name);
    }

    pub(super) fn export(&mut self, name: &str) {
        self.exported.insert(name.to_owned());
    }

    /// The variables as a new context sees them (`grub_env_context_open`).
    pub(super) fn opened(&self) -> Environment {
        let mut opened = self.clone();
        opened.values.retain(|name, _| self.exported.contains(name));
        opened
    }
}

/// The variables in an environment block, the file `grubenv`.
pub(super) fn parse_block(bytes: &[u8]) -> Option<Vec<(String, String)>> {
    let text = std::str::from_utf8(bytes).ok()?;
    let body = text.strip_prefix("# GRUB Environment Block\n")?;
    let lines = body.lines().filter(|line| !line.starts_with('#'));
    Some(
        lines
            .filter_map(|line| line.split_once('='))
            .map(|(name, value)| (name.to_owned(), unescaped(value)))
            .collect(),
    )
}

/// A backslash takes the next character as it is.
fn unescaped(value: &str) -> String {
    let mut chars = value.chars();
    let mut out = String::new();
    while let Some(c) = chars.next() {
        out.extend(if c == '\\' { chars.next() } else { Some(c) });
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_exported_variables_are_handed_on() {
        let mut environment = Environment::default();
        environment.set_exported("root", "hd0,gpt1");
        environment.set("default", "1");
        environment.set("gone", "1");
        environment.unset("gone");
        let opened = environment.opened();
        assert_eq!(opened.get("root"), Some("hd0,gpt1"));
        assert_eq!(opened.get("default"), None);
        assert_eq!((environment.get("default"), environment.get("gone")), (Some("1"), None));
    }

    #[test]
    fn environment_blocks() {
        let block = b"# GRUB Environment Block\n# comment\nsaved_entry=1>2\nx=a\\\\b\n####################";
        let variables = parse_block(block).unwrap();
        assert_eq!(variables[0], ("saved_entry".to_owned(), "1>2".to_owned()));
        assert_eq!(variables[1].1, "a\\b");
        assert!(parse_block(b"x=1").is_none());
    }
}
