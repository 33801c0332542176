//! `slipway verify`.

use std::path::Path;

use super::{Context, args};
use crate::data_dir::DataDir;
use crate::failure::Failure;

/// A verdict in short.
pub(crate) struct Judged {
    pub(crate) trusted: bool,
    pub(crate) summary: String,
}

pub(super) fn run(context: &Context, args: &args::Verify) -> Result<(), Failure> {
    let judged =
        judge(&context.data, &args.dir, args.nonce.as_deref(), args.reference.as_deref(), args.root.as_deref())?;
    super::out::text(&judged.summary)?;
    if judged.trusted { Ok(()) } else { Err(Failure::NotTrusted) }
}

pub(crate) fn judge(
    _data: &DataDir,
    _dir: &Path,
    _nonce: Option<&str>,
    _reference: Option<&Path>,
    _root: Option<&Path>,
) -> Result<Judged, Failure> {
    Err(Failure::Failed("PLACEHOLDER".to_owned()))
}
