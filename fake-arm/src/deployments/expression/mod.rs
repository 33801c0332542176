//! The expression language of ARM templates: `[concat('aks-', parameters('name'))]`.
//!
//! [`parse`](parse::parse) makes a tree of a text, [`evaluate`] gives its value, `functions` is the table of what can be
//! called. Source of the language: azure-docs `template-expressions.md` and `template-functions-*.md`; error texts are
//! those in public issues where one was found, else inferred.

mod arguments;
mod collections;
pub(super) mod evaluate;
mod functions;
mod logic;
mod numbers;
pub(super) mod parse;
pub(super) mod surroundings;
#[cfg(test)]
mod tests;
mod texts;
mod values;

pub(super) use arguments::kind_of;
pub(super) use evaluate::{CopyIndex, Effort, Evaluator, Here, References, Target, Trouble};
pub(super) use functions::check_functions;
pub(super) use values::{Lazy, Values};

/// The longest expression, in characters: ARM's documented limit (`best-practices.md`, template limits).
pub(super) const CHARS_MAX: usize = 24_576;

/// How deep an expression may nest, calls and brackets counted.
pub(super) const NESTING_MAX: usize = 64;

/// The expression in a template text: what stands between `[` and `]`. `[[` is a literal bracket.
pub(super) fn expression_in(text: &str) -> Option<&str> {
    let inner = text.strip_prefix('[')?.strip_suffix(']')?;
    (!text.starts_with("[[")).then_some(inner)
}
