//! The constraint page of the docs, generated from the table.

use std::fmt::Write;

use super::{Rule, SECTIONS, Wording};
use crate::era::Era;
use crate::refusal::Layer;

const INTRODUCTION: &str = "# Constraints

Generated from the rule table in `control-plane/src/rules`; do not edit
(`UPDATE_DOCS=1 cargo test -p control-plane docs_constraints` writes it anew).

The documented rules of trusted launch changed several times. An era names one state of them; every subscription lives
in one: `preview` (March to October 2024), `ga` (from October 2024), `2025-08`, `2026-06`, `2026-07` (today). Rules are
applied in the order of this page; the first one that is broken refuses. *Verbatim* texts were published by somebody who
received them; *inferred* ones say what the documentation says, because no text was published. Texts in braces are
filled in.
";

/// The page `docs/CONSTRAINTS.md`.
pub fn render_markdown() -> String {
    let mut page = INTRODUCTION.to_owned();
    for (title, rules) in SECTIONS {
        // Writing to a String cannot fail.
        let _ = write!(page, "\n## {title}\n\n| rule | eras | answer | wording | source |\n|---|---|---|---|---|\n");
        for rule in rules {
            page.push_str(&row(rule));
        }
    }
    page
}

fn row(rule: &Rule) -> String {
    let wording = match rule.wording {
        Wording::Verbatim => "verbatim",
        Wording::Inferred => "inferred",
    };
    let layer = match rule.layer {
        Layer::Gateway => " (gateway)",
        Layer::Provider => "",
    };
    let target = rule.target.map(|target| format!(", target `{target}`")).unwrap_or_default();
    format!(
        "| **{}**<br>{} | {} | {} `{}`{layer}{target}: {} | {wording} | {} |\n",
        rule.id,
        cell(rule.summary),
        eras(rule.eras),
        rule.kind.status(),
        rule.code,
        cell(rule.message),
        cell(rule.source),
    )
}

/// `all`, or the eras by name; a run that reaches to the first or last era is written as one.
fn eras(eras: &[Era]) -> String {
    match eras {
        _ if eras.len() == Era::ALL.len() => "all".to_owned(),
        [only] => only.to_string(),
        [first, .., last] if *first == Era::Preview => format!("to {last}"),
        [first, .., last] if *last == Era::CURRENT => format!("from {first}"),
        _ => eras.iter().map(|era| era.as_str()).collect::<Vec<_>>().join(", "),
    }
}

fn cell(text: &str) -> String {
    text.replace('|', "\\|")
}
