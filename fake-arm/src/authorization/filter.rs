//! The filters of role assignments and definitions: `atScope()`, `assignedTo('…')` and `name eq '…'`, joined by `and`.

use control_plane::refusal::RefusalKind;

use crate::error::Error;
use crate::query;

/// The longest filter that is read, in bytes.
const FILTER_BYTES_MAX: usize = 1024;

/// What a list is narrowed to.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Narrowed {
    /// Nothing below the scope.
    pub(super) at_scope: bool,
    /// Of this principal only.
    pub(super) principal: Option<String>,
    /// Definitions of this name only.
    pub(super) role_name: Option<String>,
    /// Definitions of this type only.
    pub(super) role_type: Option<String>,
}

impl Narrowed {
    /// Reads the `$filter` of a query string; absent means "everything".
    ///
    /// # Errors
    /// `InvalidFilter` for terms that are not known.
    pub(super) fn from_query(query: Option<&str>) -> Result<Self, Error> {
        let text = query::value(query, "$filter").unwrap_or_default();
        Narrowed::parse(&text).ok_or_else(|| {
            let text = format!(
                "The filter '{text}' is not valid. Slipway understands atScope(), assignedTo('ID'), principalId eq 'ID', roleName eq 'NAME' and type eq 'TYPE', joined by 'and'."
            );
            Error::gateway(RefusalKind::BadRequest, "InvalidFilter", text)
        })
    }

    fn parse(text: &str) -> Option<Self> {
        let mut narrowed = Narrowed::default();
        if text.len() > FILTER_BYTES_MAX {
            return None;
        }
        for term in text.split(" and ").map(str::trim).filter(|term| !term.is_empty()) {
            let folded = term.to_ascii_lowercase();
            if folded == "atscope()" {
                narrowed.at_scope = true;
            } else if folded == "atscopeandbelow()" {
                narrowed.at_scope = false;
            } else if folded.starts_with("assignedto(") {
                narrowed.principal = Some(quoted(term.get(11..)?.strip_suffix(')')?)?);
            } else {
                let (name, value) = folded.find(" eq ").map(|at| (&folded[..at], &term[at + 4..]))?;
                let value = Some(quoted(value)?);
                match name.trim() {
                    "principalid" => narrowed.principal = value,
                    "rolename" => narrowed.role_name = value,
                    "type" => narrowed.role_type = value,
                    _ => return None,
                }
            }
        }
        Some(narrowed)
    }
}

fn quoted(text: &str) -> Option<String> {
    let inner = text.trim().strip_prefix('\'')?.strip_suffix('\'')?;
    Some(inner.replace("''", "'"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn reads_what_az_sends() {
        let both = Narrowed::parse("atScope() and assignedTo('p')").unwrap();
        assert!(both.at_scope && both.principal.as_deref() == Some("p"));
        assert_eq!(
            Narrowed::parse("roleName eq 'Network Contributor'").unwrap().role_name.as_deref(),
            Some("Network Contributor")
        );
        assert_eq!(Narrowed::parse("principalId eq 'x'").unwrap().principal.as_deref(), Some("x"));
        assert_eq!(Narrowed::parse(""), Some(Narrowed::default()));
        for bad in ["x", "principalId eq x", "other eq 'x'", "assignedTo("] {
            assert_eq!(Narrowed::parse(bad), None, "{bad}");
        }
    }

    proptest! {
        #[test]
        fn never_panics(text in "\\PC{0,60}") {
            let _ = Narrowed::parse(&text);
        }
    }
}
