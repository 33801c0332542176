//! Expanding words and evaluating `test`.

use std::collections::BTreeMap;

use super::script::{Part, Word};

/// Expands words to arguments: variables are replaced, unquoted ones split at white space, quotes are gone.
pub(super) fn expand(words: &[Word], variables: &BTreeMap<String, String>) -> Vec<String> {
    words.iter().flat_map(|word| expand_word(word, variables)).collect()
}

fn expand_word(word: &Word, variables: &BTreeMap<String, String>) -> Vec<String> {
    let mut fields = Vec::new();
    let mut current: Option<String> = None;
    for part in &word.0 {
        match part {
            Part::Text(text) => current.get_or_insert_default().push_str(text),
            Part::Variable { name, quoted: true } => {
                current.get_or_insert_default().push_str(variables.get(name).map_or("", String::as_str));
            }
            Part::Variable { name, quoted: false } => {
                let value = variables.get(name).map_or("", String::as_str);
                for (i, piece) in value.split(char::is_whitespace).enumerate() {
                    if i > 0 {
                        fields.extend(current.take());
                    }
                    if !piece.is_empty() {
                        current.get_or_insert_default().push_str(piece);
                    }
                }
            }
        }
    }
    fields.extend(current);
    fields
}

/// `test`: `-z`, `-n`, `-e`, `-s`, `-f`, `=`, `!=`, `!`, `-a`, `-o`, or one text.
pub(super) fn test(arguments: &[String], exists: &dyn Fn(&str) -> bool) -> bool {
    if let Some(at) = arguments.iter().position(|word| word == "-o") {
        return test(&arguments[..at], exists) || test(&arguments[at + 1..], exists);
    }
    if let Some(at) = arguments.iter().position(|word| word == "-a") {
        return test(&arguments[..at], exists) && test(&arguments[at + 1..], exists);
    }
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match words.as_slice() {
        ["!", ..] => !test(&arguments[1..], exists),
        ["-z", text] => text.is_empty(),
        ["-n", text] => !text.is_empty(),
        ["-e" | "-s" | "-f", file] => exists(file),
        [a, "=" | "==", b] => a == b,
        [a, "!=", b] => a != b,
        [text] => !text.is_empty(),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::super::script::{Statement, parse};
    use super::*;

    fn arguments(line: &str) -> Vec<String> {
        let variables =
            BTreeMap::from([("a".to_owned(), "x y".to_owned()), ("prefix".to_owned(), "(hd0)/boot".to_owned())]);
        match parse(line).unwrap().as_slice() {
            [Statement::Command { words, .. }] => expand(words, &variables),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn words_expand_as_grub_expands_them() {
        assert_eq!(arguments("set p=$prefix'/grub'"), ["set", "p=(hd0)/boot/grub"]);
        assert_eq!(arguments("echo $a \"$a\" '$a' ${a}z"), ["echo", "x", "y", "x y", "$a", "x", "yz"]);
        assert_eq!(arguments("[ \"${none}\" ]"), ["[", "", "]"]);
        assert_eq!(arguments("echo $none end"), ["echo", "end"]);
        assert_eq!(arguments(r"echo a\ b"), ["echo", "a b"]);
    }

    #[test]
    fn conditions() {
        let holds = |line: &str| {
            let words: Vec<_> = line.split(' ').map(str::to_owned).collect();
            test(&words, &|file| file == "/there")
        };
        for yes in ["-e /there", "! -e /gone", "-z x -o -s /there", "a = a", "a != b", "x", "-n x"] {
            assert!(holds(yes), "{yes}");
        }
        for no in ["-e /gone", "-z x", "a = b", "-n x -a -z x", "", "a b c d"] {
            assert!(!holds(no), "{no}");
        }
    }
}
