//! The CA bundle for tools that know only one file of trusted CAs (`REQUESTS_CA_BUNDLE` replaces the whole set).

use std::fs;
use std::path::Path;

use super::LocalCa;
use crate::data_dir::update_private;
use crate::failure::{Failure, OrFail as _};

/// Where distributions keep their CAs in one PEM file: Debian and Ubuntu, Fedora, openSUSE, Alpine.
const SYSTEM_BUNDLES: [&str; 4] = [
    "/etc/ssl/certs/ca-certificates.crt",
    "/etc/pki/tls/certs/ca-bundle.crt",
    "/etc/ssl/ca-bundle.pem",
    "/etc/ssl/cert.pem",
];

/// Writes the system's CAs and Slipway's own into one file, so that a shell that trusts it still reaches the rest of
/// the world. A system without a bundle gets one with Slipway's CA alone.
///
/// # Errors
/// When the file cannot be written.
pub fn write_bundle(ca: &LocalCa, path: &Path) -> Result<(), Failure> {
    let mut bundle = SYSTEM_BUNDLES.iter().find_map(|system| fs::read(system).ok()).unwrap_or_default();
    if bundle.last().is_some_and(|last| *last != b'\n') {
        bundle.push(b'\n');
    }
    bundle.extend_from_slice(ca.certificate_pem().as_bytes());
    update_private(path, &bundle).or_fail(|| format!("cannot write {}", path.display()))
}
