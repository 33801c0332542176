//! What happens to every request, one concern per file.

pub(crate) mod api_version;
pub(crate) mod bearer;
pub(crate) mod body;
mod buckets;
pub(crate) mod canonical_path;
pub(crate) mod extension_scope;
pub(crate) mod headers;
pub(crate) mod permission;
pub(crate) mod remaining;
pub(crate) mod served_version;
pub(crate) mod throttle;

pub(crate) use api_version::ApiVersion;
pub(crate) use body::Content;
