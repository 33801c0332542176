//! Functions on texts.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;
use sha2::{Digest, Sha256};
use uuid::Uuid;

use super::arguments::{array, integer, kind_of, misfit, text, written};

/// The longest text that a template may make, in characters: ARM's limit for a text.
const CHARS_MAX: usize = 131_072;

/// The name space of `guid()`. Reported by users who computed the same ids outside of templates; not documented.
const GUID_SPACE: Uuid = Uuid::from_u128(0x11fb_06fb_712d_4ddd_98c7_e71b_bd58_8830);

fn bounded(text: String) -> Result<Value, String> {
    if text.len() > CHARS_MAX {
        return Err(format!("the result exceeds the limit of '{CHARS_MAX}' characters."));
    }
    Ok(Value::from(text))
}

/// Joins texts, or arrays.
pub(super) fn concat(arguments: &[Value]) -> Result<Value, String> {
    if arguments.first().is_some_and(Value::is_array) {
        let arrays: Result<Vec<_>, _> = (0..arguments.len()).map(|at| array(arguments, at)).collect();
        return Ok(Value::Array(arrays?.into_iter().flatten().cloned().collect()));
    }
    if let Some(at) = arguments.iter().position(|a| a.is_array() || a.is_object()) {
        return misfit(arguments, at, "String");
    }
    bounded(arguments.iter().map(written).collect())
}

/// `{0}` and so on; of .NET's format items only the number.
pub(super) fn format(arguments: &[Value]) -> Result<Value, String> {
    let mut rest = text(arguments, 0)?;
    let mut out = String::new();
    while let Some(at) = rest.find(['{', '}']) {
        out.push_str(&rest[..at]);
        let mark = &rest[at..=at];
        rest = &rest[at + 1..];
        if let Some(after) = rest.strip_prefix(mark) {
            out.push_str(mark);
            rest = after;
            continue;
        }
        let (item, after) = rest.split_once('}').filter(|_| mark == "{").ok_or("the format text has a lone brace.")?;
        let value = item.parse::<usize>().ok().and_then(|n| arguments.get(n.checked_add(1)?));
        out.push_str(&written(value.ok_or_else(|| {
            format!("'{{{item}}}' names no argument; Slipway does not simulate format items with alignment or format.")
        })?));
        if out.len() > CHARS_MAX {
            break;
        }
        rest = after;
    }
    out.push_str(rest);
    bounded(out)
}

/// Lower case.
pub(super) fn to_lower(arguments: &[Value]) -> Result<Value, String> {
    Ok(text(arguments, 0)?.to_lowercase().into())
}

/// Upper case.
pub(super) fn to_upper(arguments: &[Value]) -> Result<Value, String> {
    Ok(text(arguments, 0)?.to_uppercase().into())
}

/// Without blanks at both ends.
pub(super) fn trim(arguments: &[Value]) -> Result<Value, String> {
    Ok(text(arguments, 0)?.trim().into())
}

/// Every occurrence replaced.
pub(super) fn replace(arguments: &[Value]) -> Result<Value, String> {
    let (whole, old, new) = (text(arguments, 0)?, text(arguments, 1)?, text(arguments, 2)?);
    if old.is_empty() {
        return Err("the text to replace must not be empty.".to_owned());
    }
    let grown = whole.len().saturating_add(whole.matches(old).count().saturating_mul(new.len()));
    if grown > 2 * CHARS_MAX {
        return Err(format!("the result exceeds the limit of '{CHARS_MAX}' characters."));
    }
    bounded(whole.replace(old, new))
}

/// The parts between delimiters: one text, or an array of them.
pub(super) fn split(arguments: &[Value]) -> Result<Value, String> {
    let whole = text(arguments, 0)?;
    let delimiters: Vec<&str> = match &arguments[1] {
        Value::String(one) => vec![one],
        Value::Array(many) => {
            let texts: Option<_> = many.iter().map(Value::as_str).collect();
            texts.ok_or("the delimiters are expected to be of type 'String'.")?
        }
        _ => return misfit(arguments, 1, "String, Array"),
    };
    let mut parts = vec![whole];
    for delimiter in delimiters.into_iter().filter(|d| !d.is_empty()) {
        parts = parts.into_iter().flat_map(|part| part.split(delimiter)).collect();
    }
    Ok(parts.into())
}

/// The items with a delimiter between them.
pub(super) fn join(arguments: &[Value]) -> Result<Value, String> {
    let parts: Vec<String> = array(arguments, 0)?.iter().map(written).collect();
    bounded(parts.join(text(arguments, 1)?))
}

