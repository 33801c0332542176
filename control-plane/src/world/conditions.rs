//! Conditional requests: the ETag matrix of AKS.
//!
//! Source: azure-aks-docs `use-etags.md`; the text for a missing resource is from Azure/azure-cli issue 30309.

use uuid::Uuid;

use crate::refusal::{Refusal, RefusalKind};

/// What the headers of a write ask for.
#[derive(Clone, Debug, Default)]
pub struct Conditions {
    /// `If-Match`, as sent.
    pub if_match: Option<String>,
    /// `If-None-Match`, as sent.
    pub if_none_match: Option<String>,
    /// The features named by `AKSHTTPCustomFeatures`, as `Namespace/Name`.
    pub custom_features: Vec<String>,
}

impl Conditions {
    /// Checks the conditions against the resource's ETag, `None` when it does not exist.
    pub(super) fn check(&self, etag: Option<Uuid>) -> Result<(), Refusal> {
        let if_match = value(self.if_match.as_deref());
        let if_none_match = value(self.if_none_match.as_deref());
        match (if_match, if_none_match) {
            (Some(_), Some("*")) => Err(bad("If-Match must not be set together with If-None-Match *.")),
            (_, Some(other)) if other != "*" => Err(bad("If-None-Match must be empty or *.")),
            (_, Some(_)) if etag.is_some() => Err(failed("The resource exists, and If-None-Match * was given.")),
            (Some(wanted), _) => matches(wanted, etag),
            _ => Ok(()),
        }
    }
}

fn value(header: Option<&str>) -> Option<&str> {
    header.map(|text| text.trim().trim_start_matches("W/").trim_matches('"')).filter(|text| !text.is_empty())
}

fn matches(wanted: &str, etag: Option<Uuid>) -> Result<(), Refusal> {
    match etag {
        None => Err(failed(
            "Resource not found but ETag header is provided. If this is a request to create, please do not provide ETag.",
        )),
        Some(_) if wanted == "*" => Ok(()),
        Some(etag) if etag.to_string().eq_ignore_ascii_case(wanted) => Ok(()),
        // No public text shows AKS's own words; inferred from the scale set's.
        Some(etag) => Err(failed(&format!(
            "Etag provided in if-match header \"{wanted}\" does not match etag \"{etag}\" of resource."
        ))),
    }
}

fn bad(message: &str) -> Refusal {
    Refusal::provider(RefusalKind::BadRequest, "BadRequest", message)
}

fn failed(message: &str) -> Refusal {
    Refusal::provider(RefusalKind::PreconditionFailed, "PreconditionFailed", message)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn status(if_match: Option<&str>, if_none_match: Option<&str>, etag: Option<Uuid>) -> u16 {
        let conditions = Conditions {
            if_match: if_match.map(str::to_owned),
            if_none_match: if_none_match.map(str::to_owned),
            custom_features: Vec::new(),
        };
        conditions.check(etag).map_or_else(|refusal| refusal.kind.status(), |()| 200)
    }

    #[test]
    fn the_documented_matrix_holds() {
        let etag = Uuid::from_u128(7);
        let text = format!("\"{etag}\"");
        for (if_match, if_none_match, exists, wanted) in [
            (None, None, false, 200),
            (Some(""), None, false, 200),
            (Some(""), None, true, 200),
            (Some("*"), None, false, 412),
            (Some("*"), None, true, 200),
            (Some("xyz"), None, false, 412),
            (Some("xyz"), None, true, 412),
            (Some(text.as_str()), None, true, 200),
            (None, Some("*"), false, 200),
            (None, Some("*"), true, 412),
            (None, Some("xyz"), true, 400),
            (Some("xyz"), Some("*"), true, 400),
        ] {
            let got = status(if_match, if_none_match, exists.then_some(etag));
            assert_eq!(got, wanted, "{if_match:?} {if_none_match:?} exists={exists}");
        }
    }
}
