//! Texts with their moment-dependent parts replaced by names: two texts that differ in nothing else become equal.

/// A text as a pattern: `fixed <kind> fixed <kind> …`, and what stood in the places of the kinds.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Pattern {
    /// The text with every part replaced by its kind's name in angle brackets.
    pub shape: String,
    /// What was replaced, in order.
    pub parts: Vec<Part>,
}

/// A replaced part.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Part {
    /// The name that stands for it in the shape.
    pub kind: &'static str,
    /// What it was.
    pub text: String,
}

/// Finds a part at the beginning of a text; gives its length in bytes. `before` is what stands in front of it.
pub type Finder = fn(before: &str, rest: &str) -> Option<usize>;

/// Replaces what the finders find, leftmost first, earlier finders first.
pub fn of(text: &str, finders: &[(&'static str, Finder)]) -> Pattern {
    let mut pattern = Pattern::default();
    let mut at = 0;
    while let Some(next) = text[at..].chars().next() {
        let (before, rest) = text.split_at(at);
        match finders.iter().find_map(|(kind, find)| find(before, rest).filter(|n| *n > 0).map(|n| (*kind, n))) {
            Some((kind, length)) => {
                pattern.shape.push('<');
                pattern.shape.push_str(kind);
                pattern.shape.push('>');
                pattern.parts.push(Part { kind, text: rest[..length].to_owned() });
                at += length;
            }
            None => {
                pattern.shape.push(next);
                at += next.len_utf8();
            }
        }
    }
    pattern
}

/// The length of the longest beginning whose bytes fit.
fn run(text: &str, fits: impl Fn(u8) -> bool) -> usize {
    text.bytes().take_while(|b| fits(*b)).count()
}

/// Whether a word could begin here.
fn at_word(before: &str) -> bool {
    !before.ends_with(|c: char| c.is_ascii_alphanumeric())
}

/// Whether the text goes on with a letter or digit after `length` bytes.
fn goes_on(rest: &str, length: usize) -> bool {
    rest[length..].starts_with(|c: char| c.is_ascii_alphanumeric())
}

/// `8-4-4-4-12` hexadecimal digits.
pub fn guid(before: &str, rest: &str) -> Option<usize> {
    let bytes = rest.as_bytes().get(..36)?;
    let fits = |(i, b): (usize, &u8)| if matches!(i, 8 | 13 | 18 | 23) { *b == b'-' } else { b.is_ascii_hexdigit() };
    (at_word(before) && bytes.iter().enumerate().all(fits) && !goes_on(rest, 36)).then_some(36)
}

/// `2024-03-05T04:08:33.7234637Z`, with any number of fractional digits.
pub fn time(before: &str, rest: &str) -> Option<usize> {
    const FORM: &[u8] = b"dddd-dd-ddTdd:dd:dd";
    let bytes = rest.as_bytes().get(..FORM.len())?;
    let fits = |(b, f): (&u8, &u8)| if *f == b'd' { b.is_ascii_digit() } else { b == f };
    if !at_word(before) || !bytes.iter().zip(FORM).all(fits) {
        return None;
    }
    let mut length = FORM.len();
    if rest[length..].starts_with('.') {
        length += 1 + run(&rest[length + 1..], |b| b.is_ascii_digit());
    }
    rest[length..].starts_with('Z').then_some(length + 1)
}

/// 24 hexadecimal digits.
pub fn object_id(before: &str, rest: &str) -> Option<usize> {
    (at_word(before) && run(rest, |b| b.is_ascii_hexdigit()) == 24 && !goes_on(rest, 24)).then_some(24)
}

/// The eight digits between a pool's name and `-vmss`.
pub fn pool_hash(before: &str, rest: &str) -> Option<usize> {
    let length = run(rest, |b| b.is_ascii_digit());
    (before.ends_with('-') && length == 8 && rest[8..].starts_with("-vmss")).then_some(8)
}

/// The number after `skipToken=`.
pub fn skip_token(before: &str, rest: &str) -> Option<usize> {
    let length = run(rest, |b| b.is_ascii_alphanumeric());
    (before.to_ascii_lowercase().ends_with("skiptoken=")).then_some(length)
}

/// The eight random characters after a cluster's DNS prefix, at the end of a host's first label.
pub fn dns_suffix(before: &str, rest: &str) -> Option<usize> {
    let length = run(rest, |b| b.is_ascii_lowercase() || b.is_ascii_digit());
    (before.ends_with('-') && !before.contains('.') && length == 8 && rest[8..].starts_with('.')).then_some(8)
}

/// `1.27`, `1.27.9`: a Kubernetes version that is the whole text. The number of its components stays part of the shape.
pub fn minor_version(before: &str, rest: &str) -> Option<usize> {
    version(before, rest, 2)
}

/// As [`minor_version`], with three components.
pub fn patch_version(before: &str, rest: &str) -> Option<usize> {
    version(before, rest, 3)
}

fn version(before: &str, rest: &str, components: usize) -> Option<usize> {
    let all: Vec<_> = rest.split('.').collect();
    let number = |part: &&str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
    (before.is_empty() && all.len() == components && all.iter().all(number)).then_some(rest.len())
}

/// `202402.07.0` at the end: the date of a node image. What stands before it, the image's name, stays.
pub fn image_date(before: &str, rest: &str) -> Option<usize> {
    let fits = run(rest, |b| b.is_ascii_digit() || b == b'.') == rest.len();
    (before.ends_with('-') && fits && rest.split('.').count() == 3).then_some(rest.len())
}

/// `10.224.0.8`: an address that is the whole text.
pub fn ipv4(before: &str, rest: &str) -> Option<usize> {
    version(before, rest, 4)
}

/// `1199`: a number that is the whole text.
pub fn count(before: &str, rest: &str) -> Option<usize> {
    version(before, rest, 1)
}

/// `v1.9.4-hotfix.20240520`: a component's version that is the whole text.
pub fn component_version(before: &str, rest: &str) -> Option<usize> {
    let fits = rest.starts_with(|c: char| c == 'v' || c.is_ascii_digit()) && rest.contains('.');
    (before.is_empty() && fits).then_some(rest.len())
}

/// A client id where the recorder wrote another one: a GUID, or `msi`, which stands for a managed identity.
pub fn client_id(before: &str, rest: &str) -> Option<usize> {
    (before.is_empty() && (rest == "msi" || guid(before, rest) == Some(rest.len()))).then_some(rest.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shape(text: &str, finder: Finder) -> String {
        of(text, &[("x", finder)]).shape
    }

    #[test]
    fn parts_are_found_where_they_are_and_nowhere_else() {
        assert_eq!(shape("a/6a934283-6533-4612-b1e7-6dbb6cf641b5?b", guid), "a/<x>?b");
        assert_eq!(shape("6a934283-6533-4612-b1e7-6dbb6cf641bz", guid), "6a934283-6533-4612-b1e7-6dbb6cf641bz");
        assert_eq!(shape("2024-03-05T04:08:33.7234637Z", time), "<x>");
        assert_eq!(shape("2024-03-05", time), "2024-03-05");
        assert_eq!(shape("65e69ac1dda57800017c97ca", object_id), "<x>");
        assert_eq!(shape("aks-c000003-03975068-vmss000000", pool_hash), "aks-c000003-<x>-vmss000000");
        assert_eq!(shape("?%24skipToken=584491&skipToken=584491", skip_token), "?%24skipToken=<x>&skipToken=<x>");
        assert_eq!(
            shape("az-rg-79a739-o9gkjw70.hcp.westus2.azmk8s.io", dns_suffix),
            "az-rg-79a739-<x>.hcp.westus2.azmk8s.io"
        );
        assert_eq!(
            shape("AKSUbuntu-2204gen2TLcontainerd-202402.07.0", image_date),
            "AKSUbuntu-2204gen2TLcontainerd-<x>"
        );
        assert_eq!((shape("1.27", patch_version), shape("1.27.9", patch_version)), ("1.27".into(), "<x>".into()));
        assert_eq!(shape("10.244.0.0/16", ipv4), "10.244.0.0/16");
        assert_eq!((shape("msi", client_id), shape("mine", client_id)), ("<x>".into(), "mine".into()));
    }

    #[test]
    fn what_was_replaced_is_remembered_in_order() {
        let pattern = of("x-00000001-vmss", &[("hash", pool_hash)]);
        assert_eq!(pattern.parts, [Part { kind: "hash", text: "00000001".into() }]);
        assert_eq!(of("é", &[]).shape, "é");
    }
}
