//! Lists in pages: `nextLink` leads to the rest.
//!
//! The link repeats the request with a `$skipToken`, as the AKS resource provider writes it (recorded in azure-cli's
//! `test_aks_nodepool_add_with_secure_boot_flow`: `…agentPools?%24skipToken=…&api-version=…`). How many items it puts on a
//! page is not published.

use http::Uri;

use crate::query;
use crate::scope::Scope;

/// The most items on a page (inferred).
pub(crate) const ITEMS_MAX: usize = 250;

/// One page of a list.
pub(crate) struct Page<T> {
    /// Its items.
    pub(crate) items: Vec<T>,
    /// Where the next page is, if there is one.
    pub(crate) next: Option<String>,
}

/// The page of `items` for which a request asks. `key` names an item and orders the items as they come; a page begins
/// after the last item of the one before, so that nothing is shown twice or left out when others come and go.
pub(crate) fn page<T>(scope: &Scope, uri: &Uri, mut items: Vec<T>, key: impl Fn(&T) -> String) -> Page<T> {
    if let Some(last) = query::value(uri.query(), "$skipToken").and_then(|token| read(&token)) {
        let seen = items.partition_point(|item| key(item) <= last);
        items.drain(..seen);
    }
    let more = items.len() > ITEMS_MAX;
    items.truncate(ITEMS_MAX);
    let next = items.last().filter(|_| more).map(|last| {
        let token = write(&key(last));
        let version = query::value(uri.query(), "api-version").unwrap_or_default();
        format!("{}{}?%24skipToken={token}&api-version={version}", scope.door.origin, uri.path())
    });
    Page { items, next }
}

/// Keys hold slashes and anything else that names may hold: as hexadecimal digits they need no escaping.
fn write(key: &str) -> String {
    key.bytes().map(|byte| format!("{byte:02x}")).collect()
}

fn read(token: &str) -> Option<String> {
    let digits = token.as_bytes().chunks(2);
    let bytes: Option<Vec<u8>> =
        digits.map(|pair| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok()).collect();
    String::from_utf8(bytes?).ok()
}

#[cfg(test)]
mod tests {
    use super::{read, write};
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn any_key_survives(key in "\\PC{0,40}") {
            prop_assert_eq!(read(&write(&key)), Some(key));
        }

        #[test]
        fn foreign_tokens_do_no_harm(token in "\\PC{0,20}") {
            let _ = read(&token);
        }
    }
}
