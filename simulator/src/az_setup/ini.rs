//! Just enough of Python's `configparser` format to change some options of a file and keep the rest.

/// Sets each `(section, option, value)` in the text. Options that are there are changed in place, others are added at
/// the end of their section, missing sections at the end of the file. All other lines stay as they are.
pub(super) fn merge(text: &str, options: &[(&str, &str, &str)]) -> String {
    let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
    for (section, option, value) in options {
        set(&mut lines, section, option, value);
    }
    let mut out = lines.join("\n");
    out.push('\n');
    out
}

fn set(lines: &mut Vec<String>, section: &str, option: &str, value: &str) {
    let wanted = format!("{option} = {value}");
    let header = format!("[{section}]");
    let Some(start) = lines.iter().position(|line| line.trim() == header) else {
        lines.extend([header, wanted]);
        return;
    };
    let end = (start + 1..lines.len()).find(|at| lines[*at].trim().starts_with('[')).unwrap_or(lines.len());
    match (start + 1..end).find(|at| option_of(&lines[*at]).as_deref() == Some(option)) {
        Some(at) => lines[at] = wanted,
        None => {
            // Before the blank lines that separate this section from the next.
            let at = (start + 1..end).rev().find(|at| !lines[*at].trim().is_empty()).map_or(start + 1, |at| at + 1);
            lines.insert(at, wanted);
        }
    }
}

/// The name of the option that a line sets; `configparser` folds it to lower case.
fn option_of(line: &str) -> Option<String> {
    let line = line.trim();
    if line.starts_with(['#', ';']) {
        return None;
    }
    let (name, _) = line.split_once(['=', ':'])?;
    Some(name.trim().to_lowercase())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_empty_file_gets_its_sections() {
        let text = merge("", &[("a", "x", "1"), ("b", "y", "2"), ("a", "z", "3")]);
        assert_eq!(text, "[a]\nx = 1\nz = 3\n[b]\ny = 2\n");
    }

    #[test]
    fn options_are_changed_in_place_and_others_are_kept() {
        let before = "[a]\nX=old\n# x = comment\nother = 1\n\n[b]\nx = not mine\n";
        let text = merge(before, &[("a", "x", "new"), ("a", "added", "2")]);
        assert_eq!(text, "[a]\nx = new\n# x = comment\nother = 1\nadded = 2\n\n[b]\nx = not mine\n");
    }
}
