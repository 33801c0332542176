//! What happens to every request, one concern per file.

pub(crate) mod api_version;
pub(crate) mod bearer;
pub(crate) mod body;
pub(crate) mod canonical_path;
pub(crate) mod headers;

pub(crate) use api_version::ApiVersion;
pub(crate) use body::Content;
