//! Where in a request a piece of its template stands, for error texts.

use std::sync::Arc;

use crate::wire::locate::{Step, locate};

/// The text of a request, or nothing when a deployment is taken up again and the text is gone.
#[derive(Clone, Default)]
pub(crate) struct Positions {
    body: Option<Arc<[u8]>>,
}

/// A place in a template.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct At {
    /// The line, from 1; 0 when it is not known. az sends the template with its own line breaks, so this is the line
    /// of the user's file.
    pub(crate) line: usize,
    /// The position in the line, from 1; 0 when it is not known.
    pub(crate) column: usize,
    /// `properties.template.resources[0]`
    pub(crate) path: String,
}

impl Positions {
    /// Of a request in strict JSON.
    pub(crate) fn of(body: &[u8]) -> Self {
        Positions { body: Some(body.into()) }
    }

    /// Where a piece of the template is.
    pub(crate) fn find(&self, in_template: &[Step]) -> At {
        let mut path = vec![Step::Member("properties".to_owned()), Step::Member("template".to_owned())];
        path.extend_from_slice(in_template);
        let found = self.body.as_deref().and_then(|body| locate(body, &path));
        let (line, column) = found.unwrap_or((0, 0));
        At { line, column, path: shown(&path) }
    }
}

fn shown(path: &[Step]) -> String {
    let mut out = String::new();
    for step in path {
        match step {
            Step::Member(name) => {
                if !out.is_empty() {
                    out.push('.');
                }
                out.push_str(name);
            }
            Step::Item(index) => out.push_str(&format!("[{index}]")),
        }
    }
    out
}
