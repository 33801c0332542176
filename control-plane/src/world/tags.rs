//! Members of a request that the simulator keeps without acting on them.

use crate::model::Opaque;

/// New tags: absent leaves the old ones, an empty map clears them.
pub(super) fn updated(before: Option<Opaque>, asked: Option<Opaque>) -> Option<Opaque> {
    match asked {
        None => before,
        Some(tags) if tags.is_empty() => None,
        Some(tags) => Some(tags),
    }
}

/// Lays the members that a client sent over those that are stored; `null` removes one. Absent members stay, because
/// clients leave out what they do not know.
pub(super) fn laid_over(mut before: Opaque, asked: Opaque) -> Opaque {
    for (key, value) in asked {
        if value.is_null() {
            before.shift_remove(&key);
        } else {
            before.insert(key, value);
        }
    }
    before
}
