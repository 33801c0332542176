//! SBAT: revocation of whole generations of a component (rhboot/shim, SBAT.md).

/// Most entries that are read from one section or level.
const ENTRIES_MAX: usize = 256;

/// The first entry of `image`, a `.sbat` section, that `level` revokes; as text for people.
///
/// An entry is revoked when the level names the same component with a higher generation; text that is no number counts
/// as generation zero, as `atoi` has it.
pub(crate) fn revoked(image: &[u8], level: &[u8]) -> Option<String> {
    let level = entries(level);
    entries(image).into_iter().find_map(|(component, generation)| {
        let wanted = level.iter().find(|(name, _)| *name == component)?.1;
        (generation < wanted)
            .then(|| format!("{component} has generation {generation}, and the SBAT level wants {wanted}"))
    })
}

/// The version of one component, the fifth field of its line.
pub(in crate::boot::engine) fn version_of(image: &[u8], component: &str) -> Option<String> {
    let text = text(image);
    let line = text.lines().find(|line| line.split(',').next() == Some(component))?;
    line.split(',').nth(4).map(str::to_owned)
}

/// Whether a level that is already stored is at least as new as `candidate` and therefore stays.
pub(crate) fn is_at_least(stored: &[u8], candidate: &[u8]) -> bool {
    let fields = |level: &[u8]| {
        let text = text(level);
        let mut fields = text.lines().next().unwrap_or_default().split(',');
        let signature = fields.next() == Some("sbat");
        let number = |field: Option<&str>| field.and_then(|field| field.trim().parse::<u64>().ok());
        let (version, date) = (number(fields.next()), number(fields.next()));
        signature.then_some((version.unwrap_or(0), date.unwrap_or(0)))
    };
    match (fields(stored), fields(candidate)) {
        (Some(stored), Some(candidate)) => stored >= candidate,
        _ => false,
    }
}

fn text(bytes: &[u8]) -> String {
    let end = bytes.iter().position(|byte| *byte == 0).unwrap_or(bytes.len());
    String::from_utf8_lossy(&bytes[..end]).into_owned()
}

fn entries(bytes: &[u8]) -> Vec<(String, u64)> {
    let text = text(bytes);
    let lines = text.lines().filter(|line| !line.trim().is_empty());
    lines
        .take(ENTRIES_MAX)
        .filter_map(|line| {
            let (component, rest) = line.split_once(',')?;
            let digits = rest.split(',').next().unwrap_or_default();
            let end = digits.find(|c: char| !c.is_ascii_digit()).unwrap_or(digits.len());
            Some((component.to_owned(), digits[..end].parse().unwrap_or(0)))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const IMAGE: &[u8] =
        b"sbat,1,SBAT Version,sbat,1,url\ngrub,4,FSF,grub,2.06,url\ngrub.debian,5,D,grub2,2.06-13,u\n\0\0";

    #[test]
    fn generations_are_compared_by_component() {
        assert_eq!(revoked(IMAGE, b"sbat,1,2025021800\nshim,9\ngrub,4\n"), None);
        let reason = revoked(IMAGE, b"sbat,1,2025021800\nshim,4\ngrub,5\n").unwrap();
        assert_eq!(reason, "grub has generation 4, and the SBAT level wants 5");
        assert!(revoked(IMAGE, b"sbat,2,x\n").is_some());
        assert_eq!(revoked(b"", b"grub,5\n"), None);
        assert!(revoked(b"grub,x,a\n", b"grub,1\n").is_some());
    }

    #[test]
    fn newer_levels_stay() {
        let (old, new) = (b"sbat,1,2021030218\n", b"sbat,1,2025021800\nshim,4\n");
        assert!(is_at_least(new, old) && is_at_least(old, old));
        assert!(!is_at_least(old, new));
        assert!(!is_at_least(b"junk", old));
    }

    #[test]
    fn versions() {
        assert_eq!(version_of(IMAGE, "grub").as_deref(), Some("2.06"));
        assert_eq!(version_of(IMAGE, "shim"), None);
    }
}
