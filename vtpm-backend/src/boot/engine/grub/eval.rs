//! Expanding words and evaluating `test`.

use super::script::{Part, Word};

/// Expands words to arguments: variables are replaced, unquoted ones split at white space, quotes are gone.
pub(super) fn expand(words: &[Word], variables: &dyn Fn(&str) -> Option<String>) -> Vec<String> {
    words.iter().flat_map(|word| expand_word(word, variables)).collect()
}

fn expand_word(word: &Word, variables: &dyn Fn(&str) -> Option<String>) -> Vec<String> {
    let mut fields = Vec::new();
    let mut current: Option<String> = None;
    for part in &word.0 {
        match part {
            Part::Text(text) => current.get_or_insert_default().push_str(text),
            Part::Variable { name, quoted: true } => {
                current.get_or_insert_default().push_str(&variables(name).unwrap_or_default());
            }
            Part::Variable { name, quoted: false } => {
                let value = variables(name).unwrap_or_default();
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

/// What `test` asks about files.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum FileTest {
    /// `-e`: anything of this name.
    Exists,
    /// `-f`: a file.
    IsFile,
    /// `-d`: a folder.
    IsFolder,
    /// `-s`: a file that is not empty.
    HasContent,
}

/// `test` (GRUB `commands/test.c`): `-o` binds weaker than `-a`, and that weaker than `!`.
pub(super) fn test(arguments: &[String], file: &mut dyn FnMut(FileTest, &str) -> bool) -> bool {
    if let Some(at) = operator(arguments, "-o") {
        return test(&arguments[..at], file) || test(&arguments[at + 1..], file);
    }
    if let Some(at) = operator(arguments, "-a") {
        return test(&arguments[..at], file) && test(&arguments[at + 1..], file);
    }
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match words.as_slice() {
        ["!", ..] => !test(&arguments[1..], file),
        ["(", inner @ .., ")"] => test(&arguments[1..=inner.len()], file),
        ["-z", text] => text.is_empty(),
        ["-n", text] => !text.is_empty(),
        ["-e", name] => file(FileTest::Exists, name),
        ["-f", name] => file(FileTest::IsFile, name),
        ["-d", name] => file(FileTest::IsFolder, name),
        ["-s", name] => file(FileTest::HasContent, name),
        [a, operator, b] => compare(a, operator, b),
        [text] => !text.is_empty(),
        _ => false,
    }
}

/// The place of an operator outside parentheses that has something on both sides.
fn operator(arguments: &[String], wanted: &str) -> Option<usize> {
    let mut depth = 0i32;
    for (i, word) in arguments.iter().enumerate() {
        match word.as_str() {
            "(" => depth += 1,
            ")" => depth -= 1,
            word if word == wanted && depth == 0 && i > 0 && i + 1 < arguments.len() => return Some(i),
            _ => {}
        }
    }
    None
}

fn compare(a: &str, operator: &str, b: &str) -> bool {
    let number = |text: &str| text.trim().parse::<i64>().unwrap_or(0);
    match operator {
        "=" | "==" => a == b,
        "!=" => a != b,
        "<" => a < b,
        "<=" => a <= b,
        ">" => a > b,
        ">=" => a >= b,
        "-eq" => number(a) == number(b),
        "-ne" => number(a) != number(b),
        "-lt" => number(a) < number(b),
        "-le" => number(a) <= number(b),
        "-gt" => number(a) > number(b),
        "-ge" => number(a) >= number(b),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::super::script::{Statement, parse};
    use super::*;

    fn arguments(line: &str) -> Vec<String> {
        let variables =
            BTreeMap::from([("a".to_owned(), "x y".to_owned()), ("prefix".to_owned(), "(hd0)/boot".to_owned())]);
        match parse(line).unwrap().as_slice() {
            [Statement::Command { words, .. }] => expand(words, &|name: &str| variables.get(name).cloned()),
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
            test(&words, &mut |_, file| file == "/there")
        };
        for yes in [
            "-e /there",
            "! -e /gone",
            "-z x -o -s /there",
            "a = a",
            "a != b",
            "x",
            "-n x",
            "-d /there",
            "( -n x -a a = b ) -o 3 -lt 10",
            "a < b",
        ] {
            assert!(holds(yes), "{yes}");
        }
        for no in ["-e /gone", "-z x", "a = b", "-n x -a -z x", "", "a b c d", "( a = b )", "3 -gt 10"] {
            assert!(!holds(no), "{no}");
        }
    }
}
