//! `api-version`: required on every ARM request, and a date.
//!
//! Any well-formed version is accepted: az sends many, and answers do not depend on them except where noted in `wire`.

use axum::extract::Request;
use axum::middleware::Next;
use axum::response::Response;
use control_plane::refusal::RefusalKind;

use crate::error::Error;
use crate::query;

/// The longest api-version that is looked at, in bytes.
const BYTES_MAX: usize = 40;

/// An api-version: a date, and whether it is a preview.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct ApiVersion {
    year: u16,
    month: u8,
    day: u8,
    preview: bool,
}

impl ApiVersion {
    /// Reads `YYYY-MM-DD` with an optional suffix such as `-preview`.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        if text.len() > BYTES_MAX || !text.is_ascii() {
            return None;
        }
        let (date, suffix) = text.split_at_checked(10)?;
        let mut parts = date.split('-');
        let year = digits(parts.next()?, 4)?;
        let month = u8::try_from(digits(parts.next()?, 2)?).ok().filter(|m| (1..=12).contains(m))?;
        let day = u8::try_from(digits(parts.next()?, 2)?).ok().filter(|d| (1..=31).contains(d))?;
        let preview = match suffix {
            "" => false,
            _ => {
                let word = suffix.strip_prefix('-')?;
                let plain = !word.is_empty() && word.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'.');
                plain.then_some(true)?
            }
        };
        Some(ApiVersion { year, month, day, preview })
    }

    /// Whether it is a preview version.
    pub(crate) fn is_preview(self) -> bool {
        self.preview
    }

    /// The year in its date.
    pub(crate) fn year(self) -> u16 {
        self.year
    }

    /// Whether it is older than the first day of a month.
    pub(crate) fn is_before(self, year: u16, month: u8) -> bool {
        (self.year, self.month) < (year, month)
    }
}

fn digits(text: &str, count: usize) -> Option<u16> {
    (text.len() == count && text.bytes().all(|b| b.is_ascii_digit())).then(|| text.parse().ok())?
}

/// Refuses requests without a well-formed api-version and hands it to the handler.
pub(crate) async fn require(mut request: Request, next: Next) -> Result<Response, Error> {
    let text = query::value(request.uri().query(), "api-version").filter(|text| !text.is_empty());
    let Some(text) = text else {
        return Err(Error::gateway(
            RefusalKind::BadRequest,
            "MissingApiVersionParameter",
            "The api-version query parameter (?api-version=) is required for all requests.",
        ));
    };
    let Some(version) = ApiVersion::parse(&text) else {
        return Err(Error::gateway(
            RefusalKind::BadRequest,
            "InvalidApiVersionParameter",
            format!(
                "The api-version '{}' is invalid. The expected format is 'YYYY-MM-DD' or 'YYYY-MM-DD-preview'.",
                shown(&text)
            ),
        ));
    };
    request.extensions_mut().insert(version);
    Ok(next.run(request).await)
}

/// The text in at most 40 characters, so that an error is never larger than what caused it.
fn shown(text: &str) -> &str {
    text.char_indices().nth(BYTES_MAX).map_or(text, |(cut, _)| &text[..cut])
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn dates_and_previews_are_versions() {
        let stable = ApiVersion::parse("2026-06-01").unwrap();
        assert!(!stable.is_preview() && stable.is_before(2026, 7));
        assert!(!stable.is_before(2026, 6));
        assert!(ApiVersion::parse("2024-06-02-preview").unwrap().is_preview());
        for bad in [
            "",
            "2026",
            "2026-6-1",
            "2026-13-01",
            "2026-00-01",
            "2026-01-32",
            "2026-06-01-",
            "2026-06-01preview",
            "latest",
            "２026-06-01",
            "2026-06-01-pre view",
        ] {
            assert_eq!(ApiVersion::parse(bad), None, "{bad}");
        }
    }

    proptest! {
        #[test]
        fn never_panics(text in "\\PC{0,50}") {
            let _ = ApiVersion::parse(&text);
            let _ = shown(&text);
        }

        #[test]
        fn every_date_is_read(year in 1000_u16..9999, month in 1_u8..=12, day in 1_u8..=31, preview: bool) {
            let text = format!("{year}-{month:02}-{day:02}{}", if preview { "-preview" } else { "" });
            prop_assert_eq!(ApiVersion::parse(&text), Some(ApiVersion { year, month, day, preview }));
        }
    }
}
