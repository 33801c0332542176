//! Setting and clearing variables in the language of a shell.

use super::args::Shell;

/// The shell that `$SHELL` names.
pub(super) fn detect(shell: Option<&str>) -> Shell {
    match shell.and_then(|path| path.rsplit('/').next()) {
        Some("fish") => Shell::Fish,
        _ => Shell::Sh,
    }
}

/// A line that sets and exports a variable.
pub(super) fn export(shell: Shell, name: &str, value: &str) -> String {
    match shell {
        Shell::Sh => format!("export {name}={}", quote_sh(value)),
        Shell::Fish => format!("set -gx {name} {}", quote_fish(value)),
    }
}

/// A line that clears a variable.
pub(super) fn unset(shell: Shell, name: &str) -> String {
    match shell {
        Shell::Sh => format!("unset {name}"),
        Shell::Fish => format!("set -e {name}"),
    }
}

/// A word of a sh command line, quoted only where that is needed.
pub(super) fn word(value: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "/._-+:@%".contains(c);
    if !value.is_empty() && value.chars().all(plain) { value.to_owned() } else { quote_sh(value) }
}

/// Single quotes keep everything but themselves.
fn quote_sh(value: &str) -> String {
    format!("'{}'", value.replace('\'', r"'\''"))
}

/// Within single quotes fish reads `\'` and `\\`.
fn quote_fish(value: &str) -> String {
    format!("'{}'", value.replace('\\', r"\\").replace('\'', r"\'"))
}

#[cfg(test)]
mod tests {
    use std::process::Command;

    use super::*;

    #[test]
    fn a_real_sh_reads_back_what_was_written() {
        for value in ["plain", "two words", "it's \"quoted\" $HOME `x` \\ *", "line\nfeed"] {
            let script = format!("{}; printf %s \"$X\"", export(Shell::Sh, "X", value));
            let output = Command::new("sh").args(["-c", &script]).output().unwrap();
            assert_eq!(String::from_utf8(output.stdout).unwrap(), value);
        }
    }

    #[test]
    fn only_odd_words_are_quoted() {
        assert_eq!(word("/home/me/target/release/slipway"), "/home/me/target/release/slipway");
        assert_eq!(word("/my folder/x"), "'/my folder/x'");
        assert_eq!(word(""), "''");
    }

    #[test]
    fn fish_has_its_own_words() {
        assert_eq!(export(Shell::Fish, "X", r"a'\b"), r"set -gx X 'a\'\\b'");
        assert_eq!(unset(Shell::Fish, "X"), "set -e X");
        assert_eq!(detect(Some("/usr/bin/fish")), Shell::Fish);
        assert_eq!(detect(Some("/bin/zsh")), Shell::Sh);
        assert_eq!(detect(None), Shell::Sh);
    }
}
