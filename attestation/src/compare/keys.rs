//! Which keys and hashes a Secure Boot variable gained and lost.

use std::collections::BTreeSet;

use vtpm_backend::uefi::signature::SignatureDatabase;
use vtpm_backend::x509::subject_of;

/// Most entries that are named; a new dbx has hundreds.
const NAMED_MAX: usize = 3;
/// How many hexadecimal digits of a hash are shown.
const HASH_CHARS: usize = 12;

/// What was added and what is gone, in words; `None` when one of the two is no signature database, or both have the same
/// entries.
pub(super) fn changed(is: &[u8], was: &[u8]) -> Option<String> {
    let (is, was) = (entries(is)?, entries(was)?);
    let words = |word: &str, entries: BTreeSet<&Vec<u8>>| {
        let named: Vec<String> = entries.iter().take(NAMED_MAX).map(|entry| name(entry)).collect();
        let more = entries.len().saturating_sub(NAMED_MAX);
        let more = if more == 0 { String::new() } else { format!(" and {more} more") };
        (!entries.is_empty()).then(|| format!("{word} {}{more}", named.join(", ")))
    };
    let added = words("it has", is.difference(&was).collect());
    let gone = words("it lacks", was.difference(&is).collect());
    let both: Vec<String> = added.into_iter().chain(gone).collect();
    (!both.is_empty()).then(|| both.join("; "))
}

/// Certificates and hashes, whatever list they are in and whoever owns them.
fn entries(data: &[u8]) -> Option<BTreeSet<Vec<u8>>> {
    let database = SignatureDatabase::parse(data).ok()?;
    Some(database.lists.iter().flat_map(|list| list.entries()).map(|entry| entry.data.clone()).collect())
}

fn name(entry: &[u8]) -> String {
    match subject_of(entry) {
        Ok(subject) => format!("'{subject}'"),
        Err(_) => {
            let mut hash = hex::encode(entry);
            hash.truncate(HASH_CHARS);
            format!("the hash {hash}…")
        }
    }
}

#[cfg(test)]
mod tests {
    use vtpm_backend::uefi::guids;
    use vtpm_backend::uefi::signature::SignatureList;

    use super::*;

    fn hashes(values: &[u8]) -> Vec<u8> {
        let hashes: Vec<[u8; 32]> = values.iter().map(|value| [*value; 32]).collect();
        let list = SignatureList::sha256(guids::GLOBAL_VARIABLE, &hashes);
        SignatureDatabase { lists: list.into_iter().collect() }.encode()
    }

    #[test]
    fn what_was_added_and_what_is_gone() {
        let text = changed(&hashes(&[1, 2]), &hashes(&[2, 3, 4, 5, 6])).unwrap();
        assert_eq!(
            text,
            "it has the hash 010101010101…; it lacks the hash 030303030303…, the hash 040404040404…, the hash \
             050505050505… and 1 more"
        );
        assert_eq!(changed(&hashes(&[1]), &hashes(&[])).unwrap(), "it has the hash 010101010101…");
        assert_eq!((changed(&hashes(&[1]), &hashes(&[1])), changed(b"x", &hashes(&[1]))), (None, None));
    }
}
