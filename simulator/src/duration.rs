//! Durations on the command line: `90s`, `5m`, `1h30m`, `250ms`.

use std::time::Duration;

const UNITS_MS: [(&str, u64); 5] = [("ms", 1), ("s", 1_000), ("m", 60_000), ("h", 3_600_000), ("d", 86_400_000)];

/// The longest span of virtual time that one command may move: ten years.
const LONGEST_MS: u64 = 10 * 366 * 86_400_000;

/// Reads a duration: one or more numbers, each with its unit (`ms`, `s`, `m`, `h`, `d`).
///
/// # Errors
/// A sentence that says what is wrong.
pub fn parse(text: &str) -> Result<Duration, String> {
    let wrong = || format!("'{text}' is no duration; write for example 90s, 5m or 1h30m");
    let mut rest = text.trim();
    let mut total_ms = 0_u64;
    if rest.is_empty() {
        return Err(wrong());
    }
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !c.is_ascii_digit()).ok_or_else(wrong)?;
        let number: u64 = rest[..digits].parse().map_err(|_| wrong())?;
        let unit_end = rest[digits..].find(|c: char| c.is_ascii_digit()).map_or(rest.len(), |at| digits + at);
        let unit = &rest[digits..unit_end];
        let (_, factor) = UNITS_MS.into_iter().find(|(name, _)| *name == unit).ok_or_else(wrong)?;
        total_ms = number.checked_mul(factor).and_then(|ms| total_ms.checked_add(ms)).ok_or_else(wrong)?;
        rest = &rest[unit_end..];
    }
    if total_ms > LONGEST_MS {
        return Err(format!("'{text}' is too long; at most ten years at once"));
    }
    Ok(Duration::from_millis(total_ms))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_numbers_with_units() {
        for (text, ms) in [("90s", 90_000), ("5m", 300_000), ("1h30m", 5_400_000), ("250ms", 250), ("2d", 172_800_000)]
        {
            assert_eq!(parse(text), Ok(Duration::from_millis(ms)), "{text}");
        }
    }

    #[test]
    fn everything_else_is_refused_with_an_example() {
        for text in ["", "5", "m", "-5m", "5 m", "5x", "1.5h", "99999999999999999999s"] {
            assert!(parse(text).is_err_and(|e| e.contains("1h30m")), "{text}");
        }
        assert!(parse("99999d").is_err_and(|e| e.contains("ten years")));
    }
}
