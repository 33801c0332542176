//! References: what untouched machines measure, kept in the data directory for judging evidence offline.

use std::fs;
use std::path::{Path, PathBuf};

use super::out;
use crate::client::Client;
use crate::data_dir::{DataDir, private_dir, update_private};
use crate::failure::{Failure, OrFail as _};

/// `slipway node reference`.
pub(super) fn print(client: &Client, path: &str, file: Option<&Path>) -> Result<(), Failure> {
    let mut reference = client.bytes(path)?;
    reference.push(b'\n');
    match file {
        Some(file) => fs::write(file, reference).or_fail(|| format!("cannot write {}", file.display())),
        None => out::bytes(&reference),
    }
}

/// Keeps the reference of an image and a Secure Boot setting.
pub(crate) fn keep(data: &DataDir, image: &str, secure_boot: bool, reference: &[u8]) -> Result<(), Failure> {
    let path = path(data, image, secure_boot);
    let failed = || format!("cannot write {}", path.display());
    path.parent().map_or(Ok(()), private_dir).or_fail(failed)?;
    update_private(&path, reference).or_fail(failed)
}

/// Where that reference is kept.
pub(crate) fn path(data: &DataDir, image: &str, secure_boot: bool) -> PathBuf {
    // What comes from evidence may be anything; a file's name has only harmless characters.
    let image: String =
        image.chars().map(|c| if c.is_ascii_alphanumeric() || "-.".contains(c) { c } else { '_' }).take(100).collect();
    let secure_boot = if secure_boot { "on" } else { "off" };
    data.path("references").join(format!("{image}-secure-boot-{secure_boot}.json"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn references_stay_in_their_folder_whatever_the_evidence_claims() {
        let temp = tempfile::tempdir().unwrap();
        let data = DataDir::locate(Some(temp.path().into())).unwrap();
        for image in ["../../etc/passwd", "/etc/passwd", "..", "", &"x".repeat(5_000)] {
            let path = path(&data, image, true);
            assert_eq!(path.parent(), Some(data.path("references").as_path()), "{image}");
        }
        keep(&data, "AKSUbuntu-1.0", false, b"{}").unwrap();
        assert_eq!(fs::read(path(&data, "AKSUbuntu-1.0", false)).unwrap(), b"{}");
        assert!(!path(&data, "AKSUbuntu-1.0", true).exists());
    }
}
