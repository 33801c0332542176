//! `slipway rules`.

use serde_json::json;

use super::{Context, out};
use crate::failure::Failure;

pub(super) fn run(context: &Context) -> Result<(), Failure> {
    if !context.json {
        return out::text(&control_plane::rules::render_markdown());
    }
    let rules: Vec<_> = control_plane::rules::table()
        .iter()
        .map(|rule| {
            json!({
                "id": rule.id,
                "summary": rule.summary,
                "eras": rule.eras,
                "status": rule.kind.status(),
                "code": rule.code,
                "wording": format!("{:?}", rule.wording).to_lowercase(),
                "source": rule.source,
            })
        })
        .collect();
    out::json(&rules)
}