/// From a place, so many characters or all.
pub(super) fn substring(arguments: &[Value]) -> Result<Value, String> {
    let whole: Vec<char> = text(arguments, 0)?.chars().collect();
    let start = integer(arguments, 1)?;
    let count = match arguments.get(2) {
        Some(_) => integer(arguments, 2)?,
        None => i64::try_from(whole.len()).unwrap_or(i64::MAX).saturating_sub(start),
    };
    let range = usize::try_from(start).ok().zip(usize::try_from(count).ok());
    let part = range.and_then(|(start, count)| whole.get(start..start.checked_add(count)?));
    let outside = || {
        format!(
            "the index and length parameters must refer to a location within the string. The index parameter: '{start}', the length parameter: '{count}', the length of the string parameter: '{}'.",
            whole.len()
        )
    };
    Ok(part.ok_or_else(outside)?.iter().collect::<String>().into())
}

/// Filled up on the left.
pub(super) fn pad_left(arguments: &[Value]) -> Result<Value, String> {
    let whole = match &arguments[0] {
        value @ (Value::String(_) | Value::Number(_)) => written(value),
        _ => return misfit(arguments, 0, "String, Integer"),
    };
    let width = usize::try_from(integer(arguments, 1)?).ok().filter(|width| *width <= CHARS_MAX);
    let width = width.ok_or("the total length is out of range.")?;
    let filling = if arguments.len() > 2 { text(arguments, 2)? } else { " " };
    let mut letters = filling.chars();
    let (Some(letter), None) = (letters.next(), letters.next()) else {
        return Err("the padding character must be one character.".to_owned());
    };
    let missing = width.saturating_sub(whole.chars().count());
    bounded(std::iter::repeat_n(letter, missing).collect::<String>() + &whole)
}

/// Whether a text starts so, without regard to case.
pub(super) fn starts_with(arguments: &[Value]) -> Result<Value, String> {
    Ok(folded(arguments, 0)?.starts_with(&folded(arguments, 1)?).into())
}

/// Whether a text ends so, without regard to case.
pub(super) fn ends_with(arguments: &[Value]) -> Result<Value, String> {
    Ok(folded(arguments, 0)?.ends_with(&folded(arguments, 1)?).into())
}

fn folded(arguments: &[Value], at: usize) -> Result<String, String> {
    Ok(text(arguments, at)?.to_lowercase())
}

/// Where a text is first found, without regard to case; −1 when it is not.
pub(super) fn index_of(arguments: &[Value]) -> Result<Value, String> {
    let whole = folded(arguments, 0)?;
    Ok(place(&whole, whole.find(&folded(arguments, 1)?)))
}

/// Where a text is last found, without regard to case; −1 when it is not.
pub(super) fn last_index_of(arguments: &[Value]) -> Result<Value, String> {
    let whole = folded(arguments, 0)?;
    Ok(place(&whole, whole.rfind(&folded(arguments, 1)?)))
}

fn place(whole: &str, at: Option<usize>) -> Value {
    at.map_or(Value::from(-1), |at| whole[..at].chars().count().into())
}

/// Anything as text.
pub(super) fn string(arguments: &[Value]) -> Result<Value, String> {
    bounded(written(&arguments[0]))
}

/// Base64 of a text in UTF-8.
pub(super) fn base64(arguments: &[Value]) -> Result<Value, String> {
    bounded(STANDARD.encode(text(arguments, 0)?))
}

/// The text of Base64.
pub(super) fn base64_to_string(arguments: &[Value]) -> Result<Value, String> {
    let bytes = STANDARD.decode(text(arguments, 0)?).map_err(|_| "the text is not Base64.")?;
    Ok(String::from_utf8(bytes).map_err(|_| "the bytes are not UTF-8.")?.into())
}

fn all_texts(arguments: &[Value]) -> Result<Vec<&str>, String> {
    (0..arguments.len()).map(|at| text(arguments, at)).collect()
}

/// An id that follows from its arguments (version 5, arguments joined by `-`).
pub(super) fn guid(arguments: &[Value]) -> Result<Value, String> {
    let joined = all_texts(arguments)?.join("-");
    Ok(Uuid::new_v5(&GUID_SPACE, joined.as_bytes()).to_string().into())
}

/// Thirteen characters that follow from the arguments. **Not Azure's hash**, which is not published: names made with it
/// differ from those that Azure would give, and are the same from deployment to deployment.
pub(super) fn unique_string(arguments: &[Value]) -> Result<Value, String> {
    const LETTERS: &[u8; 32] = b"abcdefghijklmnopqrstuvwxyz234567";
    let digest = Sha256::digest(all_texts(arguments)?.join("-").as_bytes());
    let letter = |byte: &u8| char::from(LETTERS[usize::from(byte % 32)]);
    Ok(digest.iter().take(13).map(letter).collect::<String>().into())
}

/// The kinds of value that have a length, for error texts.
pub(super) fn with_length(value: &Value) -> String {
    format!("the value is expected to be of type 'String, Array or Object', but it is of type '{}'.", kind_of(value))
}
